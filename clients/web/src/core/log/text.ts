/** The words that the log's texts are made of, each with exactly one spelling. */
import { decodeBase64 } from "../bytes"
import { malformed } from "../errors"
import { HASH_BYTES } from "./tree"

const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/
const NOT_IN_A_NAME = /[+\p{White_Space}\p{Cc}\p{Surrogate}]/u

/** Read a number below 2^53 from ASCII digits without a leading zero. */
export function decodeDecimal(text: string): number {
  const value = Number(text)
  if (!DECIMAL.test(text) || !Number.isSafeInteger(value)) throw malformed("not a decimal number")
  return value
}

/** Read one SHA-256 hash. */
export function decodeHash(text: string): Uint8Array {
  const value = decodeBase64(text)
  if (value.length !== HASH_BYTES) throw malformed("a hash is 32 bytes")
  return value
}

/** Refuse a name that a signature line could not carry unambiguously (c2sp.org/signed-note). */
export function checkKeyName(name: string): void {
  if (name === "" || NOT_IN_A_NAME.test(name)) {
    throw malformed("a key name is not empty and has neither space nor plus")
  }
}
