/**
 * What makes proposals, leaves and trees valid: one function for each list of RFC 9420, in its order.
 * Each throws at the first rule that is broken. Whether a credential is to be believed, how long a
 * lifetime may be and who may do what is the application's to judge.
 */
import { encodeHex, equal } from "../bytes"
import { InvalidCommit, InvalidProposal, InvalidState, InvalidTree, type MlsFault } from "./errors"
import { checkContextExtensions, checkDistinctExtensions, isDefaultExtension, requiredCapabilities, type Extension } from "./extensions"
import type { Sender } from "./framing"
import type { GroupContext } from "./groupContext"
import { MLS_10, verifyKeyPackage, type KeyPackage } from "./keyPackage"
import { verifyLeafNode, type LeafNode, type LeafNodeSource } from "./leafNode"
import { isDefaultProposal, type Proposal, type ProposalKind, type ReInit } from "./proposal"
import { PRE_SHARED_KEY_ID, type PreSharedKeyId } from "./psk"
import { encryptionKeyOf, leafAt, leafCount, membersOf, parentAt, type RatchetTree } from "./ratchetTree"
import { verifyParentHashes } from "./treeHash"
import { directPath, isUnder } from "./treeMath"
import type { CipherSuite } from "./suites"

/** Seconds since 1970; null where nobody looks at a clock (test vectors): lifetimes are then not judged. */
export type Now = number | null

/** A proposal and who made it. `reference`: null where it stands in the commit itself. */
export interface SentProposal {
  readonly proposal: Proposal
  readonly sender: Sender
  readonly reference: Uint8Array | null
}

/** The leaf that commits; null for a commit from outside. */
export type Committer = number | null

export interface Place {
  readonly suite: CipherSuite
  readonly context: GroupContext
  readonly tree: RatchetTree
}

/** RFC 9420, 12.4.2: a ReInit closes a group for everything but late messages. */
export function checkOpen({ reinit }: { readonly reinit: ReInit | null }): void {
  if (reinit !== null) throw new InvalidState("group_closed", "a group that was closed")
}

const FROM_OUTSIDE: readonly ProposalKind[] = ["add", "remove", "psk", "reinit", "group_context_extensions"]

/** RFC 9420, 12.1.8: which proposals who may send. */
function checkProposer({ proposal, sender }: Pick<SentProposal, "proposal" | "sender">): void {
  const allowed = sender.kind === "member"
    || (sender.kind === "external" ? FROM_OUTSIDE.includes(proposal.kind)
    : sender.kind === "new_member_proposal" ? proposal.kind === "add"
    : proposal.kind === "external_init" || proposal.kind === "remove" || proposal.kind === "psk")
  if (!allowed) throw new InvalidProposal("forbidden_sender", "a proposal that its sender may not make")
}

/** RFC 9420, 12.1: one proposal by itself, as far as the tree before the commit tells. */
export function checkProposal(place: Place, { proposal, sender }: SentProposal, now: Now): void {
  checkProposer({ proposal, sender })
  switch (proposal.kind) {
    case "add":
      { checkKeyPackage(place, proposal.keyPackage, now); return; }
    case "update":
      { checkUpdate(place, proposal.leafNode, sender); return; }
    case "remove":
      if (leafAt(place.tree, proposal.removed) === null) throw new InvalidProposal("unknown_leaf", "a Remove of nobody")
      return
    case "psk":
      { checkPsk(place, proposal.psk); return; }
    case "reinit":
      if (proposal.version < place.context.version) throw new InvalidProposal("wrong_version", "a ReInit to an older version")
      { checkContextExtensions(proposal.extensions); return; }
    case "external_init":
      if (sender.kind === "member") throw new InvalidProposal("external_init", "an ExternalInit by a member")
      return
    case "group_context_extensions":
      { checkContextExtensions(proposal.extensions); return; }
  }
}

/** A proposal that came by itself: its leaf must suit the group as it is (12.1, 7.3). */
export function checkSingleProposal(place: Place, sent: SentProposal, now: Now): void {
  checkProposal(place, sent, now)
  const { proposal } = sent
  if (proposal.kind === "add") checkCapabilities(proposal.keyPackage.leafNode, place.context.extensions, new Set())
  if (proposal.kind === "update") checkCapabilities(proposal.leafNode, place.context.extensions, new Set())
}

