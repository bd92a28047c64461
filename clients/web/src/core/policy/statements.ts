/**
 * What people, devices and the deployment's authority sign outside of MLS messages: the twin of
 * `crypto/policy/statements.py`, byte for byte. One codec (RFC 9420, 2.1), one way to sign: SignWithLabel
 * (5.1.2) with the label `Colloque 1 <name>`, so that no kind of statement can pass for another.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesUpTo, decode, struct, type Codec } from "../mls/codec"
import { signWithLabel, verifyWithLabel } from "../mls/labels"
import { SUITE_1 } from "../mls/suites"
import { FLAG, ID, KEY, NUMBER, WORD, WORDS, orNothing, versioned, wordUpTo, type Holds } from "./fields"

const VERSION = 1
export const MAX_SIGNATURE_BYTES = 128
export const MAX_TRANSCRIPT_BYTES = 64
/** No signed statement is longer. */
export const MAX_STATEMENT_BYTES = 2048

/** One kind of statement: no other can pass for it. */
export interface Statement<T> {
  readonly label: string
  readonly codec: Codec<T>
}

type Content<S> = S extends Statement<infer T> ? T : never

function statement<F extends Readonly<Record<string, Codec<unknown>>>>(name: string, fields: F): Statement<Holds<F>> {
  return { label: `Colloque 1 ${name}`, codec: versioned(VERSION, fields) }
}

const DEPLOYMENT = { deployment: wordUpTo(255) }
/** The conversation is empty where the statement is about none. */
const HEADER = { ...DEPLOYMENT, conversation: orNothing(16) }
const PERIOD = { notBeforeUs: NUMBER, notAfterUs: NUMBER }
const AT = { atUs: NUMBER }
const GROUP_ID = bytesUpTo(64)

/** A person's first device makes their account identity key (AIK). Signed by that key. */
export const ENROLMENT = statement("Enrolment", { ...HEADER, person: ID, aik: KEY })
export type Enrolment = Content<typeof ENROLMENT>

/** The deployment's authority: this person has this role and this account key. */
export const IDENTITY_CERTIFICATE = statement("IdentityCertificate", {
  ...HEADER, person: ID, role: WORD, profession: WORD, aik: KEY, ...PERIOD,
})
export type IdentityCertificate = Content<typeof IDENTITY_CERTIFICATE>

/** The owner pharmacist: this account key is of our staff. So the operator can mint nobody. */
export const STAFF_CERTIFICATE = statement("StaffCertificate", {
  ...HEADER, person: ID, aik: KEY, role: WORD, pharmacy: WORD, ...PERIOD,
})
export type StaffCertificate = Content<typeof STAFF_CERTIFICATE>

/** A person's account key: this device is mine, and this is its MLS signature key. */
export const DEVICE_CERTIFICATE = statement("DeviceCertificate", { ...HEADER, person: ID, device: ID, signatureKey: KEY, ...PERIOD })
export type DeviceCertificate = Content<typeof DEVICE_CERTIFICATE>

/** A person gives up one of their devices. Signed by their account key. */
export const DEVICE_REVOCATION = statement("DeviceRevocation", { ...HEADER, person: ID, device: ID, ...AT })
export type DeviceRevocation = Content<typeof DEVICE_REVOCATION>

/** A lost or stolen account key. Signed by two different pharmacists, then the authority. */
export const ACCOUNT_REVOCATION = statement("AccountRevocation", { ...HEADER, person: ID, aik: KEY, reason: WORD, ...AT })
export type AccountRevocation = Content<typeof ACCOUNT_REVOCATION>

/** A patient lost every device: a new group and a new account key go on. Signed by two different pharmacists. */
export const SUCCESSION = statement("Succession", {
  ...HEADER, oldGroup: GROUP_ID, oldEpoch: NUMBER, newGroup: GROUP_ID, patient: ID, oldAik: KEY, newAik: KEY, ...AT,
})
export type Succession = Content<typeof SUCCESSION>

/**
 * A carer acts for a patient inside one conversation: these scopes, this period. Signed by the patient's
 * account key; on paper, or for a legal representative, by nobody: then pharmacists attest it, and
 * `evidence` and `issuer` say what they saw.
 */
export const DELEGATION = statement("Delegation", {
  ...HEADER, delegation: ID, grantor: ID, grantorAik: orNothing(32), grantee: ID, granteeAik: KEY, scopes: WORDS, legalBasis: WORD,
  mandate: WORD, ...PERIOD, textHash: KEY, readingLevel: WORD, language: WORD, evidence: orNothing(32), issuer: bytesUpTo(255),
})
export type Delegation = Content<typeof DELEGATION>

