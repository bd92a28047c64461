import { describe, expect, test } from "vitest"
import { BEAT_PATIENCE_MS, MEDIA_PATIENCE_MS, TOLD_PAUSE_MS, begin, isDoubtful, mustTell, next, type PairInput, type PairState } from "../../src/core/pair"

const CONNECTING = begin(1, 1_000)
const CONNECTED: PairState = { kind: "connected", generation: 1, heard: 5_000 }
const LOST: PairState = { kind: "lost", generation: 1, why: "stalled", at: 6_200, notBefore: 6_200, tries: 0 }
const tick = (at: number, patience = MEDIA_PATIENCE_MS): PairInput => ({ kind: "tick", at, patience })

describe("a connection to one other device", () => {
  test.each<[string, PairState, PairInput, PairState]>([
    ["is connected by the first thing that comes", CONNECTING, { kind: "heard", at: 1_150 }, { kind: "connected", generation: 1, heard: 1_150 }],
    ["remembers when something last came", CONNECTED, { kind: "heard", at: 5_250 }, { ...CONNECTED, heard: 5_250 }],
    ["remembers the latest, though an older packet is counted later", CONNECTED, { kind: "heard", at: 4_900 }, CONNECTED],
    ["waits just under three seconds for the first", CONNECTING, tick(3_999), CONNECTING],
    ["is slow after three seconds", CONNECTING, tick(4_000), { kind: "lost", generation: 1, why: "slow", at: 4_000, notBefore: 4_000, tries: 1 }],
    ["bears silence for less than 1.2 s", CONNECTED, tick(6_199), CONNECTED],
    ["has stalled after 1.2 s of silence", CONNECTED, tick(6_200), LOST],
    ["bears a missed heartbeat where only those come", CONNECTED, tick(7_999, BEAT_PATIENCE_MS), CONNECTED],
    ["has stalled after 3 s without one", CONNECTED, tick(8_000, BEAT_PATIENCE_MS), { ...LOST, at: 8_000, notBefore: 8_000 }],
    ["is lost when it failed", CONNECTED, { kind: "lost", why: "failed", at: 5_100 }, { kind: "lost", generation: 1, why: "failed", at: 5_100, notBefore: 5_100, tries: 0 }],
    ["is lost with the network it was made on", CONNECTED, { kind: "lost", why: "network", at: 5_100 }, { kind: "lost", generation: 1, why: "network", at: 5_100, notBefore: 5_100, tries: 0 }],
    ["is lost while it was still being made", CONNECTING, { kind: "lost", why: "refused", at: 1_100 }, { kind: "lost", generation: 1, why: "refused", at: 1_100, notBefore: 1_100, tries: 1 }],
    ["keeps its first reason", LOST, { kind: "lost", why: "network", at: 7_000 }, LOST],
    ["does not come back by a late packet", LOST, { kind: "heard", at: 6_300 }, LOST],
    ["does not grow older once lost", LOST, tick(60_000), LOST],
    ["begins anew with the next generation", LOST, { kind: "generation", generation: 2, at: 6_400 }, begin(2, 6_400)],
    ["begins anew because the other side lost it", CONNECTED, { kind: "generation", generation: 2, at: 6_000 }, begin(2, 6_000)],
    ["skips a generation it never saw", CONNECTING, { kind: "generation", generation: 7, at: 2_000 }, begin(7, 2_000, 1)],
    ["stays in this generation when told of it again", CONNECTED, { kind: "generation", generation: 1, at: 6_000 }, CONNECTED],
    ["does not go back to an older one", CONNECTED, { kind: "generation", generation: 0, at: 6_000 }, CONNECTED],
    ["waits as long as the hub says before it tells again", LOST, { kind: "told", at: 6_300, pause: 9_000 }, { ...LOST, notBefore: 15_300 }],
    ["has nothing to wait for while connected", CONNECTED, { kind: "told", at: 6_300, pause: 9_000 }, CONNECTED],
  ])("%s", (_, before, input, after) => {
    expect(next(before, input)).toEqual(after)
  })

  test("is told to the hub at once, and again when no next generation came", () => {
    expect(mustTell(LOST, 6_200)).toBe(true)
    const told = next(LOST, { kind: "told", at: 6_250, pause: TOLD_PAUSE_MS })
    expect(mustTell(told, 6_300)).toBe(false)
    expect(mustTell(told, 6_250 + TOLD_PAUSE_MS)).toBe(true)
    expect(mustTell(CONNECTED, 9_000)).toBe(false)
  })

  test("makes one doubt the network when half the patience is over", () => {
    expect(isDoubtful(CONNECTED, 5_599, MEDIA_PATIENCE_MS)).toBe(false)
    expect(isDoubtful(CONNECTED, 5_600, MEDIA_PATIENCE_MS)).toBe(true)
    expect(isDoubtful(LOST, 9_000, MEDIA_PATIENCE_MS)).toBe(false)
  })
})
