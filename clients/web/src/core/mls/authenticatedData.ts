/**
 * What a Colloque application message says to the hub as well as to the members: RFC 9420's
 * `authenticated_data`. The layout is in the Python twin, `crypto/mls/authenticated_data.py`.
 *
 * In version 1 nobody can act for another, so a message that claims to is refused, not ignored.
 */
import { concat, encodeUtf8 } from "../bytes"
import { malformed } from "../errors"
import { Reader, fixed, opaque, uint16, uint32, uint64 } from "./encoding"

const VERSION = 1
const ID_BYTES = 16
const FRANKING_TAG_BYTES = 32
const MAX_KIND_BYTES = 32
const SIGNAL = "signal"
const SIGNAL_TYPES = ["offer", "answer", "candidates"] as const
const MAX_GENERATION = 2 ** 31 - 1
const KIND = /^[!-~]{1,32}$/

export type SignalType = (typeof SIGNAL_TYPES)[number]

/** Which connection of which call a signal is for: all that the hub needs to pass it on. */
export interface SignalHeader {
  readonly call: Uint8Array
  /** The receiver's device. */
  readonly to: Uint8Array
  readonly generation: number
  readonly type: SignalType
}

export interface AuthenticatedData {
  readonly id: Uint8Array
  /** 1 to 32 printable ASCII characters. */
  readonly kind: string
  readonly counter: number
  /** Milliseconds since the epoch, by the sender's clock. */
  readonly sentAt: number
  readonly frankingTag: Uint8Array
  /** Present exactly where the kind is `signal`. */
  readonly signal: SignalHeader | null
}

/** Write the bytes that `decodeAuthenticatedData` reads. */
export function encodeAuthenticatedData(data: AuthenticatedData): Uint8Array {
  checkKind(data.kind)
  return concat(
    uint16(VERSION),
    fixed(data.id, ID_BYTES),
    opaque(encodeUtf8(data.kind), MAX_KIND_BYTES),
    uint64(data.counter),
    uint64(data.sentAt),
    fixed(data.frankingTag, FRANKING_TAG_BYTES),
    ACTS_FOR_NOBODY,
    encodeHeader(data.kind, data.signal),
  )
}

/** Read one structure and nothing after it. */
export function decodeAuthenticatedData(bytes: Uint8Array): AuthenticatedData {
  const reader = new Reader(bytes)
  if (reader.uint(2) !== VERSION) throw malformed("not version 1 of the authenticated data")
  const data = {
    id: reader.fixed(ID_BYTES),
    kind: checkKind(String.fromCharCode(...reader.opaque(MAX_KIND_BYTES))),
    counter: reader.uint(8),
    sentAt: reader.uint(8),
    frankingTag: reader.fixed(FRANKING_TAG_BYTES),
  }
  reader.opaque(0)
  reader.opaque(0)
  const signal = data.kind === SIGNAL ? decodeHeader(reader) : null
  reader.finish()
  return { ...data, signal }
}

function encodeHeader(kind: string, header: SignalHeader | null): Uint8Array {
  if ((header !== null) !== (kind === SIGNAL)) throw malformed("a signal, and nothing else, says its call")
  if (header === null) return new Uint8Array()
  return concat(
    fixed(header.call, ID_BYTES),
    fixed(header.to, ID_BYTES),
    uint32(checkGeneration(header.generation)),
    Uint8Array.of(SIGNAL_TYPES.indexOf(header.type) + 1),
  )
}

function decodeHeader(reader: Reader): SignalHeader {
  return {
    call: reader.fixed(ID_BYTES),
    to: reader.fixed(ID_BYTES),
    generation: checkGeneration(reader.uint(4)),
    type: typeOf(reader.uint(1)),
  }
}

function typeOf(number: number): SignalType {
  const type = SIGNAL_TYPES[number - 1]
  if (type === undefined) throw malformed("a signal of an unknown type")
  return type
}

function checkGeneration(generation: number): number {
  if (!Number.isInteger(generation) || generation < 0 || generation > MAX_GENERATION) throw malformed("a generation beyond 2^31")
  return generation
}

/** The fields `acting_for` and `delegation`, both empty. */
const ACTS_FOR_NOBODY = Uint8Array.of(0, 0)

function checkKind(kind: string): string {
  if (!KIND.test(kind)) throw malformed("a kind is 1 to 32 printable ASCII characters")
  return kind
}