/** A pharmacist has seen who the carer is. Signed by the pharmacist's account key. */
export const CONFIRMATION = statement("Confirmation", { ...HEADER, delegationHash: KEY, pharmacist: ID, heardAlone: FLAG, ...AT })
export type Confirmation = Content<typeof CONFIRMATION>

/** The carer accepts the duties. Signed by the carer's account key. */
export const ACCEPTANCE = statement("Acceptance", { ...HEADER, delegationHash: KEY, dutiesHash: KEY, ...AT })
export type Acceptance = Content<typeof ACCEPTANCE>

/** The patient withdraws a delegation (no scopes said), or some of its scopes. Signed by the patient's key. */
export const REVOCATION = statement("Revocation", { ...HEADER, delegation: ID, scopes: WORDS, ...AT })
export type Revocation = Content<typeof REVOCATION>

/** The carer gives a delegation back. Signed by the carer's account key. */
export const RESIGNATION = statement("Resignation", { ...HEADER, delegation: ID, ...AT })
export type Resignation = Content<typeof RESIGNATION>

/** One pharmacist stops a carer at once. Signed by the pharmacist's account key. */
export const SUSPENSION = statement("Suspension", { ...HEADER, delegation: ID, pharmacist: ID, reason: WORD, ...AT })
export type Suspension = Content<typeof SUSPENSION>

/** What a device did, in its own order: the hub can neither invent nor silently drop one. */
export const ACT = statement("Act", {
  ...HEADER, groupId: GROUP_ID, epoch: NUMBER, kind: WORD, objectHash: KEY, delegation: orNothing(16), delegationVersion: NUMBER,
  actingFor: orNothing(16), counter: NUMBER, previousHash: KEY, ...AT,
})
export type Act = Content<typeof ACT>

/** A device's word that it is in an epoch, and which secrets it holds there (their hash). */
export const EPOCH_RECEIPT = statement("EpochReceipt", {
  ...DEPLOYMENT, conversation: ID, groupId: GROUP_ID, epoch: NUMBER, confirmedTranscriptHash: bytesUpTo(MAX_TRANSCRIPT_BYTES), authenticatorHash: KEY, device: ID,
})
export type EpochReceipt = Content<typeof EPOCH_RECEIPT>

interface Signed<T> {
  readonly content: T
  readonly signature: Uint8Array
}

function signedCodec<T>(codec: Codec<T>): Codec<Signed<T>> {
  return struct<Signed<T>>({ content: codec, signature: bytesUpTo(MAX_SIGNATURE_BYTES) })
}

/** The statement and this key's signature, as they go on the wire. */
export function signStatement<T>({ label, codec }: Statement<T>, content: T, signaturePrivateKey: Uint8Array): Uint8Array {
  const signature = signWithLabel(SUITE_1, signaturePrivateKey, label, codec.encode(content))
  return signedCodec(codec).encode({ content, signature })
}

/** The statement as it goes on the wire where nobody signs it: a mandate on paper. */
export function unsignedStatement<T>({ codec }: Statement<T>, content: T): Uint8Array {
  return signedCodec(codec).encode({ content, signature: new Uint8Array() })
}

/** A statement as it came off the wire: readable, not yet to be believed. */
export class UnverifiedStatement<T> {
  private constructor(readonly content: T, private readonly kind: Statement<T>, readonly signature: Uint8Array) {}

  static decode<T>(kind: Statement<T>, bytes: Uint8Array): UnverifiedStatement<T> {
    const { content, signature } = decode(signedCodec(kind.codec), bytes)
    return new UnverifiedStatement(content, kind, signature)
  }

  /** The statement, if the owner of this key signed it. Written anew, it is what came: one form for each value. */
  verify(signatureKey: Uint8Array): T {
    verifySigned(this.kind, this.content, signatureKey, this.signature)
    return this.content
  }
}

/** Throw unless the owner of this key signed the statement. */
export function verifySigned<T>({ label, codec }: Statement<T>, content: T, signatureKey: Uint8Array, signature: Uint8Array): void {
  verifyWithLabel(SUITE_1, signatureKey, label, codec.encode(content), signature)
}

/** SHA-256 of what is signed: how one statement names another. */
export function digestOf<T>({ codec }: Statement<T>, content: T): Uint8Array {
  return sha256(codec.encode(content))
}

/** What a receipt says of an epoch's authenticator: enough to compare, nothing to use. */
export function authenticatorHash(epochAuthenticator: Uint8Array): Uint8Array {
  return sha256(epochAuthenticator)
}
