/**
 * MessagePack, as much of it as this application speaks: nil, true and false, numbers, text, bytes, arrays,
 * and maps of text. Extensions are nobody's here. What is read is bounded by what came: nothing is made
 * room for that is not there.
 */
import { utf8ToBytes } from "@noble/hashes/utils.js"
import { decodeUtf8 } from "./bytes"
import { malformed } from "./errors"

/** Deeper than any frame; and not so deep that reading could exhaust the stack. */
const MAX_DEPTH = 64

/** A first byte that holds small values itself, or one of the tags before a number of 1, 2, 4 or 8 bytes. */
interface Kind {
  readonly fixed: number
  /** What the first byte cannot hold any more. */
  readonly from: number
  /** The first of its tags, and how many bytes follow each. */
  readonly tag: number
  readonly sizes: readonly number[]
}

const COUNT: Kind = { fixed: 0, from: 0x80, tag: 0xcc, sizes: [1, 2, 4, 8] }
const TEXT: Kind = { fixed: 0xa0, from: 32, tag: 0xd9, sizes: [1, 2, 4] }
const BYTES: Kind = { fixed: 0, from: 0, tag: 0xc4, sizes: [1, 2, 4] }
const ARRAY: Kind = { fixed: 0x90, from: 16, tag: 0xdc, sizes: [2, 4] }
const MAP: Kind = { fixed: 0x80, from: 16, tag: 0xde, sizes: [2, 4] }

/** Write a value. What is undefined is left out of a map; numbers and lengths take their shortest form. */
export function encode(value: unknown): Uint8Array {
  const parts: Uint8Array[] = []
  write(value, parts)
  const written = new Uint8Array(parts.reduce((total, { length }) => total + length, 0))
  let at = 0
  for (const part of parts) {
    written.set(part, at)
    at += part.length
  }
  return written
}

function write(value: unknown, parts: Uint8Array[]): void {
  if (value === null || value === undefined) parts.push(Uint8Array.of(0xc0))
  else if (typeof value === "boolean") parts.push(Uint8Array.of(value ? 0xc3 : 0xc2))
  else if (typeof value === "number") parts.push(numberBytes(value))
  else if (typeof value === "string") writeSized(TEXT, utf8ToBytes(value), parts)
  else if (value instanceof Uint8Array) writeSized(BYTES, value, parts)
  else if (Array.isArray(value)) {
    parts.push(head(ARRAY, value.length))
    for (const one of value) write(one, parts)
  } else if (typeof value === "object") {
    const entries = Object.entries(value).filter(([, one]) => one !== undefined)
    parts.push(head(MAP, entries.length))
    for (const [name, one] of entries) {
      write(name, parts)
      write(one, parts)
    }
  } else throw new TypeError(`a ${typeof value} is not sent`)
}

function writeSized(kind: Kind, bytes: Uint8Array, parts: Uint8Array[]): void {
  parts.push(head(kind, bytes.length), bytes)
}

function head({ fixed, from, tag, sizes }: Kind, length: number): Uint8Array {
  if (length < from) return Uint8Array.of(fixed | length)
  const form = sizes.findIndex((size) => length < 256 ** size)
  return tagged(tag + form, sizes[form], length)
}

function numberBytes(value: number): Uint8Array {
  if (!Number.isSafeInteger(value)) {
    const bytes = new Uint8Array(9).fill(0xcb, 0, 1)
    new DataView(bytes.buffer).setFloat64(1, value)
    return bytes
  }
  if (value >= 0) return head(COUNT, value)
  if (value >= -32) return Uint8Array.of(value)
  const form = COUNT.sizes.findIndex((size) => value >= -(256 ** size) / 2)
  return tagged(0xd0 + form, COUNT.sizes[form], value)
}

/** The number big-endian, in two's complement. */
function tagged(tag: number, size: number | undefined, value: number): Uint8Array {
  if (size === undefined) throw malformed("longer than any value we take")
  const bytes = new Uint8Array(1 + size).fill(tag, 0, 1)
  for (let at = size, rest = value; at > 0; at -= 1, rest = Math.floor(rest / 256)) bytes[at] = rest
  return bytes
}

/** Read one value and nothing after it. */
export function decode(data: Uint8Array): unknown {
  const reader = new Reader(data)
  const value = reader.value(0)
  reader.finish()
  return value
}

class Reader {
  #at = 0
  readonly #view: DataView

  constructor(private readonly data: Uint8Array) {
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw malformed("deeper than any value we take")
    const tag = this.#view.getUint8(this.#take(1))
    if (tag < 0x80) return tag
    if (tag >= 0xe0) return tag - 256
    if (tag < 0xa0) return tag < 0x90 ? this.#map(tag & 15, depth) : this.#array(tag & 15, depth)
    if (tag < 0xc0) return this.#text(tag & 31)
    return this.#tagged(tag, depth)
  }

  finish(): void {
    if (this.#at < this.data.length) throw malformed("bytes after the end")
  }

  #tagged(tag: number, depth: number): unknown {
    switch (tag) {
      case 0xc0: return null
      case 0xc2: return false
      case 0xc3: return true
      case 0xc4: case 0xc5: case 0xc6: return this.#bytes(this.#number(1 << (tag - 0xc4)))
      case 0xca: return this.#view.getFloat32(this.#take(4))
      case 0xcb: return this.#view.getFloat64(this.#take(8))
      case 0xcc: case 0xcd: case 0xce: case 0xcf: return this.#number(1 << (tag - 0xcc))
      case 0xd0: case 0xd1: case 0xd2: case 0xd3: return this.#signed(1 << (tag - 0xd0))
      case 0xd9: case 0xda: case 0xdb: return this.#text(this.#number(1 << (tag - 0xd9)))
      case 0xdc: case 0xdd: return this.#array(this.#number(2 << (tag - 0xdc)), depth)
      case 0xde: case 0xdf: return this.#map(this.#number(2 << (tag - 0xde)), depth)
      default: throw malformed("a value of a kind that we do not take")
    }
  }

  #number(size: number): number {
    const at = this.#take(size)
    const value = this.data.subarray(at, at + size).reduce((total, byte) => total * 256 + byte, 0)
    return safe(value)
  }

  #signed(size: number): number {
    const at = this.#take(size)
    if (size === 1) return this.#view.getInt8(at)
    if (size === 2) return this.#view.getInt16(at)
    return size === 4 ? this.#view.getInt32(at) : safe(this.#view.getInt32(at) * 2 ** 32 + this.#view.getUint32(at + 4))
  }

  #text(length: number): string {
    return decodeUtf8(this.#bytes(length))
  }

  #bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.data.slice(at, at + length)
  }

  #array(length: number, depth: number): unknown[] {
    this.#room(length)
    return Array.from({ length }, () => this.value(depth + 1))
  }

  #map(length: number, depth: number): Readonly<Record<string, unknown>> {
    this.#room(2 * length)
    const entries = new Map(Array.from({ length }, () => [this.#name(depth), this.value(depth + 1)] as const))
    if (entries.size !== length) throw malformed("one name twice in a map")
    return Object.fromEntries(entries)
  }

  #name(depth: number): string {
    const name = this.value(depth + 1)
    if (typeof name !== "string") throw malformed("a map's names are text")
    return name
  }

  /** Every element takes a byte at least: what is announced must be there. */
  #room(elements: number): void {
    if (elements > this.data.length - this.#at) throw malformed("the input ends too early")
  }

  #take(size: number): number {
    this.#room(size)
    const at = this.#at
    this.#at += size
    return at
  }
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw malformed("a number beyond 2^53")
  return value
}
