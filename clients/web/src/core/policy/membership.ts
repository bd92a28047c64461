/**
 * Who may change a group how, and act in it: the twin of `crypto/policy/membership.py`, run again on each
 * commit and each message that the hub let through, rule by rule in Python's order. What a commit does the
 * MLS core establishes, and every signature `stateOf`, `verifyCredential` and `checkRemoval`; here stands
 * only whether its sender may. Deny is the default: what no line below allows is refused.
 */
import { encodeHex, equal } from "../bytes"
import type { Leaf } from "../conversation"
import { encodePolicy, encodeRecord, tombstoneOf, type EndingStatement, type Tombstone } from "./conversation"
import { checkSuccession } from "./cosigned"
import { decide, hold, need, refused, take, type Verdict } from "./decision"
import { checkEnding, checkEntry, isOf, tooEarlyOrLate, type InForce } from "./delegation"
import { isValidAt, type Certified } from "./identity"
import type { Justified } from "./removal"
import { areOne } from "./staff"
import { delegationNamed, delegationOf, hasLeaf, leafKey, leafOf, leavesUnder, sameLeaf, somebodyOf, type State } from "./state"
import { CLOCK_TOLERANCE_US, ENDED, KINDS, isOneOf, isStaff, type EndedState, type Participant, type Refusal, type Scope } from "./vocabulary"

/** The scope that a carer needs for an act. An act that is not here is nobody's. */
export const ACT_SCOPES: Readonly<Record<string, Scope>> = {
  message: "conversation.send", document: "document.send", signal: "call.join", call: "call.join", cursor: "conversation.read",
  commit: "conversation.read", receipt: "conversation.read", "document.read": "document.read", "appointment.manage": "appointment.manage",
  "dispensation.request": "dispensation.request", "prescription.present": "prescription.present", "delivery.receive": "delivery.receive",
  "sensitive.read": "sensitive.read", "decide.assist": "decide.assist", "decide.final": "decide.final",
}

const ENDED_AS: ReadonlyMap<string, Refusal> = new Map<EndedState, Refusal>([
  ["revoked", "E_DELEGATION_REVOKED"], ["suspended", "E_DELEGATION_SUSPENDED"], ["contested", "E_DELEGATION_SUSPENDED"],
  ["expired", "E_DELEGATION_EXPIRED"], ["resigned", "E_DELEGATION_RESIGNED"],
])

/** Whose leaves a role adds, besides its own. */
const BRINGS: Readonly<Record<Participant, readonly Participant[]>> = {
  patient: ["carer"], carer: [], technician: ["carer"], pharmacist: ["carer", "patient", "pharmacist", "technician"],
}

const SIGNED_ENDS = ["revocation", "resignation", "suspension"] as const

/** What a commit does to a group, and by whom. */
export interface CommitView {
  /** As it stands in the group before; of an external commit, as it stands after. */
  readonly committer: Certified
  readonly external: boolean
  /** By Add. Who comes in by an external commit is its committer. */
  readonly added: readonly Leaf[]
  readonly removed: readonly Leaf[]
  /** What the hub has proposed in this epoch, each justified. */
  readonly due: readonly Justified[]
  /** Devices that do not come in: given up, as this judge knows, or to be removed later. */
  readonly barred: readonly Leaf[]
  /** Delegations of which this judge knows that they ended, whatever the group says. */
  readonly ended?: readonly Uint8Array[]
  /** Scopes of which this judge knows that the patient withdrew them. */
  readonly withdrawn?: readonly Withdrawn[]
  /** Of its `CommitData`. */
  readonly statements: readonly EndingStatement[]
  /** It holds no other proposals than Add, Remove, at most one GroupContextExtensions and, of an external commit, ExternalInit. */
  readonly knownProposals: boolean
  /** All extensions but the policy and the delegations are, byte for byte, what they were. */
  readonly sameOtherExtensions: boolean
}

export interface Withdrawn {
  readonly delegation: Uint8Array
  readonly scopes: readonly string[]
}

/** When a commit says it is, and what that is held against. */
export interface Moment {
  /** The hub time that it carries. */
  readonly atUs: number
  /** The `at` of the commit before it. */
  readonly notBelowUs: number
  /** The judge's clock; null where there is none to compare with. */
  readonly nowUs: number | null
  /** A client that catches up reads of the past, and of no future. */
  readonly catchingUp?: boolean
}

