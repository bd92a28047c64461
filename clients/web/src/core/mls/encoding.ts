/**
 * The presentation language of MLS (RFC 9420, section 2.1): numbers and vectors. What is made of them
 * is in `codec.ts`.
 *
 * The length of a vector has one spelling, the shortest. Numbers stay below 2^53, where JavaScript
 * counts exactly; an epoch and a lifetime, which may be beyond, are `bigint`s.
 */
import { concat } from "../bytes"
import { malformed } from "./errors"

const TWO_TO_THE_32 = 2 ** 32
/** The longest vector that a header can announce (RFC 9420, section 2.1.2). */
export const MAX_VECTOR_BYTES = 2 ** 30 - 1
const SHORT = 2 ** 6
const MIDDLE = 2 ** 14

/** Reads one structure from the front of its input; throws at the first fault. */
export class Reader {
  #at = 0
  readonly #input: Uint8Array

  constructor(input: Uint8Array) {
    this.#input = input
  }

  /** Read `opaque[size]`. */
  fixed(size: number): Uint8Array {
    const end = this.#at + size
    if (end > this.#input.length) throw malformed("the input ends too early")
    const taken = this.#input.slice(this.#at, end)
    this.#at = end
    return taken
  }

  /** Read a big-endian number of `size` bytes. */
  uint(size: 1 | 2 | 4 | 8): number {
    const value = this.fixed(size).reduce((total, byte) => total * 256 + byte, 0)
    if (!Number.isSafeInteger(value)) throw malformed("a number beyond 2^53")
    return value
  }

  /** Read a big-endian `uint64`. */
  uint64(): bigint {
    return this.fixed(8).reduce((total, byte) => total * 256n + BigInt(byte), 0n)
  }

  /** Read `opaque<V>` of at most `atMost` bytes. */
  opaque(atMost = MAX_VECTOR_BYTES): Uint8Array {
    const size = this.vectorLength()
    if (size > atMost) throw malformed("a vector is longer than allowed")
    return this.fixed(size)
  }

  /** Read the header of a vector: the number of its bytes, in the shortest of its spellings. */
  vectorLength(): number {
    const first = this.uint(1)
    const form = first >>> 6
    if (form === 0) return first
    if (form === 3) throw malformed("a vector's length in a form that does not exist")
    const rest = form === 1 ? this.uint(1) : this.uint(1) * 65_536 + this.uint(2)
    const length = form === 1 ? (first & 63) * 256 + rest : (first & 63) * 2 ** 24 + rest
    if (length < (form === 1 ? SHORT : MIDDLE)) throw malformed("a vector's length in a form longer than needed")
    return length
  }

  /** Whether all was read. */
  get ended(): boolean {
    return this.#at === this.#input.length
  }

  /** Refuse trailing bytes. */
  finish(): void {
    if (this.#at < this.#input.length) throw malformed("bytes after the end")
  }
}

/** Write a big-endian `uint16`. */
export function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value)
}

/** Write a big-endian `uint32`. */
export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/** Write a big-endian `uint64` below 2^53. */
export function uint64(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw malformed("a number beyond 2^53")
  const bytes = new Uint8Array(8)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Math.floor(value / TWO_TO_THE_32))
  view.setUint32(4, value % TWO_TO_THE_32)
  return bytes
}

/** Write `opaque[size]`. */
export function fixed(value: Uint8Array, size: number): Uint8Array {
  if (value.length !== size) throw malformed("a fixed field has another length")
  return value
}

/** Write `opaque<V>` of at most `atMost` bytes. */
export function opaque(value: Uint8Array, atMost = MAX_VECTOR_BYTES): Uint8Array {
  if (value.length > atMost) throw malformed("a vector is longer than allowed")
  return concat(vectorHeader(value.length), value)
}

/** Write the header of a vector of `length` bytes. */
export function vectorHeader(length: number): Uint8Array {
  if (length < SHORT) return Uint8Array.of(length)
  if (length < MIDDLE) return uint16(0x4000 | length)
  if (length > MAX_VECTOR_BYTES) throw malformed("a vector is longer than any can be")
  return uint32(0x8000_0000 + length)
}
