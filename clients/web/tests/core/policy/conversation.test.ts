/** What a group says of its conversation, and what a commit says of itself. */
import { describe, expect, test } from "vitest"
import type { Extension } from "../../../src/core/mls/extensions"
import {
  NO_DELEGATIONS, POLICY_EXTENSION, changed, decodeCommitData, documentOf, encodeCommitData, encodeDelegations, encodePolicy, extensionsOf, hubSender,
  readExtensions, sameOthers, type ConversationPolicy, type DelegationRecord, type Delegations, type Tombstone,
} from "../../../src/core/policy/conversation"
import { REVOCATION, signStatement } from "../../../src/core/policy/statements"
import { uuidBytes } from "../../../src/core/uuid"
import { expectRefusal } from "../golden"
import { DEPLOYMENT, JEAN, MARC, NOTHING, NOW_US, POLICY, aDelegation, aRecord, idOf, keyOf } from "./people"

const HUB = hubSender(keyOf("hub").key)
const id = (name: string): Uint8Array => uuidBytes(idOf(name))
const named = (...names: string[]): DelegationRecord[] =>
  names.map((name) => aRecord(aDelegation({ delegation: id(name) })))
const RECORD = aRecord()
const { delegation: RECORD_ID, notAfterUs } = documentOf(RECORD)
const withdrawal = (delegation = RECORD_ID): Uint8Array => signStatement(
  REVOCATION, { deployment: DEPLOYMENT, conversation: POLICY.conversation, delegation, scopes: ["conversation.send"], atUs: NOW_US }, JEAN.secret)
const IN_FORCE: Delegations = { number: 4, inForce: [RECORD], tombstones: [] }
const stone = (changes: Partial<Tombstone> = {}): Tombstone => ({ delegation: id("old"), ending: "revoked", atUs: NOW_US, notAfterUs, ...changes })

describe("the extensions of a group", () => {
  const extensions = extensionsOf(POLICY, IN_FORCE, HUB)

  test("are four, and say whose conversation it is and who acts there", () => {
    expect(extensions.map(({ type }) => type)).toEqual([3, 5, 0xf0c2, 0xf0c3])
    expect(readExtensions(extensions)).toEqual({ policy: POLICY, delegations: IN_FORCE })
  })

  test.each<[string, (all: readonly Extension[]) => readonly Extension[]]>([
    ["one missing", (all) => all.slice(0, 3)],
    ["one more", (all) => [...all, { type: 0xf0c4, data: NOTHING }]],
    ["two changed round", ([a, b, c, d]) => [a, b, d, c].filter((one) => one !== undefined)],
    ["other capabilities", ([, ...all]) => [{ type: 3, data: Uint8Array.of(0, 0, 0) }, ...all]],
    ["another version of the policy", ([a, b, c, d]) => [a, b, c && { ...c, data: c.data.with(0, 2) }, d].filter((one) => one !== undefined)],
    ["something after the policy", ([a, b, c, d]) => [a, b, c && { ...c, data: Uint8Array.of(...c.data, 0) }, d].filter((one) => one !== undefined)],
  ])("are no others: %s", (_, bend) => {
    expectRefusal(() => readExtensions(bend(extensions)))
  })

  test("hold against any bit that is another, or say something else", () => {
    const data = encodePolicy(POLICY)
    const [required, senders, , delegations] = extensions as [Extension, Extension, Extension, Extension]

    for (let bit = 0; bit < data.length * 8; bit += 1) {
      const bent = data.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      const read = (): ConversationPolicy => readExtensions([required, senders, { type: POLICY_EXTENSION, data: bent }, delegations]).policy
      try {
        expect(read()).not.toEqual(POLICY)
      } catch (error) {
        expect(error).toMatchObject({ name: "VerificationError" })
      }
    }
  })

  test("are compared without the two that may change", () => {
    const [required, senders, ...own] = extensions as [Extension, Extension, ...Extension[]]

    expect(sameOthers(extensions, extensionsOf(POLICY, NO_DELEGATIONS, HUB))).toBe(true)
    expect(sameOthers(extensions, extensionsOf(POLICY, IN_FORCE, hubSender(MARC.aik)))).toBe(false)
    expect(sameOthers(extensions, [required, ...own])).toBe(false)
    expect(sameOthers(extensions, [senders, required, ...own])).toBe(false)
  })

  test.each<[string, Partial<ConversationPolicy>]>([
    ["of a kind that does not exist", { kind: "constructor" }],
    ["with half a key of the patient", { patientAik: new Uint8Array(16) }],
    ["whose pharmacy is not ASCII", { pharmacy: "é" }],
  ])("are not written %s", (_, changes) => {
    expectRefusal(() => encodePolicy({ ...POLICY, ...changes }), "malformed_input")
  })

  test("hold delegations and tombstones in one order, each once, up to a bound", () => {
    const two = named("a", "b")
    const inForce = changed(NO_DELEGATIONS, { admitted: two, atUs: NOW_US }).inForce

    expect(() => encodeDelegations({ ...NO_DELEGATIONS, inForce })).not.toThrow()
    expectRefusal(() => encodeDelegations({ ...NO_DELEGATIONS, inForce: inForce.toReversed() }), "malformed_input")
    expectRefusal(() => encodeDelegations({ ...NO_DELEGATIONS, inForce: [RECORD, RECORD] }), "malformed_input")
    expectRefusal(() => encodeDelegations({ ...NO_DELEGATIONS, tombstones: [stone(), stone()] }), "malformed_input")
    expectRefusal(() => changed(NO_DELEGATIONS, { admitted: named(...Array.from({ length: 17 }, (_, i) => `d${i}`)), atUs: NOW_US }), "malformed_input")
  })
})

