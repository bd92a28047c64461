import { describe, expect, test } from "vitest"
import { decodeHex, encodeHex, encodeUtf8 } from "../../src/core/bytes"
import {
  DEVICE_REVOCATION, EPOCH_RECEIPT, UnverifiedStatement, authenticatorHash, decodeJustification, encodeJustification, signStatement,
  type DeviceRevocation, type EpochReceipt, type RemoveJustification,
} from "../../src/core/statements"
import { SUITE_1 } from "../../src/core/mls/suites"
import { expectRefusal, goldenText } from "./golden"

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i)
const PUBLIC = SUITE_1.signature.publicKey(KEY)
const OTHER = SUITE_1.signature.publicKey(new Uint8Array(32).fill(7))
const sixteen = (letter: string): Uint8Array => encodeUtf8(letter.repeat(16))
const TRANSCRIPT = encodeUtf8("t".repeat(32))

const RECEIPT: EpochReceipt = {
  deployment: "test.example", conversation: sixteen("c"), groupId: Uint8Array.of(...sixteen("c"), 2), epoch: 7,
  confirmedTranscriptHash: TRANSCRIPT, authenticatorHash: authenticatorHash(encodeUtf8("the authenticator of an epoch")), device: sixteen("d"),
}
const REVOCATION: DeviceRevocation = {
  deployment: "test.example", person: sixteen("p"), device: sixteen("d"), signer: sixteen("e"), at: 1_790_000_000_000_000,
}
const JUSTIFICATION: RemoveJustification = {
  conversation: sixteen("c"), device: sixteen("d"), confirmedTranscriptHash: TRANSCRIPT, statement: encodeUtf8("signed"),
}

const golden = (): Record<string, string> => JSON.parse(goldenText("policy/statements.json")) as Record<string, string>

describe("a statement", () => {
  test("has the bytes that Python writes, signature and all", () => {
    expect(encodeHex(signStatement(EPOCH_RECEIPT, RECEIPT, KEY))).toBe(golden()["EpochReceipt"])
    expect(encodeHex(signStatement(DEVICE_REVOCATION, REVOCATION, KEY))).toBe(golden()["DeviceRevocation"])
    expect(encodeHex(encodeJustification(JUSTIFICATION))).toBe(golden()["RemoveJustification"])
  })

  test("that Python wrote is read and believed", () => {
    const receipt = UnverifiedStatement.decode(EPOCH_RECEIPT, decodeHex(golden()["EpochReceipt"] ?? ""))
    const revocation = UnverifiedStatement.decode(DEVICE_REVOCATION, decodeHex(golden()["DeviceRevocation"] ?? ""))

    expect(receipt.verify(PUBLIC)).toEqual(RECEIPT)
    expect(revocation.verify(PUBLIC)).toEqual(REVOCATION)
    expect(decodeJustification(decodeHex(golden()["RemoveJustification"] ?? ""))).toEqual(JUSTIFICATION)
  })

  test("is nobody else's", () => {
    const receipt = UnverifiedStatement.decode(EPOCH_RECEIPT, signStatement(EPOCH_RECEIPT, RECEIPT, KEY))

    expectRefusal(() => receipt.verify(OTHER))
  })

  test("of one kind does not pass for one of another", () => {
    const alike = { ...DEVICE_REVOCATION, label: EPOCH_RECEIPT.label }

    expectRefusal(() => UnverifiedStatement.decode(DEVICE_REVOCATION, signStatement(alike, REVOCATION, KEY)).verify(PUBLIC))
  })

  test("with one bit changed is refused, wherever it is", () => {
    const signed = signStatement(DEVICE_REVOCATION, REVOCATION, KEY)

    for (let bit = 0; bit < signed.length * 8; bit += 1) {
      const bent = signed.slice()
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expectRefusal(() => UnverifiedStatement.decode(DEVICE_REVOCATION, bent).verify(PUBLIC))
    }
  })

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["cut short", (bytes) => bytes.slice(0, -1)],
    ["with something after it", (bytes) => Uint8Array.of(...bytes, 0)],
    ["of another version", (bytes) => Uint8Array.of(2, ...bytes.slice(1))],
    ["empty", () => new Uint8Array()],
  ])("that is %s does not read", (_, bend) => {
    const receipt = signStatement(EPOCH_RECEIPT, RECEIPT, KEY)

    expectRefusal(() => UnverifiedStatement.decode(EPOCH_RECEIPT, bend(receipt)))
    expectRefusal(() => decodeJustification(bend(encodeJustification(JUSTIFICATION))))
  })

  test("beyond its bounds is not written", () => {
    expectRefusal(() => encodeJustification({ ...JUSTIFICATION, statement: new Uint8Array(1025) }))
    expectRefusal(() => signStatement(EPOCH_RECEIPT, { ...RECEIPT, epoch: 2 ** 53 }, KEY))
    expectRefusal(() => signStatement(EPOCH_RECEIPT, { ...RECEIPT, deployment: "x".repeat(256) }, KEY))
  })
})