/** RFC 9420, 10.1. */
export function checkKeyPackage({ suite }: Pick<Place, "suite">, keyPackage: KeyPackage, now: Now): void {
  if (keyPackage.version !== MLS_10) throw new InvalidTree("wrong_version", "a key package of another version")
  if (keyPackage.suite !== suite.id) throw new InvalidTree("wrong_suite", "a key package of another suite")
  checkOwnCapabilities(keyPackage.leafNode)
  checkSource(keyPackage.leafNode, "key_package")
  checkEncryptionKeys(suite, [keyPackage.leafNode.encryptionKey, keyPackage.initKey])
  checkLifetime(keyPackage.leafNode, now)
  checkDistinctExtensions(keyPackage.extensions)
  verifyLeafNode(suite, keyPackage.leafNode, { groupId: new Uint8Array(), leafIndex: 0 })
  verifyKeyPackage(suite, keyPackage)
  if (equal(keyPackage.leafNode.encryptionKey, keyPackage.initKey)) {
    throw new InvalidTree("same_key", "a key package with one key for two uses")
  }
}

function checkUpdate({ suite, context, tree }: Place, leaf: LeafNode, sender: Sender): void {
  if (sender.kind !== "member") throw new InvalidProposal("forbidden_sender", "an Update of somebody who is not a member")
  checkOwnCapabilities(leaf)
  checkSource(leaf, "update")
  const before = leafAt(tree, sender.leafIndex)
  if (before === null) throw new InvalidProposal("unknown_leaf", "an Update of nobody")
  checkEncryptionKeys(suite, [leaf.encryptionKey])
  if (equal(before.encryptionKey, leaf.encryptionKey)) throw new InvalidTree("same_key", "an Update that keeps its key")
  verifyLeafNode(suite, leaf, { groupId: context.groupId, leafIndex: sender.leafIndex })
}

function checkPsk({ suite, context, tree }: Place, { psk, nonce }: PreSharedKeyId): void {
  // 11.2, 11.3: the first commit of a group may link it to an older one.
  const isNew = context.epoch === 0n && leafCount(tree) === 1
  if (psk.kind === "resumption" && psk.usage !== "application" && !isNew) throw new InvalidProposal("psk_usage", "a key for another use")
  if (nonce.length !== suite.hash.length) throw new InvalidProposal("psk_nonce", "a nonce of another length")
}

/** RFC 9420, 12.2. */
export function checkProposalList(place: Place, proposals: readonly SentProposal[], committer: Committer, now: Now): void {
  if (committer === null) checkExternalList(proposals)
  // One that came by itself was checked when it came, against the same tree and context.
  for (const one of proposals) if (one.reference === null) checkProposal(place, one, now)
  if (committer === null) return
  const kinds = proposals.map(({ proposal }) => proposal.kind)
  checkTouchedLeaves(proposals, committer)
  checkSameClientTwice(proposals)
  checkDistinctPsks(proposals)
  if (count(kinds, "group_context_extensions") > 1) throw new InvalidProposal("several_extensions", "the group's extensions twice")
  if (kinds.includes("reinit") && kinds.length > 1) throw new InvalidProposal("reinit_not_alone", "a ReInit beside other proposals")
}

/** RFC 9420, 12.2, second list, and 12.4.3.2: nothing by reference. */
function checkExternalList(proposals: readonly SentProposal[]): void {
  const kinds = proposals.map(({ proposal }) => proposal.kind)
  if (proposals.some(({ reference }) => reference !== null)) {
    throw new InvalidProposal("reference_in_external_commit", "a reference in a commit from outside")
  }
  if (count(kinds, "external_init") !== 1) throw new InvalidProposal("external_init", "not one ExternalInit in a commit from outside")
  if (count(kinds, "remove") > 1) throw new InvalidProposal("same_leaf_twice", "more than one Remove in a commit from outside")
  if (!kinds.every((kind) => kind === "external_init" || kind === "remove" || kind === "psk")) {
    throw new InvalidProposal("forbidden_sender", "a proposal that does not belong in a commit from outside")
  }
  checkDistinctPsks(proposals)
}

