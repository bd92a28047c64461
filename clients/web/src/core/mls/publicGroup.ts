/**
 * What somebody without any secret can know and check of a group in one epoch: the hub's view. A commit
 * is held against every rule that needs no key; what only members can check is the membership tag, the
 * confirmation tag and what the path's ciphertexts hold.
 */
import { equal } from "../bytes"
import type { Applied, Updated } from "./applying"
import { InvalidCommit, InvalidGroupInfo, InvalidMessage, InvalidProposal, InvalidWelcome, malformed } from "./errors"
import { RATCHET_TREE as TREE_EXTENSION, checkDistinctExtensions, externalPub, externalSenders, findExtension, type Extension } from "./extensions"
import { publicStateOf } from "./externalJoin"
import { decodeMessage, encodeMessage, proposalRef, signContent, type AuthenticatedContent, type FramedContent } from "./framing"
import { GROUP_CONTEXT, type GroupContext } from "./groupContext"
import { verifyGroupInfo, type GroupInfo } from "./groupInfo"
import { keyPackageRef } from "./keyPackage"
import { welcomeOf } from "./joining"
import type { Proposal, ReInit } from "./proposal"
import {
  checkAddressed, committerOf, concluded, nextPublicState, provisional, resolveProposals, sentProposal, verifySender, withProposal, type Provisional,
} from "./provisional"
import { contentOf, protectPublic } from "./publicMessage"
import { RATCHET_TREE, leafAt, membersOf, type Member } from "./ratchetTree"
import { deserializePublic, serializePublic, type PublicStateAndProposals } from "./serializing"
import { checkOpen, checkSingleProposal, type Now, type SentProposal } from "./validation"

export interface CheckingCommit {
  readonly groupInfo: Uint8Array
  readonly welcome: Uint8Array | null
  /** References of proposals that a member's commit must include: the hub's Removes. */
  readonly pending: readonly Uint8Array[]
  readonly now: Now
}

export interface CheckedCommit extends Pick<Applied, "added" | "removed" | "reinit"> {
  /** By a member, by somebody new from outside, or by one in the place of a former self. */
  readonly kind: "member" | "join" | "resync"
  /** As its leaf stands in the new epoch. */
  readonly committer: Member
  readonly authenticatedData: Uint8Array
  readonly proposals: readonly SentProposal[]
  readonly updated: readonly Updated[]
  readonly extensionsBefore: readonly Extension[]
  readonly extensionsAfter: readonly Extension[]
  readonly groupInfo: GroupInfo
  readonly next: PublicGroup
}

export interface ExternalProposal {
  readonly senderIndex: number
  readonly signaturePrivateKey: Uint8Array
  readonly authenticatedData: Uint8Array
}

export class PublicGroup {
  private constructor(private readonly state: PublicStateAndProposals) {}

  /** Begin from a signed GroupInfo, verified down to each leaf and hash. */
  static found(groupInfo: Uint8Array, { ratchetTree = null }: { readonly ratchetTree?: Uint8Array | null } = {}): PublicGroup {
    return new PublicGroup({ ...publicStateOf(groupInfo, ratchetTree).state, proposals: [] })
  }

  static deserialize(bytes: Uint8Array): PublicGroup {
    return new PublicGroup(deserializePublic(bytes))
  }

  serialize(): Uint8Array {
    return serializePublic(this.state)
  }

  get context(): GroupContext {
    return this.state.context
  }

  get members(): readonly Member[] {
    return membersOf(this.state.tree)
  }

  get proposals(): readonly SentProposal[] {
    return this.state.proposals.map(sentProposal)
  }

  get reinit(): ReInit | null {
    return this.state.reinit
  }

  /** A proposal of an external sender, signed with its key. */
  externalProposal(proposal: Proposal, { senderIndex, signaturePrivateKey, authenticatedData }: ExternalProposal): Uint8Array {
    const { suite, context } = this.state
    checkOpen(this.state)
    const sender = externalSenders(context.extensions)[senderIndex]
    if (sender === undefined || !equal(sender.signatureKey, suite.signature.publicKey(signaturePrivateKey))) {
      throw new InvalidProposal("unknown_sender", "not one of the group's external senders")
    }
    const framed: FramedContent = {
      groupId: context.groupId, epoch: context.epoch, sender: { kind: "external", senderIndex }, authenticatedData, content: { kind: "proposal", proposal },
    }
    const auth = { signature: signContent(suite, signaturePrivateKey, "public", framed, context), confirmationTag: null }
    const content: AuthenticatedContent = { wire: "public", framed, auth }
    return encodeMessage({ kind: "public_message", message: protectPublic(suite, new Uint8Array(), content, context) })
  }

  /** Verify a proposal sent in the open; a member's membership tag needs a secret: its signature stands for it. */
  receiveProposal(message: Uint8Array, now: Now): { readonly reference: Uint8Array; readonly proposal: SentProposal; readonly next: PublicGroup } {
    const content = this.#verified(message)
    checkOpen(this.state)
    const proposal = sentProposal({ content, reference: proposalRef(this.state.suite, content) })
    checkSingleProposal(this.state, proposal, now)
    const { reference, next } = withProposal(this.state, content)
    return { reference, proposal, next: new PublicGroup(next) }
  }

