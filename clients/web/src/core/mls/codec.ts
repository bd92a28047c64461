/**
 * Codecs: a structure of RFC 9420 written once, as the list of its fields, read and written by the
 * same text. Reading accepts exactly what writing produces. Structures do not nest in themselves and
 * every element of a list takes a byte at least, so that what is read is bounded by what came.
 */
import { concat } from "../bytes"
import { Reader, fixed, opaque, uint16, uint32 } from "./encoding"
import { malformed } from "./errors"

/** No message, tree or state that we take is longer. */
const MAX_INPUT_BYTES = 2 ** 24

// Method syntax on purpose: a codec of a narrower type may stand in a table of codecs.
export interface Codec<T> {
  encode(value: T): Uint8Array
  read(reader: Reader): T
}

/** Read one structure and nothing after it. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  if (bytes.length > MAX_INPUT_BYTES) throw malformed("longer than any message we take")
  const reader = new Reader(bytes)
  const value = codec.read(reader)
  reader.finish()
  return value
}

export const U8: Codec<number> = { encode: (value) => Uint8Array.of(value), read: (reader) => reader.uint(1) }
export const U16: Codec<number> = { encode: uint16, read: (reader) => reader.uint(2) }
export const U32: Codec<number> = { encode: uint32, read: (reader) => reader.uint(4) }
export const U64: Codec<bigint> = { encode: uint64Bytes, read: (reader) => reader.uint64() }
/** `opaque<V>` */
export const BYTES: Codec<Uint8Array> = { encode: (value) => opaque(value), read: (reader) => reader.opaque() }

function uint64Bytes(value: bigint): Uint8Array {
  if (value < 0n || value >= 2n ** 64n) throw malformed("a number that does not fit")
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value)
  return bytes
}

/** `opaque<V>` of at most `atMost` bytes. */
export function bytesUpTo(atMost: number): Codec<Uint8Array> {
  return { encode: (value) => opaque(value, atMost), read: (reader) => reader.opaque(atMost) }
}

/** `opaque[size]` */
export function fixedBytes(size: number): Codec<Uint8Array> {
  return { encode: (value) => fixed(value, size), read: (reader) => reader.fixed(size) }
}

/** `T<V>`: the header counts bytes, not elements. */
export function listOf<T>(codec: Codec<T>): Codec<readonly T[]> {
  return {
    encode: (values) => opaque(concat(...values.map((value) => codec.encode(value)))),
    read: (reader) => {
      const inside = new Reader(reader.opaque())
      const values: T[] = []
      while (!inside.ended) values.push(codec.read(inside))
      return values
    },
  }
}

/** `optional<T>` */
export function optional<T>(codec: Codec<T>): Codec<T | null> {
  return {
    encode: (value) => (value === null ? Uint8Array.of(0) : concat(Uint8Array.of(1), codec.encode(value))),
    read: (reader) => {
      const present = reader.uint(1)
      if (present > 1) throw malformed("neither present nor absent")
      return present === 1 ? codec.read(reader) : null
    },
  }
}

/** A structure: its fields, in the order they have on the wire. */
export function struct<T extends object>(fields: { readonly [K in keyof T]-?: Codec<T[K]> }): Codec<T> {
  const names = Object.keys(fields) as (keyof T)[]
  return {
    encode: (value) => concat(...names.map((name) => fields[name].encode(value[name]))),
    read: (reader) => Object.fromEntries(names.map((name) => [name, fields[name].read(reader)])) as T,
  }
}

type Body<U extends { readonly kind: string }, K extends U["kind"]> = Omit<Extract<U, { kind: K }>, "kind">
type Cases<U extends { readonly kind: string }> = { readonly [K in U["kind"]]: readonly [number, Codec<Body<U, K>>] }

/** `select`: a number that says which structure follows. A number without a case is malformed. */
export function select<U extends { readonly kind: string }>(tag: Codec<number>, cases: Cases<U>): Codec<U> {
  const table = Object.entries(cases) as [U["kind"], readonly [number, Codec<object>]][]
  return {
    encode: (value) => {
      const [number, body] = cases[value.kind as U["kind"]] as unknown as readonly [number, Codec<object>]
      return concat(tag.encode(number), body.encode(value))
    },
    read: (reader) => {
      const number = tag.read(reader)
      const found = table.find(([, [one]]) => one === number)
      if (found === undefined) throw malformed("a kind that does not exist")
      const [kind, [, body]] = found
      return { kind, ...body.read(reader) } as unknown as U
    },
  }
}

/** One of a set of numbers, as a word. */
export function oneOf<W extends string>(tag: Codec<number>, words: { readonly [K in W]: number }): Codec<W> {
  const table = Object.entries(words) as [W, number][]
  return {
    encode: (word) => tag.encode(words[word]),
    read: (reader) => {
      const number = tag.read(reader)
      const found = table.find(([, one]) => one === number)
      if (found === undefined) throw malformed("a number that means nothing")
      return found[0]
    },
  }
}

/** A constant that must stand there. */
export function constant(tag: Codec<number>, expected: number): Codec<number> {
  return {
    encode: () => tag.encode(expected),
    read: (reader) => {
      if (tag.read(reader) !== expected) throw malformed("another version")
      return expected
    },
  }
}

export const NOTHING: Codec<object> = { encode: () => new Uint8Array(), read: () => ({}) }
