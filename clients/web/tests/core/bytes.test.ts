import { describe, expect, test } from "vitest"
import { concat, decodeBase64, decodeHex, decodeUtf8, encodeBase64, encodeHex, encodeUtf8, equal } from "../../src/core/bytes"
import { expectRefusal } from "./golden"

const upTo = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 73) & 0xff)

describe("base64", () => {
  test("is read as it was written, at every length", () => {
    for (let length = 0; length < 70; length++) {
      const text = encodeBase64(upTo(length))
      expect(text).toBe(Buffer.from(upTo(length)).toString("base64"))
      expect(decodeBase64(text)).toEqual(upTo(length))
    }
  })

  test.each(["AA", "AA=", "AB==", "AA==\n", " AA==", "AA==AA==", "é", "_-8=", "A"])(
    "has one spelling: %j is refused",
    (text) => expectRefusal(() => decodeBase64(text), "malformed_input"),
  )
})

describe("hexadecimal", () => {
  test("is read as it was written", () => {
    expect(encodeHex(decodeHex("00ff10"))).toBe("00ff10")
    expect(decodeHex("")).toEqual(new Uint8Array())
  })

  test.each(["0", "0g", "AA", " 00"])("has one spelling: %j is refused", (text) =>
    expectRefusal(() => decodeHex(text), "malformed_input"),
  )
})

test("bytes are equal when every byte is", () => {
  expect(equal(upTo(32), upTo(32))).toBe(true)
  expect(equal(upTo(32), upTo(31))).toBe(false)
  expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
  expect(equal(new Uint8Array(), new Uint8Array())).toBe(true)
})

test("bytes are joined in order", () => {
  expect(concat(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3))
})

test("text is UTF-8, and half a surrogate pair is refused rather than replaced", () => {
  expect(encodeHex(encodeUtf8("é—😀"))).toBe("c3a9e28094f09f9880")
  expectRefusal(() => encodeUtf8("\ud83d"), "malformed_input")
  expect(decodeUtf8(encodeUtf8("é—😀\ufeff%41"))).toBe("é—😀\ufeff%41")
})

test.each(["ff", "c3", "c080", "eda080", "f4908080"])("the bytes %s are no UTF-8", (hex) => {
  expectRefusal(() => decodeUtf8(decodeHex(hex)), "malformed_input")
})
