/** TreeKEM (RFC 9420, 7.4 to 7.6): how a commit gives its path new keys, and everybody else the secret of it. */
import { equal } from "../bytes"
import type { UpdatePath, UpdatePathNode } from "./commit"
import { InvalidCommit } from "./errors"
import { deriveSecret } from "./hkdf"
import { deriveKeyPair, generateKeyPair, type HpkeCiphertext } from "./hpke"
import { decryptWithLabel, encryptWithLabel } from "./labels"
import { signLeafNode, type LeafNode, type LeafNodeContent } from "./leafNode"
import type { KeyPair, RandomBytes } from "./primitives"
import {
  encryptionKeyOf, filteredDirectPath, leafCount, resolution, withNodes, type PathStep, type RatchetTree, type TreeNode,
} from "./ratchetTree"
import { TreeHashes, parentHash } from "./treeHash"
import { directPath, isUnder } from "./treeMath"
import type { CipherSuite } from "./suites"

/** Private keys by node. */
export type PathKeys = ReadonlyMap<number, Uint8Array>

const LABEL = "UpdatePathNode"

interface PathSecret extends PathStep {
  readonly secret: Uint8Array
  readonly keys: KeyPair
}

export interface NewPath {
  readonly tree: RatchetTree
  readonly leafNode: LeafNode
  readonly secrets: readonly PathSecret[]
  readonly commitSecret: Uint8Array
  /** Of the leaf and of every node of the path. */
  readonly keys: PathKeys
}

export interface Leaf {
  readonly groupId: Uint8Array
  readonly leafIndex: number
  readonly signaturePrivateKey: Uint8Array
  /** All of it but its key and its source, which are new. */
  readonly content: Omit<LeafNodeContent, "encryptionKey" | "source">
}

/** Draw new keys for a leaf and the nodes above it; `tree` is as the proposals left it. */
export function newPath(suite: CipherSuite, tree: RatchetTree, leaf: Leaf, random: RandomBytes): NewPath {
  const own = generateKeyPair(suite, random)
  const secrets = pathSecrets(suite, filteredDirectPath(tree, leaf.leafIndex), random(suite.hash.length))
  const above = withPath(suite, tree, leaf.leafIndex, secrets.map(({ node, copath, keys }) => ({ node, copath, publicKey: keys.publicKey })))
  const content = { ...leaf.content, encryptionKey: own.publicKey, source: { kind: "commit", parentHash: above.parentHash } as const }
  const leafNode = signLeafNode(suite, leaf.signaturePrivateKey, content, leaf)
  return {
    tree: withNodes(above.tree, new Map([[2 * leaf.leafIndex, { kind: "leaf", leaf: leafNode }]])), leafNode, secrets,
    commitSecret: commitSecretAfter(suite, secrets, random),
    keys: new Map([[2 * leaf.leafIndex, own.privateKey], ...secrets.map(({ node, keys }) => [node, keys.privateKey] as const)]),
  }
}

function pathSecrets(suite: CipherSuite, steps: readonly PathStep[], first: Uint8Array): readonly PathSecret[] {
  let secret = first
  return steps.map((step, i) => {
    if (i > 0) secret = deriveSecret(suite, secret, "path")
    return { ...step, secret, keys: nodeKeys(suite, secret) }
  })
}

export function nodeKeys(suite: CipherSuite, pathSecret: Uint8Array): KeyPair {
  return deriveKeyPair(suite, deriveSecret(suite, pathSecret, "node"))
}

/** A group of one has no path: then the secret is as random as the first path secret would be. */
function commitSecretAfter(suite: CipherSuite, secrets: readonly PathSecret[], random: RandomBytes): Uint8Array {
  return deriveSecret(suite, secrets.at(-1)?.secret ?? random(suite.hash.length), "path")
}

interface NewKey extends PathStep {
  readonly publicKey: Uint8Array
}

/** The path's nodes with their new keys, parent hashes from the root down, and the leaf's. */
function withPath(suite: CipherSuite, tree: RatchetTree, leafIndex: number, keys: readonly NewKey[]): { tree: RatchetTree; parentHash: Uint8Array } {
  const changes = new Map<number, TreeNode | null>(directPath(2 * leafIndex, leafCount(tree)).map((node) => [node, null]))
  const hashes = new TreeHashes(suite, tree)
  const top = [...keys].reverse().reduce<Uint8Array>((above, { node, copath, publicKey }) => {
    const parent = { encryptionKey: publicKey, parentHash: above, unmergedLeaves: [] }
    changes.set(node, { kind: "parent", parent })
    return parentHash(suite, parent, copath, hashes)
  }, new Uint8Array())
  return { tree: withNodes(tree, changes), parentHash: top }
}

