/** One connection of a call, driven through its life over a connection that is not real. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import type { Peering } from "../../../src/core/call"
import type { Tile } from "../../../src/core/model"
import type { Controlled } from "../../../src/core/rpc"
import type { PairView } from "../../../src/core/wire"
import { Pair } from "../../../src/io/call/pair"
import { Peer, type Description } from "../../../src/io/call/peer"
import { aDescription } from "../../core/anSdp"
import { FakePeerConnection, FakeStream, FakeTrack } from "./fakePeerConnection"

const DONE: Controlled = { ok: true }
const MINE = { audio: new FakeTrack("audio"), video: new FakeTrack("video") }
const BEAT = JSON.stringify({ t: "beat", mic: true, cam: true, text: "" })

interface Given {
  readonly servers?: readonly RTCIceServer[]
  readonly prepared?: Peer
  readonly mayConnect?: boolean
}

class Scene {
  readonly sent: (Description & { readonly generation: number })[] = []
  readonly told: string[] = []
  answer: Controlled = DONE
  prepared: Peer | null
  doubts = 0
  changes = 0
  readonly pair: Pair

  constructor(changed: Partial<PairView> = {}, reload = false, given: Given = {}) {
    this.prepared = given.prepared ?? null
    this.pair = new Pair(peering(changed), {
      now: () => Date.now(), mayConnect: () => given.mayConnect ?? true, servers: () => Promise.resolve(given.servers ?? []), beat: () => ({ mic: true, cam: true, text: "Bonjour" }),
      prepared: () => { const { prepared } = this; this.prepared = null; return prepared },
      tracks: () => MINE as never,
      send: (generation, description) => {
        this.sent.push({ generation, ...description })
        return Promise.resolve(this.answer)
      },
      lost: (generation, why) => { this.told.push(`lost ${generation} ${why}`); return Promise.resolve(this.answer) },
      connected: (generation, relay) => { this.told.push(`connected ${generation}${relay ? " by relay" : ""}`); return Promise.resolve(this.answer) },
      doubt: () => { this.doubts += 1 }, hear: () => undefined, changed: () => { this.changes += 1 },
    }, reload)
  }

  get tile(): Tile {
    return this.pair.tile("Claire", "pharmacist")
  }

  get pc(): FakePeerConnection {
    const pc = FakePeerConnection.made.at(-1)
    if (pc === undefined) throw new Error("no connection was made")
    return pc
  }

  /** Time passes as the room lets it: a turn every 125 ms, with packets or without. */
  async passes(ms: number, packets: boolean): Promise<void> {
    for (let t = 0; t < ms; t += 125) {
      await vi.advanceTimersByTimeAsync(125)
      if (packets) this.pc.packets += 6
      await this.pair.tick()
    }
  }

  /** The peer's heartbeats, with nothing else. */
  async beats(ms: number): Promise<void> {
    for (let t = 0; t < ms; t += 500) {
      this.pc.channel.hear({ data: BEAT })
      await this.passes(500, false)
    }
  }
}

function peering(changed: Partial<PairView> = {}): Peering {
  return { person: "claire", device: "peer", pair: { devices: ["peer", "me"], generation: 1, offerer: "peer", stage: "all", state: "connecting", ...changed } }
}

async function begun(changed: Partial<PairView> = {}, reload = false): Promise<Scene> {
  const scene = new Scene(changed, reload)
  await vi.advanceTimersByTimeAsync(0)
  return scene
}

async function connected(): Promise<Scene> {
  const scene = await begun()
  scene.pair.take(1, { type: "offer", sdp: aDescription(), candidates: null })
  await scene.passes(250, true)
  return scene
}

/** Who offers, with an offer at hand. */
async function offering(generation: number): Promise<Scene> {
  const prepared = new Peer({ stage: "all", servers: [], tracks: MINE as never })
  await prepared.prepare()
  const scene = new Scene({ offerer: "me", generation }, false, { prepared })
  await vi.advanceTimersByTimeAsync(0)
  return scene
}