/** Whether a commit may be made; and the delegation under which, where its sender is a carer. */
export function checkCommit(before: State, commit: CommitView, after: State, moment: Moment): Verdict<InForce | null> {
  const { atUs } = moment
  return decide(() => {
    checkMoment(moment)
    hold(commit.knownProposals, "foreign_proposal")
    hold(commit.sameOtherExtensions, "changes_extensions")
    checkLeaves(before, commit, after)
    checkIdentities(after.leaves)
    checkNewcomers(commit, after, atUs)
    if (commit.external) checkExternal(before, commit, after, atUs)
    else checkMember(before, commit, after, atUs)
    return delegationOf(before, commit.committer) ?? null
  })
}

/** Whether a group is as it may be: also at a Welcome, an external join and a resync. `atUs`: when delegations must hold, if that is the question. */
export function checkState(state: State, atUs: number | null): Verdict<null> {
  return decide(() => {
    checkIdentities(state.leaves)
    checkDelegations(state)
    for (const leaf of inOrder(state.leaves)) checkLeaf(leaf, state, atUs)
    return null
  })
}

/** The group that another succeeds, in its last epoch; and the signed Succession, where the patient's key is another. */
export interface Succeeding {
  readonly before: State
  readonly succession: Uint8Array | null
}

/** Whether a group may begin so: alone, with nobody acting for anybody. Of one that it succeeds, nothing that ended is forgotten. */
export function checkFounding(state: State, founder: Leaf, atUs: number, succeeding: Succeeding | null): Verdict<null> {
  return decide(() => {
    checkFounder(state, founder, atUs, succeeding !== null)
    if (succeeding === null) checkBeginning(state)
    else checkSuccessor(state, succeeding, atUs)
    return take(checkState(state, atUs))
  })
}

/** As whom somebody says they act; of all but carers, nothing: empty, empty, 0. */
export interface ActingAs {
  readonly actingFor: Uint8Array
  readonly delegation: Uint8Array
  readonly delegationVersion: number
}

/** Whether somebody may do something here, as whom they say they do it for. */
export function mayAct(leaf: Certified, act: string, state: State, as: ActingAs, atUs: number): Verdict<InForce | null> {
  return decide(() => {
    hold(hasLeaf(state, leaf), "stranger")
    const scope = Object.hasOwn(ACT_SCOPES, act) ? ACT_SCOPES[act] : undefined
    need(scope !== undefined, "E_SCOPE")
    if (leaf.role !== "carer") {
      need(as.actingFor.length === 0 && as.delegation.length === 0 && as.delegationVersion === 0, "E_ACTING_FOR")
      return null
    }
    need(equal(as.actingFor, state.policy.patient) && as.delegationVersion === state.number, "E_ACTING_FOR")
    const found = actsUnder(leaf, as.delegation, state)
    checkTime(found, atUs)
    need(found.scopes.includes(scope), "E_SCOPE")
    // Capacity is per decision, and dated: nothing that a delegation says can stand in for it.
    need(scope !== "decide.final", "E_CAPACITY")
    return found
  })
}

// What follows ends the decision that it is part of at the first rule that fails.

function checkFounder(state: State, founder: Leaf, atUs: number, succeeds: boolean): void {
  const own = leafOf(state, founder)
  const founders = succeeds ? ["pharmacist"] : KINDS[state.policy.kind]?.founders
  hold(own !== undefined && state.leaves.length === 1 && founders?.includes(own.role) === true, "wrong_founder")
  hold(state.inForce.length === 0, "without_member")
  need(isValidAt(own.validity, atUs), "E_IDENTITY")
}

/** Nothing has happened yet; and the patient's key is set by the patient, or later. */
function checkBeginning({ number, tombstones, policy, leaves }: State): void {
  hold(number === 0 && tombstones.length === 0, "wrong_number")
  hold(policy.patientAik.length === 0 || leaves.some(({ role }) => role === "patient"), "changes_policy")
}

/** The same conversation goes on: what ended stays ended. */
function checkSuccessor(state: State, { before, succession }: Succeeding, atUs: number): void {
  let { patientAik } = before.policy
  if (succession !== null) {
    const said = take(checkSuccession(succession, before, atUs))
    need(equal(said.oldAik, patientAik), "E_IDENTITY")
    patientAik = said.newAik
  }
  hold(equal(encodePolicy(state.policy), encodePolicy({ ...before.policy, patientAik })), "changes_policy")
  hold(state.number === before.number + 1, "wrong_number")
  const stays = before.tombstones.filter((one) => one.notAfterUs > atUs)
  const stones = new Set(state.tombstones.map(stoneKey))
  hold(stays.every((one) => stones.has(stoneKey(one))), "drops_tombstone")
  const kept = new Set(stays.map(stoneKey))
  hold(endedMeanwhile(state.tombstones.filter((one) => !kept.has(stoneKey(one))), before, atUs), "without_end")
}

