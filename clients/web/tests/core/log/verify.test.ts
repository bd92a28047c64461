import { describe, expect, test } from "vitest"
import { encodeUtf8 } from "../../../src/core/bytes"
import { parseVerifierKey } from "../../../src/core/log/checkpoint"
import { encodeLogProof, parseLogProof } from "../../../src/core/log/proof"
import { verifyReceipt } from "../../../src/core/log/verify"
import { expectRefusal, flippedBits, goldenReceipts, goldenRefused, goldenText } from "../golden"

const golden = goldenReceipts()
const key = parseVerifierKey(golden.verifier_key)
const aReceipt = golden.receipts.find(({ index, size }) => index === 3 && size === 7) ?? expect.unreachable()
const withoutWitness = aReceipt.proof.slice(0, aReceipt.proof.indexOf("— witness"))
const withoutEntry = encodeLogProof({ ...parseLogProof(withoutWitness), extra: null })

describe("a receipt", () => {
  test.each(golden.receipts)("made with Go is believed: $index of $size", ({ index, size, entry, proof }) => {
    const receipt = verifyReceipt(proof, key)
    expect(receipt).toMatchObject({ entry: encodeUtf8(entry), index, checkpoint: { size } })
    expect(verifyReceipt(proof, key, encodeUtf8(entry))).toEqual(receipt)
  })

  test("is read as it was written", () => {
    for (const { proof } of golden.receipts) expect(encodeLogProof(parseLogProof(proof))).toBe(proof)
  })

  test("from an acknowledgement proves the entry in hand", () => {
    expect(verifyReceipt(withoutEntry, key, encodeUtf8(aReceipt.entry)).index).toBe(3)
  })

  test("is kept with its entry, and then verifies by itself", () => {
    const kept = encodeLogProof({ ...parseLogProof(withoutEntry), extra: encodeUtf8(aReceipt.entry) })
    expect(kept).toBe(withoutWitness)
    expect(verifyReceipt(kept, key).entry).toEqual(encodeUtf8(aReceipt.entry))
  })

  test("without an entry proves nothing", () => expectRefusal(() => verifyReceipt(withoutEntry, key), "wrong_entry"))

  test("for another entry is refused", () => {
    expectRefusal(() => verifyReceipt(aReceipt.proof, key, encodeUtf8("another")), "wrong_entry")
    expectRefusal(() => verifyReceipt(withoutEntry, key, encodeUtf8("another")), "bad_proof")
  })

  test("with any bit flipped is refused", { timeout: 60_000 }, () => {
    for (const flipped of flippedBits(withoutWitness)) expectRefusal(() => verifyReceipt(flipped, key))
  })

  test("cut short anywhere is refused", () => {
    for (let length = 0; length < withoutWitness.length; length++) {
      expectRefusal(() => verifyReceipt(withoutWitness.slice(0, length), key))
    }
  })

  test.each(Object.entries(goldenRefused()))("with a fault is refused for it: %s, %s", (name, fault) => {
    expectRefusal(() => verifyReceipt(goldenText(`log/refused/${name}.tlog-proof`), key), fault)
  })

  test("longer than any proof is refused unread", () =>
    expectRefusal(() => parseLogProof("A".repeat(100_000)), "malformed_input"))
})