function count(kinds: readonly ProposalKind[], kind: ProposalKind): number {
  return kinds.filter((one) => one === kind).length
}

function checkTouchedLeaves(proposals: readonly SentProposal[], committer: number): void {
  const touched = proposals.flatMap(({ proposal, sender }) => {
    if (proposal.kind === "remove") return [proposal.removed]
    return proposal.kind === "update" && sender.kind === "member" ? [sender.leafIndex] : []
  })
  const own = proposals.find(({ proposal, sender }) => proposal.kind === "update" && sender.kind === "member" && sender.leafIndex === committer)
  if (own !== undefined) throw new InvalidProposal("own_update", "an Update by the committer")
  if (touched.includes(committer)) throw new InvalidProposal("own_remove", "a Remove of the committer")
  if (new Set(touched).size !== touched.length) throw new InvalidProposal("same_leaf_twice", "one leaf changed twice")
}

function checkSameClientTwice(proposals: readonly SentProposal[]): void {
  const keys = proposals.flatMap(({ proposal }) => (proposal.kind === "add" ? [proposal.keyPackage.leafNode.signatureKey] : []))
  checkDistinct(keys, "duplicate_key", "one client added twice")
}

function checkDistinctPsks(proposals: readonly SentProposal[]): void {
  const ids = proposals.flatMap(({ proposal }) => (proposal.kind === "psk" ? [PRE_SHARED_KEY_ID.encode(proposal.psk)] : []))
  const distinct = new Set(ids.map(encodeHex))
  if (distinct.size !== ids.length) throw new InvalidProposal("duplicate_psk", "one pre-shared key twice")
}

function checkSource(leaf: LeafNode, kind: LeafNodeSource["kind"]): void {
  if (leaf.source.kind !== kind) throw new InvalidTree("wrong_source", "a leaf from another source than it must be")
}

function checkLifetime({ source }: LeafNode, now: Now): void {
  if (source.kind !== "key_package" || now === null) return
  const { notBefore, notAfter } = source.lifetime
  if (BigInt(now) < notBefore || BigInt(now) > notAfter) throw new InvalidTree("bad_lifetime", "a leaf outside its lifetime")
}

/** Not an item of the RFC: a key that nobody can encrypt to would stop every later commit. */
function checkEncryptionKeys({ group }: CipherSuite, keys: readonly Uint8Array[]): void {
  if (!keys.every((key) => group.isPublicKey(key))) throw new InvalidTree("bad_key", "a public key that nobody can encrypt to")
}

/** The leaf of a commit's path, where the commit puts it (RFC 9420, 12.4.2). */
export function checkPathLeaf({ suite, context, tree }: Place, leaf: LeafNode, leafIndex: number, keys: readonly Uint8Array[]): void {
  checkSource(leaf, "commit")
  checkEncryptionKeys(suite, keys)
  const before = leafAt(tree, leafIndex)
  if (before !== null && equal(before.encryptionKey, leaf.encryptionKey)) throw new InvalidTree("same_key", "a path that keeps its leaf's key")
  const used = new Set(tree.flatMap((node) => (node === null ? [] : [encodeHex(encryptionKeyOf(node))])))
  if (keys.some((key) => used.has(encodeHex(key)))) throw new InvalidCommit("duplicate_key", "a path with a key that the tree has")
  checkDistinct(keys, "duplicate_key", "a path with one key twice")
  verifyLeafNode(suite, leaf, { groupId: context.groupId, leafIndex })
}

/** RFC 9420, 7.3: what all leaves together must be, once everything is applied. */
export function checkMembers(tree: RatchetTree, extensions: readonly Extension[]): void {
  const leaves = membersOf(tree).map(({ leafNode }) => leafNode)
  const credentials = new Set(leaves.map(({ credential }) => credential.type))
  for (const leaf of leaves) {
    checkOwnCapabilities(leaf)
    checkCapabilities(leaf, extensions, credentials)
  }
  checkDistinct(leaves.map(({ signatureKey }) => signatureKey), "duplicate_key", "two leaves with one signature key")
  checkDistinct(
    tree.flatMap((node) => (node === null ? [] : [encryptionKeyOf(node)])), "duplicate_key", "two nodes with one encryption key")
}

