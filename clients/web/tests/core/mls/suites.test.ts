import { x25519 } from "@noble/curves/ed25519.js"
import { describe, expect, test } from "vitest"
import { encodeHex } from "../../../src/core/bytes"
import { MlsError } from "../../../src/core/mls/errors"
import { SUITE_1, suiteOf } from "../../../src/core/mls/suites"
import { random } from "./aGroup"

describe("X25519", () => {
  test("gives the public key that the ladder gives, whatever the private key", () => {
    const keys = [new Uint8Array(32), new Uint8Array(32).fill(255), ...Array.from({ length: 50 }, () => random(32))]

    for (const key of keys) expect(encodeHex(SUITE_1.group.publicKey(key))).toBe(encodeHex(x25519.getPublicKey(key)))
  })

  test("does not take points with which every agreement is zero", () => {
    const p = 2n ** 255n - 19n
    const points = [0n, 1n, p - 1n, p, p + 1n, 2n ** 255n].map((u) => Uint8Array.from({ length: 32 }, (_, i) => Number((u >> BigInt(8 * i)) & 255n)))

    for (const point of points) {
      expect(SUITE_1.group.isPublicKey(point)).toBe(false)
      expect(() => SUITE_1.group.agree(random(32), point)).toThrow(MlsError)
    }
    expect(SUITE_1.group.isPublicKey(SUITE_1.group.publicKey(random(32)))).toBe(true)
    expect(SUITE_1.group.isPublicKey(new Uint8Array(31).fill(9))).toBe(false)
  })
})

test("a suite that nobody fetched is refused", () => {
  expect(() => suiteOf(6)).toThrow(MlsError)
})
