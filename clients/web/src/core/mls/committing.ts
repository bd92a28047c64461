/** Making commits (RFC 9420, 12.4.1), a member's and, in `externalJoin.ts`, a newcomer's. */
import { applyProposals, type Applied } from "./applying"
import { committable } from "./committable"
import type { Commit, ProposalOrRef, UpdatePath } from "./commit"
import { encodeMessage, signContent, type AuthenticatedContent, type FramedContent, type HandshakeWire } from "./framing"
import { GROUP_CONTEXT } from "./groupContext"
import { InvalidCommit, InvalidProposal } from "./errors"
import { equal } from "../bytes"
import { joinerSecret, newEpoch, welcomeSecret } from "./keySchedule"
import type { LeafNode, LeafNodeContent } from "./leafNode"
import { entered, pastWith, pskLookup, type MemberState, type PastEpoch } from "./memberState"
import type { RandomBytes } from "./primitives"
import { concluded, nextContext, pathIsNeeded, provisional, sentProposal, type Provisional, type PublicState } from "./provisional"
import { pskSecret, type PskLookup } from "./psk"
import type { Proposal } from "./proposal"
import { addLeaf, leafAt, leafCount, type RatchetTree } from "./ratchetTree"
import { keysAfter } from "./receiving"
import { sealed } from "./sealing"
import { signedGroupInfo } from "./signedGroupInfo"
import { confirmationTag } from "./transcript"
import { commonAncestor } from "./treeMath"
import { encryptPath, newPath, type NewPath, type PathKeys } from "./treekem"
import type { Committer, Now, SentProposal } from "./validation"
import type { GroupInfo } from "./groupInfo"
import { keyPackageRef } from "./keyPackage"
import { encryptGroupInfo, encryptGroupSecrets } from "./welcome"

/** What a member may change of its own leaf. */
export interface LeafChanges {
  readonly credential?: LeafNode["credential"]
  readonly capabilities?: LeafNode["capabilities"]
  readonly extensions?: LeafNode["extensions"]
  readonly signaturePrivateKey?: Uint8Array
}

export interface Committing {
  /** Proposals that stand in the commit itself. */
  readonly proposals: readonly Proposal[]
  /** Those that came by themselves; null: all that may stand in one commit (`committable`). */
  readonly references: readonly Uint8Array[] | null
  readonly forcePath: boolean
  readonly leaf: LeafChanges | null
  readonly wire: HandshakeWire
  readonly authenticatedData: Uint8Array
  readonly psks: PskLookup
  readonly now: Now
  readonly random: RandomBytes
}

/** A commit that nobody ordered yet. `welcome`: null where it adds nobody. */
export interface Committed<S> {
  readonly message: Uint8Array
  readonly welcome: Uint8Array | null
  readonly groupInfo: Uint8Array
  readonly next: S
}

/** Who commits, with what. */
export interface Author {
  readonly state: PublicState
  readonly committer: Committer
  readonly initSecret: Uint8Array
  readonly signaturePrivateKey: Uint8Array
  readonly newSignaturePrivateKey: Uint8Array
  readonly leaf: Omit<LeafNodeContent, "encryptionKey" | "source">
  readonly psks: PskLookup
  readonly pastEpochs: readonly PastEpoch[]
  /** The keys that are still ours after the proposals and the path. */
  readonly keysAfter: (next: Provisional) => PathKeys
}

export interface Authored {
  readonly content: AuthenticatedContent
  readonly welcome: Uint8Array | null
  readonly groupInfo: GroupInfo
  readonly next: MemberState
}

export function commit(state: MemberState, options: Committing): Committed<MemberState> {
  const proposals = chosen(state, options)
  const own = leafAt(state.tree, state.ownLeaf)
  if (own === null) throw new InvalidCommit("unknown_leaf", "we are not in this group")
  const newSignaturePrivateKey = options.leaf?.signaturePrivateKey ?? state.signaturePrivateKey
  const authored = author({
    state, committer: state.ownLeaf, initSecret: state.secrets.initSecret, signaturePrivateKey: state.signaturePrivateKey, newSignaturePrivateKey,
    leaf: changedLeaf(state, own, options.leaf), psks: pskLookup(state, options.psks), pastEpochs: pastWith(state),
    keysAfter: (next) => keysAfter(state, next),
  }, proposals, options)
  return { ...encoded(authored), message: sealed(state, authored.content, 0, options.random) }
}

export function changedLeaf(state: MemberState, own: LeafNode, changes: LeafChanges | null): Author["leaf"] {
  const { signaturePrivateKey, ...said } = changes ?? {}
  const { signatureKey, credential, capabilities, extensions } = own
  const key = signaturePrivateKey === undefined ? signatureKey : state.suite.signature.publicKey(signaturePrivateKey)
  return { credential, capabilities, extensions, ...said, signatureKey: key }
}

function chosen(state: MemberState, { proposals, references }: Committing): readonly SentProposal[] {
  const sender = { kind: "member", leafIndex: state.ownLeaf } as const
  const cached = references === null
    ? committable(state.proposals.map(sentProposal), state.ownLeaf)
    : references.map((reference) => named(state, reference))
  return [...cached, ...proposals.map((proposal) => ({ proposal, sender, reference: null }))]
}

function named(state: MemberState, reference: Uint8Array): SentProposal {
  const found = state.proposals.find((one) => equal(one.reference, reference))
  if (found === undefined) throw new InvalidProposal("unknown_proposal", "a proposal that never came here")
  return sentProposal(found)
}

