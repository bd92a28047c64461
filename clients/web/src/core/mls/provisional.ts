/**
 * The public half of a commit (RFC 9420, 12.4.2): everything about the epoch it leads to that needs no
 * secret. Members and the hub do the same here, by the same code.
 */
import { equal } from "../bytes"
import { applyProposals, type Applied, type Updated } from "./applying"
import type { Commit, UpdatePath } from "./commit"
import { InvalidCommit, InvalidMessage, InvalidProposal, InvalidState, InvalidTree } from "./errors"
import { externalSenders } from "./extensions"
import { proposalRef, verifyContent, type AuthenticatedContent, type FramedContent } from "./framing"
import type { GroupContext } from "./groupContext"
import { needsPath, type ReInit } from "./proposal"
import { addLeaf, leafAt, type RatchetTree } from "./ratchetTree"
import { treeHash } from "./treeHash"
import { mergePath } from "./treekem"
import { confirmedTranscriptHash, interimTranscriptHash } from "./transcript"
import { checkMembers, checkOpen, checkPathLeaf, checkProposalList, type Committer, type Now, type Place, type SentProposal } from "./validation"
import type { CipherSuite } from "./suites"

/** A cached proposal costs memory; no honest epoch comes near. */
const MAX_PROPOSALS = 1_024

/** What everybody knows of an epoch. */
export interface PublicState extends Place {
  readonly interimTranscriptHash: Uint8Array
  readonly confirmationTag: Uint8Array
  /** What closed the group. */
  readonly reinit: ReInit | null
}

/** A proposal that came by itself, and the name under which a commit speaks of it. */
export interface CachedProposal {
  readonly content: AuthenticatedContent
  readonly reference: Uint8Array
}

export interface Provisional {
  readonly applied: Applied
  readonly proposals: readonly SentProposal[]
  readonly tree: RatchetTree
  /** Of the next epoch, but for the confirmed transcript hash, which is still the old one. */
  readonly context: GroupContext
  readonly committer: number
  readonly path: UpdatePath | null
  /** Leaves that were replaced, the committer's by its path included. */
  readonly updated: readonly Updated[]
  /** The leaves that this commit added. */
  readonly addedLeaves: readonly number[]
}

/** RFC 9420, 6: a message for this group and this epoch. */
export function checkAddressed(context: GroupContext, { groupId, epoch }: Pick<FramedContent, "groupId" | "epoch">): void {
  if (!equal(groupId, context.groupId)) throw new InvalidMessage("wrong_group", "a message of another group")
  if (epoch !== context.epoch) throw new InvalidMessage("wrong_epoch", "a message of another epoch")
}

/** Throw unless the one who is said to send it signed it (RFC 9420, 6.1). */
export function verifySender(place: Place, content: AuthenticatedContent): void {
  verifyContent(place.suite, signatureKeyOf(place, content.framed), content, place.context)
}

function signatureKeyOf({ context, tree }: Place, { sender, content }: FramedContent): Uint8Array {
  switch (sender.kind) {
    case "member":
      return known(leafAt(tree, sender.leafIndex)?.signatureKey)
    case "external":
      if (content.kind !== "proposal") throw wrongContent()
      return known(externalSenders(context.extensions)[sender.senderIndex]?.signatureKey)
    case "new_member_proposal":
      if (content.kind !== "proposal" || content.proposal.kind !== "add") throw wrongContent()
      return content.proposal.keyPackage.leafNode.signatureKey
    case "new_member_commit":
      if (content.kind !== "commit") throw wrongContent()
      if (content.commit.path === null) throw new InvalidCommit("missing_path", "a commit from outside without a path")
      return content.commit.path.leafNode.signatureKey
  }
}

/** RFC 9420, 6: who may send what. */
function wrongContent(): InvalidMessage {
  return new InvalidMessage("wrong_content", "a content that its sender may not send")
}

function known(key: Uint8Array | undefined): Uint8Array {
  if (key === undefined) throw new InvalidMessage("unknown_sender", "nobody is there who could have sent this")
  return key
}

export function committerOf({ sender }: FramedContent): Committer {
  if (sender.kind === "member") return sender.leafIndex
  if (sender.kind === "new_member_commit") return null
  throw wrongContent()
}

/** The proposals of a commit, those it names included. */
export function resolveProposals(commit: Commit, framed: FramedContent, cached: readonly CachedProposal[]): readonly SentProposal[] {
  return commit.proposals.map((one) => {
    if (one.kind === "proposal") return { proposal: one.proposal, sender: framed.sender, reference: null }
    // RFC 9420, 12.4.3.2
    if (framed.sender.kind !== "member") throw new InvalidCommit("reference_in_external_commit", "a reference in a commit from outside")
    const found = cached.find(({ reference }) => equal(reference, one.reference))
    if (found === undefined) throw new InvalidProposal("unknown_proposal", "a proposal that never came here")
    return sentProposal(found)
  })
}

