/**
 * What a group says of its conversation: the twin of `crypto/policy/conversation.py`. `conversation_policy`
 * stays as the group was founded, but for the patient's account key, which is set once; `delegations` holds
 * the records in force and a tombstone for each that ended, so that none comes back. Every commit carries
 * `CommitData` in its authenticated data.
 */
import { encodeHex, encodeUtf8, equal } from "../bytes"
import { U16, bytesUpTo, decode } from "../mls/codec"
import { basicCredential } from "../mls/credential"
import { malformed } from "../mls/errors"
import {
  EXTERNAL_SENDERS, REQUIRED_CAPABILITIES, externalSendersExtension, requiredCapabilitiesExtension, type Extension, type ExternalSender,
} from "../mls/extensions"
import { ID, KEY, NUMBER, WORD, ascending, checked, listUpTo, orNothing, structure, versioned, type Read } from "./fields"
import { CREDENTIAL_TYPE } from "./identity"
import { DELEGATION, MAX_STATEMENT_BYTES, REVOCATION, UnverifiedStatement, type Delegation } from "./statements"
import { KINDS, type EndedState } from "./vocabulary"

export const POLICY_EXTENSION = 0xf0c2
export const DELEGATIONS_EXTENSION = 0xf0c3
/** Of the GroupInfo that founds a successor: the co-signed `Succession`, where there is one. */
export const SUCCESSION_EXTENSION = 0xf0c4
/** What every leaf's capabilities list, besides the credential type. */
export const LEAF_EXTENSIONS: readonly number[] = [POLICY_EXTENSION, DELEGATIONS_EXTENSION]
const VERSION = 1
const MAX_CONFIRMATIONS = 2
/** Each takes away at least one scope. */
const MAX_WITHDRAWALS = 16
const MAX_IN_FORCE = 16
const MAX_KNOWN = 256
const MAX_ENDINGS = 8
/** What several people signed is longer than what one did. */
export const MAX_ENDING_BYTES = 8192

const SIGNED = bytesUpTo(MAX_STATEMENT_BYTES)
const KIND = checked(WORD, (kind) => Object.hasOwn(KINDS, kind), "no kind of conversation")
const WITHDRAWAL = checked(SIGNED, ({ length }) => length > 0, "an empty withdrawal")

const POLICY = versioned(VERSION, {
  conversation: ID, kind: KIND, pharmacy: WORD, ownerAik: KEY, patient: ID, patientAik: orNothing(32), suiteFloor: U16,
})
/** `patientAik` is empty until the patient's first device comes in; `pharmacy` is its FINESS. */
export type ConversationPolicy = Read<typeof POLICY>

const RECORD = structure({
  delegation: SIGNED, confirmations: listUpTo(MAX_CONFIRMATIONS, structure({ confirmation: SIGNED, staff: SIGNED })), acceptance: SIGNED,
  revocations: listUpTo(MAX_WITHDRAWALS, WITHDRAWAL),
})
/** All that makes a delegation hold, as it was signed: whoever reads the group can check it. `revocations`: partial ones, oldest first. */
export type DelegationRecord = Read<typeof RECORD>

const TOMBSTONE = structure({ delegation: ID, ending: WORD, atUs: NUMBER, notAfterUs: NUMBER })
/** A delegation that ended, in a commit of `atUs`: it stays ended, and this stays until it would have ended by itself. */
export type Tombstone = Read<typeof TOMBSTONE>

const inOrder = <T>(id: (one: T) => Uint8Array) => (list: readonly T[]): boolean => ascending(list.map((one) => encodeHex(id(one))))
const DELEGATIONS_FIELDS = versioned(VERSION, {
  number: NUMBER,
  inForce: checked(listUpTo(MAX_IN_FORCE, RECORD), inOrder(recordId), "records are ascending, each once"),
  tombstones: checked(listUpTo(MAX_KNOWN, TOMBSTONE), inOrder((one) => one.delegation), "tombstones are ascending, each once"),
})
/** Who acts for the patient here, and who did. `number` is one more at each change. */
export type Delegations = Read<typeof DELEGATIONS_FIELDS>
// An end changes a record into a tombstone, so there is always room for it.
const DELEGATIONS_CODEC = checked(
  DELEGATIONS_FIELDS, ({ inForce, tombstones }) => inForce.length + tombstones.length <= MAX_KNOWN, "more delegations than a group can remember")

const ENDING_STATEMENT = structure({ what: WORD, statement: bytesUpTo(MAX_ENDING_BYTES), staff: SIGNED })
/** Why a commit ends a delegation, or lets the patient's old devices go; `staff` is a suspending pharmacist's certificate. */
export type EndingStatement = Read<typeof ENDING_STATEMENT>

const COMMIT_DATA = versioned(VERSION, { atUs: NUMBER, statements: listUpTo(MAX_ENDINGS, ENDING_STATEMENT) })
/** What stands in the authenticated data of every commit; `atUs` is hub time. */
export type CommitData = Read<typeof COMMIT_DATA>

export const NO_DELEGATIONS: Delegations = { number: 0, inForce: [], tombstones: [] }

