/** Credentials of a relay are asked for while the call lasts, and not longer. */
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { TurnAnswer } from "../../../src/core/rpc"
import { Turn } from "../../../src/io/call/turn"

beforeEach(() => { vi.useFakeTimers() })
afterEach(() => { vi.useRealTimers() })

const REFUSED: TurnAnswer = { ok: false, trouble: { code: "call.wrong_state", text: "" } }
const issued = (): TurnAnswer => ({ ok: true, turn: { urls: ["turn:192.0.2.1"], username: "u", credential: "c", expires_at: 0, renew_at: (Date.now() + 300_000) * 1000 } })

test("they are renewed at half time, and asked for again where they were refused", async () => {
  let asked = 0
  const turn = new Turn(() => { asked += 1; return Promise.resolve(asked === 2 ? REFUSED : issued()) }, () => undefined, () => undefined)
  expect(await turn.servers()).toMatchObject([{ urls: ["turn:192.0.2.1"], username: "u" }])

  await vi.advanceTimersByTimeAsync(300_000)
  expect(asked).toBe(2)
  await vi.advanceTimersByTimeAsync(15_000)
  expect(asked).toBe(3)
})

test.each([["granted", issued], ["refused", () => REFUSED]])("a call that is left while they are asked for asks no more, though they are %s", async (_, answer) => {
  let asked = 0
  let answers: () => void = () => undefined
  const turn = new Turn(() => {
    asked += 1
    return new Promise((resolve) => { answers = () => { resolve(answer()) } })
  }, () => undefined, () => undefined)
  const servers = turn.servers()
  turn.close()
  answers()

  expect(await servers).toEqual([])
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(asked).toBe(1)
})
