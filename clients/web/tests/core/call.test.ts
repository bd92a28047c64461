import { describe, expect, test } from "vitest"
import { endOf, noticeOf, onlyCalls, peeringsOf, placeIn, placeOf, withCall, type Calls, type Seat } from "../../src/core/call"
import type { CallView, LegView, PairView } from "../../src/core/wire"

const CLAIRE: Seat = { person: "claire", device: "claire-1" }
const JEAN: Seat = { person: "jean", device: "jean-1" }
const LEAVES = [CLAIRE, JEAN]
const NONE: Calls = new Map()

function aLeg(seat: Seat, changed: Partial<LegView> = {}): LegView {
  return { person: seat.person, device: seat.device, state: "joined", since: 5_000_000, away: false, until: null, ...changed }
}

function aPair(changed: Partial<PairView> = {}): PairView {
  return { devices: ["claire-1", "jean-1"], generation: 1, offerer: "claire-1", stage: "all", state: "connecting", ...changed }
}

function aCall(changed: Partial<CallView> = {}): CallView {
  return {
    id: "call", conversation: "talk", version: 3, state: "active", reason: null, caller: "claire", opened_at: 1, since: 6_000_000,
    delayed_until: null, turn: false, legs: [aLeg(CLAIRE), aLeg(JEAN)], pairs: [aPair()], ...changed,
  }
}

const ringing = aLeg(JEAN, { state: "ringing", device: null, until: 120_000_000 })

describe("what is known of calls", () => {
  test("the newest word stands, in whatever order it comes", () => {
    const calls = withCall(withCall(NONE, aCall({ version: 4 })), aCall({ version: 3, state: "ringing" }))
    expect(calls.get("call")).toMatchObject({ version: 4, state: "active" })
    expect(withCall(calls, aCall({ version: 4 }))).toBe(calls)
  })

  test("the end of one is remembered, so that an older word cannot revive it", () => {
    const calls = withCall(withCall(NONE, aCall({ version: 9, state: "ended" })), aCall({ version: 8 }))
    expect(calls.get("call")?.state).toBe("ended")
  })

  test("of many that ended the oldest are forgotten, of the live ones none", () => {
    let calls = withCall(NONE, aCall({ id: "live" }))
    for (let i = 0; i < 100; i += 1) calls = withCall(calls, aCall({ id: `ended-${i}`, state: "ended" }))

    expect(calls.size).toBe(32)
    expect(calls.has("live") && calls.has("ended-99")).toBe(true)
    expect(calls.has("ended-0")).toBe(false)
  })

  test("after a hello only the live ones are left, and none goes back in time", () => {
    const before = withCall(withCall(NONE, aCall({ version: 7 })), aCall({ id: "other" }))
    const after = onlyCalls(before, [aCall({ version: 6, state: "ringing" })])

    expect([...after.keys()]).toEqual(["call"])
    expect(after.get("call")).toMatchObject({ version: 7, state: "active" })
  })
})

describe("a hub that tells of calls without end", () => {
  test("has only so many kept, pushed one by one or told at hello", () => {
    let calls = NONE
    for (let i = 0; i < 2_000; i += 1) calls = withCall(calls, aCall({ id: `live-${i}` }))
    expect(calls.size).toBe(256)
    expect(calls.has("live-1999")).toBe(true)

    expect(onlyCalls(NONE, Array.from({ length: 2_000 }, (_, i) => aCall({ id: `live-${i}` }))).size).toBe(256)
  })
})

describe("where this device is", () => {
  test.each<[string, Partial<CallView>, string]>([
    ["it rings here", { state: "ringing", legs: [aLeg(CLAIRE), ringing], pairs: [] }, "incoming"],
    ["it waits in the lobby", { state: "lobby", legs: [aLeg(JEAN, { state: "waiting" })], pairs: [] }, "waiting"],
    ["it is in the call", {}, "in_call"],
    ["the call is over", { state: "ended" }, "none"],
    ["another device of this person has it", { legs: [aLeg(CLAIRE), aLeg({ ...JEAN, device: "jean-2" })] }, "none"],
    ["another device of this person waits", { state: "lobby", legs: [aLeg({ ...JEAN, device: "jean-2" }, { state: "waiting" })] }, "none"],
    ["this person left", { legs: [aLeg(CLAIRE), aLeg(JEAN, { state: "left", device: null })] }, "none"],
    ["it is a call of others", { legs: [aLeg(CLAIRE)] }, "none"],
  ])("%s", (_, changed, kind) => {
    expect(placeIn(aCall(changed), JEAN).kind).toBe(kind)
  })

  test("the caller waits while it rings, and is in the call with the first who accepts", () => {
    const third = { person: "hugo", device: "hugo-1" }
    expect(placeIn(aCall({ legs: [aLeg(CLAIRE), ringing], pairs: [] }), CLAIRE)).toMatchObject({ kind: "calling", until: 120_000 })
    expect(placeIn(aCall({ legs: [aLeg(CLAIRE), ringing, aLeg(third)] }), CLAIRE).kind).toBe("in_call")
  })

  test("who is left alone is still in the call", () => {
    expect(placeIn(aCall({ legs: [aLeg(CLAIRE), aLeg(JEAN, { state: "left", device: null })], pairs: [] }), CLAIRE).kind).toBe("in_call")
  })

  test("the call it is in has the screen before one that rings", () => {
    const other = aCall({ id: "other", legs: [ringing], pairs: [] })
    expect(placeOf([other, aCall()], JEAN)).toMatchObject({ kind: "in_call", view: { id: "call" } })
    expect(placeOf([], JEAN)).toEqual({ kind: "none" })
  })
})