/** Encrypt each path secret to those it is for; `added`: leaves that came with this very commit. */
export function encryptPath(
  suite: CipherSuite, { tree, leafNode, secrets }: NewPath, added: readonly number[], context: Uint8Array, random: RandomBytes,
): UpdatePath {
  const nodes = secrets.map(({ copath, secret, keys }): UpdatePathNode => ({
    encryptionKey: keys.publicKey,
    encryptedPathSecret: receivers(tree, copath, added).map((node) => encryptWithLabel(suite, keyAt(tree, node), LABEL, context, secret, random)),
  }))
  return { leafNode, nodes }
}

function receivers(tree: RatchetTree, copath: number, added: readonly number[]): readonly number[] {
  return resolution(tree, copath).filter((node) => !added.includes(node / 2))
}

function keyAt(tree: RatchetTree, node: number): Uint8Array {
  const found = tree[node] ?? null
  if (found === null) throw new InvalidCommit("path_shape", "a blank node in a resolution")
  return encryptionKeyOf(found)
}

/** The tree after another's path, or ours read again: all of it that can be checked without a secret. */
export function mergePath(suite: CipherSuite, tree: RatchetTree, leafIndex: number, path: UpdatePath, added: readonly number[]): RatchetTree {
  const steps = filteredDirectPath(tree, leafIndex)
  const keys = path.nodes.flatMap(({ encryptionKey }, i) => {
    const step = steps[i]
    return step === undefined ? [] : [{ ...step, publicKey: encryptionKey }]
  })
  if (path.nodes.length !== steps.length) throw new InvalidCommit("path_shape", "a path of another length")
  steps.forEach(({ copath }, i) => {
    if (path.nodes[i]?.encryptedPathSecret.length !== receivers(tree, copath, added).length) {
      throw new InvalidCommit("path_shape", "a path encrypted to others than it must be")
    }
  })
  const merged = withPath(suite, tree, leafIndex, keys)
  const { source } = path.leafNode
  if (source.kind !== "commit") throw new InvalidCommit("wrong_source", "a path's leaf that is not of a commit")
  if (!equal(source.parentHash, merged.parentHash)) throw new InvalidCommit("parent_hash", "another parent hash")
  return withNodes(merged.tree, new Map([[2 * leafIndex, { kind: "leaf", leaf: path.leafNode }]]))
}

export interface Opener {
  readonly leafIndex: number
  readonly keys: PathKeys
}

export interface OpenedPath {
  readonly commitSecret: Uint8Array
  /** The private keys to those nodes of the path that are above us. */
  readonly keys: PathKeys
}

/** Open a path; `tree` is the merged one, `context` the provisional one. */
export function openPath(
  suite: CipherSuite, tree: RatchetTree, sender: number, path: UpdatePath, own: Opener, added: readonly number[], context: Uint8Array,
): OpenedPath {
  const steps = filteredDirectPath(tree, sender)
  const from = steps.findIndex(({ copath }) => isUnder(2 * own.leafIndex, copath))
  const secret = openedSecret(suite, tree, steps[from], path.nodes[from], own, added, context)
  return climb(suite, tree, steps.slice(from), secret)
}

function openedSecret(
  suite: CipherSuite, tree: RatchetTree, step: PathStep | undefined, sent: UpdatePathNode | undefined,
  own: Opener, added: readonly number[], context: Uint8Array,
): Uint8Array {
  if (step === undefined || sent === undefined) throw new InvalidCommit("path_shape", "a path that does not reach us")
  const [privateKey, ciphertext] = forUs(receivers(tree, step.copath, added), sent.encryptedPathSecret, own.keys)
  try {
    return decryptWithLabel(suite, privateKey, LABEL, context, ciphertext)
  } catch {
    throw new InvalidCommit("path_secret", "a path secret that does not open")
  }
}

function forUs(nodes: readonly number[], sent: readonly HpkeCiphertext[], keys: PathKeys): readonly [Uint8Array, HpkeCiphertext] {
  for (const [i, node] of nodes.entries()) {
    const [key, ciphertext] = [keys.get(node), sent[i]]
    if (key !== undefined && ciphertext !== undefined) return [key, ciphertext]
  }
  throw new InvalidCommit("path_shape", "a path that is not encrypted to us")
}

/** From one path secret to all above it; each key must be the one the tree shows. */
export function climb(suite: CipherSuite, tree: RatchetTree, steps: readonly PathStep[], first: Uint8Array): OpenedPath {
  const secrets = pathSecrets(suite, steps, first)
  for (const { node, keys } of secrets) {
    const shown = tree[node] ?? null
    if (shown === null || !equal(keys.publicKey, encryptionKeyOf(shown))) {
      throw new InvalidCommit("path_secret", "a secret that does not give the key shown")
    }
  }
  const commitSecret = deriveSecret(suite, secrets.at(-1)?.secret ?? first, "path")
  return { commitSecret, keys: new Map(secrets.map(({ node, keys }) => [node, keys.privateKey])) }
}
