/** tree-operations, tree-validation, treekem. */
import { applyProposals } from "../../../../src/core/mls/applying"
import { decode } from "../../../../src/core/mls/codec"
import { UPDATE_PATH, type UpdatePath } from "../../../../src/core/mls/commit"
import { GROUP_CONTEXT, type GroupContext } from "../../../../src/core/mls/groupContext"
import { PROPOSAL } from "../../../../src/core/mls/proposal"
import { decodeRatchetTree, leafAt, leafCount, RATCHET_TREE, resolution, type RatchetTree } from "../../../../src/core/mls/ratchetTree"
import { suiteOf, type CipherSuite } from "../../../../src/core/mls/suites"
import { TreeHashes, treeHash, verifyParentHashes } from "../../../../src/core/mls/treeHash"
import { commonAncestor } from "../../../../src/core/mls/treeMath"
import { encryptPath, mergePath, newPath, nodeKeys, openPath, type PathKeys } from "../../../../src/core/mls/treekem"
import { verifyLeafNode } from "../../../../src/core/mls/leafNode"
import { encodeHex } from "../../../../src/core/bytes"
import { Mismatch, bytes, list, number, record, same, sameValue, type Case } from "./expect"
import { randomBytes } from "./random"

function contextOf(one: Case, extensions: GroupContext["extensions"] = []): GroupContext {
  return {
    version: 1, suite: number(one["cipher_suite"]), groupId: new Uint8Array(), epoch: 0n,
    treeHash: new Uint8Array(), confirmedTranscriptHash: new Uint8Array(), extensions,
  }
}

export function treeOperations(one: Case): void {
  const suite = suiteOf(number(one["cipher_suite"]))
  const before = decodeRatchetTree(bytes(one["tree_before"]))
  same("hash before", treeHash(suite, before), one["tree_hash_before"])
  const proposal = decode(PROPOSAL, bytes(one["proposal"]))
  const sender = { kind: "member", leafIndex: number(one["proposal_sender"]) } as const
  const { tree } = applyProposals(before, contextOf(one), [{ proposal, sender, reference: null }])
  same("tree after", RATCHET_TREE.encode(tree), one["tree_after"])
  same("hash after", treeHash(suite, tree), one["tree_hash_after"])
}

export function treeValidation(one: Case): void {
  const suite = suiteOf(number(one["cipher_suite"]))
  const tree = decodeRatchetTree(bytes(one["tree"]))
  const hashes = new TreeHashes(suite, tree)
  sameValue("tree hashes", tree.map((_, node) => encodeHex(hashes.of(node))), one["tree_hashes"])
  sameValue("resolutions", tree.map((_, node) => resolution(tree, node)), one["resolutions"])
  verifyParentHashes(suite, tree)
  for (let leafIndex = 0; leafIndex < leafCount(tree); leafIndex++) {
    const leaf = leafAt(tree, leafIndex)
    if (leaf !== null) verifyLeafNode(suite, leaf, { groupId: bytes(one["group_id"]), leafIndex })
  }
}

interface Private {
  readonly leafIndex: number
  readonly keys: PathKeys
  readonly signaturePrivateKey: Uint8Array
}

function privateOf(suite: CipherSuite, one: Case): Private {
  const leafIndex = number(one["index"])
  const told = list(one["path_secrets"]).map(record)
  const above = told.map((path) => [number(path["node"]), nodeKeys(suite, bytes(path["path_secret"])).privateKey] as const)
  return {
    leafIndex, keys: new Map([[2 * leafIndex, bytes(one["encryption_priv"])] as const, ...above]),
    signaturePrivateKey: bytes(one["signature_priv"]),
  }
}

export function treeKem(one: Case): void {
  const suite = suiteOf(number(one["cipher_suite"]))
  const tree = decodeRatchetTree(bytes(one["ratchet_tree"]))
  verifyParentHashes(suite, tree)
  const leaves = list(one["leaves_private"]).map((leaf) => privateOf(suite, record(leaf)))
  for (const path of list(one["update_paths"]).map(record)) {
    theirPath(suite, one, tree, leaves, path)
    ourPath(suite, one, tree, leaves, number(path["sender"]))
  }
}

function provisionalContext(suite: CipherSuite, one: Case, tree: RatchetTree): Uint8Array {
  return GROUP_CONTEXT.encode({
    version: 1, suite: suite.id, groupId: bytes(one["group_id"]), epoch: BigInt(number(one["epoch"])),
    treeHash: treeHash(suite, tree), confirmedTranscriptHash: bytes(one["confirmed_transcript_hash"]), extensions: [],
  })
}

function theirPath(suite: CipherSuite, one: Case, tree: RatchetTree, leaves: readonly Private[], sent: Case): void {
  const sender = number(sent["sender"])
  const path = decode(UPDATE_PATH, bytes(sent["update_path"]))
  verifyLeafNode(suite, path.leafNode, { groupId: bytes(one["group_id"]), leafIndex: sender })
  const merged = mergePath(suite, tree, sender, path, [])
  same("tree hash after", treeHash(suite, merged), sent["tree_hash_after"])
  const context = provisionalContext(suite, one, merged)
  for (const leaf of leaves.filter(({ leafIndex }) => leafIndex !== sender)) {
    const opened = openPath(suite, merged, sender, path, leaf, [], context)
    same("commit secret", opened.commitSecret, sent["commit_secret"])
    const shared = opened.keys.get(commonAncestor(2 * leaf.leafIndex, 2 * sender, leafCount(merged)))
    const secret = bytes(list(sent["path_secrets"])[leaf.leafIndex])
    same("key of the shared node", shared ?? new Uint8Array(), encodeHex(nodeKeys(suite, secret).privateKey))
  }
}

function ourPath(suite: CipherSuite, one: Case, tree: RatchetTree, leaves: readonly Private[], sender: number): void {
  const own = leaves.find(({ leafIndex }) => leafIndex === sender)
  const content = leafAt(tree, sender)
  if (own === undefined || content === null) throw new Mismatch("a sender that is not there")
  const made = newPath(suite, tree, { groupId: bytes(one["group_id"]), leafIndex: sender, signaturePrivateKey: own.signaturePrivateKey, content }, randomBytes)
  const context = provisionalContext(suite, one, made.tree)
  const path: UpdatePath = encryptPath(suite, made, [], context, randomBytes)
  const merged = mergePath(suite, tree, sender, path, [])
  verifyParentHashes(suite, merged)
  for (const leaf of leaves.filter(({ leafIndex }) => leafIndex !== sender)) {
    same("our commit secret", openPath(suite, merged, sender, path, leaf, [], context).commitSecret, encodeHex(made.commitSecret))
  }
}
