/** A call without the hub: it goes on for thirty seconds, and ends here by itself. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import type { CallView } from "../../../src/core/wire"
import { CLAIRE, CONVERSATION, ME, Page, aView, settle } from "./aPage"
import { FakePeerConnection } from "./fakePeerConnection"

beforeEach(() => {
  vi.useFakeTimers()
  FakePeerConnection.made.length = 0
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const calling: Partial<CallView> = {
  legs: [
    { ...ME, state: "joined", since: 1, away: false, until: null },
    { person: CLAIRE.person, device: null, state: "ringing", since: 1, away: false, until: 9e15 },
  ],
}

async function rings(): Promise<Page> {
  const page = new Page(undefined, "pharmacist")
  await page.desk.prepare(CONVERSATION)
  await page.told(aView("waiting"))
  await page.desk.ring()
  await page.told(aView("ringing", { version: 2, ...calling }))
  return page
}

async function inCall(): Promise<Page> {
  const page = new Page()
  await page.told(aView("ringing"))
  await page.desk.accept()
  await page.told(aView("joined", { version: 2 }))
  return page
}

describe("thirty seconds without the hub", () => {
  test.each([["calling", rings], ["in_call", inCall]] as const)("end what was %s: nothing stays on", async (kind, begin) => {
    const page = await begin()
    expect([page.stage.value.kind, page.seen]).toEqual([kind, true])
    page.desk.linked(false)
    await vi.advanceTimersByTimeAsync(29_900)
    expect(page.stage.value.kind).toBe(kind)

    await vi.advanceTimersByTimeAsync(100)

    expect(page.stage.value).toMatchObject({ kind: "ended", reason: "call.media_lost" })
    expect([page.seen, FakePeerConnection.made.every(({ closed }) => closed)]).toEqual([false, true])
  })

  test("and once the hub is back, it is told", async () => {
    const page = await inCall()
    page.desk.linked(false)
    await vi.advanceTimersByTimeAsync(30_000)
    page.desk.linked(true)
    await page.told(aView("joined", { version: 3 }))
    await settle()

    expect(page.kinds.at(-1)).toBe("call.hang_up")
    expect(page.seen).toBe(false)
  })

  test("that were only twenty-nine end nothing", async () => {
    const page = await inCall()
    page.desk.linked(false)
    await vi.advanceTimersByTimeAsync(29_000)
    page.desk.linked(true)
    await vi.advanceTimersByTimeAsync(29_000)

    expect(page.stage.value.kind).toBe("in_call")
  })
})
