/** The people of one pharmacy, with every key and certificate they need: valid things, of which a test changes one. */
import { sha256 } from "@noble/hashes/sha2.js"
import { encodeUtf8 } from "../../../src/core/bytes"
import type { Credential } from "../../../src/core/mls/credential"
import { SUITE_1 } from "../../../src/core/mls/suites"
import { NO_DELEGATIONS, type ConversationPolicy, type DelegationRecord, type Delegations } from "../../../src/core/policy/conversation"
import type { Verdict } from "../../../src/core/policy/decision"
import { credentialOf, verifyCredential, type Certified, type Judging, type Trust } from "../../../src/core/policy/identity"
import { stateOf, type State } from "../../../src/core/policy/state"
import {
  ACCEPTANCE, CONFIRMATION, DELEGATION, DEVICE_CERTIFICATE, IDENTITY_CERTIFICATE, STAFF_CERTIFICATE, digestOf, signStatement, unsignedStatement,
  type Acceptance, type Confirmation, type Delegation, type DeviceCertificate, type IdentityCertificate, type StaffCertificate,
} from "../../../src/core/policy/statements"
import { DAY_US } from "../../../src/core/policy/vocabulary"
import { uuidBytes, uuidText } from "../../../src/core/uuid"

export const NOW_US = 1_790_000_000_000_000
export const NOTHING = new Uint8Array()
export const DEPLOYMENT = "test.example"
export const PHARMACY = "990000001"
const EVER = { notBeforeUs: NOW_US - 30 * DAY_US, notAfterUs: NOW_US + 300 * DAY_US }

/** A key pair that is the same in each run. */
export function keyOf(seed: string): { readonly secret: Uint8Array; readonly key: Uint8Array } {
  const secret = sha256(encodeUtf8(seed))
  return { secret, key: SUITE_1.signature.publicKey(secret) }
}

export function idOf(name: string): string {
  return uuidText(sha256(encodeUtf8(name)).slice(0, 16))
}

export const AUTHORITY = keyOf("authority")
export const TRUST: Trust = { deployment: DEPLOYMENT, authority: AUTHORITY.key }
const OWNER = keyOf("claire")

export interface Person {
  readonly name: string
  readonly id: Uint8Array
  readonly aik: Uint8Array
  readonly secret: Uint8Array
  readonly role: string
  readonly profession: string
  /** Signed by the owner; empty: none. */
  readonly staff: Uint8Array
}

export function aPerson(name: string, role: string, { profession = "", staff = false }: { profession?: string; staff?: boolean } = {}): Person {
  const { secret, key } = keyOf(name)
  const id = uuidBytes(idOf(name))
  const person = { name, id, aik: key, secret, role, profession, staff: NOTHING }
  return staff ? { ...person, staff: aStaffCertificate(person) } : person
}

export function aStaffCertificate(of: Person, changes: Partial<StaffCertificate> = {}, by: Uint8Array = OWNER.secret): Uint8Array {
  return signStatement(STAFF_CERTIFICATE, {
    deployment: DEPLOYMENT, conversation: NOTHING, person: of.id, aik: of.aik, role: of.role, pharmacy: PHARMACY, ...EVER, ...changes,
  }, by)
}

export function anIdentity(of: Person, changes: Partial<IdentityCertificate> = {}, by: Uint8Array = AUTHORITY.secret): Uint8Array {
  const { role, profession, aik } = of
  return signStatement(IDENTITY_CERTIFICATE, {
    deployment: DEPLOYMENT, conversation: NOTHING, person: of.id, role, profession, aik, ...EVER, ...changes,
  }, by)
}

export function deviceOf(of: Person, number = 1): { readonly id: string; readonly secret: Uint8Array; readonly key: Uint8Array } {
  return { id: idOf(`${of.name}/${number}`), ...keyOf(`${of.name}/${number}`) }
}

export function aDeviceCertificate(of: Person, changes: Partial<DeviceCertificate> = {}, number = 1, by: Uint8Array = of.secret): Uint8Array {
  const { id, key } = deviceOf(of, number)
  return signStatement(DEVICE_CERTIFICATE, {
    deployment: DEPLOYMENT, conversation: NOTHING, person: of.id, device: uuidBytes(id), signatureKey: key, ...EVER, ...changes,
  }, by)
}

