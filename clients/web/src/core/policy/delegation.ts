/**
 * Whether a delegation holds: its rules, its signatures, its period, and what ends it. The twin of
 * `crypto/policy/delegation.py`, rule by rule in its order, so that both name the same first refusal.
 *
 * Roots of trust are the patient's and the owner pharmacist's account keys, which the conversation's policy
 * pins, and the carer's, which the delegation names. Neither the hub nor the authority can make, widen or
 * bring back one.
 */
import { equal } from "../bytes"
import type { DelegationRecord } from "./conversation"
import { attempt, checkClock, decide, need, type Verdict } from "./decision"
import { isValidAt } from "./identity"
import { areOne, pharmacistOf, type Pharmacist, type Place, type Somebody } from "./staff"
import {
  ACCEPTANCE, CONFIRMATION, DELEGATION, RESIGNATION, REVOCATION, SUSPENSION, UnverifiedStatement, digestOf,
  type Acceptance, type Delegation, type Statement,
} from "./statements"
import {
  DAY_US, KINDS, LEGAL_BASES, LONE_PHARMACIST_DELAY_US, MAX_DELEGATION_DAYS, SCOPES, SUSPENSION_REASONS,
  isOneOf, isStaff, type EndedState, type LegalBasis, type Refusal, type Scope,
} from "./vocabulary"

const MAX_PERIOD_US = MAX_DELEGATION_DAYS * DAY_US

/** What ends a delegation or takes a leaf out; a word of commits and of justifications. */
export const WHYS = ["device", "account", "revocation", "resignation", "suspension", "expiry", "succession"] as const
export type Why = (typeof WHYS)[number]

/** A pharmacist's confirmation that holds. */
export interface Confirmed {
  readonly by: Pharmacist
  readonly heardAlone: boolean
  readonly atUs: number
}

/** A delegation all of whose signatures hold. Whether its time has come is asked apart. */
export interface InForce {
  readonly record: DelegationRecord
  readonly delegation: Delegation
  /** What is left of them. */
  readonly scopes: readonly Scope[]
  readonly confirmedBy: readonly Confirmed[]
  readonly acceptedAtUs: number
}

/** A delegation's end, as somebody signed it; `by` is empty where only time ended it. */
export interface Ending {
  readonly delegation: Uint8Array
  readonly state: EndedState
  readonly by: Uint8Array
  readonly atUs: number
}

/** A document that is judged, and where. `atUs`: when it is given; null where it was given before, and stands. */
export interface About extends Place {
  readonly delegation: Delegation
  readonly atUs: number | null
}

/** Whether such a delegation may be given here, whoever signs it. */
export function checkDelegation({ delegation, policy, atUs }: Omit<About, "trust">, granteeRole: string): Verdict<null> {
  return decide(() => {
    checkRules(delegation, policy, granteeRole)
    if (atUs !== null) checkGivenNow(delegation, policy, atUs)
    return null
  })
}

/** A delegation that is proposed, if its rules and (on a device) its signature hold. */
export function checkProposal(signed: Uint8Array, { policy, trust, atUs }: Place & { readonly atUs: number }, granteeRole: string): Verdict<Delegation> {
  return decide(() => {
    const said = proposed(signed, { policy, trust })
    checkRules(said.content, policy, granteeRole)
    checkGivenNow(said.content, policy, atUs)
    checkSignedByPatient(said, policy)
    return said.content
  })
}

/** A pharmacist's confirmation of this very document. */
export function checkConfirmation(signed: Uint8Array, staff: Uint8Array, about: About): Verdict<Confirmed> {
  return decide(() => confirmed(signed, staff, about))
}

/** The carer's acceptance of this very document. */
export function checkAcceptance(signed: Uint8Array, about: About): Verdict<Acceptance> {
  return decide(() => accepted(signed, about))
}

/** What is left of these scopes of a delegation after a partial revocation. */
export function checkWithdrawal(signed: Uint8Array, scopes: readonly Scope[], about: About): Verdict<readonly Scope[]> {
  return decide(() => withdrawn(signed, scopes, about))
}

