/**
 * The ratchet tree (RFC 9420, 4.1 and 7): a value. Its nodes stand in an array, leaf i at 2i; the tree
 * is full, so that the array is longer than what is sent, which ends with the last node that is there.
 */
import { BYTES, U32, U8, decode, listOf, optional, select, struct, type Codec } from "./codec"
import { malformed } from "./errors"
import { LEAF_NODE, type LeafNode } from "./leafNode"
import { directPath, isLeaf, left, leafCountOf, nodeCount, right, root, sibling } from "./treeMath"

export interface ParentNode {
  readonly encryptionKey: Uint8Array
  readonly parentHash: Uint8Array
  /** Sorted leaf indices. */
  readonly unmergedLeaves: readonly number[]
}

export type TreeNode =
  | { readonly kind: "leaf"; readonly leaf: LeafNode }
  | { readonly kind: "parent"; readonly parent: ParentNode }

export type RatchetTree = readonly (TreeNode | null)[]

export interface Member {
  readonly leafIndex: number
  readonly leafNode: LeafNode
}

/** A node on a filtered direct path, and its child that is not on the path. */
export interface PathStep {
  readonly node: number
  readonly copath: number
}

export const PARENT_NODE = struct<ParentNode>({ encryptionKey: BYTES, parentHash: BYTES, unmergedLeaves: listOf(U32) })

const NODE = select<TreeNode>(U8, { leaf: [1, struct({ leaf: LEAF_NODE })], parent: [2, struct({ parent: PARENT_NODE })] })
const NODES = listOf(optional(NODE))

/** A blank node takes one byte: without a bound, a short message would be a long computation. */
const MAX_NODES = nodeCount(2 ** 16)

export const RATCHET_TREE: Codec<RatchetTree> = {
  encode: (tree) => NODES.encode(tree.slice(0, tree.findLastIndex((node) => node !== null) + 1)),
  read: (reader) => completed(NODES.read(reader)),
}

export function decodeRatchetTree(bytes: Uint8Array): RatchetTree {
  return decode(RATCHET_TREE, bytes)
}

/** RFC 9420, 12.4.3.3: the last node sent is not blank, and every node is of the kind of its place. */
function completed(nodes: RatchetTree): RatchetTree {
  if (nodes.length > MAX_NODES) throw malformed("a tree larger than any we take")
  if (nodes.at(-1) == null) throw malformed("a tree that ends with a blank node")
  if (!nodes.every((node, at) => node === null || (node.kind === "leaf") === isLeaf(at))) {
    throw malformed("a node of the wrong kind for its place")
  }
  return widened(nodes, Math.ceil((nodes.length + 1) / 2))
}

/** The smallest full tree that has `leaves` leaves and these nodes. */
function widened(nodes: RatchetTree, leaves: number): RatchetTree {
  let width = 1
  while (width < leaves) width *= 2
  return [...nodes, ...new Array<null>(nodeCount(width) - nodes.length).fill(null)]
}

export function treeOf(leaf: LeafNode): RatchetTree {
  return [{ kind: "leaf", leaf }]
}

export function leafCount(tree: RatchetTree): number {
  return leafCountOf(tree.length)
}

export function leafAt(tree: RatchetTree, leafIndex: number): LeafNode | null {
  const node = tree[2 * leafIndex]
  return node?.kind === "leaf" ? node.leaf : null
}

export function parentAt(tree: RatchetTree, node: number): ParentNode | null {
  const found = tree[node]
  return found?.kind === "parent" ? found.parent : null
}

export function encryptionKeyOf(node: TreeNode): Uint8Array {
  return node.kind === "leaf" ? node.leaf.encryptionKey : node.parent.encryptionKey
}

export function membersOf(tree: RatchetTree): readonly Member[] {
  return tree.flatMap((node, at) => (node?.kind === "leaf" ? [{ leafIndex: at / 2, leafNode: node.leaf }] : []))
}

/** The nodes whose keys together reach everybody under `node` (RFC 9420, 4.1.1). */
export function resolution(tree: RatchetTree, node: number): readonly number[] {
  const found = tree[node] ?? null
  if (found?.kind === "parent") return [node, ...found.parent.unmergedLeaves.map((leaf) => 2 * leaf)]
  if (found !== null) return [node]
  const [low, high] = [left(node), right(node)]
  return low === null || high === null ? [] : [...resolution(tree, low), ...resolution(tree, high)]
}

/** Without the nodes whose other child reaches nobody (RFC 9420, 4.1.2). */
export function filteredDirectPath(tree: RatchetTree, leafIndex: number): readonly PathStep[] {
  const leaves = leafCount(tree)
  const path = directPath(2 * leafIndex, leaves)
  const steps = path.map((node, i) => ({ node, copath: sibling(path[i - 1] ?? 2 * leafIndex, leaves) ?? node }))
  return steps.filter(({ copath }) => resolution(tree, copath).length > 0)
}

/** The tree with some nodes replaced. */
export function withNodes(tree: RatchetTree, changes: ReadonlyMap<number, TreeNode | null>): RatchetTree {
  return tree.map((node, at) => {
    const change = changes.get(at)
    return change === undefined ? node : change
  })
}

/** The leftmost blank leaf; beyond the end where there is none. */
export function freeLeaf(tree: RatchetTree): number {
  for (let leaf = 0; leaf < leafCount(tree); leaf++) if (tree[2 * leaf] == null) return leaf
  return leafCount(tree)
}

/** RFC 9420, 12.1.1: at the leftmost blank leaf, not merged into any node above it. */
export function addLeaf(tree: RatchetTree, leaf: LeafNode): { readonly tree: RatchetTree; readonly leafIndex: number } {
  const leafIndex = freeLeaf(tree)
  const wide = leafIndex < leafCount(tree) ? tree : widened(tree, leafIndex + 1)
  const changes = new Map<number, TreeNode | null>([[2 * leafIndex, { kind: "leaf", leaf }]])
  for (const node of directPath(2 * leafIndex, leafCount(wide))) {
    const parent = parentAt(wide, node)
    if (parent !== null) changes.set(node, { kind: "parent", parent: unmerged(parent, leafIndex) })
  }
  return { tree: withNodes(wide, changes), leafIndex }
}

function unmerged(parent: ParentNode, leafIndex: number): ParentNode {
  return { ...parent, unmergedLeaves: [...parent.unmergedLeaves, leafIndex].sort((a, b) => a - b) }
}

/** RFC 9420, 12.1.2: the nodes above a leaf that changed are blank. */
export function updateLeaf(tree: RatchetTree, leafIndex: number, leaf: LeafNode): RatchetTree {
  return withNodes(tree, blanked(tree, leafIndex).set(2 * leafIndex, { kind: "leaf", leaf }))
}

/** RFC 9420, 12.1.3; the tree still has its width: `truncated` comes after all the Removes. */
export function removeLeaf(tree: RatchetTree, leafIndex: number): RatchetTree {
  return withNodes(tree, blanked(tree, leafIndex).set(2 * leafIndex, null))
}

function blanked(tree: RatchetTree, leafIndex: number): Map<number, TreeNode | null> {
  return new Map<number, TreeNode | null>(directPath(2 * leafIndex, leafCount(tree)).map((node) => [node, null]))
}

/** Without its right half, as long as that is empty (RFC 9420, 7.7). */
export function truncated(tree: RatchetTree): RatchetTree {
  let narrow = tree
  while (narrow.length > 1) {
    const middle = root(leafCount(narrow))
    if (narrow.slice(middle + 1).some((node) => node !== null)) break
    narrow = narrow.slice(0, middle)
  }
  return narrow
}
