/**
 * The presentation language of MLS (RFC 9420, section 2.1), as far as our own structures use it.
 *
 * A vector here is shorter than 64 bytes, so its length is one byte; the longer forms of RFC 9420
 * are refused. Numbers stay below 2^53, where JavaScript counts exactly.
 */
import { concat } from "../bytes"
import { malformed } from "../errors"

const MAX_SHORT_VECTOR_BYTES = 63
const TWO_TO_THE_32 = 2 ** 32

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

  /** Read `opaque<V>` of at most `atMost` bytes. */
  opaque(atMost: number): Uint8Array {
    const size = this.uint(1)
    if (size > Math.min(atMost, MAX_SHORT_VECTOR_BYTES)) throw malformed("a vector is longer than allowed")
    return this.fixed(size)
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
export function opaque(value: Uint8Array, atMost: number): Uint8Array {
  if (value.length > Math.min(atMost, MAX_SHORT_VECTOR_BYTES)) throw malformed("a vector is longer than allowed")
  return concat(Uint8Array.of(value.length), value)
}