export function encoded({ welcome, groupInfo, next }: Authored): Omit<Committed<MemberState>, "message"> {
  return { welcome, next, groupInfo: encodeMessage({ kind: "group_info", groupInfo }) }
}

type Choices = Pick<Committing, "wire" | "authenticatedData" | "forcePath" | "leaf" | "now" | "random">

/** The commit, and the epoch it leads to. Our own path passes the checks that everybody's does. */
export function author(by: Author, proposals: readonly SentProposal[], options: Choices): Authored {
  const { state: { suite }, committer } = by
  const withPath = options.forcePath || options.leaf !== null || pathIsNeeded(proposals)
  const made = withPath ? drawnPath(by, proposals, options.random) : null
  const next = provisional(by.state, proposals, made?.path ?? null, committer, options.now)
  const content = signedCommit(by, proposals, made?.path ?? null, options)
  const context = concluded(by.state, next, content)
  const psk = pskSecret(suite, next.applied.psks, by.psks)
  const joiner = joinerSecret(suite, by.initSecret, made?.drawn.commitSecret ?? new Uint8Array(suite.hash.length), context)
  const epoch = newEpoch(suite, joiner, psk, context)
  const tag = confirmationTag(suite, epoch.secrets.confirmationKey, context.confirmedTranscriptHash)
  const after = entered({
    suite, tree: next.tree, context, confirmationTag: tag, ownLeaf: next.committer, signaturePrivateKey: by.newSignaturePrivateKey,
    pathKeys: new Map([...by.keysAfter(next), ...made?.drawn.keys ?? []]), epoch, pastEpochs: by.pastEpochs, reinit: next.applied.reinit,
  })
  const groupInfo = signedGroupInfo(after)
  const welcome = welcomed(after, next, made?.drawn ?? null, joiner, psk, groupInfo, options.random)
  return { content: { ...content, auth: { ...content.auth, confirmationTag: tag } }, welcome, groupInfo, next: after }
}

interface Drawn {
  readonly drawn: NewPath
  readonly path: UpdatePath
}

function drawnPath({ state, committer, leaf, newSignaturePrivateKey }: Author, proposals: readonly SentProposal[], random: RandomBytes): Drawn {
  const { suite, context } = state
  const applied = applyProposals(state.tree, context, proposals)
  const { tree, leafIndex } = placed(applied.tree, committer, leaf)
  const drawn = newPath(suite, tree, { groupId: context.groupId, leafIndex, signaturePrivateKey: newSignaturePrivateKey, content: leaf }, random)
  const provisionalContext = GROUP_CONTEXT.encode(nextContext(state, drawn.tree, applied))
  return { drawn, path: encryptPath(suite, drawn, addedLeaves(applied), provisionalContext, random) }
}

function addedLeaves({ added }: Applied): readonly number[] {
  return added.map(({ leafIndex }) => leafIndex)
}

/** A newcomer's leaf is put where it will be; `newPath` fills it in. */
function placed(tree: RatchetTree, committer: Committer, leaf: Author["leaf"]): { tree: RatchetTree; leafIndex: number } {
  if (committer !== null) return { tree, leafIndex: committer }
  return addLeaf(tree, { ...leaf, encryptionKey: new Uint8Array(), source: { kind: "update" }, signature: new Uint8Array() })
}

function signedCommit(by: Author, proposals: readonly SentProposal[], path: UpdatePath | null, { wire, authenticatedData }: Choices): AuthenticatedContent {
  const { suite, context } = by.state
  const made: Commit = { proposals: proposals.map(asSent), path }
  const framed: FramedContent = {
    groupId: context.groupId, epoch: context.epoch, authenticatedData, content: { kind: "commit", commit: made },
    sender: by.committer === null ? { kind: "new_member_commit" } : { kind: "member", leafIndex: by.committer },
  }
  return { wire, framed, auth: { signature: signContent(suite, by.signaturePrivateKey, wire, framed, context), confirmationTag: null } }
}

function asSent({ proposal, reference }: SentProposal): ProposalOrRef {
  return reference === null ? { kind: "proposal", proposal } : { kind: "reference", reference }
}

/** One Welcome for all who were added (RFC 9420, 12.4.3.1). */
function welcomed(
  after: MemberState, { applied }: Provisional, drawn: NewPath | null, joiner: Uint8Array, psk: Uint8Array, groupInfo: GroupInfo, random: RandomBytes,
): Uint8Array | null {
  if (applied.added.length === 0) return null
  const { suite, tree, ownLeaf } = after
  const encryptedGroupInfo = encryptGroupInfo(suite, welcomeSecret(suite, joiner, psk), groupInfo)
  const secrets = applied.added.map(({ leafIndex, keyPackage }) => {
    const shared = commonAncestor(2 * ownLeaf, 2 * leafIndex, leafCount(tree))
    const secret = drawn?.secrets.find(({ node }) => node === shared)?.secret
    const told = { joinerSecret: joiner, pathSecret: secret === undefined ? null : { secret }, psks: applied.psks }
    return {
      newMember: keyPackageRef(suite, keyPackage),
      encryptedGroupSecrets: encryptGroupSecrets(suite, keyPackage.initKey, encryptedGroupInfo, told, random),
    }
  })
  return encodeMessage({ kind: "welcome", welcome: { suite: suite.id, secrets, encryptedGroupInfo } })
}
