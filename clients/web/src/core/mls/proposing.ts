/** A member's proposals and application messages (RFC 9420, 12.1 and 15). */
import { changedLeaf, type LeafChanges } from "./committing"
import { InvalidCommit, InvalidState } from "./errors"
import { signContent, type AuthenticatedContent, type Content, type FramedContent, type HandshakeWire } from "./framing"
import { generateKeyPair } from "./hpke"
import { signLeafNode } from "./leafNode"
import type { MemberState } from "./memberState"
import type { RandomBytes } from "./primitives"
import type { Proposal } from "./proposal"
import { withProposal } from "./provisional"
import { leafAt } from "./ratchetTree"
import { sealed } from "./sealing"
import { checkOpen, checkSingleProposal, type Now } from "./validation"

export interface Proposing {
  readonly wire: HandshakeWire
  readonly authenticatedData: Uint8Array
  readonly now: Now
  readonly random: RandomBytes
}

export interface Proposed<S> {
  readonly message: Uint8Array
  readonly reference: Uint8Array
  /** The same epoch, with the proposal in it. */
  readonly next: S
}

export interface Encrypting {
  readonly authenticatedData: Uint8Array
  /** Zeros after the content, so that its length says less. */
  readonly padding: number
  readonly random: RandomBytes
}

export function propose(state: MemberState, proposal: Proposal, options: Proposing): Proposed<MemberState> {
  const sender = { kind: "member", leafIndex: state.ownLeaf } as const
  checkOpen(state)
  checkSingleProposal(state, { proposal, sender, reference: null }, options.now)
  const content = signed(state, { kind: "proposal", proposal }, options.wire, options.authenticatedData)
  const { reference, next } = withProposal(state, content)
  return { message: sealed(state, content, 0, options.random), reference, next }
}

/** Propose a new key for our own leaf; its private half waits for the commit that names it. */
export function proposeUpdate(state: MemberState, changes: Omit<LeafChanges, "signaturePrivateKey">, options: Proposing): Proposed<MemberState> {
  const own = leafAt(state.tree, state.ownLeaf)
  if (own === null) throw new InvalidCommit("unknown_leaf", "we are not in this group")
  const { publicKey, privateKey } = generateKeyPair(state.suite, options.random)
  const content = { ...changedLeaf(state, own, changes), encryptionKey: publicKey, source: { kind: "update" } } as const
  const place = { groupId: state.context.groupId, leafIndex: state.ownLeaf }
  const leafNode = signLeafNode(state.suite, state.signaturePrivateKey, content, place)
  const proposed = propose(state, { kind: "update", leafNode }, options)
  const ownUpdates = [...state.ownUpdates, { reference: proposed.reference, privateKey }]
  return { ...proposed, next: { ...proposed.next, ownUpdates } }
}

export function encrypt(state: MemberState, data: Uint8Array, { authenticatedData, padding, random }: Encrypting): Uint8Array {
  checkOpen(state)
  // RFC 9420, 12.4: who has seen a valid proposal commits before sending anything more.
  if (state.proposals.length > 0) throw new InvalidState("pending_proposals", "a proposal waits to be committed")
  return sealed(state, signed(state, { kind: "application", data }, "private", authenticatedData), padding, random)
}

function signed({ suite, context, ownLeaf, signaturePrivateKey }: MemberState, content: Content, wire: HandshakeWire, authenticatedData: Uint8Array): AuthenticatedContent {
  const { groupId, epoch } = context
  const framed: FramedContent = { groupId, epoch, sender: { kind: "member", leafIndex: ownLeaf }, authenticatedData, content }
  return { wire, framed, auth: { signature: signContent(suite, signaturePrivateKey, wire, framed, context), confirmationTag: null } }
}
