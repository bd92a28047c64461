/**
 * What is kept between runs, version 1: the same bytes in both languages. Lists are sorted, so that equal
 * states are equal bytes. It is this device's own storage that is read here, not a peer: what is checked
 * is its form.
 */
import { encodeHex } from "../bytes"
import { BYTES, U16, U32, U64, U8, constant, decode, listOf, optional, struct } from "./codec"
import { malformed } from "./errors"
import { AUTHENTICATED_CONTENT, proposalRef, type AuthenticatedContent } from "./framing"
import { GROUP_CONTEXT, type GroupContext } from "./groupContext"
import { KEY_PACKAGE, type KeyPackageBundle } from "./keyPackage"
import type { EpochSecrets } from "./keySchedule"
import type { MemberState, OwnUpdate, PastEpoch } from "./memberState"
import { REINIT, type ReInit } from "./proposal"
import type { CachedProposal, PublicState } from "./provisional"
import type { Ratchet, SkippedKey } from "./ratchet"
import { RATCHET_TREE, leafAt, leafCount, type RatchetTree } from "./ratchetTree"
import { SecretTree } from "./secretTree"
import { suiteOf, type CipherSuite } from "./suites"

const VERSION = 1
const MEMBER = 1
const BUNDLE = 2
const PUBLIC = 3

interface Header {
  readonly version: number
  readonly what: number
}

interface StoredPublic extends Header {
  readonly suite: number
  readonly context: GroupContext
  readonly tree: RatchetTree
  readonly interimTranscriptHash: Uint8Array
  readonly confirmationTag: Uint8Array
  readonly proposals: readonly Uint8Array[]
  readonly reinit: ReInit | null
}

interface NodeSecret {
  readonly node: number
  readonly secret: Uint8Array
}

interface LeafRatchets {
  readonly leaf: number
  readonly handshake: Ratchet
  readonly application: Ratchet
}

interface StoredMember extends StoredPublic, EpochSecrets {
  readonly ownLeaf: number
  readonly signaturePrivateKey: Uint8Array
  readonly pathKeys: readonly NodeSecret[]
  readonly secretTree: readonly NodeSecret[]
  readonly ratchets: readonly LeafRatchets[]
  readonly ownUpdates: readonly OwnUpdate[]
  readonly pastEpochs: readonly PastEpoch[]
}

const NODE_SECRETS = listOf(struct<NodeSecret>({ node: U32, secret: BYTES }))
const RATCHET = struct<Ratchet>({
  generation: U32, secret: BYTES, skipped: listOf(struct<SkippedKey>({ generation: U32, key: BYTES, nonce: BYTES })),
})

const GROUP_STATE = struct<StoredMember>({
  version: constant(U8, VERSION), what: constant(U8, MEMBER), suite: U16, context: GROUP_CONTEXT, tree: RATCHET_TREE, ownLeaf: U32,
  signaturePrivateKey: BYTES, pathKeys: NODE_SECRETS,
  initSecret: BYTES, senderDataSecret: BYTES, exporterSecret: BYTES, externalSecret: BYTES,
  confirmationKey: BYTES, membershipKey: BYTES, resumptionPsk: BYTES, epochAuthenticator: BYTES,
  interimTranscriptHash: BYTES, confirmationTag: BYTES,
  secretTree: NODE_SECRETS, ratchets: listOf(struct<LeafRatchets>({ leaf: U32, handshake: RATCHET, application: RATCHET })),
  proposals: listOf(BYTES), ownUpdates: listOf(struct<OwnUpdate>({ reference: BYTES, privateKey: BYTES })),
  pastEpochs: listOf(struct<PastEpoch>({ epoch: U64, resumptionPsk: BYTES })), reinit: optional(REINIT),
})

const PUBLIC_STATE = struct<StoredPublic>({
  version: constant(U8, VERSION), what: constant(U8, PUBLIC), suite: U16, context: GROUP_CONTEXT, tree: RATCHET_TREE,
  interimTranscriptHash: BYTES, confirmationTag: BYTES, proposals: listOf(BYTES), reinit: optional(REINIT),
})

