/**
 * What devices sign outside of MLS messages, and what the hub says when it proposes a removal: the twin
 * of `crypto/policy/statements.py`, byte for byte. One codec (RFC 9420, 2.1), one way to sign:
 * SignWithLabel (5.1.2) with the label `Colloque 1 <name>` and the device's MLS signature key.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { decodeUtf8, encodeUtf8 } from "./bytes"
import { U8, constant, decode, fixedBytes, struct, type Codec } from "./mls/codec"
import { opaque, uint64 } from "./mls/encoding"
import { signWithLabel, verifyWithLabel } from "./mls/labels"
import { SUITE_1 } from "./mls/suites"

const VERSION = 1
const MAX_DEPLOYMENT_BYTES = 255
const MAX_GROUP_ID_BYTES = 64
const MAX_TRANSCRIPT_BYTES = 64
const MAX_SIGNATURE_BYTES = 128
const MAX_STATEMENT_BYTES = 1024

/** A device's word that it is in an epoch, and which secrets it holds there (their hash). */
export interface EpochReceipt {
  readonly deployment: string
  readonly conversation: Uint8Array
  readonly groupId: Uint8Array
  readonly epoch: number
  readonly confirmedTranscriptHash: Uint8Array
  readonly authenticatorHash: Uint8Array
  readonly device: Uint8Array
}

/** A person gives up one of their devices, by the hand of one of them. */
export interface DeviceRevocation {
  readonly deployment: string
  readonly person: Uint8Array
  readonly device: Uint8Array
  /** The device that signs: the same, or another. */
  readonly signer: Uint8Array
  /** Microseconds since 1970. */
  readonly at: number
}

/**
 * Why the hub proposes a removal: stands in the proposal's `authenticated_data`. It names the epoch by
 * its transcript, so that a proposal proves nothing in another one.
 */
export interface RemoveJustification {
  readonly conversation: Uint8Array
  readonly device: Uint8Array
  readonly confirmedTranscriptHash: Uint8Array
  /** A signed DeviceRevocation. */
  readonly statement: Uint8Array
}

/** One kind of statement: no other can pass for it. */
export interface Statement<T> {
  readonly label: string
  readonly codec: Codec<T>
}

function bounded(most: number): Codec<Uint8Array> {
  return { encode: (value) => opaque(value, most), read: (reader) => reader.opaque(most) }
}

const ID = fixedBytes(16)
const TRANSCRIPT = bounded(MAX_TRANSCRIPT_BYTES)
/** Neither an epoch nor an instant leaves the range where JavaScript counts exactly. */
const NUMBER: Codec<number> = { encode: uint64, read: (reader) => reader.uint(8) }
const DEPLOYMENT: Codec<string> = {
  encode: (value) => opaque(encodeUtf8(value), MAX_DEPLOYMENT_BYTES),
  read: (reader) => decodeUtf8(reader.opaque(MAX_DEPLOYMENT_BYTES)),
}

function versioned<T extends object>(fields: { readonly [K in keyof T]-?: Codec<T[K]> }): Codec<T> {
  const version = constant(U8, VERSION)
  const body = struct<T>(fields)
  return {
    encode: (value) => Uint8Array.of(...version.encode(VERSION), ...body.encode(value)),
    read: (reader) => {
      version.read(reader)
      return body.read(reader)
    },
  }
}

export const EPOCH_RECEIPT: Statement<EpochReceipt> = {
  label: "Colloque 1 EpochReceipt",
  codec: versioned({
    deployment: DEPLOYMENT, conversation: ID, groupId: bounded(MAX_GROUP_ID_BYTES), epoch: NUMBER,
    confirmedTranscriptHash: TRANSCRIPT, authenticatorHash: fixedBytes(32), device: ID,
  }),
}

export const DEVICE_REVOCATION: Statement<DeviceRevocation> = {
  label: "Colloque 1 DeviceRevocation",
  codec: versioned({ deployment: DEPLOYMENT, person: ID, device: ID, signer: ID, at: NUMBER }),
}

const REMOVE_JUSTIFICATION = versioned<RemoveJustification>({
  conversation: ID, device: ID, confirmedTranscriptHash: TRANSCRIPT, statement: bounded(MAX_STATEMENT_BYTES),
})

export function encodeJustification(justification: RemoveJustification): Uint8Array {
  return REMOVE_JUSTIFICATION.encode(justification)
}

export function decodeJustification(bytes: Uint8Array): RemoveJustification {
  return decode(REMOVE_JUSTIFICATION, bytes)
}

interface Signed<T> {
  readonly content: T
  readonly signature: Uint8Array
}

function signedCodec<T>(codec: Codec<T>): Codec<Signed<T>> {
  return struct<Signed<T>>({ content: codec, signature: bounded(MAX_SIGNATURE_BYTES) })
}

/** The statement and this key's signature, as they go on the wire. */
export function signStatement<T>({ label, codec }: Statement<T>, content: T, signaturePrivateKey: Uint8Array): Uint8Array {
  const signature = signWithLabel(SUITE_1, signaturePrivateKey, label, codec.encode(content))
  return signedCodec(codec).encode({ content, signature })
}

/** A statement as it came off the wire: readable, not yet to be believed. */
export class UnverifiedStatement<T> {
  private constructor(readonly content: T, private readonly kind: Statement<T>, private readonly signature: Uint8Array) {}

  static decode<T>(kind: Statement<T>, bytes: Uint8Array): UnverifiedStatement<T> {
    const { content, signature } = decode(signedCodec(kind.codec), bytes)
    return new UnverifiedStatement(content, kind, signature)
  }

  /** The statement, if the owner of this key signed it. Written anew, it is what came: one form for each value. */
  verify(signatureKey: Uint8Array): T {
    verifyWithLabel(SUITE_1, signatureKey, this.kind.label, this.kind.codec.encode(this.content), this.signature)
    return this.content
  }
}

/** What a receipt says of an epoch's authenticator: enough to compare, nothing to use. */
export function authenticatorHash(epochAuthenticator: Uint8Array): Uint8Array {
  return sha256(epochAuthenticator)
}