describe("why it is over for this device", () => {
  const left = (state: LegView["state"], device: string | null = null): CallView => aCall({ legs: [aLeg(CLAIRE), aLeg(JEAN, { state, device })] })

  test.each<[string, CallView | null, string]>([
    ["the hub's reason", aCall({ state: "ended", reason: "call.media_lost" }), "call.media_lost"],
    ["an end without a reason", aCall({ state: "ended" }), "call.peer_left"],
    ["it ended while this device was away", null, "call.peer_left"],
    ["another device took it", left("joined", "jean-2"), "call.taken"],
    ["it rang too long", left("missed"), "call.timeout"],
    ["another device declined it", left("declined"), "call.declined"],
    ["another device asked to be telephoned", left("call_me"), "call.declined"],
    ["it stopped ringing", left("left"), "call.cancelled"],
  ])("%s", (_, view, reason) => {
    expect(endOf(view, JEAN)).toBe(reason)
  })
})

describe("what a list shows of a call", () => {
  const members = [{ person: "claire", name: "Claire Morel", role: "pharmacist" as const }, { person: "jean", name: "Jean Lefèvre", role: "patient" as const }]

  test("people by name, instants in milliseconds", () => {
    expect(noticeOf(aCall({ state: "lobby", delayed_until: 9_000_000, legs: [aLeg(JEAN, { state: "waiting", away: true })] }), members, JEAN)).toEqual({
      id: "call", conversation: "talk", state: "lobby", since: 6_000, delayedUntil: 9_000,
      people: [{ person: "jean", name: "Jean Lefèvre", role: "patient", me: true, state: "waiting", away: true, since: 5_000, here: true }],
    })
  })

  test("nothing once it is over", () => {
    expect(noticeOf(aCall({ state: "ended" }), members, JEAN)).toBeNull()
  })
})

describe("whom this device connects to", () => {
  test("the other device of its pair, if the group holds it for that person", () => {
    expect(peeringsOf(aCall(), JEAN, LEAVES)).toEqual([{ person: "claire", device: "claire-1", pair: aPair() }])
    expect(peeringsOf(aCall(), CLAIRE, LEAVES)).toEqual([{ person: "jean", device: "jean-1", pair: aPair() }])
  })

  test("three at most, however many the group holds", () => {
    const others = Array.from({ length: 9 }, (_, i) => ({ person: `p${i}`, device: `d${i}` }))
    const view = aCall({ legs: [...others, JEAN].map((seat) => aLeg(seat)), pairs: others.map(({ device }) => aPair({ devices: [device, "jean-1"], offerer: device })) })

    expect(peeringsOf(view, JEAN, [...others, JEAN])).toHaveLength(3)
  })

  test.each<[string, Partial<CallView>, readonly Seat[]]>([
    ["the group does not hold it", {}, [JEAN]],
    ["the group holds it for another person", {}, [{ person: "hugo", device: "claire-1" }, JEAN]],
    ["its person is not in the call", { legs: [aLeg(JEAN)] }, LEAVES],
    ["its person only waits", { legs: [aLeg(CLAIRE, { state: "waiting" }), aLeg(JEAN)] }, LEAVES],
    ["this device is not in the call itself", { legs: [aLeg(CLAIRE), aLeg(JEAN, { device: "jean-2" })] }, LEAVES],
    ["the pair is of two others", { pairs: [aPair({ devices: ["claire-1", "hugo-1"] })] }, LEAVES],
    ["a third device is to offer", { pairs: [aPair({ offerer: "hugo-1" })] }, LEAVES],
    ["the pair is this device twice", { pairs: [aPair({ devices: ["jean-1", "jean-1"], offerer: "jean-1" })] }, LEAVES],
    ["the pair is of three", { pairs: [aPair({ devices: ["claire-1", "jean-1", "hugo-1"] })] }, LEAVES],
  ])("nobody where %s", (_, changed, leaves) => {
    expect(peeringsOf(aCall(changed), JEAN, leaves)).toEqual([])
  })
})
