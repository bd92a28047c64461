/**
 * Who a leaf is, by certificates: the twin of `crypto/policy/identity.py`. The authority says which account
 * key is whose; that alone lets nobody in. Staff are the owner's to name, the patient's key stands in the
 * conversation's policy, and a carer's in a delegation.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { equal } from "../bytes"
import type { Leaf } from "../conversation"
import { VerificationError } from "../errors"
import { bytesUpTo, decode } from "../mls/codec"
import type { Credential } from "../mls/credential"
import { malformed } from "../mls/errors"
import { uuidText } from "../uuid"
import { structure, type Read } from "./fields"
import {
  DEVICE_CERTIFICATE, IDENTITY_CERTIFICATE, MAX_STATEMENT_BYTES, STAFF_CERTIFICATE, UnverifiedStatement,
  type IdentityCertificate, type StaffCertificate, type Statement,
} from "./statements"
import { CLOCK_TOLERANCE_US, PARTICIPANTS, PROFESSIONS, isOneOf, isStaff, type Participant, type Profession } from "./vocabulary"

export const CREDENTIAL_TYPE = 0xf0c1

const SIGNED = bytesUpTo(MAX_STATEMENT_BYTES)
const PARTS = structure({ identity: SIGNED, device: SIGNED, staff: SIGNED })
/** The signed certificates of a leaf, as they came; `staff` is empty for all but whom the owner certified. */
export type CredentialParts = Read<typeof PARTS>

/** What a client pins of a deployment; `authority` is the key that signs identity certificates. */
export interface Trust {
  readonly deployment: string
  readonly authority: Uint8Array
}

/** From when to when something holds: the last instant not included. */
export interface Validity {
  readonly notBeforeUs: number
  readonly notAfterUs: number
}

/** A leaf whose certificates hold. */
export interface Certified {
  readonly identity: Leaf
  readonly role: Participant
  readonly profession: Profession
  readonly aik: Uint8Array
  /** The device's own, which its DeviceCertificate names. */
  readonly signatureKey: Uint8Array
  /** The owner's, or certified by the owner. */
  readonly staff: boolean
  /** SHA-256 of the signed identity certificate: what the log's entry says of it. */
  readonly certificate: Uint8Array
  /** When all of its certificates hold. */
  readonly validity: Validity
}

/** By whose word somebody is of the staff. */
export interface Pharmacy {
  readonly trust: Trust
  readonly ownerAik: Uint8Array
  readonly pharmacy: string
}

/** Where a leaf stands, and when it must hold; null where that is not the question (a leaf that stays). */
export interface Judging extends Pharmacy {
  readonly signatureKey: Uint8Array
  readonly atUs: number | null
}

export function credentialOf(parts: CredentialParts): Credential {
  return { type: CREDENTIAL_TYPE, content: PARTS.encode(parts) }
}

export function partsOf({ type, content }: Credential): CredentialParts {
  if (type !== CREDENTIAL_TYPE) throw malformed("not a credential of certificates")
  return decode(PARTS, content)
}

/** The names in a leaf's certificates: nothing is verified. */
export function identityOf(credential: Credential): Leaf {
  const parts = partsOf(credential)
  const identity = UnverifiedStatement.decode(IDENTITY_CERTIFICATE, parts.identity).content
  const { person, device } = UnverifiedStatement.decode(DEVICE_CERTIFICATE, parts.device).content
  if (!equal(identity.person, person)) throw malformed("the certificates are of two people")
  return { person: uuidText(person), device: uuidText(device) }
}

/** The certificate, if the authority signed it. */
export function verifyIdentity(signed: Uint8Array, trust: Trust): IdentityCertificate {
  return certified(IDENTITY_CERTIFICATE, signed, trust.authority, trust)
}

/** The certificate, if this pharmacy's owner signed it. */
export function verifyStaff(signed: Uint8Array, { trust, ownerAik, pharmacy }: Pharmacy, atUs: number | null): StaffCertificate {
  const staff = certified(STAFF_CERTIFICATE, signed, ownerAik, trust)
  demand(staff.pharmacy === pharmacy && isStaff(staff.role))
  demandTime(staff, atUs)
  return staff
}

/** Whose a leaf is; throws where its certificates do not say so. */
export function verifyCredential(credential: Credential, { signatureKey, atUs, ...place }: Judging): Certified {
  const parts = partsOf(credential)
  const identity = verifyIdentity(parts.identity, place.trust)
  const { person, aik, role, profession } = identity
  demand(isOneOf(PARTICIPANTS, role) && isOneOf(PROFESSIONS, profession))
  demand((profession === "") === (role !== "pharmacist"))
  const device = certified(DEVICE_CERTIFICATE, parts.device, aik, place.trust)
  demand(equal(device.person, person) && equal(device.signatureKey, signatureKey))
  const periods: Validity[] = [identity, device]
  const staff = isStaff(role)
  if (parts.staff.length > 0) {
    const word = verifyStaff(parts.staff, place, null)
    demand(equal(word.person, person) && equal(word.aik, aik) && word.role === role)
    periods.push(word)
  } else if (staff) demand(profession === "owner" && equal(aik, place.ownerAik))
  const validity = during(periods)
  demandTime(validity, atUs)
  return {
    identity: { person: uuidText(person), device: uuidText(device.device) }, role, profession, aik, signatureKey, staff,
    certificate: sha256(parts.identity), validity,
  }
}

/** Whether it holds then; two clocks may disagree about its beginning. */
export function isValidAt({ notBeforeUs, notAfterUs }: Validity, atUs: number): boolean {
  return notBeforeUs - CLOCK_TOLERANCE_US <= atUs && atUs < notAfterUs
}

function during(periods: readonly Validity[]): Validity {
  return {
    notBeforeUs: Math.max(...periods.map((one) => one.notBeforeUs)), notAfterUs: Math.min(...periods.map((one) => one.notAfterUs)),
  }
}

/** A certificate of this deployment, about no one conversation, by the owner of this key. */
function certified<T extends { readonly deployment: string; readonly conversation: Uint8Array }>(
  kind: Statement<T>, signed: Uint8Array, key: Uint8Array, { deployment }: Trust,
): T {
  const content = UnverifiedStatement.decode(kind, signed).verify(key)
  demand(content.deployment === deployment && content.conversation.length === 0)
  return content
}

function demandTime(validity: Validity, atUs: number | null): void {
  demand(atUs === null || isValidAt(validity, atUs))
}

function demand(holds: boolean): asserts holds {
  if (!holds) throw new VerificationError("bad_identity", "a certificate that is not of this person, this device or this time")
}
