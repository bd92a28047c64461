/** The fields that statements and the group's own extensions are made of (RFC 9420, 2.1), with their bounds. */
import { encodeUtf8 } from "../bytes"
import { U8, bytesUpTo, constant, fixedBytes, listOf, struct, type Codec } from "../mls/codec"
import { opaque, uint64 } from "../mls/encoding"
import { malformed } from "../mls/errors"

const MAX_WORD_BYTES = 64
const MAX_WORDS = 32

/** A UUID. */
export const ID = fixedBytes(16)
/** A key, or a SHA-256. */
export const KEY = fixedBytes(32)
/** An instant is in microseconds since 1970. Nothing leaves the range where JavaScript counts exactly. */
export const NUMBER: Codec<number> = { encode: uint64, read: (reader) => reader.uint(8) }
export const WORD = wordUpTo(MAX_WORD_BYTES)

export const FLAG: Codec<boolean> = {
  encode: (value) => Uint8Array.of(Number(value)),
  read: (reader) => {
    const value = reader.uint(1)
    if (value > 1) throw malformed("neither true nor false")
    return value === 1
  },
}

/** ASCII, in an `opaque<V>`. */
export function wordUpTo(most: number): Codec<string> {
  return {
    encode: (value) => {
      const bytes = encodeUtf8(value)
      if (bytes.length !== value.length) throw malformed("a word is ASCII")
      return opaque(bytes, most)
    },
    read: (reader) => {
      const bytes = reader.opaque(most)
      if (bytes.some((byte) => byte > 127)) throw malformed("a word is ASCII")
      return String.fromCharCode(...bytes)
    },
  }
}

/** Exactly so many bytes, or none. */
export function orNothing(size: number): Codec<Uint8Array> {
  return checked(bytesUpTo(size), ({ length }) => length === 0 || length === size, "a field has another length")
}

/** At most so many of them. */
export function listUpTo<T>(most: number, codec: Codec<T>): Codec<readonly T[]> {
  return checked(listOf(codec), ({ length }) => length <= most, "more than there can be")
}

/** The same codec, for values that pass a test; both ways. */
export function checked<T>(codec: Codec<T>, holds: (value: T) => boolean, sentence: string): Codec<T> {
  const check = (value: T): T => {
    if (!holds(value)) throw malformed(sentence)
    return value
  }
  return { encode: (value) => codec.encode(check(value)), read: (reader) => check(codec.read(reader)) }
}

/** Whether these stand in their one order, each once. */
export function ascending(keys: readonly string[]): boolean {
  return keys.every((key, i) => i === 0 || (keys[i - 1] ?? "") < key)
}

/** A set of words: ascending, so that it is written one way only. */
export const WORDS = checked(listUpTo(MAX_WORDS, WORD), ascending, "a set of words is ascending, each word once")

type Fields = Readonly<Record<string, Codec<unknown>>>
/** What a structure of these fields holds. */
export type Holds<F extends Fields> = { readonly [K in keyof F]: F[K] extends Codec<infer T> ? T : never }
/** What a codec reads. */
export type Read<C> = C extends Codec<infer T> ? T : never

export function structure<F extends Fields>(fields: F): Codec<Holds<F>> {
  return struct<Holds<F>>(fields as unknown as { readonly [K in keyof Holds<F>]-?: Codec<Holds<F>[K]> })
}

/** A structure that begins with its version. */
export function versioned<F extends Fields>(version: number, fields: F): Codec<Holds<F>> {
  const first = constant(U8, version)
  const body = structure(fields)
  return {
    encode: (value) => Uint8Array.of(...first.encode(version), ...body.encode(value)),
    read: (reader) => {
      first.read(reader)
      return body.read(reader)
    },
  }
}
