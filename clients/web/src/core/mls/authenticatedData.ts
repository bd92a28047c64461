/**
 * What a Colloque application message says to the hub as well as to the members: RFC 9420's
 * `authenticated_data`. The layout is in the Python twin, `crypto/mls/authenticated_data.py`.
 *
 * Who acts for a patient says so: the patient, the delegation, and the version of the delegations in the
 * epoch that the message is sent in. Everybody else leaves all three empty.
 */
import { concat, encodeUtf8 } from "../bytes"
import { malformed } from "../errors"
import { Reader, fixed, opaque, uint16, uint32, uint64 } from "./encoding"

const VERSION = 2
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

/** For whom a message is sent, and by what right. */
export interface Acting {
  /** The patient. */
  readonly for: Uint8Array
  readonly delegation: Uint8Array
  /** `Delegations.number` of the epoch. */
  readonly version: number
}

export interface AuthenticatedData {
  readonly id: Uint8Array
  /** 1 to 32 printable ASCII characters. */
  readonly kind: string
  readonly counter: number
  /** Milliseconds since the epoch, by the sender's clock. */
  readonly sentAt: number
  readonly frankingTag: Uint8Array
  /** Absent where the sender acts for nobody else. */
  readonly acting?: Acting
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
    encodeActing(data.acting),
    encodeHeader(data.kind, data.signal),
  )
}

/** Read one structure and nothing after it. */
export function decodeAuthenticatedData(bytes: Uint8Array): AuthenticatedData {
  const reader = new Reader(bytes)
  if (reader.uint(2) !== VERSION) throw malformed("not version 2 of the authenticated data")
  const data = {
    id: reader.fixed(ID_BYTES),
    kind: checkKind(String.fromCharCode(...reader.opaque(MAX_KIND_BYTES))),
    counter: reader.uint(8),
    sentAt: reader.uint(8),
    frankingTag: reader.fixed(FRANKING_TAG_BYTES),
  }
  const acting = decodeActing(reader)
  const signal = data.kind === SIGNAL ? decodeHeader(reader) : null
  reader.finish()
  return { ...data, ...(acting && { acting }), signal }
}

function encodeActing(acting: Acting | undefined): Uint8Array {
  if (acting === undefined) return ACTS_FOR_NOBODY
  if (acting.version === 0) throw malformed("a delegation, and nothing else, has a version")
  return concat(opaque(fixed(acting.for, ID_BYTES)), opaque(fixed(acting.delegation, ID_BYTES)), uint64(acting.version))
}

function decodeActing(reader: Reader): Acting | undefined {
  const acting = { for: reader.opaque(ID_BYTES), delegation: reader.opaque(ID_BYTES), version: reader.uint(8) }
  if (acting.for.length + acting.delegation.length + acting.version === 0) return undefined
  encodeActing(acting)
  return acting
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

/** The fields `acting_for` and `delegation`, both empty, and version 0. */
const ACTS_FOR_NOBODY = new Uint8Array(10)

function checkKind(kind: string): string {
  if (!KIND.test(kind)) throw malformed("a kind is 1 to 32 printable ASCII characters")
  return kind
}
