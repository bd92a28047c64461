/** How a vector's case reads its values and fails. */
import { equal, decodeHex, encodeHex } from "../../../../src/core/bytes"

export type Case = Readonly<Record<string, unknown>>

/** A case that did not give what its file says. */
export class Mismatch extends Error {
  override readonly name = "Mismatch"
}

export function isRecord(value: unknown): value is Case {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function wrong(what: string): Mismatch {
  return new Mismatch(`the file has no ${what} where one belongs`)
}

export function record(value: unknown): Case {
  if (!isRecord(value)) throw wrong("object")
  return value
}

export function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong("list")
  return value
}

export function number(value: unknown): number {
  if (typeof value !== "number") throw wrong("number")
  return value
}

export function text(value: unknown): string {
  if (typeof value !== "string") throw wrong("text")
  return value
}

export function bytes(value: unknown): Uint8Array {
  return decodeHex(text(value))
}

export function bytesOrNull(value: unknown): Uint8Array | null {
  return value === null || value === undefined || value === "" ? null : bytes(value)
}

export function same(what: string, got: Uint8Array, expected: unknown): void {
  if (!equal(got, bytes(expected))) throw new Mismatch(`${what}: got ${encodeHex(got.slice(0, 32))}, not ${text(expected).slice(0, 64)}`)
}

export function sameValue(what: string, got: unknown, expected: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(expected)) throw new Mismatch(`${what}: got ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`)
}
