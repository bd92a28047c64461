/** What a member does with a message of others (RFC 9420, 6, 12.1 and 12.4.2). Nothing changes before all is verified. */
import { equal } from "../bytes"
import type { Applied } from "./applying"
import { InvalidCommit, InvalidMessage, InvalidProposal } from "./errors"
import { decodeMessage, type AuthenticatedContent, type Content, type Sender } from "./framing"
import { GROUP_CONTEXT } from "./groupContext"
import { joinerSecret, newEpoch, receiveExternalInit } from "./keySchedule"
import { entered, pastWith, pskLookup, type MemberState } from "./memberState"
import { unprotectPrivate } from "./privateMessage"
import {
  checkAddressed, committerOf, concluded, provisional, resolveProposals, verifySender, withProposal, type Provisional,
} from "./provisional"
import { pskSecret, type PskLookup } from "./psk"
import { unprotectPublic } from "./publicMessage"
import { leafCount } from "./ratchetTree"
import { verifyConfirmationTag } from "./transcript"
import { directPath } from "./treeMath"
import { openPath, type OpenedPath, type PathKeys } from "./treekem"
import { checkOpen, checkSingleProposal, type Now, type SentProposal } from "./validation"
import type { Proposal } from "./proposal"


export interface Surroundings {
  readonly now: Now
  readonly psks: PskLookup
}

export interface ReceivedApplication {
  readonly kind: "application"
  readonly epoch: bigint
  /** The leaf that signed it. */
  readonly sender: number
  readonly generation: number
  readonly authenticatedData: Uint8Array
  readonly data: Uint8Array
}

export interface ReceivedProposal<S> {
  readonly kind: "proposal"
  readonly sender: Sender
  readonly authenticatedData: Uint8Array
  readonly proposal: Proposal
  readonly reference: Uint8Array
  /** The same epoch, with the proposal in it. */
  readonly next: S
}

export interface ReceivedCommit<S> extends Pick<Applied, "added" | "removed" | "updated" | "reinit"> {
  readonly kind: "commit"
  readonly sender: Sender
  /** The committer's leaf in the new epoch. */
  readonly committer: number
  readonly authenticatedData: Uint8Array
  readonly proposals: readonly SentProposal[]
  /** Null where this commit removed us. */
  readonly next: S | null
}

export type Received<S> = ReceivedApplication | ReceivedProposal<S> | ReceivedCommit<S>

interface Opened {
  readonly content: AuthenticatedContent
  readonly generation: number
  readonly take: () => void
}

export function receive(state: MemberState, bytes: Uint8Array, around: Surroundings): Received<MemberState> {
  const { content, generation, take } = opened(state, bytes)
  verifySender(state, content)
  const received = taken(state, content, content.framed.content, generation, around)
  take()
  return received
}

function opened(state: MemberState, bytes: Uint8Array): Opened {
  const message = decodeMessage(bytes)
  switch (message.kind) {
    case "public_message": {
      checkAddressed(state.context, message.message.framed)
      const content = unprotectPublic(state.suite, state.secrets.membershipKey, message.message, state.context)
      const { sender } = content.framed
      // RFC 9420, 12.4.2: what we committed is in the state that the commit gave us.
      if (sender.kind === "member" && sender.leafIndex === state.ownLeaf) throw new InvalidMessage("own_message", "our own message")
      return { content, generation: 0, take: () => undefined }
    }
    case "private_message": {
      checkAddressed(state.context, message.message)
      const keys = { senderDataSecret: state.secrets.senderDataSecret, secretTree: state.secretTree }
      return unprotectPrivate(state.suite, keys, message.message, state.ownLeaf)
    }
    default:
      throw new InvalidMessage("wrong_wire_format", "not a message to a group")
  }
}

