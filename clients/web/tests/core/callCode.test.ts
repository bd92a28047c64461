import { describe, expect, test } from "vitest"
import { CODE_BYTES, callCode } from "../../src/core/callCode"

describe("the code on both screens", () => {
  test("is six groups of five digits", () => {
    expect(callCode(new Uint8Array(CODE_BYTES).fill(0xff))).toBe("27775 27775 27775 27775 27775 27775")
    expect(callCode(new Uint8Array(CODE_BYTES))).toBe("00000 00000 00000 00000 00000 00000")
  })

  test("depends on each of its first thirty bytes", () => {
    const plain = callCode(new Uint8Array(CODE_BYTES))
    for (let i = 0; i < 30; i += 1) expect(callCode(new Uint8Array(CODE_BYTES).with(i, 1))).not.toBe(plain)
  })

  test("is not drawn from fewer bytes", () => {
    expect(() => callCode(new Uint8Array(CODE_BYTES - 1))).toThrow(RangeError)
  })
})
