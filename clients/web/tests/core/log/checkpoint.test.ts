import { describe, expect, test } from "vitest"
import { encodeHex } from "../../../src/core/bytes"
import {
  encodeVerifierKey,
  parseCheckpoint,
  parseVerifierKey,
  verifyCheckpoint,
} from "../../../src/core/log/checkpoint"
import { checkKeyName, decodeDecimal } from "../../../src/core/log/text"
import { expectRefusal, flippedBits, goldenReceipts } from "../golden"

const golden = goldenReceipts()
const key = parseVerifierKey(golden.verifier_key)
const checkpointOf = (proof: string): string => proof.slice(proof.indexOf("\n\n") + 2)
const texts = golden.receipts.map(({ proof }) => checkpointOf(proof))
const SUM_GOLANG_ORG = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

describe("a checkpoint", () => {
  test("signed with Go, and by a witness too, is believed", () => {
    golden.receipts.forEach(({ size }, i) => {
      const checkpoint = verifyCheckpoint(parseCheckpoint(texts[i] ?? ""), key)
      expect(checkpoint).toMatchObject({ origin: key.name, size })
    })
  })

  test("without its witness is believed, and its every bit counts", () => {
    const [text = ""] = texts
    const alone = text.slice(0, text.indexOf("— witness"))
    expect(verifyCheckpoint(parseCheckpoint(alone), key).size).toBe(1)
    for (const flipped of flippedBits(alone)) expectRefusal(() => verifyCheckpoint(parseCheckpoint(flipped), key))
  })

  test("of another log, or by another key, is refused", () => {
    const checkpoint = parseCheckpoint(texts[0] ?? "")
    const other = parseVerifierKey(SUM_GOLANG_ORG)
    expectRefusal(() => verifyCheckpoint(checkpoint, other), "wrong_origin")
    expectRefusal(() => verifyCheckpoint(checkpoint, { ...other, name: key.name }), "bad_signature")
  })

  test.each(["", "\n", "\n\n", "a\n\n", "a\n1\n\n— a AAAA\n", "\ud800", "a\0\n"])(
    "that is none is refused: %j",
    (text) => expectRefusal(() => parseCheckpoint(text), "malformed_input"),
  )
})

describe("a verifier key", () => {
  test("is read as it was written", () => {
    expect(encodeVerifierKey(key)).toBe(golden.verifier_key)
    expect(encodeVerifierKey(parseVerifierKey(SUM_GOLANG_ORG))).toBe(SUM_GOLANG_ORG)
    expect(encodeHex(parseVerifierKey(SUM_GOLANG_ORG).keyId)).toBe("033de0ae")
  })

  test.each([
    "",
    "sum.golang.org",
    SUM_GOLANG_ORG.replace("ae+", "af+"),
    SUM_GOLANG_ORG.replace("033de0ae", "033DE0AE"),
    SUM_GOLANG_ORG.replace("golang.org", "golang.com"),
    SUM_GOLANG_ORG.replace("sum.", "sum "),
    SUM_GOLANG_ORG.replace("+Ac", "+As"),
    SUM_GOLANG_ORG + "\n",
    "sum.golang.org+033de0ae+AQ==",
  ])("with a fault is refused: %j", (text) => expectRefusal(() => parseVerifierKey(text), "malformed_input"))
})

describe("the words of a checkpoint", () => {
  test.each(["", "00", "01", "-1", "+1", "1 ", "1_0", "٣", "0x1", "1e3", "9007199254740992"])(
    "refuse the number %j",
    (text) => expectRefusal(() => decodeDecimal(text), "malformed_input"),
  )

  test("read numbers up to 2^53 - 1", () => {
    expect(decodeDecimal("0")).toBe(0)
    expect(decodeDecimal("9007199254740991")).toBe(Number.MAX_SAFE_INTEGER)
  })

  test.each(["", "a b", "a+b", "a\tb", "a\nb", "a\x85b", "a\xa0b", "a\u2003b", "a\u3000", "\ud800"])(
    "refuse the name %j",
    (name) => expectRefusal(() => checkKeyName(name), "malformed_input"),
  )

  test.each(["colloque.example/care/1", "é.example", "😀.example"])("take the name %j", (name) => checkKeyName(name))
})
