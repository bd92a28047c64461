/**
 * What a group says about itself: the twin of `crypto/policy/conversation.py`. Two extensions of the group
 * context: whose conversation it is, and which delegations are in force there; and what a commit says
 * about itself in its authenticated data.
 */
import { encodeHex, equal } from "../bytes"
import { U16, bytesUpTo, decode } from "../mls/codec"
import { malformed } from "../mls/errors"
import {
  EXTERNAL_SENDERS, REQUIRED_CAPABILITIES, externalSendersExtension, requiredCapabilitiesExtension, type Extension, type ExternalSender,
} from "../mls/extensions"
import { ID, KEY, NUMBER, WORD, ascending, checked, listUpTo, orNothing, structure, versioned, type Read } from "./fields"
import { CREDENTIAL_TYPE } from "./identity"
import { DELEGATION, MAX_STATEMENT_BYTES, UnverifiedStatement, type Delegation } from "./statements"

export const CONVERSATION_POLICY = 0xf0c2
export const DELEGATIONS = 0xf0c3
const VERSION = 1
const MAX_RECORDS = 32
const MAX_TOMBSTONES = 256
const MAX_CONFIRMATIONS = 2
const MAX_REVOCATIONS = 32
const MAX_STATEMENTS = 32

const SIGNED = bytesUpTo(MAX_STATEMENT_BYTES)

const POLICY = versioned(VERSION, {
  conversation: ID, kind: WORD, pharmacy: WORD, ownerAik: KEY, patient: ID, patientAik: orNothing(32), suiteFloor: U16,
})
export type ConversationPolicy = Read<typeof POLICY>

const RECORD = structure({
  delegation: SIGNED, confirmations: listUpTo(MAX_CONFIRMATIONS, structure({ confirmation: SIGNED, staff: SIGNED })), acceptance: SIGNED,
  revocations: listUpTo(MAX_REVOCATIONS, SIGNED),
})
/** A delegation in force, with everything that was signed to make it so: nobody's word has to be taken for it. */
export type DelegationRecord = Read<typeof RECORD>

const TOMBSTONE = structure({ delegation: ID, ending: WORD, atUs: NUMBER, notAfterUs: NUMBER })
/** A delegation that ended: it stays until its period would have passed, so that it cannot be brought back. */
export type Tombstone = Read<typeof TOMBSTONE>

const inOrder = <T>(id: (one: T) => Uint8Array) => (list: readonly T[]): boolean => ascending(list.map((one) => encodeHex(id(one))))
const DELEGATIONS_CODEC = versioned(VERSION, {
  number: NUMBER,
  inForce: checked(listUpTo(MAX_RECORDS, RECORD), inOrder(recordId), "delegations are ascending, each once"),
  tombstones: checked(listUpTo(MAX_TOMBSTONES, TOMBSTONE), inOrder((one) => one.delegation), "tombstones are ascending, each once"),
})
/** `number` is one more at each change. */
export type Delegations = Read<typeof DELEGATIONS_CODEC>

const COMMIT_DATA = versioned(VERSION, {
  atUs: NUMBER, statements: listUpTo(MAX_STATEMENTS, structure({ what: WORD, statement: SIGNED, staff: SIGNED })),
})
/** What a commit says in its authenticated data: when, by the hub's clock, and the endings that it carries out. */
export type CommitData = Read<typeof COMMIT_DATA>

export const NO_DELEGATIONS: Delegations = { number: 0, inForce: [], tombstones: [] }

export const encodeCommitData = (data: CommitData): Uint8Array => COMMIT_DATA.encode(data)
export const decodeCommitData = (bytes: Uint8Array): CommitData => decode(COMMIT_DATA, bytes)

/** The document of a record: readable, not yet to be believed. */
export function documentOf(record: DelegationRecord): UnverifiedStatement<Delegation> {
  return UnverifiedStatement.decode(DELEGATION, record.delegation)
}

function recordId(record: DelegationRecord): Uint8Array {
  return documentOf(record).content.delegation
}

const OURS = { extensionTypes: [CONVERSATION_POLICY, DELEGATIONS], proposalTypes: [], credentialTypes: [CREDENTIAL_TYPE] }

/** The extensions of a conversation's group, in their one order. */
export function extensionsOf(policy: ConversationPolicy, delegations: Delegations, hub: ExternalSender): readonly Extension[] {
  return [
    requiredCapabilitiesExtension(OURS), externalSendersExtension([hub]),
    { type: CONVERSATION_POLICY, data: POLICY.encode(policy) }, { type: DELEGATIONS, data: DELEGATIONS_CODEC.encode(delegations) },
  ]
}

/** What a group says of itself; throws where its extensions are not exactly the four of ours, in their order. */
export function readExtensions(extensions: readonly Extension[]): { readonly policy: ConversationPolicy; readonly delegations: Delegations } {
  const [required, senders, policy, delegations, more] = extensions
  const inPlace = required?.type === REQUIRED_CAPABILITIES && senders?.type === EXTERNAL_SENDERS
    && policy?.type === CONVERSATION_POLICY && delegations?.type === DELEGATIONS && more === undefined
  if (!inPlace) throw malformed("not the extensions of a conversation")
  if (!equal(required.data, requiredCapabilitiesExtension(OURS).data)) throw malformed("other capabilities than a conversation's")
  return { policy: decode(POLICY, policy.data), delegations: decode(DELEGATIONS_CODEC, delegations.data) }
}
