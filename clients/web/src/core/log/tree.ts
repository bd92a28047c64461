/**
 * The Merkle tree of RFC 6962 (SHA-256), as a client needs it: hashes, and proofs held against
 * roots. Sizes and indices are numbers: a log of 2^53 entries would take longer than we have.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { concat, equal } from "../bytes"
import { VerificationError, malformed } from "../errors"

export const HASH_BYTES = 32
export const MAX_TREE_SIZE = Number.MAX_SAFE_INTEGER
export const MAX_PROOF_HASHES = 64
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array())

const LEAF_PREFIX = Uint8Array.of(0)
const NODE_PREFIX = Uint8Array.of(1)

export interface InclusionClaim {
  /** The leaf hash of the entry. */
  readonly leaf: Uint8Array
  readonly index: number
  readonly size: number
  readonly proof: readonly Uint8Array[]
  readonly root: Uint8Array
}

export interface ConsistencyClaim {
  readonly oldSize: number
  readonly newSize: number
  readonly oldRoot: Uint8Array
  readonly newRoot: Uint8Array
  readonly proof: readonly Uint8Array[]
}

/** Hash one entry (RFC 6962, 2.1: prefix 0x00). */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256(concat(LEAF_PREFIX, entry))
}

/** Hash an inner node (RFC 6962, 2.1: prefix 0x01). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(NODE_PREFIX, left, right))
}

/** Compute the root over these leaf hashes; an odd last node moves up a level unchanged. */
export function rootHash(leafHashes: readonly Uint8Array[]): Uint8Array {
  let level = leafHashes
  while (level.length > 1) {
    const above: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = level.slice(i, i + 2)
      if (left) above.push(right ? nodeHash(left, right) : left)
    }
    level = above
  }
  return level[0] ?? EMPTY_ROOT
}

/** Throw unless the leaf stands at `index` under `root` (RFC 9162, 2.1.3.2, in its names). */
export function verifyInclusion({ leaf, index, size, proof, root }: InclusionClaim): void {
  checkSize(size)
  checkHashes([leaf, root], proof)
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw unproven("the index is outside the tree")
  }
  let fn = index
  let sn = size - 1
  let r = leaf
  for (const p of proof) {
    if (sn === 0) throw unproven("the proof is too long")
    if (fn % 2 === 1 || fn === sn) {
      r = nodeHash(p, r)
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      r = nodeHash(r, p)
    }
    fn = half(fn)
    sn = half(sn)
  }
  if (sn !== 0) throw unproven("the proof is too short")
  checkRoot(r, root)
}

/** Throw unless the old tree begins the new one (RFC 9162, 2.1.4.2, in its names). */
export function verifyConsistency(claim: ConsistencyClaim): void {
  const { oldSize, newSize, oldRoot, newRoot, proof } = claim
  checkSize(newSize)
  checkSize(oldSize)
  if (oldSize > newSize) throw malformed("the old tree is larger than the new one")
  checkHashes([oldRoot, newRoot], proof)
  if (oldSize === 0 || oldSize === newSize) {
    verifyTrivialConsistency(claim)
    return
  }
  // The proof leaves out the old root where the old tree is a complete subtree of the new one.
  const [first, ...path] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof
  if (!first || proof.length === 0) throw unproven("the proof is empty")
  let fn = oldSize - 1
  let sn = newSize - 1
  while (fn % 2 === 1) {
    fn = half(fn)
    sn = half(sn)
  }
  let fr = first
  let sr = first
  for (const c of path) {
    if (sn === 0) throw unproven("the proof is too long")
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(c, fr)
      sr = nodeHash(c, sr)
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else {
      sr = nodeHash(sr, c)
    }
    fn = half(fn)
    sn = half(sn)
  }
  if (sn !== 0) throw unproven("the proof is too short")
  checkRoot(fr, oldRoot)
  checkRoot(sr, newRoot)
}

/** Every tree begins with the empty one, and with itself: no proof is needed, nor allowed. */
function verifyTrivialConsistency({ oldSize, newSize, oldRoot, newRoot, proof }: ConsistencyClaim): void {
  if (proof.length > 0) throw unproven("no proof is needed here")
  if (oldSize === 0) checkRoot(EMPTY_ROOT, oldRoot)
  if (oldSize === newSize) checkRoot(oldRoot, newRoot)
}

// Bitwise operators would cut these numbers to 32 bits.
function half(value: number): number {
  return Math.floor(value / 2)
}

function isPowerOfTwo(value: number): boolean {
  let rest = value
  while (rest % 2 === 0) rest /= 2
  return rest === 1
}

function checkSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw malformed("not a tree size")
}

function checkHashes(ends: readonly Uint8Array[], proof: readonly Uint8Array[]): void {
  if (proof.length > MAX_PROOF_HASHES) throw malformed("a proof has at most 64 hashes")
  if ([...ends, ...proof].some((one) => one.length !== HASH_BYTES)) throw malformed("a hash is 32 bytes")
}

function checkRoot(computed: Uint8Array, expected: Uint8Array): void {
  if (!equal(computed, expected)) throw unproven("the proof leads to another root")
}

function unproven(sentence: string): VerificationError {
  return new VerificationError("bad_proof", sentence)
}