/** The delegation of a record, if all that makes it hold is there and signed; with `atUs`, also that it may come into force then. */
export function checkRecord(record: DelegationRecord, place: Place, atUs: number | null): Verdict<InForce> {
  return decide(() => {
    const said = proposed(record.delegation, place)
    const about: About = { ...place, delegation: said.content, atUs: null }
    checkRules(about.delegation, place.policy, "carer")
    checkSignedByPatient(said, place.policy)
    const confirmedBy = confirmations(record, about)
    const { atUs: acceptedAtUs } = accepted(record.acceptance, about)
    const all: readonly Scope[] = SCOPES.filter((scope) => about.delegation.scopes.includes(scope))
    const scopes = record.revocations.reduce((left, signed) => withdrawn(signed, left, about), all)
    const found: InForce = { record, delegation: about.delegation, scopes, confirmedBy, acceptedAtUs }
    if (atUs !== null) entering(found, place.policy, atUs)
    return found
  })
}

/** Whether a delegation that holds may come into force at an instant. */
export function checkEntry(found: InForce, policy: Place["policy"], atUs: number): Verdict<InForce> {
  return decide(() => {
    entering(found, policy, atUs)
    return found
  })
}

/**
 * The end of a delegation, if whoever may end it signed that: the patient revokes, the carer resigns, any
 * one pharmacist suspends; its time ends it at `atUs`, and nobody signs that.
 */
export function checkEnding(what: string, statement: Uint8Array, staff: Uint8Array, about: About): Verdict<Ending> {
  return decide(() => {
    if (what === "expiry") return expired(statement, staff, about)
    if (what === "suspension") return suspended(statement, staff, about)
    need(staff.length === 0, "E_SIGNATURE")
    if (what === "revocation") return revoked(statement, about)
    need(what === "resignation", "E_SIGNATURE")
    const { atUs } = statementAbout(RESIGNATION, statement, about, about.delegation.granteeAik)
    return ending("resigned", about.delegation.grantee, atUs, about)
  })
}

/** Whether somebody is its carer: by id and by account key. */
export function isOf({ delegation }: InForce, { person, aik }: Somebody): boolean {
  return equal(person, delegation.grantee) && equal(aik, delegation.granteeAik)
}

/** Why it does not hold at an instant: it ends at its last one, not after. null: it does. */
export function tooEarlyOrLate({ delegation }: InForce, atUs: number): Refusal | null {
  if (atUs >= delegation.notAfterUs) return "E_DELEGATION_EXPIRED"
  return atUs < delegation.notBeforeUs ? "E_PERIOD" : null
}

// What follows ends the decision that it is part of at the first rule that fails.

function checkRules(delegation: Delegation, policy: Place["policy"], granteeRole: string): void {
  need(equal(delegation.conversation, policy.conversation), "E_NO_DELEGATION")
  need(KINDS[policy.kind]?.members.includes("carer") === true, "E_KIND")
  checkPeople(delegation, policy, granteeRole)
  need(delegation.scopes.every((scope) => isOneOf(SCOPES, scope)), "E_UNKNOWN_SCOPE")
  // MLS cannot hide a message from a leaf.
  need(delegation.scopes.includes("conversation.read"), "E_SCOPE")
  checkBasis(delegation)
  checkMandate(delegation, policy)
  const length = delegation.notAfterUs - delegation.notBeforeUs
  need(length > 0, "E_PERIOD")
  need(length <= MAX_PERIOD_US, "E_PERIOD_TOO_LONG")
}

function checkPeople({ grantor, grantorAik, grantee, granteeAik }: Delegation, policy: Place["policy"], granteeRole: string): void {
  const among = (one: Uint8Array, others: readonly Uint8Array[]): boolean => others.some((other) => equal(one, other))
  need(!among(grantee, [grantor, policy.patient]) && !among(granteeAik, [grantorAik, policy.patientAik]), "E_SELF_DELEGATION")
  need(equal(grantor, policy.patient), "E_SUB_DELEGATION")
  need(!isStaff(granteeRole) && !equal(granteeAik, policy.ownerAik), "E_STAFF_GRANTEE")
  need(granteeRole === "carer", "E_ROLE")
}

