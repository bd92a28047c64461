/** What is signed outside of MLS messages. */
import { describe, expect, test } from "vitest"
import { encodeUtf8 } from "../../../src/core/bytes"
import { SUITE_1 } from "../../../src/core/mls/suites"
import * as statements from "../../../src/core/policy/statements"
import {
  CONFIRMATION, DELEGATION, DEVICE_REVOCATION, EPOCH_RECEIPT, RESIGNATION, REVOCATION, UnverifiedStatement, authenticatorHash, digestOf,
  signStatement, unsignedStatement, type DeviceRevocation, type EpochReceipt, type Statement,
} from "../../../src/core/policy/statements"
import { expectRefusal } from "../golden"
import { JEAN, NOTHING, aDelegation, flipped } from "./people"

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i)
const PUBLIC = SUITE_1.signature.publicKey(KEY)
const sixteen = (letter: string): Uint8Array => encodeUtf8(letter.repeat(16))

const RECEIPT: EpochReceipt = {
  deployment: "test.example", conversation: sixteen("c"), groupId: Uint8Array.of(...sixteen("c"), 2), epoch: 7,
  confirmedTranscriptHash: encodeUtf8("t".repeat(32)), authenticatorHash: authenticatorHash(encodeUtf8("the authenticator of an epoch")), device: sixteen("d"),
}
const GIVEN_UP: DeviceRevocation = {
  deployment: "test.example", conversation: NOTHING, person: sixteen("p"), device: sixteen("d"), atUs: 1_790_000_000_000_000,
}

type Kind = Statement<{ deployment: string }>
const KINDS = new Map(Object.values<unknown>(statements)
  .filter((one): one is Kind => typeof one === "object" && one !== null && "label" in one)
  .map((kind) => [kind.label.replace("Colloque 1 ", ""), kind]))

describe("a statement", () => {
  test("of which any bit is another is refused, or is another's", () => {
    const signed = signStatement(DEVICE_REVOCATION, GIVEN_UP, KEY)

    for (const bent of flipped(signed)) expectRefusal(() => UnverifiedStatement.decode(DEVICE_REVOCATION, bent).verify(PUBLIC))
  })

  test("is nobody else's", () => {
    const came = UnverifiedStatement.decode(EPOCH_RECEIPT, signStatement(EPOCH_RECEIPT, RECEIPT, KEY))

    expect(came.verify(PUBLIC)).toEqual(RECEIPT)
    expectRefusal(() => came.verify(JEAN.aik), "bad_signature")
    expectRefusal(() => came.verify(NOTHING), "bad_signature")
  })

  test("of one kind does not pass for one of another", () => {
    const said = { deployment: "test.example", conversation: sixteen("c"), delegation: sixteen("d"), atUs: 1 }
    const alike = { ...REVOCATION, label: RESIGNATION.label }
    const signed = signStatement(alike, { ...said, scopes: [] }, KEY)

    expectRefusal(() => UnverifiedStatement.decode(REVOCATION, signed).verify(PUBLIC), "bad_signature")
    expect(new Set([...KINDS.values()].map(({ label }) => label)).size).toBe(KINDS.size)
  })

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["cut short", (bytes) => bytes.slice(0, -1)],
    ["with something after it", (bytes) => Uint8Array.of(...bytes, 0)],
    ["of another version", (bytes) => Uint8Array.of(2, ...bytes.slice(1))],
    ["empty", () => new Uint8Array()],
  ])("that is %s does not read", (_, bend) => {
    expectRefusal(() => UnverifiedStatement.decode(EPOCH_RECEIPT, bend(signStatement(EPOCH_RECEIPT, RECEIPT, KEY))), "malformed_input")
  })

  test("that nobody signed reads, and is believed by no key", () => {
    const came = UnverifiedStatement.decode(DELEGATION, unsignedStatement(DELEGATION, aDelegation()))

    expect(came.content).toEqual(aDelegation())
    expect(came.signature).toHaveLength(0)
    expectRefusal(() => came.verify(JEAN.aik), "bad_signature")
  })

  test("is named by the hash of what is signed, not of who signed it", () => {
    const digest = digestOf(DELEGATION, aDelegation())

    expect(digest).toHaveLength(32)
    expect(digestOf(DELEGATION, UnverifiedStatement.decode(DELEGATION, signStatement(DELEGATION, aDelegation(), KEY)).content)).toEqual(digest)
    expect(digestOf(DELEGATION, aDelegation({ language: "en" }))).not.toEqual(digest)
  })
})

describe("what a statement says", () => {
  const writes = (changes: Parameters<typeof aDelegation>[0]) => (): unknown => signStatement(DELEGATION, aDelegation(changes), KEY)

  test.each<[string, Parameters<typeof aDelegation>[0]]>([
    ["an id of 15 bytes", { delegation: new Uint8Array(15) }],
    ["half a key", { grantorAik: new Uint8Array(16) }],
    ["words out of order", { scopes: ["conversation.send", "conversation.read"] }],
    ["a word twice", { scopes: ["conversation.read", "conversation.read"] }],
    ["33 words", { scopes: Array.from({ length: 33 }, (_, i) => `scope.${String(i).padStart(2, "0")}`) }],
    ["a word that is not ASCII", { language: "français" }],
    ["a word of 65 letters", { language: "x".repeat(65) }],
    ["an instant beyond 2^53", { notAfterUs: 2 ** 53 }],
    ["an instant before all", { notBeforeUs: -1 }],
    ["an issuer of 256 bytes", { issuer: new Uint8Array(256) }],
    ["a deployment of 256 letters", { deployment: "x".repeat(256) }],
  ])("is not %s", (_, changes) => {
    expectRefusal(writes(changes), "malformed_input")
  })

  test("reads in one form only", () => {
    const written = DELEGATION.codec.encode(aDelegation({ scopes: ["a", "b"] }))
    const at = written.findIndex((_, i) => written.slice(i, i + 5).join() === [4, 1, 97, 1, 98].join())
    const bend = (...bytes: number[]): Uint8Array => Uint8Array.of(...written.slice(0, at), ...bytes, ...written.slice(at + 5), 0)

    expect(at).toBeGreaterThan(0)
    expect(UnverifiedStatement.decode(DELEGATION, bend(4, 1, 97, 1, 98)).content.scopes).toEqual(["a", "b"])
    expectRefusal(() => UnverifiedStatement.decode(DELEGATION, bend(4, 1, 98, 1, 97)), "malformed_input")
    expectRefusal(() => UnverifiedStatement.decode(DELEGATION, bend(4, 1, 97, 1, 97)), "malformed_input")
    expectRefusal(() => UnverifiedStatement.decode(DELEGATION, bend(4, 1, 97, 1, 200)), "malformed_input")
    expectRefusal(() => UnverifiedStatement.decode(DELEGATION, bend(0x40, 4, 1, 97, 1, 98)), "malformed_input")
  })

  test("as true or false is one byte, 1 or 0", () => {
    const said = { deployment: "d", conversation: NOTHING, delegationHash: new Uint8Array(32), pharmacist: sixteen("p"), heardAlone: true, atUs: 0 }
    const written = CONFIRMATION.codec.encode(said)

    expect(written.at(-9)).toBe(1)
    expectRefusal(() => UnverifiedStatement.decode(CONFIRMATION, Uint8Array.of(...written.with(-9, 2), 0)), "malformed_input")
  })
})
