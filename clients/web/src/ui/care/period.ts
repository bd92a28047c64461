/** Until when: a day that one chooses, and the instant that is signed. Pure. */

const DAY_MS = 24 * 3600 * 1000
export const DEFAULT_DAYS = 31
export const MOST_DAYS = 365
/** One pharmacist alone: what they attest begins no sooner than a day later. */
export const ALONE_MS = DAY_MS
/** Two clocks may disagree: a period of exactly a year must not be refused for it. */
const MARGIN_MS = 10 * 60 * 1000

/** A day as a date field holds it, in the time zone of this device. */
export function dayField(at: number): string {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, "0")
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

export interface Days {
  readonly first: string
  readonly chosen: string
  readonly last: string
}

export const daysFrom = (now: number): Days => ({
  first: dayField(now), chosen: dayField(now + DEFAULT_DAYS * DAY_MS), last: dayField(now + MOST_DAYS * DAY_MS),
})

/** The end of the day in that field, at most a year from now; null where it says no day to come. */
export function endOf(field: string, now: number): number | null {
  const [year = 0, month = 0, day = 0] = field.split("-").map(Number)
  const end = new Date(year, month - 1, day, 23, 59, 59).getTime()
  // Written back it is the same day: 2026-13-45 is none.
  if (Number.isNaN(end) || dayField(end) !== field || end <= now || field > daysFrom(now).last) return null
  return Math.min(end, now + MOST_DAYS * DAY_MS - MARGIN_MS)
}
