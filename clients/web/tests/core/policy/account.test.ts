/** What the account key does besides signing statements. The bytes are those that the Python client makes. */
import { describe, expect, test } from "vitest"
import { decodeHex, encodeHex } from "../../../src/core/bytes"
import { deriveKeyPair } from "../../../src/core/mls/hpke"
import { SUITE_1 } from "../../../src/core/mls/suites"
import {
  fingerprintDigits, fingerprintText, linkDigits, openSeed, recoveryCode, sealSeed, unwrapSeed, wrapSeed,
} from "../../../src/core/policy/account"
import { expectRefusal } from "../golden"

const PERSON = "11111111-2222-4333-8444-555555555555"
const OTHER_PERSON = "11111111-2222-4333-8444-555555555556"
const upward = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i)
const SEED = upward(32)
const AIK = SUITE_1.signature.publicKey(SEED)
const OTHER_AIK = SUITE_1.signature.publicKey(new Uint8Array(32).fill(7))
const DEVICE = { device: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", signatureKey: new Uint8Array(32).fill(5) }
const INIT = deriveKeyPair(SUITE_1, new Uint8Array(32).fill(7))
const CODE = "01234-56789-ABCDE-FGHJK-MNPQR-S"
const BLOB = "000102030405060708090a0b49dd8945bf5fb90600af3a5e2993b05497bfec97d8808355d43d6bb1d1bf690c01957d95d3a88b99e655412de862529d"
const SEALED = "b1f1b840de7a3241b02748cf9b05b74dc8c5e8451298738817bd76aa8ebe8c2b"
  + "542bdf2af2c48eb1037572104d779cdd78eb0df5fec61f82e7b647d31c0ffa14001f8907c663768c5512491844cc3fae"

function flipped(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length * 8 }, (_, bit) => bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)))
}

describe("a fingerprint", () => {
  test("is what Python shows, to a camera and aloud", () => {
    expect(fingerprintText("test.example", PERSON, AIK)).toBe(
      `colloque:1:test.example:${PERSON}:37320fdb2499669a9efe23e0a1f5d4e429add828676bca774b9e9edee0ca1933`)
    expect(fingerprintDigits(PERSON, AIK)).toBe("819889238723219704177635236147")
  })

  test("is another for another person or another key", () => {
    const digits = [fingerprintDigits(PERSON, AIK), fingerprintDigits(OTHER_PERSON, AIK), fingerprintDigits(PERSON, OTHER_AIK)]

    expect(new Set(digits).size).toBe(3)
    expect(digits.every((one) => /^[0-9]{30}$/.test(one))).toBe(true)
  })
})

describe("linking a device", () => {
  test("shows the digits that Python shows", () => {
    expect(linkDigits(DEVICE, INIT.publicKey)).toBe("4755533430341869")
    expect(linkDigits(DEVICE, AIK)).not.toBe("4755533430341869")
  })

  test("gives the account key to that device, in the bytes that Python writes", () => {
    expect(encodeHex(sealSeed(SEED, DEVICE, INIT.publicKey, upward))).toBe(SEALED)
    expect(openSeed(decodeHex(SEALED), DEVICE, INIT.privateKey, AIK)).toEqual(SEED)
  })

  test("gives it to no other device, nor to other keys", () => {
    const sealed = decodeHex(SEALED)

    expectRefusal(() => openSeed(sealed, { ...DEVICE, device: PERSON }, INIT.privateKey, AIK))
    expectRefusal(() => openSeed(sealed, { ...DEVICE, signatureKey: AIK }, INIT.privateKey, AIK))
    expectRefusal(() => openSeed(sealed, DEVICE, deriveKeyPair(SUITE_1, SEED).privateKey, AIK))
  })

  test("believes no key but that of the account, and no altered byte", () => {
    expectRefusal(() => openSeed(decodeHex(SEALED), DEVICE, INIT.privateKey, OTHER_AIK))
    for (const at of [0, 20, 32, 63, 79]) {
      const bent = decodeHex(SEALED)
      bent[at] = (bent[at] ?? 0) ^ 1
      expectRefusal(() => openSeed(bent, DEVICE, INIT.privateKey, AIK))
    }
  })
})

describe("a recovery code", () => {
  test("is 26 characters in groups, each of the 32 equally near", () => {
    expect(recoveryCode(upward)).toBe(CODE)
    expect(recoveryCode((size) => new Uint8Array(size).fill(255))).toBe("ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-Z")
  })

  test("keeps the account key, in the bytes that Python writes", () => {
    expect(encodeHex(wrapSeed(SEED, CODE, PERSON, upward))).toBe(BLOB)
    expect(unwrapSeed(decodeHex(BLOB), CODE, PERSON, AIK)).toEqual(SEED)
  })

  test.each(["0123456789ABCDEFGHJKMNPQRS", "oi234-56789-abcde-fghjk-mnpqr-s", " 0L234 56789 ABCDE FGHJK MNPQR S "])(
    "opens it however it is typed: %s", (typed) => {
      expect(unwrapSeed(decodeHex(BLOB), typed, PERSON, AIK)).toEqual(SEED)
    })

  test.each(["", "0", CODE.slice(0, -1), `${CODE}0`, CODE.replace("S", "U"), CODE.replace("S", "é")])("of another shape is none: %s", (typed) => {
    expectRefusal(() => unwrapSeed(decodeHex(BLOB), typed, PERSON, AIK), "malformed_input")
  })

  test("opens nothing for another person, with another character, or of another account", () => {
    expectRefusal(() => unwrapSeed(decodeHex(BLOB), CODE, OTHER_PERSON, AIK))
    expectRefusal(() => unwrapSeed(decodeHex(BLOB), CODE.replace("S", "T"), PERSON, AIK))
    expectRefusal(() => unwrapSeed(decodeHex(BLOB), CODE, PERSON, OTHER_AIK))
  })

  test("opens nothing of which a bit is changed, or that is cut short", () => {
    for (const bent of flipped(decodeHex(BLOB))) expectRefusal(() => unwrapSeed(bent, CODE, PERSON, AIK))
    for (const size of [0, 11, 12, 27]) expectRefusal(() => unwrapSeed(decodeHex(BLOB).slice(0, size), CODE, PERSON, AIK))
  })
})
