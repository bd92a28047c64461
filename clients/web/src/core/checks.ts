/**
 * Reading values that came from outside: a `Check` returns its value typed, or throws `BadShape`.
 * Fields nobody asked for are dropped, so that a newer hub can say more.
 */

export class BadShape extends Error {
  override readonly name = "BadShape"
}

export type Check<T> = (value: unknown) => T
type Fields = Readonly<Record<string, unknown>>

function required<T>(test: (value: unknown) => value is T, what: string): Check<T> {
  return (value) => {
    if (!test(value)) throw new BadShape(`expected ${what}`)
    return value
  }
}

export const text = required((v): v is string => typeof v === "string", "text")
export const flag = required((v): v is boolean => typeof v === "boolean", "true or false")
export const bytes = required((v): v is Uint8Array => v instanceof Uint8Array, "bytes")
export const count = required(
  (v): v is number => typeof v === "number" && Number.isSafeInteger(v) && v >= 0, "a whole number")
const fields = required(
  (v): v is Fields => typeof v === "object" && v !== null && !Array.isArray(v) && !(v instanceof Uint8Array), "a map")
const items = required((v): v is readonly unknown[] => Array.isArray(v), "a list")

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
export const uuid = required((v): v is string => typeof v === "string" && UUID.test(v), "a UUID")

export function list<T>(item: Check<T>, most = Infinity): Check<readonly T[]> {
  return (value) => {
    const read = items(value)
    if (read.length > most) throw new BadShape(`more than ${most}`)
    return read.map(item)
  }
}

export function textMap<T>(item: Check<T>): Check<Readonly<Record<string, T>>> {
  return (value) => Object.fromEntries(Object.entries(fields(value)).map(([key, one]) => [key, item(one)]))
}

/** Absent and null are the same: the hub omits what it does not say. */
export function optional<T>(item: Check<T>): Check<T | null> {
  return (value) => (value === undefined || value === null ? null : item(value))
}

export function oneOf<const T extends string>(...allowed: readonly T[]): Check<T> {
  return required((v): v is T => allowed.some((one) => one === v), allowed.join(" or "))
}

export function shape<T extends object>(checks: { readonly [K in keyof T]: Check<T[K]> }): Check<T> {
  return (value) => {
    const given = fields(value)
    const read = {} as T
    for (const key in checks) read[key] = checks[key](given[key])
    return read
  }
}

/** The map as it came: for a part that its own reader checks later. */
export const anyMap: Check<Fields> = fields
