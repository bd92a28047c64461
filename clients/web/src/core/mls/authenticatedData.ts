/**
 * What a Colloque application message says to the hub as well as to the members: RFC 9420's
 * `authenticated_data`. The layout is in the Python twin, `crypto/mls/authenticated_data.py`.
 *
 * In version 1 nobody can act for another, so a message that claims to is refused, not ignored.
 */
import { concat, encodeUtf8 } from "../bytes"
import { malformed } from "../errors"
import { Reader, fixed, opaque, uint16, uint64 } from "./encoding"

const VERSION = 1
const ID_BYTES = 16
const FRANKING_TAG_BYTES = 32
const MAX_KIND_BYTES = 32
const KIND = /^[!-~]{1,32}$/

export interface AuthenticatedData {
  readonly id: Uint8Array
  /** 1 to 32 printable ASCII characters. */
  readonly kind: string
  readonly counter: number
  /** Milliseconds since the epoch, by the sender's clock. */
  readonly sentAt: number
  readonly frankingTag: Uint8Array
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
  reader.finish()
  return data
}

/** The fields `acting_for` and `delegation`, both empty. */
const ACTS_FOR_NOBODY = Uint8Array.of(0, 0)

function checkKind(kind: string): string {
  if (!KIND.test(kind)) throw malformed("a kind is 1 to 32 printable ASCII characters")
  return kind
}
