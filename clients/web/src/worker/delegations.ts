/**
 * The delegations that the hub tells of. A document is believed by its signatures, under the account keys that
 * are pinned here; whether one is in force, the group alone says.
 */
import { equal } from "../core/bytes"
import type { Confirmation, Delegation as View, DelegationState, LegalBasis, Mandate, Scope, SuspensionReason } from "../core/model"
import { encodeHex } from "../core/bytes"
import { VerificationError } from "../core/errors"
import { fault } from "../core/faults"
import { documentOf, type ConversationPolicy, type DelegationRecord } from "../core/policy/conversation"
import { checkAcceptance, checkConfirmation, checkDelegation, checkRecord, checkWithdrawal, type About, type Confirmed } from "../core/policy/delegation"
import type { Place } from "../core/policy/staff"
import { DELEGATION, SUSPENSION, UnverifiedStatement, type Delegation } from "../core/policy/statements"
import { LONE_PHARMACIST_DELAY_US, SCOPES, SUSPENSION_REASONS, isOneOf } from "../core/policy/vocabulary"
import { decodeUtf8 } from "../core/bytes"
import { uuidBytes, uuidText } from "../core/uuid"
import type { DelegationView } from "../core/wireCare"
import { hubNowUs, inBackground, type Context } from "./context"
import type { InGroup } from "./following"
import { unconfirmed } from "./holding"
import { leave } from "./leaving"
import type { RoomRecord } from "./vault"

/** Told of at once: more than a person has. */
const MOST = 500
const LIVE: readonly string[] = ["proposed", "confirmed", "active"]
const NOTHING = new Uint8Array()

/** A view whose document holds, and what else of it does. */
interface Known {
  readonly view: DelegationView
  /** Null for the carer of one that is over, to whom no more is told. */
  readonly document: Delegation | null
  readonly confirmed: readonly Confirmed[]
  readonly scopes: readonly Scope[]
}

/** Who and which, in words, of a record that this device verified. */
export function delegationIn(record: DelegationRecord): { readonly id: string; readonly grantee: string; readonly granteeAik: Uint8Array } {
  const { delegation, grantee, granteeAik } = documentOf(record)
  return { id: uuidText(delegation), grantee: uuidText(grantee), granteeAik }
}

export class Delegations {
  readonly #known = new Map<string, Known>()

  constructor(private readonly context: Context) {}

  /** After a hello: these, and no others. */
  async welcomed(views: readonly DelegationView[]): Promise<void> {
    this.#known.clear()
    for (const view of views.slice(0, MOST)) await this.heard(view)
  }

  /** Runs in the line of changes. */
  async heard(view: DelegationView): Promise<void> {
    if (view.delegation.length === 0) return this.#over(view)
    const unknown = this.context.people.of(view.grantor) === null && this.#policyOf(view.conversation) === null
    if (!unknown) return this.#take(view)
    // Whose key signed it is not known here yet.
    inBackground(this.context, async () => {
      await this.context.believing.ask([view.grantor, view.grantee])
      await this.context.line(() => this.#take(view))
    })
  }

  async #take(view: DelegationView): Promise<void> {
    const known = this.#verified(view)
    if (known === null) { this.context.alarm(fault("C_DELEGATION")); return; }
    if (this.#known.size < MOST || this.#known.has(view.id)) this.#known.set(view.id, known)
    this.context.changed()
    this.#askNames(known)
    if (!LIVE.includes(view.state)) await this.#closeOwn(view)
  }

  /** A colleague may have confirmed who is in no conversation here. */
  #askNames({ view, confirmed }: Known): void {
    const strangers = confirmed.map(({ by }) => uuidText(by.person)).filter((person) => this.#nameOf(view, person) === "")
    if (strangers.length > 0) inBackground(this.context, async () => { await this.context.believing.ask(strangers) })
  }

  /** The carer is told no more of one that is over than that it is. */
  async #over(view: DelegationView): Promise<void> {
    const before = this.#known.get(view.id)
    const known = before === undefined ? { view, document: null, confirmed: [], scopes: [] }
      : { ...before, view: { ...before.view, state: view.state, ended_at: view.ended_at, ending: view.ending } }
    if (this.#known.size < MOST || before !== undefined) this.#known.set(view.id, known)
    this.context.changed()
    await this.#closeOwn(view)
  }

  /** A carer whose delegation is over has no part in its conversation any more, unless by another one. */
  async #closeOwn({ conversation }: DelegationView): Promise<void> {
    const record = this.context.rooms.get(conversation)
    const lives = [...this.#known.values()].some(({ view }) => view.conversation === conversation && LIVE.includes(view.state))
    if (this.context.me?.role !== "carer" || lives || record === undefined || record.room.over === true) return
    await leave(this.context, record)
  }

  /** The document by its rules and its signature, and of all that is said about it what holds. */
  #verified(view: DelegationView): Known | null {
    const place = this.#placeOf(view)
    if (place === null) return null
    try {
      const said = UnverifiedStatement.decode(DELEGATION, view.delegation)
      const document = said.content
      if (!isOf(view, document)) return null
      if ("refused" in checkDelegation({ delegation: document, policy: place.policy, atUs: null }, "carer")) return null
      if (document.mandate === "device") said.verify(place.policy.patientAik)
      const about: About = { ...place, delegation: document, atUs: null }
      return { view, document, confirmed: confirmationsOf(view, about), scopes: scopesOf(view, about) }
    } catch (error) {
      if (error instanceof VerificationError) return null
      throw error
    }
  }