/** RFC 9420, 7.2 and 7.3: a client supports what it is, and says so. */
function checkOwnCapabilities({ capabilities, extensions, credential }: LeafNode): void {
  if (!capabilities.credentials.includes(credential.type)) throw new InvalidTree("unsupported_credential", "a credential that its own leaf does not support")
  if (!capabilities.versions.includes(MLS_10)) throw new InvalidTree("wrong_version", "a leaf that does not speak MLS 1.0")
  if (!extensions.every(({ type }) => isDefaultExtension(type) || capabilities.extensions.includes(type))) {
    throw new InvalidTree("unlisted_extension", "an extension that its own leaf does not list")
  }
  checkDistinctExtensions(extensions)
}

function checkCapabilities({ capabilities }: LeafNode, extensions: readonly Extension[], credentials: ReadonlySet<number>): void {
  const supports = (type: number): boolean => isDefaultExtension(type) || capabilities.extensions.includes(type)
  const required = requiredCapabilities(extensions)
  const able = required.extensionTypes.every(supports)
    && required.proposalTypes.every((type) => isDefaultProposal(type) || capabilities.proposals.includes(type))
    && required.credentialTypes.every((type) => capabilities.credentials.includes(type))
  if (!able) throw new InvalidTree("missing_capability", "a leaf that cannot do what the group requires")
  if (![...credentials].every((type) => capabilities.credentials.includes(type))) {
    throw new InvalidTree("unsupported_credential", "a type of credential that somebody does not support")
  }
  if (!extensions.every(({ type }) => supports(type))) {
    throw new InvalidTree("unsupported_extension", "an extension that somebody does not support")
  }
}

function checkDistinct(keys: readonly Uint8Array[], code: MlsFault, sentence: string): void {
  if (new Set(keys.map(encodeHex)).size !== keys.length) throw new InvalidTree(code, sentence)
}

/** RFC 9420, 12.4.3.1: a whole tree that came from somebody. Its hash is compared by the caller. */
export function checkTree({ suite, context, tree }: Place): void {
  // First: afterwards no list of unmerged leaves is longer than its subtree.
  checkUnmergedLeaves(tree)
  verifyParentHashes(suite, tree)
  checkEncryptionKeys(suite, tree.flatMap((node) => (node === null ? [] : [encryptionKeyOf(node)])))
  for (const { leafIndex, leafNode } of membersOf(tree)) {
    verifyLeafNode(suite, leafNode, { groupId: context.groupId, leafIndex })
  }
  checkMembers(tree, context.extensions)
}

function checkUnmergedLeaves(tree: RatchetTree): void {
  const unmerged = new Map(tree.flatMap((found, node) => (found?.kind === "parent" ? [[node, new Set(found.parent.unmergedLeaves)] as const] : [])))
  for (const [node, leaves] of unmerged) {
    const listed = parentAt(tree, node)?.unmergedLeaves ?? []
    const sorted = listed.every((leaf, i) => i === 0 || leaf > (listed[i - 1] ?? leaf))
    if (!sorted || ![...leaves].every((leaf) => isUnmerged(tree, unmerged, leaf, node))) {
      throw new InvalidTree("unmerged_leaves", "unmerged leaves that cannot be")
    }
  }
}

/** It is there, under the node, and unmerged in every node between. */
function isUnmerged(tree: RatchetTree, unmerged: ReadonlyMap<number, ReadonlySet<number>>, leaf: number, node: number): boolean {
  if (leafAt(tree, leaf) === null || !isUnder(2 * leaf, node)) return false
  const between = directPath(2 * leaf, leafCount(tree)).filter((above) => isUnder(above, node) && above !== node)
  return between.every((above) => unmerged.get(above)?.has(leaf) ?? true)
}