/** Of what was in force, and ended when nobody could commit it. When, the founder says: no commit carries the hub's time. */
function endedMeanwhile(fresh: readonly Tombstone[], before: State, atUs: number): boolean {
  const ended = new Set(before.inForce.flatMap(({ delegation }) => ENDED.map((end) => stoneKey(tombstoneOf(delegation, end, 0)))))
  return fresh.every((one) => ended.has(stoneKey({ ...one, atUs: 0 })) && one.atUs <= atUs + CLOCK_TOLERANCE_US)
}

function actsUnder(leaf: Certified, id: Uint8Array, state: State): InForce {
  const ended = state.tombstones.find(({ delegation }) => equal(delegation, id))
  if (ended !== undefined) need(false, ENDED_AS.get(ended.ending) ?? "E_NO_DELEGATION")
  const found = delegationNamed(state, id)
  need(found !== undefined, id.length > 0 ? "E_NO_DELEGATION" : "E_ACTING_FOR")
  need(isOf(found, somebodyOf(leaf)), "E_ACTING_FOR")
  return found
}

function checkMoment({ atUs, notBelowUs, nowUs, catchingUp = false }: Moment): void {
  const ahead = nowUs === null ? 0 : atUs - nowUs
  need(atUs >= notBelowUs && ahead <= CLOCK_TOLERANCE_US && (catchingUp || ahead >= -CLOCK_TOLERANCE_US), "E_CLOCK")
}

function checkTime(found: InForce, atUs: number | null): void {
  const why = atUs === null ? null : tooEarlyOrLate(found, atUs)
  if (why !== null) need(false, why)
}

/** Who stays is who they were; who is there is who was, and came, without who left. */
function checkLeaves(before: State, commit: CommitView, after: State): void {
  const comes = new Set(comers(commit).map(nameOf))
  const goes = new Set(commit.removed.map(nameOf))
  const there = namesOf(before.leaves)
  const then = namesOf(after.leaves)
  const twice = [...comes].some((one) => there.has(one))
  const fits = within(goes, there) && [...comes].every((one) => !there.has(one) || goes.has(one))
  hold(fits, twice ? "same_device_twice" : "wrong_members")
  const expected = new Set([...[...there].filter((one) => !goes.has(one)), ...comes])
  hold(within(then, expected) && within(expected, then), "wrong_members")
  const changed = before.leaves
    .filter((one) => !goes.has(nameOf(one.identity)) && !comes.has(nameOf(one.identity)) && !hasLeaf(after, one))
  checkChanged(before, commit, after, changed)
}

function comers({ added, external, committer }: CommitView): readonly Leaf[] {
  return external ? [...added, committer.identity] : added
}

/** Only the committer's leaf may be another, and only by newer certificates. */
function checkChanged(before: State, commit: CommitView, after: State, changed: readonly Certified[]): void {
  const own = leafOf(after, commit.committer.identity)
  hold(own !== undefined, "wrong_members")
  if (commit.external) {
    hold(changed.length === 0 && leafKey(own) === leafKey(commit.committer), "changes_leaf")
    return
  }
  hold(hasLeaf(before, commit.committer), "stranger")
  hold(changed.every(({ identity }) => sameLeaf(identity, own.identity)) && isRenewed(own, commit.committer), "changes_leaf")
}

/** Whether nothing but certificates was renewed. */
function isRenewed(one: Certified, other: Certified): boolean {
  const { profession, certificate, validity } = other
  return leafKey({ ...one, profession, certificate, validity }) === leafKey(other)
}

/** Certificates are judged when a leaf enters or changes: an expired one blocks nobody else. */
function checkNewcomers(commit: CommitView, after: State, atUs: number): void {
  const barred = new Set(commit.barred.map(nameOf))
  hold(!comers(commit).some((one) => barred.has(nameOf(one))), "given_up")
  const entering = new Set([...commit.added, commit.committer.identity].map(nameOf))
  need(after.leaves.every((one) => !entering.has(nameOf(one.identity)) || isValidAt(one.validity, atUs)), "E_IDENTITY")
}

