import { describe, expect, test } from "vitest"
import type { Seat } from "../../src/core/call"
import { MAX_JUMP, lieIn, strangersIn } from "../../src/core/roster"
import type { CallView, LegView, PairView } from "../../src/core/wire"

const CLAIRE: Seat = { person: "claire", device: "claire-1" }
const JEAN: Seat = { person: "jean", device: "jean-1" }
const HUGO: Seat = { person: "hugo", device: "hugo-1" }
const LEAVES = [CLAIRE, JEAN, HUGO]

function aLeg(seat: Seat, changed: Partial<LegView> = {}): LegView {
  return { person: seat.person, device: seat.device, state: "joined", since: 5, away: false, until: null, ...changed }
}

function aPair(changed: Partial<PairView> = {}): PairView {
  return { devices: ["claire-1", "jean-1"], generation: 4, offerer: "claire-1", stage: "all", state: "connecting", ...changed }
}

function aCall(changed: Partial<CallView> = {}): CallView {
  return {
    id: "call", conversation: "talk", version: 3, state: "active", reason: null, caller: "claire", opened_at: 1, since: 6,
    delayed_until: null, turn: false, legs: [aLeg(CLAIRE), aLeg(JEAN)], pairs: [aPair()], ...changed,
  }
}

const lie = (view: CallView, before: CallView | null = aCall()): string | null => lieIn(before, view, LEAVES, MAX_JUMP)?.code ?? null

describe("what a hub can say of a call", () => {
  test.each<[string, CallView, CallView | null]>([
    ["for the first time", aCall(), null],
    ["word for word again", aCall(), aCall()],
    ["that a connection begins anew, by the other", aCall({ version: 4, pairs: [aPair({ generation: 5, offerer: "jean-1" })] }), aCall()],
    ["that the devices of a pair stand the other way round", aCall({ version: 4, pairs: [aPair({ devices: ["jean-1", "claire-1"] })] }), aCall()],
    ["that somebody left", aCall({ version: 4, legs: [aLeg(JEAN), aLeg(CLAIRE, { state: "left", device: null })], pairs: [] }), aCall()],
    ["that somebody is rung who has no device there", aCall({ version: 4, legs: [aLeg(CLAIRE), aLeg(JEAN), aLeg(HUGO, { state: "ringing", device: null })] }), aCall()],
    ["that a device joined whose commit is on its way", aCall({ version: 4, legs: [aLeg(CLAIRE), aLeg(JEAN), aLeg({ person: "marc", device: "marc-1" })] }), aCall()],
    ["that it is over", aCall({ version: 4, state: "ended", pairs: [] }), aCall()],
    ["once more that it is over", aCall({ version: 5, state: "ended", pairs: [] }), aCall({ version: 4, state: "ended", pairs: [] })],
  ])("%s", (_, view, before) => {
    expect(lie(view, before)).toBeNull()
  })
})

describe("what a hub cannot truly say of a call", () => {
  test.each<[string, Partial<CallView>, string]>([
    ["that it is of another conversation", { conversation: "elsewhere" }, "call.wrong_state"],
    ["two things under one number", { version: 3, state: "degraded" }, "call.wrong_state"],
    ["that somebody is in it twice", { legs: [aLeg(CLAIRE), aLeg(JEAN), aLeg(JEAN, { device: "jean-2" })] }, "call.wrong_state"],
    ["that a device is two people's", { legs: [aLeg(CLAIRE), aLeg(JEAN), aLeg({ person: "marc", device: "jean-1" })] }, "call.wrong_state"],
    ["that a pair is there twice", { pairs: [aPair(), aPair({ devices: ["jean-1", "claire-1"], generation: 5 })] }, "call.wrong_state"],
    ["that a device is paired with itself", { pairs: [aPair({ devices: ["jean-1", "jean-1"], offerer: "jean-1" })] }, "call.wrong_state"],
    ["that a third device offers", { pairs: [aPair({ offerer: "hugo-1" })] }, "call.wrong_state"],
    ["that a device is another person's than in the group", { legs: [aLeg({ person: "hugo", device: "claire-1" }), aLeg(JEAN)] }, "call.identity_changed"],
    ["that two people have exchanged their devices", { legs: [aLeg({ person: "jean", device: "claire-1" }), aLeg({ person: "claire", device: "jean-1" })] }, "call.identity_changed"],
    ["that this device is somebody else's", { legs: [aLeg(CLAIRE), aLeg({ person: "hugo", device: "jean-1" })] }, "call.identity_changed"],
    ["that a generation comes again", { pairs: [aPair({ generation: 3 })] }, "call.stale_generation"],
    ["that generations went by unheard", { pairs: [aPair({ generation: 2 ** 31 - 1 })] }, "call.wrong_state"],
    ["that within one generation the other offers", { pairs: [aPair({ offerer: "jean-1" })] }, "call.wrong_role"],
  ])("%s", (_, changed, code) => {
    expect(lie(aCall({ version: 4, ...changed }))).toBe(code)
  })

  test("that what is over goes on", () => {
    expect(lie(aCall({ version: 5 }), aCall({ version: 4, state: "ended", pairs: [] }))).toBe("call.wrong_state")
  })

  test("after a while away, how many generations went by is the hub's to say", () => {
    expect(lieIn(aCall(), aCall({ version: 90, pairs: [aPair({ generation: 80 })] }), LEAVES, Infinity)).toBeNull()
    expect(lieIn(aCall(), aCall({ version: 90, pairs: [aPair({ generation: 3 })] }), LEAVES, Infinity)).not.toBeNull()
  })
})

describe("a stranger", () => {
  const strange = aCall({ pairs: [aPair(), aPair({ devices: ["jean-1", "strange"], offerer: "strange" })] })

  test("is a device that this one is to connect to and that the group does not hold", () => {
    expect(strangersIn(strange, JEAN, LEAVES)).toEqual([{ code: "call.identity_changed", peer: "strange", generation: 4 }])
    expect(strangersIn(aCall(), JEAN, LEAVES)).toEqual([])
  })

  test("is none to who is not concerned, or has no group yet to know it by", () => {
    expect(strangersIn(strange, CLAIRE, LEAVES)).toEqual([])
    expect(strangersIn(strange, { ...JEAN, device: "jean-2" }, LEAVES)).toEqual([])
    expect(strangersIn(strange, JEAN, [])).toEqual([])
  })
})
