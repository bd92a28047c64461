/**
 * Running the shared vectors: what a file says goes in, and what comes out is put beside it. The twin of
 * `tests/crypto/policy/trial.py`, which runs the same files.
 */
import { decodeHex, encodeHex } from "../../../src/core/bytes"
import type { Leaf } from "../../../src/core/conversation"
import { decode } from "../../../src/core/mls/codec"
import {
  decodeCommitData, decodeDelegations, decodePolicy, decodeRecord, type ConversationPolicy,
} from "../../../src/core/policy/conversation"
import { attempt, decide, take, type Breach } from "../../../src/core/policy/decision"
import { checkDelegation, checkEnding, checkRecord, type About, type InForce } from "../../../src/core/policy/delegation"
import { verifyCredential, type Certified, type Trust } from "../../../src/core/policy/identity"
import { checkCommit, checkFounding, checkState, mayAct } from "../../../src/core/policy/membership"
import { checkRemoval, decodeJustification, type Justified } from "../../../src/core/policy/removal"
import { leafOf, stateOf, type State } from "../../../src/core/policy/state"
import { DELEGATION, type Delegation } from "../../../src/core/policy/statements"
import type { Refusal } from "../../../src/core/policy/vocabulary"
import { uuidBytes, uuidText } from "../../../src/core/uuid"
import { goldenText } from "../golden"

export type Expected = { readonly granted: object } | { readonly refused: Refusal; readonly breach?: Breach }

export interface Case {
  readonly name: string
  readonly check: string
  readonly expect: Expected
}

export interface PolicyFile {
  readonly data: Readonly<Record<string, unknown>>
  readonly trust: { readonly deployment: string; readonly authority: string }
  readonly cases: readonly Case[]
}

export function policyFile(name: string): PolicyFile {
  return JSON.parse(goldenText(`policy/${name}`)) as PolicyFile
}

interface SaidLeaf {
  readonly credential: string
  readonly signature_key: string
}

interface SaidState {
  readonly policy: string
  readonly delegations: string
  readonly leaves: readonly SaidLeaf[]
}

type SaidRemoval = Leaf & { readonly justification: string }

/** The inputs of every check, as a file names them: each check has some of them. */
interface Said {
  readonly type: number
  readonly content: string
  readonly signature_key: string
  readonly owner_aik: string
  readonly pharmacy: string
  readonly at_us: number
  readonly state: SaidState
  readonly policy: string
  readonly delegation: string
  readonly grantee_role: string
  readonly record: string
  readonly what: string
  readonly statement: string
  readonly staff: string
  readonly target: Leaf
  readonly transcript: string
  readonly justification: string
  readonly now_us: number | null
  readonly before: SaidState | null
  readonly after: SaidState
  readonly data: string
  readonly committer: Leaf
  readonly external: boolean
  readonly added: readonly Leaf[]
  readonly removed: readonly Leaf[]
  readonly due: readonly SaidRemoval[]
  readonly barred: readonly Leaf[]
  readonly ended: readonly string[]
  readonly withdrawn: Readonly<Record<string, readonly string[]>>
  readonly catching_up: boolean
  readonly known_proposals: boolean
  readonly same_other_extensions: boolean
  readonly not_below_us: number
  readonly leaf: SaidLeaf
  readonly act: string
  readonly acting_for: string
  readonly delegation_version: number
  readonly founder: Leaf
  readonly succession: string
}

/** What is decided of a case, as the file would say it. */
export function run(file: PolicyFile, one: Case): Expected {
  const check = CHECKS.get(one.check)
  if (check === undefined) throw new Error(`a kind of check that nobody runs: ${one.check}`)
  const said = resolved(one, file.data) as Said
  const trust = { deployment: file.trust.deployment, authority: decodeHex(file.trust.authority) }
  const verdict = decide(() => check(said, trust))
  if (!("refused" in verdict)) return verdict
  return verdict.breach === null ? { refused: verdict.refused } : { refused: verdict.refused, breach: verdict.breach }
}

type Check = (said: Said, trust: Trust) => object