export const encodePolicy = (policy: ConversationPolicy): Uint8Array => POLICY.encode(policy)
export const encodeDelegations = (delegations: Delegations): Uint8Array => DELEGATIONS_CODEC.encode(delegations)
export const decodePolicy = (bytes: Uint8Array): ConversationPolicy => decode(POLICY, bytes)
export const decodeDelegations = (bytes: Uint8Array): Delegations => decode(DELEGATIONS_CODEC, bytes)
export const encodeCommitData = (data: CommitData): Uint8Array => COMMIT_DATA.encode(data)
export const decodeCommitData = (bytes: Uint8Array): CommitData => decode(COMMIT_DATA, bytes)
export const encodeRecord = (record: DelegationRecord): Uint8Array => RECORD.encode(record)
export const decodeRecord = (bytes: Uint8Array): DelegationRecord => decode(RECORD, bytes)

/** The delegation of a record as it came: not to be believed before it was checked. */
export function documentOf(record: DelegationRecord): Delegation {
  return UnverifiedStatement.decode(DELEGATION, record.delegation).content
}

function recordId(record: DelegationRecord): Uint8Array {
  return documentOf(record).delegation
}

const REQUIRED = requiredCapabilitiesExtension({ extensionTypes: LEAF_EXTENSIONS, proposalTypes: [], credentialTypes: [CREDENTIAL_TYPE] })

/** What the context of a group says: these four extensions, in this order. */
export function extensionsOf(policy: ConversationPolicy, delegations: Delegations, hub: ExternalSender): readonly Extension[] {
  return [
    REQUIRED, externalSendersExtension([hub]),
    { type: POLICY_EXTENSION, data: encodePolicy(policy) }, { type: DELEGATIONS_EXTENSION, data: encodeDelegations(delegations) },
  ]
}

/** The hub as the external sender of its groups. */
export function hubSender(signatureKey: Uint8Array): ExternalSender {
  return { signatureKey, credential: basicCredential(encodeUtf8("hub")) }
}

/** A group's policy; throws where its extensions are not exactly those four. Who the external sender is, is the caller's to compare. */
export function readExtensions(extensions: readonly Extension[]): { readonly policy: ConversationPolicy; readonly delegations: Delegations } {
  const [required, senders, policy, delegations, more] = extensions
  const inPlace = required?.type === REQUIRED_CAPABILITIES && equal(required.data, REQUIRED.data) && senders?.type === EXTERNAL_SENDERS
    && policy?.type === POLICY_EXTENSION && delegations?.type === DELEGATIONS_EXTENSION && more === undefined
  if (!inPlace) throw malformed("a group's context has four extensions, and no other")
  return { policy: decodePolicy(policy.data), delegations: decodeDelegations(delegations.data) }
}

/** Whether all the extensions are the same that no commit ever changes. */
export function sameOthers(before: readonly Extension[], after: readonly Extension[]): boolean {
  const others = (list: readonly Extension[]): readonly Extension[] => list.filter(({ type }) => !LEAF_EXTENSIONS.includes(type))
  const [was, is] = [others(before), others(after)]
  return was.length === is.length && was.every(({ type, data }, i) => type === is[i]?.type && equal(data, is[i].data))
}

export interface Changes {
  readonly admitted?: readonly DelegationRecord[]
  /** Signed partial revocations. */
  readonly narrowed?: readonly Uint8Array[]
  readonly ended?: readonly (readonly [delegation: Uint8Array, ending: EndedState])[]
  readonly atUs: number
}

/** The delegations after one commit: one number up where anything changed. Tombstones whose time has come go along. */
export function changed(delegations: Delegations, { admitted = [], narrowed = [], ended = [], atUs }: Changes): Delegations {
  const records = new Map(delegations.inForce.map((one) => [encodeHex(recordId(one)), one]))
  const stones = new Map(delegations.tombstones.filter((one) => one.notAfterUs > atUs).map((one) => [encodeHex(one.delegation), one]))
  const known = (id: string): DelegationRecord => {
    const record = records.get(id)
    if (record === undefined) throw malformed("no delegation in force has this id")
    return record
  }
  for (const signed of narrowed) {
    const id = encodeHex(UnverifiedStatement.decode(REVOCATION, signed).content.delegation)
    const record = known(id)
    records.set(id, { ...record, revocations: [...record.revocations, signed] })
  }
  for (const [delegation, ending] of ended) {
    const id = encodeHex(delegation)
    stones.set(id, tombstoneOf(documentOf(known(id)), ending, atUs))
    records.delete(id)
  }
  for (const record of admitted) {
    const id = encodeHex(recordId(record))
    if (records.has(id) || stones.has(id)) throw malformed("a delegation is admitted once")
    records.set(id, record)
  }
  const after = { number: delegations.number, inForce: sorted(records), tombstones: sorted(stones) }
  const same = equal(encodeDelegations(after), encodeDelegations(delegations))
  return same ? after : { ...after, number: delegations.number + 1 }
}

/** What stays of a delegation that ends in a commit of that instant. */
export function tombstoneOf({ delegation, notAfterUs }: Delegation, ending: EndedState, atUs: number): Tombstone {
  return { delegation, ending, atUs, notAfterUs }
}

function sorted<T>(byId: ReadonlyMap<string, T>): readonly T[] {
  return [...byId].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}