/** A device comes (again): its own leaf, and nothing else. It need not cure others. */
function checkExternal(before: State, commit: CommitView, after: State, atUs: number): void {
  const mine = commit.committer
  const same = samePolicy(before, after) && before.number === after.number && listed(before) === listed(after)
  hold(commit.added.length === 0 && commit.statements.length === 0 && same, "external_change")
  const going = new Set([...commit.barred, ...commit.due.map(({ target }) => target)].map(nameOf))
  hold(!going.has(nameOf(mine.identity)) && isKnown(mine, before, going), "stranger")
  hold(commit.removed.every((one) => sameLeaf(one, mine.identity)), "external_change")
  checkLeaf(mine, after, atUs)
}

/** Whether a leaf that stays has the same account key, person and role. In place of itself a device comes with the same signature key, too. */
function isKnown(mine: Certified, before: State, going: ReadonlySet<string>): boolean {
  const itself = leafOf(before, mine.identity)
  if (itself !== undefined) return isRenewed(itself, mine)
  return before.leaves.some((one) => !going.has(nameOf(one.identity)) && ofOneAccount(one, mine) && one.role === mine.role)
}

function ofOneAccount(one: Certified, other: Certified): boolean {
  return one.identity.person === other.identity.person && equal(one.aik, other.aik)
}

function checkMember(before: State, commit: CommitView, after: State, atUs: number): void {
  const removed = new Set(commit.removed.map(nameOf))
  const added = new Set(commit.added.map(nameOf))
  const due = new Set(commit.due.map(({ target }) => nameOf(target)))
  hold(within(due, removed), "missing_remove")
  const ends = endsOf(before, commit, removed, atUs)
  checkPolicy(before, commit, after, added)
  hold(after.number === before.number + (listed(before) === listed(after) ? 0 : 1), "wrong_number")
  if (commit.committer.role === "carer") checkCarer(before, commit, after, removed, due)
  for (const one of inOrder(after.leaves)) {
    if (added.has(nameOf(one.identity)) && !ofOneAccount(one, commit.committer)) hold(BRINGS[commit.committer.role].includes(one.role), "adds_another")
  }
  for (const one of inOrder(before.leaves)) {
    const goes = removed.has(nameOf(one.identity)) && !due.has(nameOf(one.identity))
    if (goes && !ofOneAccount(one, commit.committer)) hold(isOut(one, before, ends), "removes_another")
  }
  checkEnded(before, after, ends, removed, atUs)
  checkAdmitted(before, commit, after, added, atUs)
  checkRecords(before, after)
  checkTombstones(before, after, atUs)
  take(checkState(after, atUs))
}

/** What ends in a commit, and why it may. */
interface Ends {
  /** By the delegation's id in hex. */
  readonly delegations: ReadonlyMap<string, ReadonlySet<EndedState>>
  /** The patient's old key, where a succession lets their old devices go. */
  readonly patientAik: Uint8Array | null
}

function endsOf(before: State, commit: CommitView, removed: ReadonlySet<string>, atUs: number): Ends {
  const delegations = new Map<string, Set<EndedState>>()
  let patientAik: Uint8Array | null = null
  const end = (delegation: Uint8Array, state: EndedState): void => {
    const id = encodeHex(delegation)
    delegations.set(id, (delegations.get(id) ?? new Set<EndedState>()).add(state))
  }
  for (const { delegation, state } of commit.due.flatMap(({ ends }) => ends)) end(delegation, state)
  for (const one of commit.statements) {
    if (one.what === "succession") patientAik = succeeded(before, removed, one, atUs)
    else {
      need(isOneOf(SIGNED_ENDS, one.what), "E_SIGNATURE")
      end(...ended(before, one, atUs))
    }
  }
  for (const { delegation } of before.inForce) if (atUs >= delegation.notAfterUs) end(delegation.delegation, "expired")
  return { delegations, patientAik }
}

/** The delegation in force that a statement ends, and how. */
function ended({ inForce, policy, trust }: State, { what, statement, staff }: EndingStatement, atUs: number): readonly [Uint8Array, EndedState] {
  let why = refused("E_NO_DELEGATION")
  for (const { delegation } of inForce) {
    const ending = checkEnding(what, statement, staff, { policy, trust, delegation, atUs })
    if (!("refused" in ending)) return [ending.granted.delegation, ending.granted.state]
    if (ending.refused !== "E_NO_DELEGATION") why = ending
  }
  return take<never>(why)
}