  /** The leaf that a commit says it comes from; null for one from outside. Verified by `checkCommit`. */
  static unverifiedCommitter(message: Uint8Array): number | null {
    return committerOf(publicContent(message).framed)
  }

  /** Check all of a commit that needs no secret, and say what epoch it leads to. */
  checkCommit(message: Uint8Array, { groupInfo, welcome, pending, now }: CheckingCommit): CheckedCommit {
    const content = this.#verified(message)
    const { framed, auth } = content
    if (framed.content.kind !== "commit") throw new InvalidMessage("wrong_content", "not a commit")
    const { commit } = framed.content
    const committer = committerOf(framed)
    const proposals = resolveProposals(commit, framed, this.state.proposals)
    if (committer !== null) checkPending(proposals, pending)
    const next = provisional(this.state, proposals, commit.path, committer, now)
    const context = concluded(this.state, next, content)
    const tag = auth.confirmationTag ?? new Uint8Array()
    const state = { ...nextPublicState(this.state.suite, next.tree, context, tag, next.applied.reinit), proposals: [] }
    checkWelcome(state, next, welcome)
    const info = checkedGroupInfo(state, next, groupInfo)
    const { added, removed, reinit } = next.applied
    return {
      kind: committer !== null ? "member" : removed.length > 0 ? "resync" : "join", committer: memberAt(state, next.committer),
      authenticatedData: framed.authenticatedData, proposals, added, removed, reinit, updated: next.updated,
      extensionsBefore: this.state.context.extensions, extensionsAfter: context.extensions, groupInfo: info, next: new PublicGroup(state),
    }
  }

  #verified(message: Uint8Array): AuthenticatedContent {
    const content = publicContent(message)
    checkAddressed(this.state.context, content.framed)
    verifySender(this.state, content)
    return content
  }
}

function publicContent(bytes: Uint8Array): AuthenticatedContent {
  const message = decodeMessage(bytes)
  if (message.kind !== "public_message") throw new InvalidMessage("wrong_wire_format", "not a message in the open")
  return contentOf(message.message)
}

function checkPending(proposals: readonly SentProposal[], pending: readonly Uint8Array[]): void {
  const included = (one: Uint8Array): boolean => proposals.some(({ reference }) => reference !== null && equal(reference, one))
  if (!pending.every(included)) throw new InvalidCommit("missing_remove", "a commit that leaves out what it must include")
}

function memberAt({ tree }: PublicStateAndProposals, leafIndex: number): Member {
  const leafNode = leafAt(tree, leafIndex)
  if (leafNode === null) throw new InvalidCommit("unknown_leaf", "a commit by nobody")
  return { leafIndex, leafNode }
}

/** Exactly those who were added are welcomed. */
function checkWelcome({ suite }: PublicStateAndProposals, { applied }: Provisional, bytes: Uint8Array | null): void {
  const wanted = applied.added.map(({ keyPackage }) => keyPackageRef(suite, keyPackage))
  if (bytes === null && wanted.length === 0) return
  const welcome = bytes === null ? null : welcomeOf(bytes)
  if (welcome !== null && welcome.suite !== suite.id) throw new InvalidWelcome("wrong_suite", "a Welcome of another suite")
  const fits = welcome !== null && wanted.length > 0 && welcome.secrets.length === wanted.length
    && wanted.every((reference) => welcome.secrets.some(({ newMember }) => equal(newMember, reference)))
  if (!fits) throw new InvalidWelcome("wrong_welcome", "a Welcome for others than those who were added")
}

/** The committer's word on the very epoch that the commit leads to. */
function checkedGroupInfo(state: PublicStateAndProposals, { committer }: Provisional, bytes: Uint8Array): GroupInfo {
  const message = decodeMessage(bytes)
  if (message.kind !== "group_info") throw malformed("not a GroupInfo")
  const { groupInfo } = message
  const { groupContext, confirmationTag, signer, extensions } = groupInfo
  if (!equal(GROUP_CONTEXT.encode(groupContext), GROUP_CONTEXT.encode(state.context))) throw new InvalidGroupInfo("wrong_context", "another group context")
  if (!equal(confirmationTag, state.confirmationTag)) throw new InvalidGroupInfo("bad_confirmation_tag", "another confirmation tag")
  if (signer !== committer) throw new InvalidGroupInfo("wrong_signer", "a GroupInfo by another leaf")
  checkDistinctExtensions(extensions)
  const tree = findExtension(extensions, TREE_EXTENSION)
  if (tree === null) throw new InvalidGroupInfo("missing_tree", "a GroupInfo without the tree")
  if (!equal(tree, RATCHET_TREE.encode(state.tree))) throw new InvalidGroupInfo("tree_hash", "another tree")
  if (externalPub(extensions) === null) throw new InvalidGroupInfo("missing_external_pub", "a group that could not be joined from outside")
  verifyGroupInfo(state.suite, groupInfo, memberAt(state, committer).leafNode.signatureKey)
  return groupInfo
}