const KEY_PACKAGE_BUNDLE = struct<KeyPackageBundle & Header>({
  version: constant(U8, VERSION), what: constant(U8, BUNDLE), keyPackage: KEY_PACKAGE,
  initPrivateKey: BYTES, encryptionPrivateKey: BYTES, signaturePrivateKey: BYTES,
})

/** A public state and the proposals that came in its epoch. */
export interface PublicStateAndProposals extends PublicState {
  readonly proposals: readonly CachedProposal[]
}

export function serializeMember(state: MemberState): Uint8Array {
  const { secretTree, pathKeys } = state
  return GROUP_STATE.encode({
    ...state, ...state.secrets, ...stored(state, MEMBER),
    ownUpdates: [...state.ownUpdates].sort((a, b) => (encodeHex(a.reference) < encodeHex(b.reference) ? -1 : 1)),
    pathKeys: [...pathKeys].sort(([a], [b]) => a - b).map(([node, secret]) => ({ node, secret })),
    secretTree: secretTree.nodes.map(([node, secret]) => ({ node, secret })),
    ratchets: secretTree.ratchets.map(([leaf, ratchets]) => ({ leaf, ...ratchets })),
  })
}

export function deserializeMember(bytes: Uint8Array): MemberState {
  const read = decode(GROUP_STATE, bytes)
  const { ownLeaf, signaturePrivateKey, ownUpdates, pastEpochs } = read
  const state = loaded(read)
  if (leafAt(state.tree, ownLeaf) === null) throw malformed("a state of nobody")
  const { initSecret, senderDataSecret, exporterSecret, externalSecret, confirmationKey, membershipKey, resumptionPsk, epochAuthenticator } = read
  return {
    ...state, ownLeaf, signaturePrivateKey, ownUpdates, pastEpochs,
    pathKeys: new Map(read.pathKeys.map(({ node, secret }) => [node, secret])),
    secrets: { initSecret, senderDataSecret, exporterSecret, externalSecret, confirmationKey, membershipKey, resumptionPsk, epochAuthenticator },
    secretTree: secretTreeOf(state.suite, leafCount(state.tree), read),
  }
}

function secretTreeOf(suite: CipherSuite, leaves: number, { secretTree, ratchets }: StoredMember): SecretTree {
  const nodes = new Map(secretTree.map(({ node, secret }) => [node, secret]))
  return new SecretTree(suite, leaves, nodes, new Map(ratchets.map(({ leaf, handshake, application }) => [leaf, { handshake, application }])))
}

export function serializePublic(state: PublicStateAndProposals): Uint8Array {
  return PUBLIC_STATE.encode(stored(state, PUBLIC))
}

export function deserializePublic(bytes: Uint8Array): PublicStateAndProposals {
  return loaded(decode(PUBLIC_STATE, bytes))
}

export function serializeBundle(bundle: KeyPackageBundle): Uint8Array {
  return KEY_PACKAGE_BUNDLE.encode({ ...bundle, version: VERSION, what: BUNDLE })
}

export function deserializeBundle(bytes: Uint8Array): KeyPackageBundle {
  const { keyPackage, initPrivateKey, encryptionPrivateKey, signaturePrivateKey } = decode(KEY_PACKAGE_BUNDLE, bytes)
  return { keyPackage, initPrivateKey, encryptionPrivateKey, signaturePrivateKey }
}

function stored({ suite, context, tree, interimTranscriptHash, confirmationTag, proposals, reinit }: PublicStateAndProposals, what: number): StoredPublic {
  return {
    version: VERSION, what, suite: suite.id, context, tree, interimTranscriptHash, confirmationTag, reinit,
    proposals: proposals.map(({ content }) => AUTHENTICATED_CONTENT.encode(content)),
  }
}

function loaded({ suite: id, context, tree, interimTranscriptHash, confirmationTag, proposals, reinit }: StoredPublic): PublicStateAndProposals {
  if (id !== context.suite) throw malformed("a state of two suites")
  const suite = suiteOf(id)
  const contents = proposals.map((one): AuthenticatedContent => decode(AUTHENTICATED_CONTENT, one))
  return {
    suite, context, tree, interimTranscriptHash, confirmationTag, reinit,
    proposals: contents.map((content) => ({ content, reference: proposalRef(suite, content) })),
  }
}
