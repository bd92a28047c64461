import { describe, expect, test } from "vitest"
import { decodeHex, encodeHex, encodeUtf8 } from "../../../src/core/bytes"
import {
  EMPTY_ROOT,
  MAX_TREE_SIZE,
  leafHash,
  nodeHash,
  rootHash,
  verifyConsistency,
  verifyInclusion,
} from "../../../src/core/log/tree"
import { expectRefusal, goldenTrees } from "../golden"

const golden = goldenTrees()
const roots = new Map(golden.roots.map(({ size, root }) => [size, decodeHex(root)]))
const leaves = Array.from({ length: 700 }, (_, i) => leafHash(encodeUtf8(String(i))))
const zero = new Uint8Array(32)

const rootOf = (size: number): Uint8Array => roots.get(size) ?? expect.unreachable(`no root of ${size}`)

/** Every proof with one hash changed, lost or doubled, and with one more. */
function mutations(proof: readonly Uint8Array[]): Uint8Array[][] {
  const changed = proof.flatMap((one, n) => {
    const other = one.slice()
    other[0] = (other[0] ?? 0) ^ 1
    return [proof.with(n, other), proof.toSpliced(n, 1), proof.toSpliced(n, 0, one)]
  })
  return [...changed, [...proof, zero]]
}

const inclusion = golden.inclusion.map(({ index, size, proof }) => ({
  leaf: leafHash(encodeUtf8(String(index))),
  index,
  size,
  proof: proof.map(decodeHex),
  root: rootOf(size),
}))
const consistency = golden.consistency.map(({ old_size, new_size, proof }) => ({
  oldSize: old_size,
  newSize: new_size,
  oldRoot: rootOf(old_size),
  newRoot: rootOf(new_size),
  proof: proof.map(decodeHex),
}))

describe("roots", () => {
  test.each(golden.roots.filter(({ size }) => size <= leaves.length))("of $size leaves are Go's", ({ size, root }) => {
    expect(encodeHex(rootHash(leaves.slice(0, size)))).toBe(root)
  })

  test("of no leaf at all is the hash of nothing", () => {
    expect(rootHash([])).toEqual(EMPTY_ROOT)
    expect(encodeHex(EMPTY_ROOT)).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  })

  test("of RFC 6962's reference implementation are ours", () => {
    const inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    expect(encodeHex(rootHash(inputs.map((text) => leafHash(decodeHex(text)))))).toBe(
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
  })
})

describe("an inclusion proof", () => {
  test("made by Go is believed", () => inclusion.forEach(verifyInclusion))

  test("that was changed is refused", () => {
    for (const claim of inclusion) {
      for (const proof of mutations(claim.proof)) expectRefusal(() => verifyInclusion({ ...claim, proof }), "bad_proof")
    }
  })

  test("is for one leaf, one index and one root only", () => {
    for (const claim of inclusion.filter(({ size }) => size > 1)) {
      const elsewhere = claim.index === 0 ? 1 : claim.index - 1
      expectRefusal(() => verifyInclusion({ ...claim, index: elsewhere }), "bad_proof")
      expectRefusal(() => verifyInclusion({ ...claim, leaf: zero }), "bad_proof")
      expectRefusal(() => verifyInclusion({ ...claim, root: zero }), "bad_proof")
    }
  })

  test.each([-1, 3, 0.5, Number.NaN, 2 ** 53])("for index %d of three leaves is refused", (index) =>
    expectRefusal(() => verifyInclusion({ leaf: zero, index, size: 3, proof: [], root: zero }), "bad_proof"),
  )

  test.each([-1, 0.5, Number.NaN, 2 ** 53])("for a tree of %d leaves is refused", (size) =>
    expectRefusal(() => verifyInclusion({ leaf: zero, index: 0, size, proof: [], root: zero }), "malformed_input"),
  )

  test("out of bounds is refused before it is hashed", () => {
    const claim = { leaf: zero, index: 0, size: 3, root: zero }
    expectRefusal(() => verifyInclusion({ ...claim, proof: Array(65).fill(zero) }), "malformed_input")
    expectRefusal(() => verifyInclusion({ ...claim, proof: [new Uint8Array(31)] }), "malformed_input")
    expectRefusal(() => verifyInclusion({ ...claim, leaf: new Uint8Array(33), proof: [] }), "malformed_input")
  })

  test("in the largest tree is within the bounds", () => {
    const proof = Array<Uint8Array>(53).fill(zero)
    const root = proof.reduce((hash, sibling) => nodeHash(hash, sibling), zero)
    verifyInclusion({ leaf: zero, index: 0, size: MAX_TREE_SIZE, proof, root })
  })
})

describe("a consistency proof", () => {
  test("made by Go is believed", () => consistency.forEach(verifyConsistency))

  test("that was changed is refused", () => {
    for (const claim of consistency) {
      for (const proof of mutations(claim.proof)) {
        expectRefusal(() => verifyConsistency({ ...claim, proof }), "bad_proof")
      }
    }
  })

  test("does not fit a log that changed its past", () => {
    for (const claim of consistency) {
      expectRefusal(() => verifyConsistency({ ...claim, oldRoot: zero }), "bad_proof")
      expectRefusal(() => verifyConsistency({ ...claim, newRoot: zero }), "bad_proof")
    }
  })

  test("is not needed from the empty tree, whose root is known", () => {
    const claim = { oldSize: 0, newSize: 3, oldRoot: EMPTY_ROOT, newRoot: rootOf(3), proof: [] }
    verifyConsistency(claim)
    expectRefusal(() => verifyConsistency({ ...claim, oldRoot: zero }), "bad_proof")
    expectRefusal(() => verifyConsistency({ ...claim, proof: [zero] }), "bad_proof")
  })

  test("is refused for a log that shrank", () =>
    expectRefusal(
      () => verifyConsistency({ oldSize: 4, newSize: 3, oldRoot: zero, newRoot: zero, proof: [] }),
      "malformed_input",
    ))
})