function succeeded(before: State, removed: ReadonlySet<string>, { statement, staff }: EndingStatement, atUs: number): Uint8Array {
  need(staff.length === 0, "E_SIGNATURE")
  const { oldAik } = take(checkSuccession(statement, before, atUs))
  need(equal(oldAik, before.policy.patientAik), "E_IDENTITY")
  hold(before.leaves.some((one) => removed.has(nameOf(one.identity)) && equal(one.aik, oldAik)), "idle_statement")
  return oldAik
}

/** It stays; a pharmacist sets the patient's key, once, as the patient's first device comes. */
function checkPolicy(before: State, { committer }: CommitView, after: State, added: ReadonlySet<string>): void {
  if (samePolicy(before, after)) return
  const setsKey = before.policy.patientAik.length === 0
    && equal(encodePolicy({ ...before.policy, patientAik: after.policy.patientAik }), encodePolicy(after.policy))
  const comes = after.leaves.some(({ role, identity }) => role === "patient" && added.has(nameOf(identity)))
  hold(setsKey && committer.role === "pharmacist" && comes, "changes_policy")
}

/** A carer's commit is empty, or carries out what is due. */
function checkCarer(before: State, commit: CommitView, after: State, removed: ReadonlySet<string>, due: ReadonlySet<string>): void {
  const ends = new Set(commit.due.flatMap((one) => one.ends.map(({ delegation }) => encodeHex(delegation))))
  const same = recordsOf(before.inForce.filter((one) => !ends.has(idOf(one)))) === recordsOf(after.inForce)
  hold(commit.added.length === 0 && commit.statements.length === 0 && within(removed, due) && same, "carer_changes")
}

function isOut(one: Certified, before: State, ends: Ends): boolean {
  if (one.role === "patient") return ends.patientAik !== null && equal(one.aik, ends.patientAik)
  const found = delegationOf(before, one)
  return found !== undefined && ends.delegations.has(idOf(found))
}

/** What ended leaves one tombstone, and no leaf; what leaves had ended. */
function checkEnded(before: State, after: State, ends: Ends, removed: ReadonlySet<string>, atUs: number): void {
  const stays = new Set(after.inForce.map(idOf))
  const stones = new Set(after.tombstones.map(stoneKey))
  for (const found of before.inForce) {
    const states = [...ends.delegations.get(idOf(found)) ?? []]
    if (stays.has(idOf(found))) {
      // What the clock alone ended, `checkState` sees by itself.
      hold(states.every((state) => state === "expired"), "without_tombstone")
      continue
    }
    hold(states.length > 0, "without_end")
    hold(leavesUnder(before, found).every(({ identity }) => removed.has(nameOf(identity))), "leaves_carer")
    hold(states.some((state) => stones.has(stoneKey(tombstoneOf(found.delegation, state, atUs)))), "without_tombstone")
  }
}

/** A delegation comes into force with its carer, and never again after its end. */
function checkAdmitted(before: State, { ended = [], withdrawn = [] }: CommitView, after: State, added: ReadonlySet<string>, atUs: number): void {
  const known = new Set(before.inForce.map(idOf))
  const gone = new Set([...ended, ...before.tombstones.map(({ delegation }) => delegation)].map(encodeHex))
  for (const found of after.inForce) {
    if (known.has(idOf(found))) continue
    need(!gone.has(idOf(found)), "E_ALREADY_ENDED", "brought_back")
    const lost = withdrawn.filter(({ delegation }) => encodeHex(delegation) === idOf(found)).flatMap(({ scopes }) => scopes)
    hold(!found.scopes.some((scope) => lost.includes(scope)), "drops_withdrawal")
    hold(leavesUnder(after, found).some(({ identity }) => added.has(nameOf(identity))), "without_member")
    take(checkEntry(found, after.policy, atUs))
  }
}

/** What stays in force is what was signed; scopes only go, and by the patient's hand. */
function checkRecords(before: State, after: State): void {
  const records = new Map(before.inForce.map((one) => [idOf(one), one.record]))
  for (const { record, ...found } of after.inForce) {
    const was = records.get(idOf(found))
    if (was === undefined) continue
    const kept = { ...record, revocations: record.revocations.slice(0, was.revocations.length) }
    hold(equal(encodeRecord(kept), encodeRecord(was)), "changes_record")
  }
}