/** The legal basis decides by whose hand, and for what. */
function checkBasis({ legalBasis, mandate, scopes }: Delegation): void {
  need(Object.hasOwn(LEGAL_BASES, legalBasis), "E_LEGAL_BASIS")
  const rules = LEGAL_BASES[legalBasis as LegalBasis]
  need(isOneOf(rules.mandates, mandate) && scopes.every((scope) => isOneOf(rules.scopes, scope)), "E_LEGAL_BASIS")
}

/** Who signed it, and what stands in for a signature. */
function checkMandate({ mandate, grantorAik, evidence, issuer }: Delegation, { patientAik }: Place["policy"]): void {
  const byPatient = equal(grantorAik, patientAik)
  if (mandate === "device") {
    need(patientAik.length > 0 && byPatient, "E_IDENTITY")
    need(evidence.length === 0 && issuer.length === 0, "E_EVIDENCE")
    return
  }
  need(grantorAik.length === 0 || byPatient, "E_IDENTITY")
  if (mandate === "evidence") need(evidence.length > 0 && issuer.length > 0, "E_EVIDENCE")
  else need(evidence.length > 0 || issuer.length === 0, "E_EVIDENCE")
}

function checkGivenNow({ mandate, notAfterUs }: Delegation, { patientAik }: Place["policy"], atUs: number): void {
  need(atUs < notAfterUs, "E_PERIOD")
  // Paper is for a patient without a device: whoever has one signs there, and nobody else can.
  need(mandate !== "paper" || patientAik.length === 0, "E_LEGAL_BASIS")
}

function proposed(signed: Uint8Array, place: Place): UnverifiedStatement<Delegation> {
  const said = read(DELEGATION, signed)
  need(isHere(said.content, place), "E_NO_DELEGATION")
  return said
}

/** On a device the patient's key signs; elsewhere nobody does, and nothing may look like it. */
function checkSignedByPatient(said: UnverifiedStatement<Delegation>, { patientAik }: Place["policy"]): void {
  if (said.content.mandate === "device") checkSigned(said, patientAik)
  else need(said.signature.length === 0, "E_SIGNATURE")
}

function confirmed(signed: Uint8Array, staff: Uint8Array, about: About): Confirmed {
  const said = read(CONFIRMATION, signed)
  const { pharmacist, heardAlone, atUs } = said.content
  need(isOfDocument(said.content, about), "E_STALE_CONFIRMATION")
  const by = pharmacistOf(pharmacist, staff, about, atUs)
  checkSigned(said, by.aik)
  need(!concerned(about).some((one) => areOne(by, one)), "E_FOUR_EYES")
  checkClock(atUs, about.atUs)
  return { by, heardAlone, atUs }
}

/** One pharmacist where the patient signed, two different ones where nobody did. */
function confirmations(record: DelegationRecord, about: About): readonly Confirmed[] {
  const all: Confirmed[] = []
  for (const { confirmation, staff } of record.confirmations) {
    const one = confirmed(confirmation, staff, about)
    need(!all.some(({ by }) => areOne(one.by, by)), "E_FOUR_EYES")
    all.push(one)
  }
  const [first, second] = all
  need(first !== undefined, "E_NOT_CONFIRMED")
  if (about.delegation.mandate !== "device" && second === undefined) checkLone(first, about.delegation)
  return all
}

/** One pharmacist alone: a document, and a day in which somebody else can object. */
function checkLone({ atUs }: Confirmed, { notBeforeUs, evidence }: Delegation): void {
  need(notBeforeUs >= atUs + LONE_PHARMACIST_DELAY_US && evidence.length > 0, "E_FOUR_EYES")
}

function accepted(signed: Uint8Array, about: About): Acceptance {
  need(signed.length > 0, "E_NOT_ACCEPTED")
  const said = read(ACCEPTANCE, signed)
  need(isOfDocument(said.content, about), "E_NOT_ACCEPTED")
  checkSigned(said, about.delegation.granteeAik)
  checkClock(said.content.atUs, about.atUs)
  return said.content
}