describe("the delegations after a commit", () => {
  test("are the same, number and all, where nothing changed", () => {
    expect(changed(IN_FORCE, { atUs: NOW_US })).toEqual(IN_FORCE)
  })

  test("go one number up, however much changed", () => {
    const after = changed(IN_FORCE, { ended: [[RECORD_ID, "revoked"]], admitted: named("a", "b"), atUs: NOW_US })

    expect(after.number).toBe(5)
    expect(after.inForce).toHaveLength(2)
    expect(after.tombstones).toEqual([stone({ delegation: RECORD_ID })])
  })

  test("keep a withdrawal with its record", () => {
    const after = changed(IN_FORCE, { narrowed: [withdrawal()], atUs: NOW_US })

    expect(after).toEqual({ ...IN_FORCE, number: 5, inForce: [{ ...RECORD, revocations: [withdrawal()] }] })
  })

  test("keep a tombstone until its delegation would have ended, and not longer", () => {
    const before = { ...NO_DELEGATIONS, tombstones: [stone()] }

    expect(changed(before, { atUs: notAfterUs - 1 })).toEqual(before)
    expect(changed(before, { atUs: notAfterUs })).toEqual({ ...NO_DELEGATIONS, number: 1 })
  })

  test("bring none back, and end or narrow none that is not there", () => {
    const ended = changed(IN_FORCE, { ended: [[RECORD_ID, "revoked"]], atUs: NOW_US })

    expectRefusal(() => changed(ended, { admitted: [RECORD], atUs: NOW_US }), "malformed_input")
    expectRefusal(() => changed(IN_FORCE, { admitted: [RECORD], atUs: NOW_US }), "malformed_input")
    expectRefusal(() => changed(ended, { ended: [[RECORD_ID, "revoked"]], atUs: NOW_US }), "malformed_input")
    expectRefusal(() => changed(IN_FORCE, { narrowed: [withdrawal(id("other"))], atUs: NOW_US }), "malformed_input")
  })
})

describe("what a commit says of itself", () => {
  const data = { atUs: NOW_US, statements: [{ what: "revocation", statement: withdrawal(), staff: NOTHING }] }

  test("reads back", () => {
    expect(decodeCommitData(encodeCommitData(data))).toEqual(data)
    expect(decodeCommitData(encodeCommitData({ atUs: 0, statements: [] }))).toEqual({ atUs: 0, statements: [] })
  })

  test("is refused cut short anywhere, with something after it, or of another version", () => {
    const bytes = encodeCommitData(data)

    for (let end = 0; end < bytes.length; end += 1) expectRefusal(() => decodeCommitData(bytes.slice(0, end)))
    expectRefusal(() => decodeCommitData(Uint8Array.of(...bytes, 0)))
    expectRefusal(() => decodeCommitData(bytes.with(0, 2)))
  })

  test("has bounds", () => {
    const [one = { what: "", statement: NOTHING, staff: NOTHING }] = data.statements

    expect(() => encodeCommitData({ atUs: 0, statements: Array.from({ length: 8 }, () => one) })).not.toThrow()
    expectRefusal(() => encodeCommitData({ atUs: 0, statements: Array.from({ length: 9 }, () => one) }))
    expectRefusal(() => encodeCommitData({ atUs: 0, statements: [{ ...one, statement: new Uint8Array(8193) }] }))
    expectRefusal(() => encodeCommitData({ ...data, atUs: 2 ** 53 }))
  })
})