/** A tombstone stays until its delegation would have ended; a new one is of one that ended. */
function checkTombstones(before: State, after: State, atUs: number): void {
  const [was, is] = [new Set(before.tombstones.map(stoneKey)), new Set(after.tombstones.map(stoneKey))]
  hold(before.tombstones.every((one) => one.notAfterUs <= atUs || is.has(stoneKey(one))), "drops_tombstone")
  const stays = new Set(after.inForce.map(idOf))
  const gone = new Set(before.inForce.map(idOf).filter((id) => !stays.has(id)))
  hold(after.tombstones.every((one) => was.has(stoneKey(one)) || gone.has(encodeHex(one.delegation))), "without_end")
}

/** A device once; one account key for each person, and one person for each account key. */
function checkIdentities(leaves: readonly Certified[]): void {
  hold(new Set(leaves.map(({ identity }) => identity.device)).size === leaves.length, "same_device_twice")
  const different = (key: (one: Certified) => string): number => new Set(leaves.map(key)).size
  const pairs = different((one) => [one.identity.person, encodeHex(one.aik), one.role].join())
  hold(pairs === different((one) => one.identity.person) && pairs === different((one) => encodeHex(one.aik)), "other_key")
}

/** What is in force is once, and of nobody who must not have it. Its time is asked of the leaves that are there by it. */
function checkDelegations({ inForce, tombstones, leaves }: State): void {
  const ended = new Set(tombstones.map(({ delegation }) => encodeHex(delegation)))
  need(!inForce.some((one) => ended.has(idOf(one))), "E_ALREADY_ENDED", "brought_back")
  const pairs = new Set(inForce.map(({ delegation }) => encodeHex(delegation.grantor) + encodeHex(delegation.grantee)))
  need(pairs.size === inForce.length, "E_DUPLICATE_DELEGATION")
  hold(tombstones.every(({ ending }) => ENDED_AS.has(ending)), "without_tombstone")
  const staff = leaves.filter(({ role }) => isStaff(role)).map(somebodyOf)
  const isStaffs = ({ delegation: { grantee, granteeAik } }: InForce): boolean => staff.some((one) => areOne(one, { person: grantee, aik: granteeAik }))
  need(!inForce.some(isStaffs), "E_STAFF_GRANTEE")
}

/** Each leaf hangs on a root that neither the hub nor the authority holds. */
function checkLeaf(leaf: Certified, state: State, atUs: number | null): void {
  const { kind, patient, patientAik } = state.policy
  need(KINDS[kind]?.members.includes(leaf.role) === true, "E_KIND")
  need(equal(somebodyOf(leaf).person, patient) === (leaf.role === "patient"), "E_IDENTITY", "other_patient")
  if (leaf.role === "patient") need(equal(leaf.aik, patientAik), "E_IDENTITY", "other_key")
  else if (leaf.role === "carer") checkCarersLeaf(leaf, state, atUs)
  else need(leaf.staff, "E_IDENTITY")
}

function checkCarersLeaf(leaf: Certified, state: State, atUs: number | null): void {
  const found = delegationOf(state, leaf)
  need(found !== undefined, "E_NO_DELEGATION")
  need(found.scopes.includes("conversation.read"), "E_SCOPE")
  checkTime(found, atUs)
}

function samePolicy(a: State, b: State): boolean {
  return equal(encodePolicy(a.policy), encodePolicy(b.policy))
}

/** All that the delegations say but their number, to be compared. */
function listed({ inForce, tombstones }: State): string {
  return [recordsOf(inForce), ...tombstones.map(stoneKey)].join("|")
}

function recordsOf(inForce: readonly InForce[]): string {
  return inForce.map(({ record }) => encodeHex(encodeRecord(record))).join()
}

function stoneKey({ delegation, ending, atUs, notAfterUs }: Tombstone): string {
  return [encodeHex(delegation), ending, atUs, notAfterUs].join()
}

function idOf({ delegation }: Pick<InForce, "delegation">): string {
  return encodeHex(delegation.delegation)
}

function nameOf({ person, device }: Leaf): string {
  return `${person}/${device}`
}

function namesOf(leaves: readonly Certified[]): ReadonlySet<string> {
  return new Set(leaves.map(({ identity }) => nameOf(identity)))
}

function within(some: ReadonlySet<string>, all: ReadonlySet<string>): boolean {
  return [...some].every((one) => all.has(one))
}

/** Leaves in one order: which refusal comes first is the same for everybody. */
function inOrder(leaves: readonly Certified[]): readonly Certified[] {
  return leaves.toSorted((a, b) => (nameOf(a.identity) < nameOf(b.identity) ? -1 : 1))
}
