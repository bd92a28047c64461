/** Camera and microphone: whatever the browser hands over late, nobody is seen who does not know it. */
import { signal } from "@preact/signals-core"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import type { Media } from "../../../src/core/model"
import { Devices } from "../../../src/io/call/devices"
import { NO_MEDIA } from "../../../src/io/noMedia"
import { FakeTrack } from "./fakePeerConnection"

class Track extends FakeTrack {
  getSettings(): object {
    return {}
  }
}

class Stream {
  constructor(readonly tracks: readonly Track[]) {}
  getTracks(): readonly Track[] {
    return this.tracks
  }
  getVideoTracks(): readonly Track[] {
    return this.tracks.filter(({ kind }) => kind === "video")
  }
}

interface Question {
  readonly kinds: readonly ("audio" | "video")[]
  readonly grant: () => Promise<void>
  readonly refuse: () => Promise<void>
}

let questions: Question[] = []
const given: Track[] = []
const live = (): readonly string[] => given.filter(({ readyState }) => readyState === "live").map(({ kind }) => kind)

function getUserMedia(wanted: { audio?: object; video?: object }): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const kinds = (["audio", "video"] as const).filter((kind) => wanted[kind] !== undefined)
    const grant = async (): Promise<void> => {
      const tracks = kinds.map((kind) => new Track(kind))
      given.push(...tracks)
      resolve(new Stream(tracks))
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
    }
    const refuse = async (): Promise<void> => {
      reject(new DOMException("refused", "NotAllowedError"))
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
    }
    questions.push({ kinds, grant, refuse })
  })
}

const node = (): object => ({ connect: () => undefined, disconnect: () => undefined, getFloatTimeDomainData: () => undefined })

function some(): { devices: Devices; media: { value: Media } } {
  const media = signal<Media>(NO_MEDIA)
  return { media, devices: new Devices(media, () => false, () => "Claire", () => undefined) }
}

/** Answer the question that waits. */
async function grant(): Promise<void> {
  const question = questions.shift()
  if (question === undefined) throw new Error("nothing was asked")
  await question.grant()
}

async function refuse(): Promise<void> {
  const question = questions.shift()
  if (question === undefined) throw new Error("nothing was asked")
  await question.refuse()
}

beforeEach(() => {
  questions = []
  given.length = 0
  vi.useFakeTimers()
  vi.stubGlobal("MediaStream", Stream)
  vi.stubGlobal("HTMLMediaElement", Object)
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia, enumerateDevices: () => Promise.resolve([]), addEventListener: () => undefined } })
  vi.stubGlobal("AudioContext", class {
    state = "running"
    createMediaStreamSource = node
    createAnalyser = node
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function running(): Promise<ReturnType<typeof some>> {
  const scene = some()
  void scene.devices.start()
  await grant()
  return scene
}

describe("once a call is over", () => {
  test("camera and microphone are let go, and nothing measures any more", async () => {
    const { devices, media } = await running()
    expect(live()).toEqual(["audio", "video"])
    expect(vi.getTimerCount()).toBe(1)

    devices.stop()

    expect(live()).toEqual([])
    expect(media.value.preview).toBeNull()
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each<[string, (devices: Devices) => void]>([
    ["a camera that was switched on", (devices) => { void devices.setCamera(false); void devices.setCamera(true) }],
    ["another camera", (devices) => { void devices.choose("camera", "other") }],
    ["another microphone", (devices) => { void devices.choose("microphone", "other") }],
    ["what was asked for again", (devices) => { void devices.askAgain() }],
  ])("%s, handed over only now, is let go at once", async (_, act) => {
    const { devices, media } = await running()
    act(devices)
    devices.stop()

    await grant()

    expect(live()).toEqual([])
    expect(devices.track("video")).toBeNull()
    expect(media.value.state).toBe("off")
  })
})

describe("of each there is one", () => {
  test("a camera switched on twice, before the browser answered once", async () => {
    const { devices } = await running()
    for (const on of [false, true, false, true]) void devices.setCamera(on)

    await grant()
    await grant()

    expect(live()).toEqual(["audio", "video"])
    expect(devices.track("video")).toBe(given.at(-1))
  })

  test("two cameras chosen, one after the other", async () => {
    const { devices } = await running()
    void devices.choose("camera", "one")
    void devices.choose("camera", "two")

    await grant()
    await grant()

    expect(live()).toEqual(["audio", "video"])
  })
})

test("a camera switched off while the browser still asks stays off", async () => {
  const { devices } = some()
  void devices.start()
  void devices.setCamera(false)

  await grant()

  expect(live()).toEqual(["audio"])
})

describe("after a refusal", () => {
  async function refused(): Promise<ReturnType<typeof some>> {
    const scene = some()
    void scene.devices.start()
    await refuse()
    while (questions.length > 0) await refuse()
    return scene
  }

  test("no control says that something is on", async () => {
    const { media } = await refused()

    expect(media.value).toMatchObject({ state: "none", cameraOn: false, microphoneOn: false, trouble: { code: "call.device_denied" } })
  })

  test.each(["audio", "video"] as const)("the press that turns %s on asks the browser for it, once, and sends it", async (kind) => {
    const { devices, media } = await refused()
    const press = (): unknown => (kind === "audio" ? devices.setMicrophone(true) : devices.setCamera(true))
    void press()
    void press()
    expect(questions.map(({ kinds }) => kinds)).toEqual([[kind]])

    await grant()

    expect(live()).toEqual([kind])
    expect(devices.track(kind)?.enabled).toBe(true)
    expect([media.value.microphoneOn, media.value.cameraOn]).toEqual([kind === "audio", kind === "video"])
  })

  test("refused once more it is off again, and why is said", async () => {
    const { devices, media } = await refused()
    void devices.setMicrophone(true)
    await refuse()

    expect(media.value).toMatchObject({ microphoneOn: false, trouble: { code: "call.device_denied" } })
  })

  test("asked again, what was wanted is asked for", async () => {
    const { devices, media } = await refused()
    void devices.askAgain()
    await grant()

    expect(media.value).toMatchObject({ state: "ready", cameraOn: true, microphoneOn: true })
  })
})
