/** A hub's word turns no camera on: a press in this tab does, and ends with the call it was for. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { CONVERSATION, Page, Storage, aView, settle } from "./aPage"
import { FakePeerConnection } from "./fakePeerConnection"

beforeEach(() => {
  vi.useFakeTimers()
  FakePeerConnection.made.length = 0
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const connections = (): number => FakePeerConnection.made.filter((one) => !one.closed).length

async function inCall(page = new Page()): Promise<Page> {
  await page.told(aView("ringing"))
  await page.desk.accept()
  await page.told(aView("joined", { version: 2 }))
  expect([page.stage.value.kind, page.seen, connections()]).toEqual(["in_call", true, 1])
  return page
}

describe("a hub that says by itself that this device", () => {
  test.each(["joined", "waiting"] as const)("is %s turns on neither camera nor microphone, and makes no connection", async (state) => {
    const page = new Page()
    await page.told(aView(state))

    expect(page.tracks).toEqual([])
    expect(FakePeerConnection.made).toEqual([])
    expect(page.stage.value).toEqual({ kind: "none" })
  })

  test("is in a call again after it hung up is told so, and shown to nobody", async () => {
    const page = await inCall()
    await page.desk.hangUp()
    await page.told(aView("joined", { version: 3 }))
    await page.told(aView("joined", { version: 4, id: "other" }))
    vi.advanceTimersByTime(3_000)
    await page.told(aView("joined", { version: 5 }))

    expect([page.seen, connections()]).toEqual([false, 0])
    expect(page.kinds.slice(1)).toEqual(["call.hang_up", "call.hang_up"])
  })

  test("is in it without end is told so now and then, not each time", async () => {
    const page = await inCall()
    await page.desk.hangUp()
    for (let version = 3; version < 1_000; version += 1) await page.told(aView("joined", { version }))

    expect(page.kinds.filter((kind) => kind === "call.hang_up")).toHaveLength(1)
  })

  test("is still in it, where it could not be told, is told as soon as it can be", async () => {
    const page = await inCall()
    page.answer = () => ({ ok: false, trouble: { code: "C_OFFLINE", text: "" } })
    await page.desk.hangUp()
    page.answer = () => ({ ok: true })
    await page.told(aView("joined", { version: 3 }))

    expect(page.kinds.slice(1)).toEqual(["call.hang_up", "call.hang_up"])
  })

  test("is in it again after it was ended is believed only once somebody pressed", async () => {
    const page = await inCall()
    await page.told(aView("left", { version: 3, state: "ended", reason: "call.peer_left", pairs: [] }))
    await page.told(aView("joined", { version: 4 }))

    expect([page.seen, connections()]).toEqual([false, 0])
  })

  test("is rung again while it is in the call does not leave it seen behind the ring", async () => {
    const page = await inCall()
    await page.told(aView("ringing", { version: 3 }))
    expect([page.stage.value.kind, page.seen, connections()]).toEqual(["incoming", false, 0])

    await page.told(aView("joined", { version: 4 }))
    expect([page.seen, connections()]).toEqual([false, 0])
  })

  test("waits again while it is in the call leaves no connection behind the lobby", async () => {
    const page = await inCall()
    await page.told(aView("waiting", { version: 3 }))

    expect([page.stage.value.kind, connections()]).toEqual(["lobby", 0])
  })

  test("is in the call of another conversation is not believed by the press for this one", async () => {
    const page = new Page()
    await page.told(aView("ringing"))
    await page.desk.accept()
    await page.told(aView("joined", { version: 2, conversation: "elsewhere" }))

    expect([page.seen, FakePeerConnection.made.length]).toEqual([false, 0])
  })

  test("is in a call whose acceptance it refused is not believed", async () => {
    const page = new Page()
    page.answer = () => ({ ok: false, trouble: { code: "call.taken", text: "" } })
    await page.told(aView("ringing"))
    await page.desk.accept()
    await page.told(aView("joined", { version: 2 }))

    expect([page.seen, FakePeerConnection.made.length]).toEqual([false, 0])
    expect(page.stage.value).toMatchObject({ kind: "ended", reason: "call.taken" })
  })
})

describe("who enters", () => {
  test("the waiting room is let in without another press", async () => {
    const page = new Page()
    await page.desk.prepare(CONVERSATION)
    await page.desk.enter()
    await page.told(aView("waiting"))
    expect(page.stage.value).toMatchObject({ kind: "lobby", entered: true })
    await page.told(aView("joined", { version: 2 }))

    expect([page.stage.value.kind, page.seen, connections()]).toEqual(["in_call", true, 1])
  })

  test("only looks at the lobby is not let in: nothing was entered", async () => {
    const page = new Page()
    await page.desk.prepare(CONVERSATION)
    await page.told(aView("joined"))

    expect([page.stage.value.kind, FakePeerConnection.made.length]).toEqual(["lobby", 0])
  })

  test("closes the lobby before the hub has opened it, and leaves it there too", async () => {
    const page = new Page(undefined, "pharmacist")
    let opened: () => void = () => undefined
    page.answer = ({ kind }) => (kind === "call.open" ? new Promise((resolve) => { opened = () => { resolve({ ok: true }) } }) : { ok: true })
    void page.desk.prepare(CONVERSATION)
    await settle()
    await page.desk.hangUp()
    await page.told(aView("waiting"))
    opened()
    await settle()

    expect(page.seen).toBe(false)
    expect(page.stage.value.kind).toBe("none")
    expect(page.kinds).toEqual(["call.open", "call.hang_up"])
  })
})

describe("a page that is loaded again", () => {
  test("is back in the call, with what was switched off still off", async () => {
    const before = await inCall()
    before.desk.setCamera(false)
    before.desk.setMicrophone(false)
    before.leaves()
    const after = new Page(before.storage)
    await after.told(aView("joined", { version: 2 }))

    expect(after.stage.value.kind).toBe("in_call")
    expect(after.tracks.map(({ kind, enabled }) => [kind, enabled])).toEqual([["audio", false]])
    expect(after.asked).toMatchObject([{ kind: "call.pair_lost", why: "reload" }])
  })

  test.each<[string, (page: Page) => Promise<void> | void]>([
    ["after hanging up", (page) => page.desk.hangUp()],
    ["after signing out", (page) => { page.desk.leave() }],
    ["after the call had ended", (page) => page.told(aView("left", { version: 3, state: "ended", pairs: [] }))],
  ])("%s is in no call, whatever the hub says", async (_, act) => {
    const before = await inCall()
    await act(before)
    before.leaves()
    const after = new Page(before.storage)
    await after.told(aView("joined", { version: 9 }))

    expect(after.tracks).toEqual([])
  })

  test("twice, before the hub had said anything, keeps off what was switched off", async () => {
    const before = await inCall()
    before.desk.setCamera(false)
    before.desk.setMicrophone(false)
    before.leaves()
    const between = new Page(before.storage)
    between.leaves()
    const after = new Page(before.storage)
    await after.told(aView("joined", { version: 2 }))

    expect(after.tracks.map(({ kind, enabled }) => [kind, enabled])).toEqual([["audio", false]])
  })

  test("without a word, as after a crash, keeps off what was switched off", async () => {
    const before = await inCall()
    before.desk.setCamera(false)
    const after = new Page(before.storage)
    await after.told(aView("joined", { version: 2 }))

    expect(after.tracks.map(({ kind }) => kind)).toEqual(["audio"])
    expect(after.media.value).toMatchObject({ cameraOn: false, microphoneOn: true })
  })

  test("much later is asked, and comes back by a press", async () => {
    const before = await inCall()
    before.leaves()
    vi.advanceTimersByTime(61_000)
    const after = new Page(before.storage)
    await after.told(aView("joined", { version: 2 }))
    expect([after.tracks.length, after.stage.value.kind]).toEqual([0, "none"])

    await after.desk.prepare(CONVERSATION)
    await after.desk.accept()
    await settle()

    expect([after.stage.value.kind, after.seen]).toEqual(["in_call", true])
    expect(after.asked.at(-1)).toMatchObject({ kind: "call.pair_lost", why: "reload" })
  })

  test.each(["{", "3", "null", '{"conversation":"talk"}', '{"conversation":"talk","call":"call","at":"now"}'])("with %s in its memory is in no call", async (kept) => {
    const storage = new Storage()
    storage.setItem("colloque.call", kept)
    const page = new Page(storage)
    await page.told(aView("joined"))

    expect(page.tracks).toEqual([])
  })
})

describe("another tab, which knows of no press", () => {
  test("is not let in with the person who waits, and comes in with everything off", async () => {
    const page = new Page(undefined, "pharmacist")
    await page.told(aView("waiting"))
    await page.told(aView("joined", { version: 2 }))
    expect([page.tracks.length, connections()]).toEqual([0, 0])

    await page.desk.prepare(CONVERSATION)
    await page.desk.accept()
    await settle()

    expect(page.stage.value.kind).toBe("in_call")
    expect(page.tracks.map(({ kind, enabled }) => [kind, enabled])).toEqual([["audio", false]])
    expect(page.media.value).toMatchObject({ cameraOn: false, microphoneOn: false })
  })

  test("sends what was agreed to at its door", async () => {
    const page = new Page()
    await page.told(aView("joined"))
    page.desk.setCamera(false)
    page.desk.setMicrophone(true)
    await page.desk.prepare(CONVERSATION)
    await page.desk.accept()
    await settle()

    expect(page.tracks.map(({ kind, enabled }) => [kind, enabled])).toEqual([["audio", true]])
  })
})