beforeEach(() => {
  FakePeerConnection.made.length = 0
  vi.useFakeTimers()
  vi.stubGlobal("RTCPeerConnection", FakePeerConnection)
  vi.stubGlobal("RTCRtpReceiver", { getCapabilities: () => ({ codecs: [] }) })
  vi.stubGlobal("MediaStream", FakeStream)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe("who is to answer", () => {
  test("waits for the offer, answers it with both tracks, and tells the hub of the first packet", async () => {
    const scene = await begun()
    expect(scene.sent).toEqual([])

    scene.pair.take(1, { type: "offer", sdp: aDescription(), candidates: null })
    await scene.passes(250, true)

    expect(scene.sent).toMatchObject([{ generation: 1, type: "answer", candidates: null }])
    expect(scene.pc.sending).toEqual(["audio", "video"])
    expect(scene.told).toEqual(["connected 1"])
    expect(scene.tile).toMatchObject({ name: "Claire", link: "connected" })
  })

  test("keeps candidates that come before the offer", async () => {
    const scene = await begun()
    const candidate = { candidate: "candidate:1", sdpMid: "0", sdpMLineIndex: 0 }
    scene.pair.take(1, { type: "candidates", sdp: null, candidates: [candidate] })
    await vi.advanceTimersByTimeAsync(0)
    expect(scene.pc.candidates).toEqual([])

    scene.pair.take(1, { type: "offer", sdp: aDescription(), candidates: null })
    await vi.advanceTimersByTimeAsync(0)

    expect(scene.pc.candidates).toEqual([candidate])
  })

  test("takes nothing of another generation", async () => {
    const scene = await begun()
    scene.pair.take(2, { type: "offer", sdp: aDescription(), candidates: null })
    await vi.advanceTimersByTimeAsync(0)

    expect(scene.pc.remoteDescription).toBeNull()
  })

  test("asks for another connection where the browser cannot read the offer", async () => {
    const scene = await begun()
    scene.pair.take(1, { type: "offer", sdp: "unreadable", candidates: null })
    await vi.advanceTimersByTimeAsync(0)

    expect(scene.told).toEqual(["lost 1 failed"])
  })
})

describe("who is to offer", () => {
  test("offers at once, sends candidates in batches after it, and takes the answer", async () => {
    const scene = await begun({ offerer: "me" })
    for (let i = 0; i < 3; i += 1) scene.pc.happens("icecandidate", { candidate: { candidate: `candidate:${i}`, sdpMid: "0", sdpMLineIndex: 0 } })
    await vi.advanceTimersByTimeAsync(100)

    expect(scene.sent.map(({ type, candidates }) => [type, candidates?.length ?? null])).toEqual([["offer", null], ["candidates", 3]])
    scene.pair.take(1, { type: "answer", sdp: aDescription(), candidates: null })
    await vi.advanceTimersByTimeAsync(0)
    expect(scene.pc.remoteDescription?.type).toBe("answer")
  })

  test("sends again, when the hub is back, what went down with the connection to it", async () => {
    const scene = new Scene({ offerer: "me" })
    scene.answer = { ok: false, trouble: { code: "C_OFFLINE", text: "" } }
    await vi.advanceTimersByTimeAsync(0)
    expect(scene.sent).toHaveLength(1)
    scene.answer = DONE

    scene.pair.online()
    scene.pair.online()
    await vi.advanceTimersByTimeAsync(0)

    expect(scene.sent).toHaveLength(2)
    expect(scene.sent[1]).toEqual(scene.sent[0])
  })

  test("does not send again what belongs to a generation that is over", async () => {
    const scene = new Scene({ offerer: "me" })
    scene.answer = { ok: false, trouble: { code: "C_OFFLINE", text: "" } }
    await vi.advanceTimersByTimeAsync(0)
    scene.answer = DONE
    scene.pair.update(peering({ generation: 2 }))

    scene.pair.online()
    await vi.advanceTimersByTimeAsync(0)

    expect(scene.sent.map(({ generation }) => generation)).toEqual([1])
  })

  test("uses the offer that was made while it rang, for the first generation only", async () => {
    const first = await offering(1)
    expect(first.prepared).toBeNull()
    expect(FakePeerConnection.made).toHaveLength(1)
    expect(first.sent).toMatchObject([{ generation: 1, type: "offer" }])

    const second = await offering(2)
    expect(second.prepared).not.toBeNull()
    expect(second.sent).toMatchObject([{ generation: 2, type: "offer" }])
    expect(FakePeerConnection.made).toHaveLength(3)
  })
})

describe("the stages of a connection", () => {
  test.each<[PairView["stage"], boolean, RTCIceTransportPolicy, readonly (string | null)[]]>([
    ["all", true, "all", ["audio", "video"]],
    ["relay", true, "relay", ["audio", "video"]],
    ["audio", true, "relay", ["audio", null]],
    ["audio", false, "all", ["audio", null]],
  ])("%s, with a relay: %s, goes by %s and sends %j", async (stage, relay, policy, sending) => {
    const scene = new Scene({ offerer: "me", stage, generation: 2 }, false, { servers: relay ? [{ urls: "turn:127.0.0.1" }] : [] })
    await vi.advanceTimersByTimeAsync(0)

    expect(scene.pc.configuration.iceTransportPolicy).toBe(policy)
    expect(scene.pc.sending).toEqual(sending)
  })
})

describe("a connection that is lost", () => {
  test("is told after 1.2 s without a packet, and camera and microphone are let go at once", async () => {
    const scene = await connected()
    await scene.passes(1_000, false)
    expect(scene.told).toEqual(["connected 1"])

    await scene.passes(250, false)

    expect(scene.told).toEqual(["connected 1", "lost 1 stalled"])
    expect(scene.pc.sending).toEqual([null, null])
    expect(scene.pc.channel.readyState).toBe("closed")
    expect(scene.tile.link).toBe("reconnecting")
  })

  test("is told 1.2 s after the packet itself, not after it was counted", async () => {
    const scene = await connected()
    scene.pc.age = 200
    scene.pc.packets += 1
    await scene.passes(250, false)

    await scene.passes(1_000, false)

    expect(scene.told).toEqual(["connected 1", "lost 1 stalled"])
  })

  test("is doubted at half of that, so that a dead network is known by then", async () => {
    const scene = await connected()
    await scene.passes(500, false)
    expect([scene.doubts, scene.tile.link]).toEqual([0, "connected"])

    await scene.passes(250, false)
    expect([scene.doubts, scene.tile.link]).toEqual([1, "reconnecting"])

    await scene.passes(250, true)
    expect([scene.doubts, scene.tile.link]).toEqual([1, "connected"])
  })

  test("is given 3 s where the peer sends nothing but heartbeats", async () => {
    const scene = await connected()
    await scene.beats(2_000)
    await scene.passes(2_000, false)
    expect(scene.told).toEqual(["connected 1"])

    await scene.passes(1_000, false)

    expect(scene.told).toEqual(["connected 1", "lost 1 stalled"])
  })

  test("is told as slow when nothing came within 3 s", async () => {
    const scene = await begun()
    await scene.passes(3_000, false)

    expect(scene.told).toEqual(["lost 1 slow"])
  })

  test("is told once it failed, and once a signal of it was refused, but only while it is being made", async () => {
    const scene = await connected()
    scene.pair.refused(1)
    expect(scene.told).toEqual(["connected 1"])
    scene.pc.connectionState = "failed"
    scene.pc.happens("connectionstatechange")
    expect(scene.told.at(-1)).toBe("lost 1 failed")

    const other = await begun()
    other.pair.refused(1)
    expect(other.told).toEqual(["lost 1 refused"])
  })

  test("after a reload is told before anything else is tried", async () => {
    const scene = await begun({}, true)

    expect(scene.told).toEqual(["lost 1 reload"])
    expect(FakePeerConnection.made).toHaveLength(0)
  })

  test("is told again as soon as the hub can be heard", async () => {
    const scene = await connected()
    scene.answer = { ok: false, trouble: { code: "C_OFFLINE", text: "" } }
    await scene.passes(1_250, false)
    scene.answer = DONE
    await vi.advanceTimersByTimeAsync(10)

    scene.pair.online()

    expect(scene.told).toEqual(["connected 1", "lost 1 stalled", "lost 1 stalled"])
  })

  test("waits as long as the hub says when it was rebuilt too often", async () => {
    const scene = await connected()
    scene.answer = { ok: false, trouble: { code: "call.rate_limited", text: "" }, retryAfter: 4_000 }
    await scene.passes(1_250, false)
    await scene.passes(3_500, false)
    expect(scene.told).toHaveLength(2)

    await scene.passes(750, false)

    expect(scene.told).toHaveLength(3)
  })

  test("becomes the next generation, on a new connection; the last picture stays until the new one comes", async () => {
    const scene = await connected()
    const before = scene.pc
    const picture = scene.tile.stream
    await scene.passes(1_250, false)

    scene.pair.update(peering({ generation: 2, offerer: "me" }))
    await vi.advanceTimersByTimeAsync(0)
    scene.pair.take(2, { type: "answer", sdp: aDescription(), candidates: null })
    await vi.advanceTimersByTimeAsync(0)
    expect(scene.pc).not.toBe(before)
    expect(scene.sent.at(-1)).toMatchObject({ generation: 2, type: "offer" })
    expect(scene.tile.stream).toBe(picture)
    expect(before.closed).toBe(false)

    scene.pc.transceivers[1]?.receiver.track.happens("unmute")

    expect(scene.tile.stream).not.toBe(picture)
    expect(before.closed).toBe(true)
    expect(scene.tile.link).toBe("connected")
    expect(scene.told.at(-1)).toBe("lost 1 stalled")
    await vi.advanceTimersByTimeAsync(0)
    expect(scene.told.at(-1)).toBe("connected 2")
  })

  test("lets the last picture go when the new connection clearly brings none", async () => {
    const scene = await connected()
    const [before, picture] = [scene.pc, scene.tile.stream]
    await scene.passes(1_250, false)
    scene.pair.update(peering({ generation: 2 }))
    await vi.advanceTimersByTimeAsync(0)
    scene.pair.take(2, { type: "offer", sdp: aDescription(), candidates: null })
    await scene.passes(4_000, true)

    expect(scene.tile.stream).not.toBe(picture)
    expect(before.closed).toBe(true)
  })

  test("stays lost whatever its old connection still says", async () => {
    const scene = await connected()
    const before = scene.pc
    await scene.passes(1_250, false)
    before.channel.hear({ data: BEAT })
    before.transceivers[0]?.receiver.track.happens("unmute")

    expect(scene.tile.link).toBe("reconnecting")
  })

  test("goes with the network it was made on, unless something still comes", async () => {
    const scene = await connected()
    scene.pair.networkChanged()
    expect(scene.told).toEqual(["connected 1"])

    await scene.passes(750, false)
    scene.pair.networkChanged()

    expect(scene.told.at(-1)).toBe("lost 1 network")
  })

  test("a cut sends nothing and hears nothing, and nobody is told before the silence is noticed", async () => {
    const scene = await connected()
    scene.pair.cut()
    expect(scene.pc.sending).toEqual([null, null])
    await scene.passes(1_000, true)
    expect(scene.told).toEqual(["connected 1"])

    await scene.passes(500, true)

    expect(scene.told).toEqual(["connected 1", "lost 1 stalled"])
  })
})

describe("what the peer says of itself", () => {
  test("is shown: muted, without a camera, in large letters, or the sound alone", async () => {
    const scene = await connected()
    scene.pc.channel.hear({ data: JSON.stringify({ t: "beat", mic: false, cam: false, text: "Un matin, un soir", lean: true }) })

    expect(scene.tile).toMatchObject({ microphone: false, camera: false, bigText: "Un matin, un soir", link: "audio_only" })
  })

  test("is passed over where it is nonsense or too long", async () => {
    const scene = await connected()
    scene.pc.channel.hear({ data: "x".repeat(5_000) })
    scene.pc.channel.hear({ data: "{" })
    scene.pc.channel.hear({ data: new ArrayBuffer(8) })

    expect(scene.tile).toMatchObject({ microphone: true, camera: true, bigText: "" })
  })

  test("mine goes out with each beat", async () => {
    const scene = await connected()
    scene.pair.sendBeat()

    expect(scene.pc.channel.sent.map((text) => JSON.parse(text) as unknown)).toEqual([{ t: "beat", mic: true, cam: true, text: "Bonjour", lean: false }])
  })
})

test("where nothing comes about, the hub is told after 3, 3, then every 6 s", async () => {
  const scene = await begun()
  const after: number[] = []
  for (let generation = 1; generation <= 5; generation += 1) {
    const [began, told] = [Date.now(), scene.told.length]
    while (scene.told.length === told) await scene.passes(250, false)
    after.push(Date.now() - began)
    scene.pair.update(peering({ generation: generation + 1 }))
    await vi.advanceTimersByTimeAsync(0)
  }

  expect(after.map((ms) => Math.floor(ms / 1_000))).toEqual([3, 3, 6, 6, 6])
})

describe("a closed pair", () => {
  test("reports nothing more, though its connection fails or was just made", async () => {
    const scene = await begun()
    scene.pair.take(1, { type: "offer", sdp: aDescription(), candidates: null })
    await vi.advanceTimersByTimeAsync(0)
    scene.pc.packets += 6
    void scene.pair.tick()
    scene.pair.close()
    scene.pair.lose("failed")
    await scene.passes(4_000, false)

    expect(scene.told).toEqual([])
  })

  test("closes every connection it made", async () => {
    const scene = await connected()
    await scene.passes(1_250, false)
    scene.pair.update(peering({ generation: 2 }))
    await vi.advanceTimersByTimeAsync(0)

    scene.pair.close()

    expect(FakePeerConnection.made.map(({ closed }) => closed)).toEqual([true, true])
  })
})

describe("a peer, or a hub, that means harm", () => {
  test("opens channels of its own, which nobody reads", async () => {
    const { pc } = await connected()
    let closed = 0
    for (let i = 0; i < 10; i += 1) pc.happens("datachannel", { channel: { close: () => { closed += 1 } } })

    expect(closed).toBe(10)
  })

  test("beats without end is shown twenty times a second at most", async () => {
    const scene = await connected()
    scene.changes = 0
    for (let i = 0; i < 5_000; i += 1) scene.pc.channel.hear({ data: JSON.stringify({ t: "beat", text: `${i}` }) })
    expect(scene.changes).toBe(1)

    await vi.advanceTimersByTimeAsync(50)
    scene.pc.channel.hear({ data: JSON.stringify({ t: "beat", text: "last" }) })
    expect(scene.tile.bigText).toBe("last")
  })

  test("gets no connection that nobody holds: the call was left while the relay was asked for", async () => {
    const scene = new Scene({ offerer: "me" })
    scene.pair.close()
    await vi.advanceTimersByTimeAsync(0)

    expect(FakePeerConnection.made).toEqual([])
    expect(scene.sent).toEqual([])
  })

  test("gets no further connection when there were too many, and the hub is told", async () => {
    const scene = new Scene({}, false, { mayConnect: false })
    await vi.advanceTimersByTimeAsync(0)
    expect(FakePeerConnection.made).toEqual([])

    await scene.passes(3_250, false)
    expect(scene.told).toEqual(["lost 1 slow"])
  })
})
