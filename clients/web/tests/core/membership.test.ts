/** Who may change a group how: the same cases as tests/crypto/policy/test_membership.py. */
import { describe, expect, test } from "vitest"
import type { Leaf } from "../../src/core/conversation"
import { breachOf, type Change } from "../../src/core/membership"

const of = (person: string, device = "1"): Leaf => ({ person, device: `${person}-${device}` })
const [CLAIRE, JEAN, MARIE] = ["claire", "jean", "marie"] as const
const ROLES = ["patient", "carer", "pharmacist", "technician"]
const STAFF = ["pharmacist", "technician"]

/** A pharmacist's commit that does nothing, in a group of hers and a patient's. */
function aChange(changes: Partial<Change> = {}): Change {
  return {
    committer: of(CLAIRE), role: "pharmacist", external: false, before: [of(CLAIRE), of(JEAN)],
    added: [], removed: [], due: [], sameExtensions: true, knownProposals: true, ...changes,
  }
}

const byJean = (changes: Partial<Change> = {}): Change => aChange({ committer: of(JEAN), role: "patient", ...changes })

describe("a member's commit", () => {
  test.each(ROLES)("of nothing but new keys is anybody's: %s", (role) => {
    expect(breachOf(aChange({ role }))).toBeNull()
  })

  test.each([...ROLES, "unknown", ""])("adds other people only by the staff's hand: %s", (role) => {
    expect(breachOf(aChange({ role, added: [of(MARIE)] }))).toBe(STAFF.includes(role) ? null : "adds_another")
  })

  test.each(ROLES)("brings and takes one's own devices: %s", (role) => {
    expect(breachOf(aChange({ role, added: [of(CLAIRE, "2")] }))).toBeNull()
    expect(breachOf(aChange({ role, removed: [of(CLAIRE, "2")] }))).toBeNull()
  })

  test("carries no stranger in or out among one's own", () => {
    expect(breachOf(byJean({ added: [of(JEAN, "2"), of(MARIE)] }))).toBe("adds_another")
    expect(breachOf(byJean({ removed: [of(JEAN, "2"), of(MARIE)] }))).toBe("removes_another")
  })

  test.each(ROLES)("puts another person out only where that is due: %s", (role) => {
    expect(breachOf(aChange({ role, removed: [of(JEAN)] }))).toBe("removes_another")
    expect(breachOf(aChange({ role, removed: [of(JEAN)], due: [of(JEAN)] }))).toBeNull()
    expect(breachOf(aChange({ role, removed: [of(JEAN)], due: [of(JEAN, "2")] }))).toBe("removes_another")
  })
})

describe("any commit", () => {
  test.each([aChange(), byJean({ external: true })])("leaves the group's extensions, and holds no other proposal", (change) => {
    expect(breachOf({ ...change, sameExtensions: false })).toBe("changes_extensions")
    expect(breachOf({ ...change, knownProposals: false })).toBe("foreign_proposal")
  })
})

describe("a commit from outside", () => {
  test("brings a device back in its own place, once", () => {
    expect(breachOf(byJean({ external: true, removed: [of(JEAN)] }))).toBeNull()
    expect(breachOf(byJean({ external: true }))).toBe("external_change")
  })

  test("brings no stranger, nor a new device of a member", () => {
    expect(breachOf(byJean({ committer: of(JEAN, "2"), external: true }))).toBe("stranger")
    expect(breachOf(aChange({ committer: of(MARIE), external: true }))).toBe("stranger")
  })

  test.each<[string, Partial<Change>]>([
    ["another person's removal", { removed: [of(CLAIRE)] }],
    ["another own device's removal", { removed: [of(JEAN, "2")] }],
    ["an addition", { added: [of(JEAN, "2")] }],
  ])("does nothing else: %s", (_, changes) => {
    expect(breachOf(byJean({ external: true, ...changes }))).toBe("external_change")
  })
})
