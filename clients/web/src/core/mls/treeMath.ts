/**
 * Where nodes are (RFC 9420, appendix C): leaf i is node 2i, the tree is full, and a node's level is
 * the number of its trailing ones. Sums and products instead of shifts: an index may need all 32 bits.
 */
export function nodeCount(leaves: number): number {
  return leaves === 0 ? 0 : 2 * leaves - 1
}

export function leafCountOf(nodes: number): number {
  return (nodes + 1) / 2
}

export function level(node: number): number {
  let k = 0
  for (let rest = node; rest % 2 === 1; rest = (rest - 1) / 2) k++
  return k
}

export function isLeaf(node: number): boolean {
  return node % 2 === 0
}

/** The root of a full tree of `leaves` leaves, a power of two. */
export function root(leaves: number): number {
  return leaves - 1
}

export function left(node: number): number | null {
  return isLeaf(node) ? null : node - 2 ** (level(node) - 1)
}

export function right(node: number): number | null {
  return isLeaf(node) ? null : node + 2 ** (level(node) - 1)
}

export function parent(node: number, leaves: number): number | null {
  if (node === root(leaves)) return null
  const step = 2 ** level(node)
  // A left child has a zero above its ones.
  return Math.floor(node / (2 * step)) % 2 === 0 ? node + step : node - step
}

export function sibling(node: number, leaves: number): number | null {
  const above = parent(node, leaves)
  if (above === null) return null
  return node < above ? right(above) : left(above)
}

/** From the node's parent to the root. */
export function directPath(node: number, leaves: number): readonly number[] {
  const path: number[] = []
  for (let at = parent(node, leaves); at !== null; at = parent(at, leaves)) path.push(at)
  return path
}

/** Whether `node` is in the subtree under `above`, itself included. */
export function isUnder(node: number, above: number): boolean {
  const reach = 2 ** level(above) - 1
  return node >= above - reach && node <= above + reach
}

/** The lowest node that has both leaves under it. */
export function commonAncestor(a: number, b: number, leaves: number): number {
  return [a, ...directPath(a, leaves)].find((node) => isUnder(b, node)) ?? root(leaves)
}
