/** What a group says of itself, verified. */
import { describe, expect, test } from "vitest"
import type { Delegations } from "../../../src/core/policy/conversation"
import { stateOf } from "../../../src/core/policy/state"
import { AUTHORITY, CLAIRE, HUGO, NOTHING, PLACE, POLICY, TRUST, aDelegation, aRecord, no, yes } from "./people"

const IN_FORCE: Delegations = { number: 1, inForce: [aRecord()], tombstones: [] }
const FORGED: Delegations = { ...IN_FORCE, inForce: [aRecord(aDelegation(), { acceptance: NOTHING })] }
const KNOWN = yes(stateOf(PLACE, IN_FORCE, []))

describe("the state of a group", () => {
  test("holds every record, verified, or is refused", () => {
    expect(KNOWN.inForce.map(({ scopes }) => scopes)).toEqual([["conversation.read", "conversation.send"]])
    expect(no(stateOf(PLACE, FORGED, []))).toBe("E_NOT_ACCEPTED")
  })

  test("takes over what was verified under the same policy, and verifies the rest", () => {
    expect(yes(stateOf(PLACE, { ...IN_FORCE, number: 2 }, [], KNOWN)).inForce[0]).toBe(KNOWN.inForce[0])
    expect(no(stateOf(PLACE, FORGED, [], KNOWN))).toBe("E_NOT_ACCEPTED")
  })

  test.each([
    ["another owner", { ...PLACE, policy: { ...POLICY, ownerAik: HUGO.aik } }],
    ["another patient's key", { ...PLACE, policy: { ...POLICY, patientAik: HUGO.aik } }],
    ["another deployment", { ...PLACE, trust: { ...TRUST, deployment: "else.example" } }],
  ])("takes over nothing that was verified under %s", (_, place) => {
    expect("refused" in stateOf(place, IN_FORCE, [], KNOWN)).toBe(true)
  })

  test("is verified anew under another authority, though no record hangs on it", () => {
    const place = { ...PLACE, trust: { ...TRUST, authority: CLAIRE.aik } }

    expect(yes(stateOf(place, IN_FORCE, [], KNOWN)).inForce[0]).not.toBe(KNOWN.inForce[0])
    expect(yes(stateOf({ ...PLACE, trust: { ...TRUST, authority: AUTHORITY.key } }, IN_FORCE, [], KNOWN)).inForce[0]).toBe(KNOWN.inForce[0])
  })
})
