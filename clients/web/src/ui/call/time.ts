/** How long things last, in words of the language of the screen. */
import { useEffect, useState } from "preact/hooks"

const UNITS = [["hour", 3600], ["minute", 60], ["second", 1]] as const

/** The two largest units that count: « 1 heure 5 minutes », « 40 secondes ». */
export function formatDuration(ms: number, locale: string, unitDisplay: "long" | "short" = "long"): string {
  let left = Math.max(0, Math.floor(ms / 1000))
  const parts = UNITS.map(([unit, size]) => {
    const count = Math.floor(left / size)
    left %= size
    return { unit, count }
  })
  const first = parts.findIndex(({ count }) => count > 0)
  const said = first === -1 ? parts.slice(-1) : parts.slice(first, first + 2).filter(({ count }) => count > 0)
  return said.map(({ unit, count }) => new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay }).format(count)).join(" ")
}

/** For a line that is not read every second: past the first minute, whole minutes. */
export function formatSince(ms: number, locale: string): string {
  return formatDuration(ms < 60_000 ? ms : ms - (ms % 60_000), locale, "short")
}

/** The end of the key of a sentence that says since when: nothing has lasted « 0 s ». */
export const nowOr = (ms: number): "" | "-now" => (ms < 1000 ? "-now" : "")

/** The clock of a call: « 03:25 », « 1:03:25 ». */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  const two = (count: number) => String(count).padStart(2, "0")
  return `${hours > 0 ? `${hours}:` : ""}${two(minutes)}:${two(seconds % 60)}`
}

/** The present instant, again every `step` milliseconds. */
export function useNow(step = 1000): number {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), step)
    return () => clearInterval(timer)
  }, [step])
  return now
}