export const CLAIRE = aPerson("claire", "pharmacist", { profession: "owner" })
export const HUGO = aPerson("hugo", "pharmacist", { profession: "deputy", staff: true })
export const LEA = aPerson("lea", "technician", { staff: true })
export const JEAN = aPerson("jean", "patient")
export const SOPHIE = aPerson("sophie", "carer")
export const MARC = aPerson("marc", "carer")

export function credentialFor(of: Person, number = 1): Credential {
  return credentialOf({ identity: anIdentity(of), device: aDeviceCertificate(of, {}, number), staff: of.staff })
}

export function judging(of: Person, number = 1): Judging {
  return { signatureKey: deviceOf(of, number).key, trust: TRUST, ownerAik: CLAIRE.aik, pharmacy: PHARMACY, atUs: NOW_US }
}

export function aLeaf(of: Person, number = 1): Certified {
  return verifyCredential(credentialFor(of, number), judging(of, number))
}

export const POLICY: ConversationPolicy = {
  conversation: uuidBytes(idOf("conversation")), kind: "care_thread", pharmacy: PHARMACY, ownerAik: CLAIRE.aik,
  patient: JEAN.id, patientAik: JEAN.aik, suiteFloor: 1,
}
export const PLACE = { policy: POLICY, trust: TRUST }
const HERE = { deployment: DEPLOYMENT, conversation: POLICY.conversation }

export function aDelegation(changes: Partial<Delegation> = {}): Delegation {
  return {
    ...HERE, delegation: uuidBytes(idOf("delegation")), grantor: JEAN.id, grantorAik: JEAN.aik, grantee: SOPHIE.id, granteeAik: SOPHIE.aik,
    scopes: ["conversation.read", "conversation.send"], legalBasis: "patient_mandate", mandate: "device",
    notBeforeUs: NOW_US - DAY_US, notAfterUs: NOW_US + 30 * DAY_US, textHash: sha256(encodeUtf8("the sentence")),
    readingLevel: "standard", language: "fr", evidence: NOTHING, issuer: NOTHING, ...changes,
  }
}

export function signedDelegation(delegation: Delegation, by: Uint8Array = JEAN.secret): Uint8Array {
  return delegation.mandate === "device" ? signStatement(DELEGATION, delegation, by) : unsignedStatement(DELEGATION, delegation)
}

export function aConfirmation(of: Delegation, by: Person = CLAIRE, changes: Partial<Confirmation> = {}): { confirmation: Uint8Array; staff: Uint8Array } {
  const confirmation = signStatement(CONFIRMATION, {
    ...HERE, delegationHash: digestOf(DELEGATION, of), pharmacist: by.id, heardAlone: false, atUs: NOW_US - DAY_US, ...changes,
  }, by.secret)
  return { confirmation, staff: by.staff }
}

export function anAcceptance(of: Delegation, changes: Partial<Acceptance> = {}, by: Person = SOPHIE): Uint8Array {
  return signStatement(ACCEPTANCE, {
    ...HERE, delegationHash: digestOf(DELEGATION, of), dutiesHash: sha256(encodeUtf8("the duties")), atUs: NOW_US - DAY_US, ...changes,
  }, by.secret)
}

export function aRecord(delegation: Delegation = aDelegation(), changes: Partial<DelegationRecord> = {}): DelegationRecord {
  return {
    delegation: signedDelegation(delegation), confirmations: [aConfirmation(delegation)], acceptance: anAcceptance(delegation), revocations: [], ...changes,
  }
}

export function aState(leaves: readonly Certified[], delegations: Partial<Delegations> = {}, policy: ConversationPolicy = POLICY): State {
  return yes(stateOf({ policy, trust: TRUST }, { ...NO_DELEGATIONS, ...delegations }, leaves))
}

/** What is granted. */
export function yes<T>(verdict: Verdict<T>): T {
  if ("refused" in verdict) throw new Error(`refused: ${verdict.refused} ${verdict.breach ?? ""}`)
  return verdict.granted
}

/** The first rule that failed: its code, or of a change of the group the breach. */
export function no<T>(verdict: Verdict<T>): string {
  if (!("refused" in verdict)) throw new Error("granted")
  return verdict.breach ?? verdict.refused
}

/** Every copy of these bytes in which one bit is another. */
export function flipped(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length * 8 }, (_, bit) => bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)))
}