export const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>(Object.entries({
  credential(said, trust) {
    const credential = { type: said.type, content: decodeHex(said.content) }
    const place = { trust, ownerAik: decodeHex(said.owner_aik), pharmacy: said.pharmacy, signatureKey: decodeHex(said.signature_key) }
    const { identity, role, profession, staff, certificate } = attempt(() => verifyCredential(credential, { ...place, atUs: said.at_us }), "E_IDENTITY")
    return { ...identity, role, profession, staff, certificate: encodeHex(certificate) }
  },
  state(said, trust) {
    take(checkState(stateFrom(said.state, trust), said.at_us))
    return {}
  },
  delegation(said) {
    take(checkDelegation({ delegation: delegationFrom(said), policy: policyFrom(said), atUs: said.at_us }, said.grantee_role))
    return {}
  },
  record(said, trust) {
    const record = attempt(() => decodeRecord(decodeHex(said.record)), "E_SIGNATURE")
    const { scopes, confirmedBy } = take(checkRecord(record, { policy: policyFrom(said), trust }, said.at_us))
    return { scopes: scopes.toSorted(), confirmed_by: confirmedBy.map(({ by }) => text(by.person)), heard_alone: confirmedBy.map((by) => by.heardAlone) }
  },
  ending(said, trust) {
    const about: About = { delegation: delegationFrom(said), policy: policyFrom(said), trust, atUs: said.at_us }
    const { delegation, state, by, atUs } = take(checkEnding(said.what, decodeHex(said.statement), decodeHex(said.staff), about))
    return { delegation: text(delegation), ending: state, by: text(by), at_us: atUs }
  },
  removal(said, trust) {
    const { why, ends } = removalFrom({ ...said.target, justification: said.justification }, stateFrom(said.state, trust), said, said.now_us)
    return { why, ends: ends.map(({ delegation, state }) => [text(delegation), state]) }
  },
  commit(said, trust) {
    const before = stateFrom(present(said.before), trust)
    const due = said.due.map((one) => removalFrom(one, before, said, null))
    const after = stateFrom(said.after, trust, before)
    const { atUs, statements } = attempt(() => decodeCommitData(decodeHex(said.data)), "E_POLICY")
    const committer = leafNamed(said.external ? after : before, said.committer)
    const { external, added, removed, barred, known_proposals: knownProposals, same_other_extensions: sameOtherExtensions } = said
    const ended = said.ended.map(uuidBytes)
    const withdrawn = Object.entries(said.withdrawn).map(([id, scopes]) => ({ delegation: uuidBytes(id), scopes }))
    const view = { committer, external, added, removed, due, barred, ended, withdrawn, statements, knownProposals, sameOtherExtensions }
    return by(take(checkCommit(before, view, after, { atUs, notBelowUs: said.not_below_us, nowUs: said.now_us, catchingUp: said.catching_up })))
  },
  act(said, trust) {
    const state = stateFrom(said.state, trust)
    const as = { actingFor: decodeHex(said.acting_for), delegation: decodeHex(said.delegation), delegationVersion: said.delegation_version }
    return by(take(mayAct(leafFrom(said.leaf, state.policy, trust), said.act, state, as, said.at_us)))
  },
  founding(said, trust) {
    const before = said.before === null ? null : stateFrom(said.before, trust)
    const succession = said.succession === "" ? null : decodeHex(said.succession)
    take(checkFounding(stateFrom(said.state, trust), said.founder, said.at_us, before && { before, succession }))
    return {}
  },
} satisfies Record<string, Check>))

// Files name the same groups and leaves over and over; each is verified once.
const states = new Map<string, State>()
const leaves = new Map<string, Certified>()

function once<T>(found: Map<string, T>, inputs: readonly unknown[], make: () => T): T {
  const key = JSON.stringify(inputs)
  const made = found.get(key) ?? make()
  found.set(key, made)
  return made
}

function stateFrom(said: SaidState, trust: Trust, known: State | null = null): State {
  return once(states, [said, encodeHex(trust.authority), trust.deployment], () => newState(said, trust, known))
}

function newState(said: SaidState, trust: Trust, known: State | null): State {
  const policy = attempt(() => decodePolicy(decodeHex(said.policy)), "E_POLICY")
  const listed = attempt(() => decodeDelegations(decodeHex(said.delegations)), "E_POLICY")
  return take(stateOf({ policy, trust }, listed, said.leaves.map((one) => leafFrom(one, policy, trust)), known))
}

function leafFrom(said: SaidLeaf, { ownerAik, pharmacy }: ConversationPolicy, trust: Trust): Certified {
  const credential = { type: 0xf0c1, content: decodeHex(said.credential) }
  const judging = { trust, ownerAik, pharmacy, signatureKey: decodeHex(said.signature_key), atUs: null }
  const inputs = [said, encodeHex(ownerAik), pharmacy, encodeHex(trust.authority), trust.deployment]
  return once(leaves, inputs, () => attempt(() => verifyCredential(credential, judging), "E_IDENTITY"))
}

function removalFrom(one: SaidRemoval, state: State, { transcript }: Said, nowUs: number | null): Justified {
  const justification = attempt(() => decodeJustification(decodeHex(one.justification)), "E_SIGNATURE")
  return take(checkRemoval(justification, { target: leafNamed(state, one), state, transcript: decodeHex(transcript), nowUs }))
}

function policyFrom({ policy }: Said): ConversationPolicy {
  return attempt(() => decodePolicy(decodeHex(policy)), "E_POLICY")
}

function delegationFrom({ delegation }: Said): Delegation {
  return attempt(() => decode(DELEGATION.codec, decodeHex(delegation)), "E_SIGNATURE")
}

function leafNamed(state: State, { person, device }: Leaf): Certified {
  return present(leafOf(state, { person, device }))
}

function by(found: InForce | null): object {
  return { by: found === null ? null : text(found.delegation.delegation) }
}

function text(id: Uint8Array): string {
  return id.length === 0 ? "" : uuidText(id)
}

function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error("the case names what is not there")
  return value
}

/** A value of a case with what it names in `data`. */
function resolved(value: unknown, data: PolicyFile["data"]): unknown {
  if (Array.isArray(value)) return value.map((one) => resolved(one, data))
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, resolved(one, data)]))
  if (typeof value === "string" && value.startsWith("@")) return resolved(present(data[value.slice(1)]), data)
  return value
}
