/** Instants and numbers as people read them, in the language and the time zone of this device. */

/** Two instants of one day have one key, so that a separator stands between days. */
export function dayKey(at: number): string {
  const date = new Date(at)
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`
}

export type Day = "today" | "yesterday" | "earlier"

export function dayOf(at: number, now: number): Day {
  const yesterday = new Date(now)
  yesterday.setDate(yesterday.getDate() - 1)
  if (dayKey(at) === dayKey(now)) return "today"
  return dayKey(at) === dayKey(yesterday.getTime()) ? "yesterday" : "earlier"
}

export function formatDay(at: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(at)
}

/** A date in a sentence: « 12 mai 2026 ». */
export function formatDate(at: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" }).format(at)
}

export function formatTime(at: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" }).format(at)
}

export function formatInstant(at: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" }).format(at)
}

/** An audit entry is read to the second. */
export function formatExact(at: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "medium" }).format(at)
}

/** The time today, the date before: what fits at the end of a line of the list. */
export function formatShort(at: number, now: number, locale: string): string {
  if (dayKey(at) === dayKey(now)) return formatTime(at, locale)
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" }).format(at)
}

export function formatCount(count: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(count)
}

export function formatNames(names: readonly string[], locale: string): string {
  return new Intl.ListFormat(locale, { style: "long", type: "conjunction" }).format(names)
}

export function telephone(number: string): string {
  return `tel:${number.replace(/[^+\d]/g, "")}`
}

/** A number is read whole: it does not break at the end of a line. */
export function unbroken(number: string): string {
  return number.replaceAll(" ", "\u00a0")
}

export function initials(name: string): string {
  const words = name.split(/[\s-]+/).filter((word) => word !== "")
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => (word ?? "").slice(0, 1).toLocaleUpperCase())
    .join("")
}

/** Lower case without accents: « lefevre » finds « Lefèvre ». */
export function foldForSearch(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase()
}
