import { describe, expect, test } from "vitest"
import { decodeHex, encodeHex, encodeUtf8 } from "../../../src/core/bytes"
import { decodePayload, encodePayload, frankingTag, verifyFrankingTag } from "../../../src/core/mls/franking"
import { expectRefusal, goldenMessages } from "../golden"

const salt = new Uint8Array(32).fill(7)
const content = encodeUtf8("oui")

describe("a payload", () => {
  test.each(goldenMessages())("has the tag and the bytes of the golden file: $kind", (golden) => {
    const known = { salt: decodeHex(golden.salt), content: encodeUtf8(golden.content) }
    expect(encodeHex(frankingTag(known.salt, known.content))).toBe(golden.franking_tag)
    expect(encodeHex(encodePayload(known.salt, known.content))).toBe(golden.payload)
    expect(decodePayload(decodeHex(golden.payload))).toEqual(known)
    expect(verifyFrankingTag(decodeHex(golden.franking_tag), known)).toEqual(known.content)
  })

  test("of another content, salt or tag is refused", () => {
    const tag = frankingTag(salt, content)
    expectRefusal(() => verifyFrankingTag(tag, { salt, content: encodeUtf8("non") }), "bad_franking_tag")
    expectRefusal(() => verifyFrankingTag(tag, { salt: salt.with(0, 8), content }), "bad_franking_tag")
    expectRefusal(() => verifyFrankingTag(tag.with(0, (tag[0] ?? 0) ^ 1), { salt, content }), "bad_franking_tag")
    expectRefusal(() => verifyFrankingTag(new Uint8Array(), { salt, content }), "bad_franking_tag")
  })

  test.each([0, 31, 33])("has no salt of %d bytes", (length) => {
    expectRefusal(() => frankingTag(new Uint8Array(length), content), "malformed_input")
    expectRefusal(() => encodePayload(new Uint8Array(length), content), "malformed_input")
  })

  test("needs room for its salt", () => {
    expect(decodePayload(salt).content).toEqual(new Uint8Array())
    expectRefusal(() => decodePayload(salt.slice(1)), "malformed_input")
  })
})