/** Keep a proposal for the commit that will name it. */
export function withProposal<S extends Pick<PublicState, "suite"> & { readonly proposals: readonly CachedProposal[] }>(
  state: S, content: AuthenticatedContent,
): { readonly reference: Uint8Array; readonly next: S } {
  const reference = proposalRef(state.suite, content)
  if (state.proposals.some((one) => equal(one.reference, reference))) return { reference, next: state }
  if (state.proposals.length >= MAX_PROPOSALS) throw new InvalidState("exhausted", "more proposals than an epoch may hold")
  return { reference, next: { ...state, proposals: [...state.proposals, { content, reference }] } }
}

export function sentProposal({ content: { framed }, reference }: CachedProposal): SentProposal {
  if (framed.content.kind !== "proposal") throw new InvalidMessage("wrong_content", "a message that is no proposal")
  return { proposal: framed.content.proposal, sender: framed.sender, reference }
}

/** Check a commit's list and path against the rules, and say what comes of it. */
export function provisional(
  state: PublicState, proposals: readonly SentProposal[], path: UpdatePath | null, committer: Committer, now: Now,
): Provisional {
  checkOpen(state)
  checkProposalList(state, proposals, committer, now)
  if (path === null && pathIsNeeded(proposals)) throw new InvalidCommit("missing_path", "a commit without the path it needs")
  const applied = applyProposals(state.tree, state.context, proposals)
  const addedLeaves = applied.added.map(({ leafIndex }) => leafIndex)
  if (committer === null) checkResync(applied, path)
  const placed = withCommitter(applied.tree, path, committer)
  const tree = path === null ? placed.tree : mergedTree({ ...state, tree: applied.tree }, placed, path, addedLeaves)
  checkMembers(tree, applied.extensions)
  return {
    applied, proposals, tree, context: nextContext(state, tree, applied), committer: placed.leafIndex, path, addedLeaves,
    updated: [...applied.updated, ...ownUpdate(state.tree, path, committer)],
  }
}

function ownUpdate(tree: RatchetTree, path: UpdatePath | null, committer: Committer): readonly Updated[] {
  const before = committer === null ? null : leafAt(tree, committer)
  return committer === null || before === null || path === null ? [] : [{ leafIndex: committer, before, leafNode: path.leafNode }]
}

export function pathIsNeeded(proposals: readonly SentProposal[]): boolean {
  return proposals.length === 0 || proposals.some(({ proposal }) => needsPath(proposal.kind))
}

/** RFC 9420, 12.2: who removes its former self brings a new key, as with an Update. */
function checkResync({ removed }: Applied, path: UpdatePath | null): void {
  const kept = removed.some(({ leafNode }) => path !== null && equal(leafNode.encryptionKey, path.leafNode.encryptionKey))
  if (kept) throw new InvalidTree("same_key", "a resync that keeps its key")
}

interface Placed {
  readonly tree: RatchetTree
  readonly leafIndex: number
}

/** Who joins by this very commit takes the leftmost blank leaf (RFC 9420, 12.4.2). */
function withCommitter(tree: RatchetTree, path: UpdatePath | null, committer: Committer): Placed {
  if (committer !== null) return { tree, leafIndex: committer }
  if (path === null) throw new InvalidCommit("missing_path", "a commit from outside without a path")
  return addLeaf(tree, path.leafNode)
}

function mergedTree(before: Place, placed: Placed, path: UpdatePath, addedLeaves: readonly number[]): RatchetTree {
  const keys = [path.leafNode.encryptionKey, ...path.nodes.map(({ encryptionKey }) => encryptionKey)]
  checkPathLeaf(before, path.leafNode, placed.leafIndex, keys)
  return mergePath(before.suite, placed.tree, placed.leafIndex, path, addedLeaves)
}

export function nextContext({ suite, context }: Place, tree: RatchetTree, { extensions }: Applied): GroupContext {
  return { ...context, epoch: context.epoch + 1n, treeHash: treeHash(suite, tree), extensions }
}

/** The context of the epoch that `commit` leads to, once the commit is signed. */
export function concluded(state: PublicState, { context }: Provisional, commit: AuthenticatedContent): GroupContext {
  return { ...context, confirmedTranscriptHash: confirmedTranscriptHash(state.suite, state.interimTranscriptHash, commit) }
}

export function nextPublicState(
  suite: CipherSuite, tree: RatchetTree, context: GroupContext, confirmationTag: Uint8Array, reinit: ReInit | null,
): PublicState {
  return {
    suite, tree, context, confirmationTag, reinit,
    interimTranscriptHash: interimTranscriptHash(suite, context.confirmedTranscriptHash, confirmationTag),
  }
}
