/**
 * Whose a leaf is, and why that is believed: the twin of `crypto/policy/identity.py`. A credential of
 * Colloque is a chain of certificates: the deployment's authority says whose the account key is, that key
 * says whose the device is, and the owner pharmacist's key says who is of the staff.
 */
import { equal } from "../bytes"
import type { Leaf } from "../conversation"
import { VerificationError } from "../errors"
import { bytesUpTo, decode } from "../mls/codec"
import type { Credential } from "../mls/credential"
import { uuidText } from "../uuid"
import { structure, type Read } from "./fields"
import {
  DEVICE_CERTIFICATE, IDENTITY_CERTIFICATE, MAX_STATEMENT_BYTES, STAFF_CERTIFICATE, UnverifiedStatement, type IdentityCertificate, type Statement,
} from "./statements"
import { PROFESSIONS, ROLES, isStaff, type Profession, type Role } from "./vocabulary"

export const CREDENTIAL_TYPE = 0xf0c1

const SIGNED = bytesUpTo(MAX_STATEMENT_BYTES)
const PARTS = structure({ identity: SIGNED, device: SIGNED, staff: SIGNED })
/** The signed certificates of a leaf, as they came; no staff certificate: empty. */
export type CredentialParts = Read<typeof PARTS>

/** Whom a device believes without being told. */
export interface Trust {
  readonly deployment: string
  readonly authority: Uint8Array
}

/** A leaf whose certificates hold. */
export interface Certified {
  readonly identity: Leaf
  readonly role: Role
  readonly profession: Profession
  readonly aik: Uint8Array
  readonly signatureKey: Uint8Array
  /** Of the pharmacy's staff by the owner's own word. */
  readonly staff: boolean
  /** The signed identity certificate: what the log must hold. */
  readonly certificate: Uint8Array
}

/** Where a leaf stands, and when it is judged. */
export interface Judging {
  readonly signatureKey: Uint8Array
  readonly trust: Trust
  readonly ownerAik: Uint8Array
  readonly pharmacy: string
  /** null: validity is not judged. */
  readonly atUs: number | null
}

export function credentialOf(parts: CredentialParts): Credential {
  return { type: CREDENTIAL_TYPE, content: PARTS.encode(parts) }
}

export function partsOf({ type, content }: Credential): CredentialParts {
  if (type !== CREDENTIAL_TYPE) throw badIdentity("not a credential of this application")
  return decode(PARTS, content)
}

/** Whose a leaf says it is: not to be believed yet. */
export function identityOf(credential: Credential): Leaf {
  const { person, device } = UnverifiedStatement.decode(DEVICE_CERTIFICATE, partsOf(credential).device).content
  return { person: uuidText(person), device: uuidText(device) }
}

/** The certificate, if this deployment's authority issued it for a role and a profession that exist. */
export function verifyIdentity(signed: Uint8Array, trust: Trust): IdentityCertificate {
  const certificate = verified(IDENTITY_CERTIFICATE, signed, trust.authority, trust)
  demand(isOneOf(ROLES, certificate.role) && isOneOf(PROFESSIONS, certificate.profession), "a role or profession that does not exist")
  return certificate
}

/** Whose a leaf is; throws where a certificate does not hold. */
export function verifyCredential(credential: Credential, { signatureKey, trust, ownerAik, pharmacy, atUs }: Judging): Certified {
  const parts = partsOf(credential)
  const identity = verifyIdentity(parts.identity, trust)
  const { person, aik } = identity
  const role = identity.role as Role
  const profession = identity.profession as Profession
  const device = verified(DEVICE_CERTIFICATE, parts.device, aik, trust)
  demand(equal(device.person, person), "a device of another person")
  demand(equal(device.signatureKey, signatureKey), "a certificate for another device's key")
  const periods: Period[] = [identity, device]
  if (parts.staff.length > 0) {
    const staff = verified(STAFF_CERTIFICATE, parts.staff, ownerAik, trust)
    demand(equal(staff.person, person) && equal(staff.aik, aik) && staff.role === role, "a staff certificate of another person")
    demand(staff.pharmacy === pharmacy, "a staff certificate of another pharmacy")
    periods.push(staff)
  }
  const staff = isStaff(role) && (parts.staff.length > 0 || (profession === "owner" && equal(aik, ownerAik)))
  demand(staff === isStaff(role), "nobody is of the staff without the owner's word")
  demand(atUs === null || periods.every((one) => one.notBeforeUs <= atUs && atUs < one.notAfterUs), "a certificate of another time")
  return {
    identity: { person: uuidText(person), device: uuidText(device.device) }, role, profession, aik, signatureKey, staff,
    certificate: parts.identity,
  }
}

interface Period {
  readonly notBeforeUs: number
  readonly notAfterUs: number
}

/** A statement of this deployment, about no conversation, by the owner of this key. */
function verified<T extends { readonly deployment: string; readonly conversation: Uint8Array }>(
  kind: Statement<T>, signed: Uint8Array, key: Uint8Array, trust: Trust,
): T {
  const content = UnverifiedStatement.decode(kind, signed).verify(key)
  demand(content.deployment === trust.deployment && content.conversation.length === 0, "a certificate of elsewhere")
  return content
}

function isOneOf<T extends string>(words: readonly T[], word: string): word is T {
  return (words as readonly string[]).includes(word)
}

export function badIdentity(sentence: string): VerificationError {
  return new VerificationError("bad_identity", sentence)
}

function demand(holds: boolean, sentence: string): void {
  if (!holds) throw badIdentity(sentence)
}
