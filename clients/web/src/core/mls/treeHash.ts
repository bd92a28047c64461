/** Tree hashes and parent hashes (RFC 9420, 7.8 and 7.9). */
import { concat, equal } from "../bytes"
import { BYTES, U32, U8, optional, struct } from "./codec"
import { InvalidTree } from "./errors"
import { LEAF_NODE } from "./leafNode"
import { PARENT_NODE, leafAt, leafCount, parentAt, resolution, type ParentNode, type RatchetTree } from "./ratchetTree"
import { isLeaf, isUnder, left, right, root } from "./treeMath"
import type { CipherSuite } from "./suites"

const LEAF = U8.encode(1)
const PARENT = U8.encode(2)
const MAYBE_LEAF = optional(LEAF_NODE)
const MAYBE_PARENT = optional(PARENT_NODE)

interface ParentHashInput {
  readonly encryptionKey: Uint8Array
  readonly parentHash: Uint8Array
  readonly originalSiblingTreeHash: Uint8Array
}

const PARENT_HASH_INPUT = struct<ParentHashInput>({ encryptionKey: BYTES, parentHash: BYTES, originalSiblingTreeHash: BYTES })

/** The hashes of the subtrees of one tree; each is computed once. */
export class TreeHashes {
  readonly #known = new Map<string, Uint8Array>()

  constructor(private readonly suite: CipherSuite, private readonly tree: RatchetTree) {}

  get root(): Uint8Array {
    return this.of(root(leafCount(this.tree)))
  }

  of(node: number): Uint8Array {
    return this.without(node, [])
  }

  /** As if `leaves` had not been added: the original tree hash of RFC 9420, 7.9. */
  without(node: number, leaves: readonly number[]): Uint8Array {
    const here = leaves.filter((leaf) => isUnder(2 * leaf, node))
    const name = `${node}:${here.join()}`
    const known = this.#known.get(name) ?? this.#hash(node, here)
    this.#known.set(name, known)
    return known
  }

  #hash(node: number, without: readonly number[]): Uint8Array {
    const [low, high] = [left(node), right(node)]
    return this.suite.hash.digest(low === null || high === null
      ? this.#leafInput(node / 2, without)
      : concat(PARENT, this.#parentInput(node, without), BYTES.encode(this.without(low, without)), BYTES.encode(this.without(high, without))))
  }

  #leafInput(leafIndex: number, without: readonly number[]): Uint8Array {
    const leaf = without.includes(leafIndex) ? null : leafAt(this.tree, leafIndex)
    return concat(LEAF, U32.encode(leafIndex), MAYBE_LEAF.encode(leaf))
  }

  #parentInput(node: number, without: readonly number[]): Uint8Array {
    const parent = parentAt(this.tree, node)
    if (parent === null || without.length === 0) return MAYBE_PARENT.encode(parent)
    return MAYBE_PARENT.encode({ ...parent, unmergedLeaves: parent.unmergedLeaves.filter((leaf) => !without.includes(leaf)) })
  }
}

export function treeHash(suite: CipherSuite, tree: RatchetTree): Uint8Array {
  return new TreeHashes(suite, tree).root
}

/** The parent hash of `parent` with this sibling of the child that was updated. */
export function parentHash(suite: CipherSuite, parent: ParentNode, sibling: number, hashes: TreeHashes): Uint8Array {
  return suite.hash.digest(PARENT_HASH_INPUT.encode({
    encryptionKey: parent.encryptionKey, parentHash: parent.parentHash,
    originalSiblingTreeHash: hashes.without(sibling, parent.unmergedLeaves),
  }))
}

/** RFC 9420, 7.9.2, top down: exactly one node under each parent vouches for it. */
export function verifyParentHashes(suite: CipherSuite, tree: RatchetTree): void {
  const hashes = new TreeHashes(suite, tree)
  tree.forEach((found, node) => {
    if (found?.kind === "parent" && witnesses(suite, tree, node, found.parent, hashes) !== 1) {
      throw new InvalidTree("parent_hash", "a parent node that no member vouches for")
    }
  })
}

function witnesses(suite: CipherSuite, tree: RatchetTree, node: number, parent: ParentNode, hashes: TreeHashes): number {
  const [low, high] = [left(node) ?? node, right(node) ?? node]
  return [[low, high] as const, [high, low] as const].reduce((sum, [child, sibling]) => {
    const hash = parentHash(suite, parent, sibling, hashes)
    return sum + resolution(tree, child).filter((one) => vouches(tree, one, child, parent, hash)).length
  }, 0)
}

/** Whether `node` names the hash of `parent`, and was updated together with it. */
function vouches(tree: RatchetTree, node: number, child: number, parent: ParentNode, hash: Uint8Array): boolean {
  const named = parentHashOf(tree, node)
  if (named === null || !equal(named, hash)) return false
  const later = parent.unmergedLeaves.map((leaf) => 2 * leaf).filter((leaf) => isUnder(leaf, child))
  const others = resolution(tree, child).filter((one) => one !== node)
  return encodeSet(later) === encodeSet(others)
}

function parentHashOf(tree: RatchetTree, node: number): Uint8Array | null {
  if (!isLeaf(node)) return parentAt(tree, node)?.parentHash ?? null
  const source = leafAt(tree, node / 2)?.source
  return source?.kind === "commit" ? source.parentHash : null
}

function encodeSet(nodes: readonly number[]): string {
  return [...nodes].sort((a, b) => a - b).join()
}
