/** What the desk does where two conversations, two runs of a page or a dead network meet. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { CONVERSATION, Page, aView, settle } from "./aPage"
import { FakePeerConnection } from "./fakePeerConnection"

beforeEach(() => {
  vi.useFakeTimers()
  FakePeerConnection.made.length = 0
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function inCall(page = new Page()): Promise<Page> {
  await page.told(aView("ringing"))
  await page.desk.accept()
  await page.told(aView("joined", { version: 2 }))
  expect(page.stage.value.kind).toBe("in_call")
  return page
}

test("who signs out has hung up, and is not seen while the hub is told", async () => {
  const page = await inCall()
  page.answer = () => new Promise(() => undefined)
  void page.desk.quit()

  expect(page.asked.at(-1)).toMatchObject({ kind: "call.hang_up", call: "call" })
  expect([page.seen, page.storage.kept.size]).toEqual([false, 0])
  await settle()
})

describe("« Rappeler », for a patient,", () => {
  test("is not offered once the call is over", async () => {
    const page = await inCall()
    await page.told(aView("left", { version: 3, state: "ended", reason: "call.media_lost", pairs: [] }))

    expect(page.stage.value).toMatchObject({ kind: "ended", mayCallAgain: false })
    expect((await page.desk.callAgain()).ok).toBe(false)
    expect(page.seen).toBe(false)
  })

  test("comes back into a call that goes on, with what was off still off", async () => {
    const page = await inCall()
    page.desk.setCamera(false)
    await page.told(aView("left", { version: 3, state: "degraded", pairs: [] }))
    expect(page.stage.value).toMatchObject({ kind: "ended", mayCallAgain: true })
    await page.desk.callAgain()
    expect(page.asked.at(-1)).toMatchObject({ kind: "call.accept", call: "call" })
    await page.told(aView("joined", { version: 4 }))

    expect([page.stage.value.kind, page.media.value.cameraOn, page.media.value.microphoneOn]).toEqual(["in_call", false, true])
  })
})

test("the hub is missed alone only while media comes, and this device has a network", async () => {
  const page = await inCall()
  const alone = (): unknown => (page.stage.value as { readonly alone?: boolean }).alone
  page.desk.linked(false)
  expect(alone()).toBe(false)
  FakePeerConnection.made.at(-1)?.channel.hear({ data: JSON.stringify({ t: "beat", mic: true, cam: true, text: "" }) })
  expect(alone()).toBe(true)

  Object.assign(navigator, { onLine: false })
  page.desk.linked(true)
  page.desk.linked(false)

  expect(alone()).toBe(false)
  page.desk.leave()
})

test("the clock goes on over a reload, and begins anew with the next call", async () => {
  const beat = (): void => { FakePeerConnection.made.at(-1)?.channel.hear({ data: JSON.stringify({ t: "beat", mic: true, cam: true, text: "" }) }) }
  const since = ({ stage }: Page): unknown => (stage.value as { readonly since?: number | null }).since
  const before = await inCall()
  expect(since(before)).toBeNull()
  beat()
  const start = Date.now()
  await settle()
  expect(since(before)).toBe(start)
  before.leaves()
  vi.advanceTimersByTime(20_000)
  const after = new Page(before.storage)
  await after.told(aView("joined", { version: 2 }))
  expect(since(after)).toBe(start)

  vi.advanceTimersByTime(5_000)
  await after.told(aView("left", { version: 3, state: "ended", pairs: [] }))
  expect(after.stage.value).toMatchObject({ kind: "ended", lasted: 25_000 })
  expect(after.storage.kept.size).toBe(0)
  before.desk.leave()
})

describe("another conversation", () => {
  test("is prepared once the lobby of the first was left", async () => {
    const page = new Page(undefined, "pharmacist")
    await page.desk.prepare(CONVERSATION)
    await page.told(aView("waiting"))
    await page.desk.prepare("elsewhere")

    expect(page.asked).toMatchObject([
      { kind: "call.open", conversation: CONVERSATION }, { kind: "call.hang_up", conversation: CONVERSATION, call: "call" },
      { kind: "call.open", conversation: "elsewhere" }])
    expect(page.stage.value).toMatchObject({ kind: "lobby", conversation: "elsewhere" })
    await page.told(aView("waiting"), aView("waiting", { id: "second", conversation: "elsewhere" }))
    expect(page.stage.value).toMatchObject({ kind: "lobby", conversation: "elsewhere" })
  })

  test("that the hub did not open says why, and is asked for again by the next press", async () => {
    const page = new Page(undefined, "pharmacist")
    const trouble = { code: "E_RATE", text: "" }
    page.answer = () => ({ ok: false, trouble })
    await page.desk.prepare(CONVERSATION)
    expect(page.stage.value).toMatchObject({ kind: "lobby", trouble })
    expect(await page.desk.ring()).toEqual({ ok: false, trouble })

    page.answer = () => ({ ok: true })
    void page.told(aView("waiting"))
    expect(await page.desk.ring()).toEqual({ ok: true })

    expect(page.stage.value).toMatchObject({ trouble: null })
    expect(page.asked.map(({ kind }) => kind)).toEqual(["call.open", "call.open", "call.open", "call.ring"])
  })

  test("waits while a call goes on, and says so", async () => {
    const page = await inCall(new Page(undefined, "pharmacist"))
    const before = page.asked.length

    expect(await page.desk.prepare("elsewhere")).toEqual({ ok: false, trouble: { code: "call.busy", text: "" } })
    expect(await page.desk.ring()).toEqual({ ok: false, trouble: { code: "call.busy", text: "" } })
    expect([page.stage.value.kind, page.asked.length]).toEqual(["in_call", before])
    await settle()
  })
})