  /** Where it is judged: in the group where this device is in it, else by the keys that are pinned. */
  #placeOf({ conversation, grantor }: DelegationView): Place | null {
    const { people, me } = this.context
    const { ownerAik } = people
    if (me === null) return null
    const trust = people.trust
    const inGroup = this.#policyOf(conversation)
    if (inGroup !== null) return { trust, policy: inGroup }
    if (ownerAik === null) return null
    const kind = this.context.rooms.get(conversation)?.room.summary.conversation_kind ?? "care_thread"
    return {
      trust,
      policy: {
        conversation: uuidBytes(conversation), kind, pharmacy: me.pharmacy.finess, ownerAik, patient: uuidBytes(grantor),
        patientAik: people.of(grantor)?.aik ?? NOTHING, suiteFloor: 1,
      },
    }
  }

  #policyOf(conversation: string): ConversationPolicy | null {
    const record = this.context.rooms.get(conversation)
    return record?.state == null ? null : this.context.standings.of({ ...record, state: record.state }).policy
  }

  /** One's document as it was signed, if it is known and holds. */
  documentOf(id: string): { readonly view: DelegationView; readonly document: Delegation } | null {
    const known = this.#known.get(id)
    return known?.document == null ? null : { view: known.view, document: known.document }
  }

  /** Confirmed, accepted and begun, and not in the group: whoever may brings the carer in. */
  admissible(record: InGroup): readonly DelegationRecord[] {
    const standing = this.context.standings.of(record)
    const here = [...standing.inForce.map(({ delegation }) => delegation.delegation), ...standing.tombstones.map(({ delegation }) => delegation)]
    return this.#of(record)
      .filter(({ view }) => view.acceptance.length > 0 && (view.state === "confirmed" || view.state === "active"))
      .filter(({ view }) => !here.some((id) => equal(id, uuidBytes(view.id))) && !record.ending.includes(view.id) && !(view.id in record.ended))
      .filter(({ view }) => standing.leaves.every(({ identity }) => identity.person !== view.grantee))
      .map(({ view }) => recordOf(view))
      .filter((one) => !("refused" in checkRecord(one, standing, hubNowUs(this.context))))
  }

  /** Withdrawals of scopes that the group has still to follow. */
  narrowing(record: InGroup): readonly Uint8Array[] {
    const standing = this.context.standings.of(record)
    return this.#of(record).flatMap(({ view }) => {
      const found = standing.inForce.find(({ delegation }) => equal(delegation.delegation, uuidBytes(view.id)))
      const said = found?.record.revocations ?? []
      const begins = said.every((one, i) => equal(one, view.revocations[i] ?? NOTHING))
      return found === undefined || !begins ? [] : view.revocations.slice(said.length)
    })
  }

  #of({ room: { id } }: InGroup): readonly Known[] {
    return [...this.#known.values()].filter(({ view }) => view.conversation === id && LIVE.includes(view.state))
  }

  /** Newest first. */
  get list(): readonly View[] {
    return [...this.#known.values()].map((known) => this.#shown(known)).sort((a, b) => b.proposedAt - a.proposedAt)
  }

  #shown({ view, document, confirmed, scopes }: Known): View {
    const me = this.context.me?.person ?? ""
    const role = this.context.me?.role ?? ""
    const needs = document === null ? 0 : needsOf(document, confirmed)
    const state = this.#stateOf(view, needs)
    const given = SCOPES.filter((scope) => document?.scopes.includes(scope) === true)
    const live = LIVE.includes(view.state) && state !== "ending"
    const pharmacist = role === "pharmacist"
    return {
      id: view.id, conversation: view.conversation, grantor: view.grantor, grantorName: view.grantor_name, grantee: view.grantee, granteeName: view.grantee_name,
      side: view.grantor === me ? "grantor" : role === "carer" ? "grantee" : "staff", state, scopes,
      withdrawn: given.filter((scope) => !scopes.includes(scope)), basis: (document?.legalBasis ?? "patient_mandate") as LegalBasis,
      mandate: (document?.mandate ?? "device") as Mandate, notBefore: view.not_before / 1000, notAfter: view.not_after / 1000,
      proposedAt: view.proposed_at / 1000, endedAt: view.ended_at === null ? null : view.ended_at / 1000, reason: reasonOf(view),
      confirmedBy: confirmed.map((one) => this.#confirmation(view, one)), needs, evidence: evidenceOf(document),
      mayConfirm: pharmacist && live && needs > 0 && confirmed.every(({ by }) => uuidText(by.person) !== me),
      mayEnd: live && (view.grantor === me || role === "carer" || pharmacist),
    }
  }

  #confirmation(view: DelegationView, { by, heardAlone, atUs }: Confirmed): Confirmation {
    return { name: this.#nameOf(view, uuidText(by.person)), heardAlone, at: atUs / 1000 }
  }

  #nameOf({ conversation }: DelegationView, person: string): string {
    const member = this.context.rooms.get(conversation)?.room.summary.members.find((one) => one.person === person)
    return member?.name ?? this.context.people.of(person)?.name ?? ""
  }

  /** The hub says what was asked of it; the group, what is so. */
  #stateOf(view: DelegationView, lacks: number): DelegationState {
    const record = this.context.rooms.get(view.conversation)
    const mine = this.context.me?.role === "carer"
    if (!LIVE.includes(view.state)) {
      const ending = !mine && (view.ending || (record !== undefined && (isInForce(record, view.id) || this.#unconfirmed(record).includes(view.id))))
      return ending ? "ending" : view.state
    }
    if (record !== undefined && (this.#unconfirmed(record).includes(view.id) || (view.id in record.ended))) return "ending"
    if (record !== undefined && isInForce(record, view.id)) return "active"
    // Confirmed is what pharmacists signed, not what the hub calls so.
    return view.state === "proposed" || lacks > 0 ? "proposed" : view.acceptance.length > 0 ? "accepted" : "confirmed"
  }

  /** Only who gave it waits for a device of the pharmacy to say so. */
  #unconfirmed(record: RoomRecord): readonly string[] {
    return this.context.me?.role === "patient" ? unconfirmed(record) : record.ending
  }
}

function isInForce({ room }: RoomRecord, id: string): boolean {
  return room.group?.carers.some(({ delegation }) => delegation === id) ?? false
}

export function recordOf({ delegation, confirmations, staff, acceptance, revocations }: DelegationView): DelegationRecord {
  return {
    delegation, confirmations: confirmations.map((confirmation, i) => ({ confirmation, staff: staff[i] ?? NOTHING })), acceptance, revocations,
  }
}

/** Who, for whom, and from when to when: a screen tells nothing of it but what was signed. */
function isOf(view: DelegationView, { delegation, grantor, grantee, notBeforeUs, notAfterUs }: Delegation): boolean {
  const people = uuidText(delegation) === view.id && uuidText(grantor) === view.grantor && uuidText(grantee) === view.grantee
  return people && notBeforeUs === view.not_before && notAfterUs === view.not_after
}

function confirmationsOf({ confirmations, staff }: DelegationView, about: About): readonly Confirmed[] {
  return confirmations.map((signed, i) => {
    const verdict = checkConfirmation(signed, staff[i] ?? NOTHING, about)
    if ("refused" in verdict) throw new VerificationError("bad_identity", "a confirmation that does not hold")
    return verdict.granted
  })
}

/** What is left of them, by the patient's own withdrawals. */
function scopesOf({ revocations, acceptance }: DelegationView, about: About): readonly Scope[] {
  if (acceptance.length > 0 && "refused" in checkAcceptance(acceptance, about)) throw new VerificationError("bad_identity", "an acceptance that does not hold")
  return revocations.reduce<readonly Scope[]>((left, signed) => {
    const verdict = checkWithdrawal(signed, left, about)
    if ("refused" in verdict) throw new VerificationError("bad_identity", "a withdrawal that does not hold")
    return verdict.granted
  }, SCOPES.filter((scope) => about.delegation.scopes.includes(scope)))
}

/** One pharmacist where the patient's key signed, two where it did not; or one, and a day. */
function needsOf({ mandate, notBeforeUs }: Delegation, confirmed: readonly Confirmed[]): number {
  const [first] = confirmed
  if (mandate === "device") return first === undefined ? 1 : 0
  const alone = confirmed.length === 1 && first !== undefined && notBeforeUs >= first.atUs + LONE_PHARMACIST_DELAY_US
  return alone ? 0 : Math.max(2 - confirmed.length, 0)
}

function evidenceOf(document: Delegation | null): View["evidence"] {
  if (document === null || document.evidence.length === 0) return null
  return { hash: encodeHex(document.evidence), issuer: decodeUtf8(document.issuer) }
}

function reasonOf({ state, ended }: DelegationView): SuspensionReason | null {
  if ((state !== "suspended" && state !== "contested") || ended.length === 0) return null
  try {
    const { reason } = UnverifiedStatement.decode(SUSPENSION, ended).content
    return isOneOf(SUSPENSION_REASONS, reason) ? reason : null
  } catch (error) {
    if (error instanceof VerificationError) return null
    throw error
  }
}