function taken(state: MemberState, authenticated: AuthenticatedContent, content: Content, generation: number, around: Surroundings): Received<MemberState> {
  const { sender, authenticatedData, epoch } = authenticated.framed
  switch (content.kind) {
    case "application":
      if (sender.kind !== "member") throw new InvalidMessage("unknown_sender", "application data from outside")
      return { kind: "application", epoch, sender: sender.leafIndex, generation, authenticatedData, data: content.data }
    case "proposal":
      checkOpen(state)
      checkSingleProposal(state, { proposal: content.proposal, sender, reference: null }, around.now)
      return { kind: "proposal", sender, authenticatedData, proposal: content.proposal, ...withProposal(state, authenticated) }
    case "commit":
      return committed(state, authenticated, around)
  }
}

function committed(state: MemberState, content: AuthenticatedContent, around: Surroundings): ReceivedCommit<MemberState> {
  const { framed } = content
  if (framed.content.kind !== "commit") throw new InvalidMessage("wrong_content", "not a commit")
  const { commit } = framed.content
  const proposals = resolveProposals(commit, framed, state.proposals)
  const next = provisional(state, proposals, commit.path, committerOf(framed), around.now)
  const { updated, applied: { added, removed, reinit } } = next
  const gone = removed.some(({ leafIndex }) => leafIndex === state.ownLeaf)
  return {
    kind: "commit", sender: framed.sender, committer: next.committer, authenticatedData: framed.authenticatedData,
    proposals, added, removed, updated, reinit, next: gone ? null : followed(state, next, content, around.psks),
  }
}

/** The next epoch's secrets, which its confirmation tag proves to be the committer's too. */
function followed(state: MemberState, next: Provisional, content: AuthenticatedContent, psks: PskLookup): MemberState {
  const { suite } = state
  const pathKeys = keysAfter(state, next)
  const path = openedPath(state, next, pathKeys)
  const context = concluded(state, next, content)
  const { externalInit, psks: ids } = next.applied
  const init = externalInit === null ? state.secrets.initSecret : initSecretOf(state, externalInit)
  const joiner = joinerSecret(suite, init, path.commitSecret, context)
  const epoch = newEpoch(suite, joiner, pskSecret(suite, ids, pskLookup(state, psks)), context)
  const tag = content.auth.confirmationTag
  if (tag === null) throw new InvalidCommit("bad_confirmation_tag", "a commit without its tag")
  verifyConfirmationTag(suite, epoch.secrets.confirmationKey, context.confirmedTranscriptHash, tag)
  return entered({
    suite, tree: next.tree, context, confirmationTag: tag, ownLeaf: state.ownLeaf, signaturePrivateKey: state.signaturePrivateKey,
    pathKeys: new Map([...pathKeys, ...path.keys]), epoch, pastEpochs: pastWith(state),
    reinit: next.applied.reinit,
  })
}

/** What a newcomer brought with it. */
function initSecretOf({ suite, secrets }: MemberState, kemOutput: Uint8Array): Uint8Array {
  try {
    return receiveExternalInit(suite, secrets.externalSecret, kemOutput)
  } catch {
    throw new InvalidCommit("bad_key", "an ExternalInit that is no key")
  }
}

/** Our keys to the nodes that the proposals and the path left as they were. */
export function keysAfter(state: MemberState, { applied, committer, path, tree, proposals }: Provisional): PathKeys {
  const replaced = path === null ? [] : directPath(2 * committer, leafCount(tree))
  const kept = new Map([...state.pathKeys].filter(([node]) => applied.tree[node] != null && !replaced.includes(node)))
  const own = proposals.find(({ proposal, sender }) => proposal.kind === "update" && sender.kind === "member" && sender.leafIndex === state.ownLeaf)
  if (own === undefined) return kept
  const update = state.ownUpdates.find(({ reference }) => own.reference !== null && equal(reference, own.reference))
  if (update === undefined) throw new InvalidProposal("own_update", "an Update of ours whose key is not here")
  return kept.set(2 * state.ownLeaf, update.privateKey)
}

function openedPath(state: MemberState, next: Provisional, keys: PathKeys): OpenedPath {
  if (next.path === null) return { commitSecret: new Uint8Array(state.suite.hash.length), keys: new Map() }
  const own = { leafIndex: state.ownLeaf, keys }
  return openPath(state.suite, next.tree, next.committer, next.path, own, next.addedLeaves, GROUP_CONTEXT.encode(next.context))
}
