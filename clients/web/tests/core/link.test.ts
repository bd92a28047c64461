import { describe, expect, test } from "vitest"
import { NOT_STARTED, next, pause, type LinkInput, type LinkState } from "../../src/core/link"

const CONNECTING: LinkState = { kind: "connecting", attempt: 0 }
const ONLINE: LinkState = { kind: "online" }
const WAITING: LinkState = { kind: "waiting", attempt: 2, retryAt: 5_000, restarting: false }
const closed = (code: number): LinkInput => ({ kind: "closed", code, at: 1_000, jitter: 0, urgent: false })

describe("the link", () => {
  test.each<[string, LinkState, LinkInput, LinkState]>([
    ["starts once", NOT_STARTED, { kind: "start" }, CONNECTING],
    ["does not start twice", ONLINE, { kind: "start" }, ONLINE],
    ["is online when the hub welcomes it", CONNECTING, { kind: "opened" }, ONLINE],
    ["is not online without having connected", WAITING, { kind: "opened" }, WAITING],
    ["waits after a break", ONLINE, closed(1006), { kind: "waiting", attempt: 1, retryAt: 1_125, restarting: false }],
    ["waits longer after a try that failed", { kind: "connecting", attempt: 3 }, closed(1006), { kind: "waiting", attempt: 4, retryAt: 2_000, restarting: false }],
    ["comes back after being too slow", ONLINE, closed(4500), { kind: "waiting", attempt: 1, retryAt: 1_125, restarting: false }],
    ["ends with the session", ONLINE, closed(4401), { kind: "stopped", why: "expired" }],
    ["yields to a newer connection of the device", ONLINE, closed(4409), { kind: "stopped", why: "other_tab" }],
    ["does not come back when forbidden", ONLINE, closed(4403), { kind: "stopped", why: "forbidden" }],
    ["does not come back after what nobody could read", ONLINE, closed(4400), { kind: "stopped", why: "malformed" }],
    ["does not come back after a frame beyond every bound", ONLINE, closed(1009), { kind: "stopped", why: "malformed" }],
    ["never comes back on 4499", ONLINE, closed(4499), { kind: "stopped", why: "forbidden" }],
    ["waits as long as a restarting hub says", ONLINE, { kind: "restart", after: 700, at: 1_000 }, { kind: "waiting", attempt: 0, retryAt: 1_700, restarting: true }],
    ["waits a minute at most for a restart, whatever the hub says", ONLINE, { kind: "restart", after: 1e12, at: 1_000 }, { kind: "waiting", attempt: 0, retryAt: 61_000, restarting: true }],
    ["keeps that pause when the socket then closes", { ...WAITING, restarting: true }, closed(4501), { ...WAITING, restarting: true }],
    ["tries when the pause is over", WAITING, { kind: "due", at: 5_000 }, { kind: "connecting", attempt: 2 }],
    ["does not try before", WAITING, { kind: "due", at: 4_999 }, WAITING],
    ["hurries when the network is back", WAITING, { kind: "hurry" }, { kind: "connecting", attempt: 2 }],
    ["has nothing to hurry when online", ONLINE, { kind: "hurry" }, ONLINE],
    ["stays stopped whatever closes", { kind: "stopped", why: "expired" }, closed(1006), { kind: "stopped", why: "expired" }],
    ["stops when another tab takes over", ONLINE, { kind: "stop", why: "other_tab" }, { kind: "stopped", why: "other_tab" }],
  ])("%s", (_, before, input, after) => {
    expect(next(before, input)).toEqual(after)
  })

  test("a pause grows, never beyond ten seconds, and jitter keeps clients apart", () => {
    for (let attempt = 0; attempt < 40; attempt += 1) {
      expect(pause(attempt, 0.999, false)).toBeLessThanOrEqual(10_000)
      expect(pause(attempt, 0, false)).toBeGreaterThanOrEqual(125)
    }
    expect(pause(8, 0, false)).toBe(5_000)
    expect(pause(8, 0.5, false)).toBe(7_500)
  })

  test("in a call a pause is never beyond a second, and jitter keeps clients apart", () => {
    for (let attempt = 0; attempt < 40; attempt += 1) expect(pause(attempt, 0.999, true)).toBeLessThanOrEqual(1_000)
    expect(pause(8, 0, true)).toBe(500)
    expect(next({ kind: "connecting", attempt: 9 }, { ...closed(1006), urgent: true } as LinkInput)).toMatchObject({ retryAt: 1_500 })
  })
})