/** Without `conversation.read` nothing is left to stand on: then all of it is withdrawn instead. */
function withdrawn(signed: Uint8Array, scopes: readonly Scope[], about: About): readonly Scope[] {
  const said = statementAbout(REVOCATION, signed, about, about.policy.patientAik)
  const gone = said.scopes
  need(gone.every((scope) => isOneOf(SCOPES, scope)), "E_UNKNOWN_SCOPE")
  const partial = gone.length > 0 && !gone.includes("conversation.read")
  need(partial && gone.every((scope) => about.delegation.scopes.includes(scope)), "E_SCOPE")
  const left = scopes.filter((scope) => !gone.includes(scope))
  need(left.length < scopes.length, "E_ALREADY_ENDED")
  checkClock(said.atUs, about.atUs)
  return left
}

function entering(found: InForce, policy: Place["policy"], atUs: number): void {
  const why = tooEarlyOrLate(found, atUs)
  if (why !== null) need(false, why)
  checkGivenNow(found.delegation, policy, atUs)
  need(found.confirmedBy.every(({ by }) => isValidAt(by.validity, atUs)), "E_IDENTITY")
  for (const said of [found.acceptedAtUs, ...found.confirmedBy.map((one) => one.atUs)]) checkClock(said, atUs)
}

function expired(statement: Uint8Array, staff: Uint8Array, { delegation, atUs }: About): Ending {
  need(statement.length === 0 && staff.length === 0, "E_SIGNATURE")
  need(atUs !== null && atUs >= delegation.notAfterUs, "E_PERIOD")
  return { delegation: delegation.delegation, state: "expired", by: new Uint8Array(), atUs: delegation.notAfterUs }
}

function revoked(statement: Uint8Array, about: About): Ending {
  const said = statementAbout(REVOCATION, statement, about, about.policy.patientAik)
  need(said.scopes.length === 0, "E_SCOPE")
  return ending("revoked", about.delegation.grantor, said.atUs, about)
}

function suspended(statement: Uint8Array, staff: Uint8Array, about: About): Ending {
  const { pharmacist, atUs } = read(SUSPENSION, statement).content
  const who = pharmacistOf(pharmacist, staff, about, atUs)
  const { reason } = statementAbout(SUSPENSION, statement, about, who.aik)
  need(isOneOf(SUSPENSION_REASONS, reason), "E_SIGNATURE")
  return ending(reason === "contest" ? "contested" : "suspended", who.person, atUs, about)
}

function ending(state: EndedState, by: Uint8Array, atUs: number, about: About): Ending {
  checkClock(atUs, about.atUs)
  return { delegation: about.delegation.delegation, state, by, atUs }
}

interface Said {
  readonly deployment: string
  readonly conversation: Uint8Array
}

/** A statement about this delegation, in this conversation, signed by this key. */
function statementAbout<T extends Said & { readonly delegation: Uint8Array }>(
  kind: Statement<T>, signed: Uint8Array, about: About, key: Uint8Array,
): T {
  const said = read(kind, signed)
  need(isHere(said.content, about) && equal(said.content.delegation, about.delegation.delegation), "E_NO_DELEGATION")
  checkSigned(said, key)
  return said.content
}

function isOfDocument(content: Said & { readonly delegationHash: Uint8Array }, about: About): boolean {
  return equal(content.delegationHash, digestOf(DELEGATION, about.delegation)) && isHere(content, about)
}

/** Who may not confirm: the patient and the carer. */
function concerned({ delegation, policy }: About): readonly Somebody[] {
  return [{ person: delegation.grantor, aik: policy.patientAik }, { person: delegation.grantee, aik: delegation.granteeAik }]
}

function isHere({ deployment, conversation }: Said, { policy, trust }: Place): boolean {
  return deployment === trust.deployment && equal(conversation, policy.conversation)
}

function read<T>(kind: Statement<T>, signed: Uint8Array): UnverifiedStatement<T> {
  return attempt(() => UnverifiedStatement.decode(kind, signed), "E_SIGNATURE")
}

function checkSigned<T>(said: UnverifiedStatement<T>, key: Uint8Array): void {
  attempt(() => said.verify(key), "E_SIGNATURE")
}
