/** A call in the worker: what it tells the page, what it sends, and what a hub that lies does not get. */
import { decode, encode } from "@msgpack/msgpack"
import { describe, expect, test } from "vitest"
import { encodeAuthenticatedData } from "../../src/core/mls/authenticatedData"
import { encodePayload, frankingTag } from "../../src/core/mls/franking"
import type { OutgoingSignal } from "../../src/core/rpc"
import { encodeSignal, offerHash, type Signal } from "../../src/core/signal"
import { uuidBytes } from "../../src/core/uuid"
import type { CallView } from "../../src/core/wire"
import { FINGERPRINT, OTHER_FINGERPRINT, aDescription, anSdp } from "../core/anSdp"
import { CALL, OTHER_CALL, aCallBetween, aLeg, aPair, deviceOf } from "./aCall"
import { CLAIRE, Device, HUGO, JEAN, aConnectedDevice, settled } from "./aDevice"
import { committedBy } from "./aFamily"
import { aDispensation, type Scene } from "./aScene"
import { authenticatedDataOf } from "./fakeHub"

const OFFER = aDescription()
const CANDIDATE = { candidate: "candidate:1 1 udp 1 192.0.2.1 5 typ host", sdpMid: "0", sdpMLineIndex: 0 }

/** Claire offers, Jean answers. */
async function aCall(changed: Partial<CallView> = {}): Promise<Scene> {
  const scene = await aDispensation()
  scene.hub.tellCall(aCallBetween(scene.id, scene.claire, scene.jean, changed))
  await settled(() => scene.jean.calls.length === 1)
  return scene
}

function offerTo(to: Device, changed: Partial<OutgoingSignal> = {}): OutgoingSignal {
  return { call: CALL, to: deviceOf(to), generation: 1, type: "offer", sdp: OFFER, candidates: null, ...changed }
}

/** Where the bytes of a UUID stand in others. */
function uuidAt(body: Uint8Array, id: string): number {
  const wanted = uuidBytes(id)
  const at = body.findIndex((_, i) => wanted.every((byte, j) => body[i + j] === byte))
  if (at < 0) throw new Error("not there")
  return at
}

/** What a member whose client is not ours puts into a signal, sealed with her own keys. */
async function forged(from: Device, conversation: string, inside: Partial<Signal>, outside: Partial<Signal> = {}): Promise<Uint8Array> {
  const signal: Signal = {
    call: CALL, from: deviceOf(from), to: "", generation: 1, type: "offer", sdp: OFFER, candidates: null, offer: null, ...inside,
  }
  const header = { ...signal, ...outside }
  const content = encodeSignal(signal)
  const salt = new Uint8Array(32)
  const data = encodeAuthenticatedData({
    id: new Uint8Array(16), kind: "signal", counter: 1, sentAt: 1, frankingTag: frankingTag(salt, content),
    signal: { call: uuidBytes(header.call), to: uuidBytes(header.to), generation: header.generation, type: header.type },
  })
  const context = from.keeper["context"]
  const record = context.rooms.get(conversation)
  if (record?.state == null) throw new Error("not in the group")
  const sealed = await context.mls.encrypt(record.state, encodePayload(salt, content), data)
  context.rooms.set(conversation, { ...record, state: sealed.state })
  return sealed.message
}

/** A device that sealed so many signals in this epoch already. */
function worn(device: Device, conversation: string, count: number): void {
  const { rooms } = device.keeper["context"]
  const record = rooms.get(conversation)
  if (record?.room.group == null) throw new Error("no group")
  rooms.set(conversation, { ...record, signals: { epoch: record.room.group.epoch, count } })
}

/** Commits reach the device only when the returned function is called; all else does at once. */
function holdCommits(device: Device): () => void {
  const { connection } = device
  if (connection === null) throw new Error("not connected")
  const { deliver } = connection
  const held: Uint8Array[] = []
  Object.assign(connection, {
    deliver: (data: Uint8Array) => {
      if ((decode(data) as { what?: string }).what === "commit") held.push(data)
      else deliver(data)
    },
  })
  return () => { for (const data of held.splice(0)) deliver(data) }
}

/** Claire's signals wore the epoch out: she is in the next already, Jean hears of it when the returned function is called. */
async function betweenTwoEpochs({ claire, jean, id }: Scene): Promise<() => void> {
  const late = holdCommits(jean)
  worn(claire, id, 499)
  await claire.call("signal", offerTo(jean))
  await settled(() => jean.signals.length === 1 && claire.keeper["context"].rooms.get(id)?.room.group?.epoch === 2)
  return late
}

function incidents({ hub }: Scene): readonly string[] {
  return hub.seen.flatMap((frame) => (frame.kind === "call.incident" ? [frame.code] : []))
}

/** Deliver as if Claire had sent it, and wait for Jean to refuse it. */
async function refusedBy(scene: Scene, body: Uint8Array, from = scene.claire): Promise<string> {
  const { hub, jean, id } = scene
  if (from.connection === null) throw new Error("not connected")
  const before = jean.refusals.length
  hub.deliver({ from: from.connection, to: deviceOf(jean), conversation: id, body })
  await settled(() => jean.refusals.length > before && incidents(scene).length > 0)
  expect(jean.signals).toHaveLength(0)
  return jean.refusals.at(-1) ?? ""
}

describe("a call as the hub tells it", () => {
  test("is told to the page whole, with names, peers and the same code on both sides", async () => {
    const { claire, jean } = await aCall()
    await settled(() => claire.calls[0]?.code !== null && jean.calls[0]?.code !== null)

    expect(jean.calls[0]?.notice?.people).toEqual([
      expect.objectContaining({ name: "Claire Morel", role: "pharmacist", me: false, here: false }),
      expect.objectContaining({ name: "Jean Lefèvre", role: "patient", me: true, here: true }),
    ])
    expect(jean.calls[0]?.peerings).toMatchObject([{ person: CLAIRE.person, device: deviceOf(claire) }])
    expect(jean.calls[0]?.code).toMatch(/^\d{5}( \d{5}){5}$/)
    expect(claire.calls[0]?.code).toBe(jean.calls[0]?.code)
  })

  test("is not taken back by an older version", async () => {
    const { hub, jean, claire, id } = await aCall()

    hub.tellCall(aCallBetween(id, claire, jean, { version: 2, state: "ringing", pairs: [] }))
    await settled()

    expect(jean.calls[0]?.view).toMatchObject({ version: 3, state: "accepted" })
  })

  test("is there again after a reconnect, and one that ended meanwhile is not", async () => {
    const { hub, jean, claire, id } = await aCall()
    jean.cut()
    hub.tellCall(aCallBetween(id, claire, jean, { version: 4, state: "active" }))
    jean.connect(hub)
    await settled(() => jean.calls[0]?.view.version === 4)

    jean.cut()
    hub.tellCall(aCallBetween(id, claire, jean, { version: 5, state: "ended", reason: "call.peer_left" }))
    jean.connect(hub)
    await settled(() => jean.calls.length === 0)
  })

  test("has no peer in a device that the group does not hold", async () => {
    const scene = await aDispensation()
    const { hub, jean, claire, id } = scene
    const stranger = "de000000-0000-4000-8000-0000000000ff"
    const view = aCallBetween(id, claire, jean, {
      legs: [aLeg(claire, { device: stranger }), aLeg(jean)], pairs: [aPair(claire, jean, { devices: [stranger, deviceOf(jean)], offerer: stranger })],
    })

    hub.tellCall(view)
    await settled(() => jean.calls.length === 1)

    expect(jean.calls[0]?.peerings).toEqual([])
    expect(await jean.call("signal", offerTo(claire, { to: stranger }))).toMatchObject({ ok: false })
  })

  test("has no peer in a device that the hub gives to another person", async () => {
    const scene = await aDispensation()
    const { hub, jean, claire, id } = scene

    hub.tellCall(aCallBetween(id, claire, jean, { legs: [aLeg(claire, { person: HUGO.person }), aLeg(jean)] }))
    await settled(() => incidents(scene).length > 0)

    expect(jean.calls).toEqual([])
    expect(incidents(scene)).toContain("call.identity_changed")
  })

  test("is listened to closely: a ping every 5 s in it, every 10 s in its lobby", async () => {
    const { hub, jean, claire, id } = await aCall()
    expect(jean.pace).toBe("call")
    const pings = (): number => hub.seen.filter((frame) => frame.kind === "ping").length
    const before = pings()
    jean.timePasses()
    await settled(() => pings() === before + 1)

    hub.tellCall(aCallBetween(id, claire, jean, { version: 9, state: "ended", reason: "call.peer_left", pairs: [] }))
    await settled(() => jean.pace === "idle")
  })
})

describe("what a person does in a call", () => {
  test("is asked of the hub, and its answer shown before it is told", async () => {
    const { hub, jean, claire, id } = await aDispensation()
    const view = aCallBetween(id, claire, jean)
    hub.meddle = (frame) => (frame.kind === "call.accept" ? { kind: "ok", now: 1, result: { call: view } } : null)

    expect(await jean.call("control", { kind: "call.accept", conversation: id, call: CALL })).toEqual({ ok: true })
    expect(jean.calls[0]?.view).toEqual(view)
  })

  test("is refused in the hub's words, with its pause", async () => {
    const { hub, jean, id } = await aDispensation()
    hub.meddle = (frame) => (frame.kind === "call.accept" ? { kind: "refused", code: "call.taken", text: "Pris ailleurs", retry: "later", retry_after: 700 } : null)

    expect(await jean.call("control", { kind: "call.accept", conversation: id, call: CALL })).toEqual({
      ok: false, trouble: { code: "call.taken", text: "Pris ailleurs" }, retryAfter: 700,
    })
  })

  test("without a connection says so", async () => {
    const { jean, id } = await aDispensation()
    jean.cut()

    expect(await jean.call("control", { kind: "call.accept", conversation: id, call: CALL })).toEqual({ ok: false, trouble: { code: "C_OFFLINE", text: "" } })
    expect(await jean.call("probe")).toMatchObject({ ok: false })
  })

  test("TURN credentials are handed to the page, and a refusal is", async () => {
    const { hub, jean, id } = await aCall({ turn: true })
    const turn = { urls: ["turn:127.0.0.1:3478"], username: "u", credential: "c", expires_at: 9, renew_at: 5 }
    hub.meddle = (frame) => (frame.kind === "call.turn" ? { kind: "ok", now: 1, result: turn } : null)
    expect(await jean.call("turn", id, CALL)).toEqual({ ok: true, turn })

    hub.meddle = (frame) => (frame.kind === "call.turn" ? { kind: "refused", code: "call.turn_unavailable", text: "Pas de relais", retry: "later" } : null)
    expect(await jean.call("turn", id, CALL)).toEqual({ ok: false, trouble: { code: "call.turn_unavailable", text: "Pas de relais" } })
  })
})

describe("signals", () => {
  test("go from offer to answer to candidates, and each names the offer", async () => {
    const { hub, claire, jean } = await aCall()

    await claire.call("signal", offerTo(jean))
    await settled(() => jean.signals.length === 1)
    await jean.call("signal", offerTo(claire, { type: "answer", sdp: aDescription(OTHER_FINGERPRINT) }))
    await jean.call("signal", offerTo(claire, { type: "candidates", sdp: null, candidates: [CANDIDATE] }))
    await settled(() => claire.signals.length === 2)

    expect(jean.signals[0]).toMatchObject({ type: "offer", sdp: OFFER, from: deviceOf(claire), to: deviceOf(jean), generation: 1, offer: null })
    expect(claire.signals).toMatchObject([{ type: "answer", offer: offerHash(OFFER) }, { type: "candidates", offer: offerHash(OFFER) }])
    expect(hub.seen.filter((frame) => frame.kind === "call.incident")).toEqual([])
  })

  test("show the hub neither descriptions nor addresses", async () => {
    const { hub, claire, jean } = await aCall()
    await claire.call("signal", offerTo(jean, { sdp: `${OFFER}a=${CANDIDATE.candidate}\r\n` }))
    await settled(() => jean.signals.length === 1)

    const said = hub.signals.map(({ body }) => new TextDecoder("latin1").decode(body)).join("")
    expect(said).not.toMatch(/sha-256|192\.0\.2\.1|candidate/)
  })

  test("leave neither descriptions nor addresses in what a device keeps", async () => {
    const { claire, jean } = await aCall()
    await claire.call("signal", offerTo(jean))
    await settled(() => jean.signals.length === 1)
    await jean.call("signal", offerTo(claire, { type: "answer", sdp: aDescription(OTHER_FINGERPRINT) }))
    await jean.call("signal", offerTo(claire, { type: "candidates", sdp: null, candidates: [CANDIDATE] }))
    await settled(() => claire.signals.length === 2)

    for (const { keeper } of [claire, jean]) {
      const { vault } = keeper["context"]
      const stores = ["device", "rooms", "messages", "outbox", "key_packages", "proofs", "pins"] as const
      const kept = await Promise.all(stores.map((store) => vault.all(store)))
      const said = new TextDecoder("latin1").decode(encode(kept, { ignoreUndefined: true, useBigInt64: true }))
      expect(said).toContain(CLAIRE.name)
      for (const secret of ["sha-256", FINGERPRINT, OTHER_FINGERPRINT, "192.0.2.1", "candidate"]) expect(said).not.toContain(secret)
    }
  })

  test("are not sent for a generation that is over, nor for one that has not begun", async () => {
    const { hub, claire, jean } = await aCall()

    expect(await claire.call("signal", offerTo(jean, { generation: 0 }))).toMatchObject({ ok: false })
    expect(await claire.call("signal", offerTo(jean, { generation: 2 }))).toMatchObject({ ok: false })
    expect(await claire.call("signal", offerTo(jean, { call: OTHER_CALL }))).toMatchObject({ ok: false })
    expect(hub.signals).toHaveLength(0)
  })

  test("the group's next state is on the disk before a byte leaves: a crash reuses no key", async () => {
    const { hub, claire, jean, claireDisk } = await aCall()
    hub.meddle = (frame) => {
      if (frame.kind !== "call.signal") return null
      hub.meddle = () => null
      claire.crash()
      return "silence"
    }
    void claire.call("signal", offerTo(jean))
    await settled(() => claire.connection === null)
    const [lost] = hub.seen.flatMap((frame) => (frame.kind === "call.signal" ? [frame.body] : []))

    const again = await aConnectedDevice(hub, CLAIRE, claireDisk)
    await settled(() => again.calls.length === 1)
    await again.call("signal", offerTo(jean))
    await settled(() => jean.signals.length === 1)

    // Had the same key sealed both, the older one would not open any more.
    if (lost === undefined || again.connection === null) throw new Error("nothing was sent")
    const context = jean.keeper["context"]
    const state = [...context.rooms.values()][0]?.state ?? new Uint8Array()
    await expect(context.mls.decrypt(state, lost)).resolves.toBeDefined()
  })

  test("a message and a signal sealed at once do not share a key", async () => {
    const { claire, jean, id } = await aCall()
    await jean.call("open", id)

    await Promise.all([claire.call("write", id, "Un"), claire.call("signal", offerTo(jean)), claire.call("write", id, "Deux")])
    await settled(() => jean.texts.length === 2 && jean.signals.length === 1)

    expect(jean.texts).toEqual(["Un", "Deux"])
  })

  test("one sent again because its acknowledgement was lost is taken once, and is no incident", async () => {
    const scene = await aCall()
    const { claire, jean } = scene
    await claire.call("signal", offerTo(jean))
    await claire.call("signal", offerTo(jean))
    await claire.call("signal", offerTo(jean, { type: "candidates", sdp: null, candidates: [CANDIDATE] }))
    await settled(() => jean.signals.length === 2)

    expect(jean.signals.map(({ type }) => type)).toEqual(["offer", "candidates"])
    expect(incidents(scene)).toEqual([])
  })

  test("one of the epoch to come opens when its commit has been applied", async () => {
    const scene = await aCall()
    const late = await betweenTwoEpochs(scene)
    const { claire, jean } = scene

    await claire.call("signal", offerTo(jean, { type: "candidates", sdp: null, candidates: [CANDIDATE] }))
    await settled()
    expect(jean.signals).toHaveLength(1)
    late()
    await settled(() => jean.signals.length === 2)

    expect(incidents(scene)).toEqual([])
  })

  test("one sealed in an epoch that was just over is sealed anew, and arrives", async () => {
    const scene = await aCall()
    const late = await betweenTwoEpochs(scene)
    const { claire, jean } = scene

    const answered = jean.call("signal", offerTo(claire, { type: "answer" }))
    await settled()
    expect(claire.signals).toHaveLength(0)
    late()

    expect(await answered).toEqual({ ok: true })
    await settled(() => claire.signals.length === 1)
    expect(incidents(scene)).toEqual([])
  })

  test("one refused because a device is being removed is sealed anew in the epoch without it", async () => {
    const scene = await aCall()
    const { hub, claire, jean, id } = scene
    let refused = 0
    hub.meddle = (frame) => {
      if (frame.kind !== "call.signal" || refused > 0) return null
      refused += 1
      return { kind: "refused", code: "E_REMOVE_PENDING", text: "", retry: "changed" }
    }

    const answered = claire.call("signal", offerTo(jean))
    await settled(() => refused === 1)
    expect(hub.signals).toHaveLength(0)
    await committedBy({ hub, id }, jean)

    expect(await answered).toEqual({ ok: true })
    expect(hub.signals.map(({ body }) => authenticatedDataOf(body).epoch)).toEqual([2])
  })

  test("one that was under way when its epoch ended opens for ten seconds, and is an incident after that", async () => {
    for (const after of [false, true]) {
      const scene = await aCall()
      const { hub, claire, jean, id } = scene
      const body = await forged(claire, id, { to: deviceOf(jean) })
      const from = { who: CLAIRE, device: deviceOf(claire) }
      await committedBy({ hub, id }, claire)
      await settled(() => jean.keeper["context"].rooms.get(id)?.room.group?.epoch === 2)
      if (after) jean.timePasses()
      await settled()
      hub.deliver({ from, to: deviceOf(jean), conversation: id, body })
      await settled(() => jean.signals.length + jean.refusals.length === 1)

      expect(jean.refusals).toEqual(after ? ["call.identity_changed"] : [])
      expect(jean.signals).toHaveLength(after ? 0 : 1)
    }
  })

  test("the pharmacist's device renews the keys when the call is over, and messages go on", async () => {
    const { hub, claire, jean, id } = await aCall()
    await jean.call("open", id)

    hub.tellCall(aCallBetween(id, claire, jean, { version: 9, state: "ended", reason: "call.peer_left", pairs: [] }))
    await settled(() => hub.talks.get(id)?.epoch === 2 && jean.views.thread?.epoch === 2)
    await claire.call("write", id, "Après l’appel")
    await settled(() => jean.texts.length === 1)

    expect(hub.seen.filter((frame) => frame.kind === "group.commit")).toHaveLength(2)
    expect(jean.texts).toEqual(["Après l’appel"])
  })

  test("after 500 of them in an epoch the keys are renewed", async () => {
    const { hub, claire, jean, id } = await aCall()
    worn(claire, id, 498)
    await claire.call("signal", offerTo(jean))
    await settled()
    expect(hub.talks.get(id)?.epoch).toBe(1)
    await claire.call("signal", offerTo(jean, { type: "candidates", sdp: null, candidates: [CANDIDATE] }))
    await settled(() => hub.talks.get(id)?.epoch === 2)
  })
})

describe("a hub, or a member, that tampers with signals is refused, and it is an entry", () => {
  test("the same ciphertext a second time does not open", async () => {
    const scene = await aCall()
    const { hub, claire, jean } = scene
    await claire.call("signal", offerTo(jean))
    await settled(() => jean.signals.length === 1)
    const [sent] = hub.signals
    if (sent === undefined) throw new Error("nothing was sent")

    hub.deliver(sent)
    await settled(() => incidents(scene).length === 1)

    expect(jean.signals).toHaveLength(1)
    expect(jean.refusals).toEqual(["call.identity_changed"])
    expect(hub.seen.find((frame) => frame.kind === "call.incident")).toMatchObject({ call: CALL, peer: deviceOf(claire), generation: 1 })
  })

  test("one kept back for a later generation is stale", async () => {
    const scene = await aCall()
    const { hub, claire, jean, id } = scene
    const body = await forged(claire, id, { to: deviceOf(jean) })
    hub.tellCall(aCallBetween(id, claire, jean, { version: 4, pairs: [aPair(claire, jean, { generation: 2 })] }))

    expect(await refusedBy(scene, body)).toBe("call.stale_generation")
  })

  test("one for another call is refused", async () => {
    const scene = await aCall()

    expect(await refusedBy(scene, await forged(scene.claire, scene.id, { to: deviceOf(scene.jean), call: OTHER_CALL }))).toBe("call.wrong_state")
  })

  test("one whose content is for another call than its envelope is refused", async () => {
    const scene = await aCall()
    const to = deviceOf(scene.jean)

    expect(await refusedBy(scene, await forged(scene.claire, scene.id, { to, call: OTHER_CALL }, { call: CALL }))).toBe("call.wrong_state")
  })

  test("one whose envelope tells the hub another type than it carries is refused", async () => {
    const scene = await aCall()

    expect(await refusedBy(scene, await forged(scene.claire, scene.id, { to: deviceOf(scene.jean) }, { type: "candidates" }))).toBe("call.wrong_state")
  })

  test.each<[string, Partial<Signal>, string]>([
    ["one sealed for another device", { to: OTHER_CALL }, "call.wrong_state"],
    ["one of another generation", { generation: 7 }, "call.stale_generation"],
  ])("%s is refused before it is opened: it uses up no key", async (_, changed, code) => {
    const scene = await aCall()
    const state = (): Uint8Array | null | undefined => scene.jean.keeper["context"].rooms.get(scene.id)?.state
    const before = state()

    expect(await refusedBy(scene, await forged(scene.claire, scene.id, { to: deviceOf(scene.jean), ...changed }))).toBe(code)
    expect(state()).toBe(before)
  })

  test("one from a member who is not the roster's peer is refused, whoever the hub says sent it", async () => {
    const scene = await aCall()
    const { hub, claire, jean, id } = scene
    // Hugo's device is in the call by the hub's word, but what it passes on is Claire's.
    const body = await forged(claire, id, { to: deviceOf(jean) })
    const imposter = { who: HUGO, device: deviceOf(claire) }
    hub.deliver({ from: imposter, to: deviceOf(jean), conversation: id, body })
    await settled(() => incidents(scene).length === 1)

    expect(jean.refusals).toEqual(["call.identity_changed"])
    expect(jean.signals).toEqual([])
  })

  test("one of this very device, sent back to it, is refused", async () => {
    const scene = await aCall()
    const { jean, id } = scene

    expect(await refusedBy(scene, await forged(jean, id, { to: deviceOf(jean) }))).toBe("call.identity_changed")
  })

  test.each<[string, Partial<Signal>, string]>([
    ["an answer from the one who offers", { type: "answer", offer: new Uint8Array(32) }, "call.wrong_role"],
    ["an offer with two fingerprints", { sdp: `${OFFER}a=fingerprint:sha-256 ${OTHER_FINGERPRINT}\r\n` }, "call.fingerprint_mismatch"],
    ["an offer without one", { sdp: anSdp([]) }, "call.fingerprint_mismatch"],
    ["a description of 17 kB", { sdp: anSdp([`a=x:${"x".repeat(17 * 1024)}`]) }, "call.too_large"],
    ["another author inside than outside", { from: OTHER_CALL }, "call.identity_changed"],
    ["candidates before any offer", { type: "candidates", sdp: null, candidates: [CANDIDATE], offer: offerHash(OFFER) }, "call.wrong_state"],
  ])("%s", async (_, inside, code) => {
    const scene = await aCall()

    expect(await refusedBy(scene, await forged(scene.claire, scene.id, { to: deviceOf(scene.jean), ...inside }))).toBe(code)
  })

  test("a second fingerprint in one generation is refused, in the next it is the new certificate", async () => {
    const scene = await aCall()
    const { hub, claire, jean, id } = scene
    await claire.call("signal", offerTo(jean))
    await settled(() => jean.signals.length === 1)
    const body = await forged(claire, id, { to: deviceOf(jean), sdp: aDescription(OTHER_FINGERPRINT) })
    if (claire.connection === null) throw new Error("not connected")

    hub.deliver({ from: claire.connection, to: deviceOf(jean), conversation: id, body })
    await settled(() => incidents(scene).length === 1)
    expect(jean.refusals).toEqual(["call.fingerprint_mismatch"])

    hub.tellCall(aCallBetween(id, claire, jean, { version: 4, pairs: [aPair(claire, jean, { generation: 2 })] }))
    await claire.call("signal", offerTo(jean, { generation: 2, sdp: aDescription(OTHER_FINGERPRINT) }))
    await settled(() => jean.signals.length === 2)
  })

  test.each<[string, Uint8Array | null]>([
    ["that names no offer", null],
    ["to another offer", offerHash("v=0")],
  ])("an answer %s is refused", async (_, offer) => {
    const scene = await aCall()
    const { hub, claire, jean, id } = scene
    await claire.call("signal", offerTo(jean))
    await settled(() => jean.signals.length === 1)
    const body = await forged(jean, id, { to: deviceOf(claire), type: "answer", offer })
    if (jean.connection === null) throw new Error("not connected")

    hub.deliver({ from: jean.connection, to: deviceOf(claire), conversation: id, body })
    await settled(() => claire.refusals.length === 1 && incidents(scene).length === 1)

    expect(claire.refusals).toEqual(["call.fingerprint_mismatch"])
    expect(claire.signals).toEqual([])
  })

  test("bytes that are no MLS message, and a message that is no signal, are refused", async () => {
    const scene = await aCall()
    const { hub, claire, id } = scene
    expect(await refusedBy(scene, Uint8Array.of(1, 2, 3))).toBe("call.wrong_state")

    await claire.call("write", id, "Pas un signal")
    await settled(() => hub.seen.some((frame) => frame.kind === "message.send"))
    const [message] = hub.seen.flatMap((frame) => (frame.kind === "message.send" ? [frame.body] : []))
    expect(await refusedBy(scene, message ?? new Uint8Array())).toBe("call.wrong_state")
  })

  test("the same fault is told to the hub once for each generation", async () => {
    const scene = await aCall()
    const { hub, claire, jean } = scene
    await claire.call("signal", offerTo(jean))
    await settled(() => jean.signals.length === 1)
    const [sent] = hub.signals
    if (sent === undefined) throw new Error("nothing was sent")

    for (let i = 0; i < 20; i += 1) hub.deliver(sent)
    await settled(() => jean.refusals.length === 20)

    expect(incidents(scene)).toEqual(["call.identity_changed"])
  })

  test("bytes longer than any signal are not even looked at", async () => {
    const scene = await aCall()

    expect(await refusedBy(scene, new Uint8Array(18 * 1024 + 1))).toBe("call.too_large")
  })

  test("one of an epoch that never comes is refused after a while", async () => {
    const scene = await aCall()
    const { hub, claire, jean, id } = scene
    const body = await forged(claire, id, { to: deviceOf(jean) })
    // The epoch follows the group's id: a hub may write another there.
    const at = uuidAt(body, id) + 16 + 7
    body[at] = (body[at] ?? 0) + 1
    if (claire.connection === null) throw new Error("not connected")
    hub.deliver({ from: claire.connection, to: deviceOf(jean), conversation: id, body })
    await settled()
    expect(jean.refusals).toEqual([])

    jean.timePasses()
    await settled(() => incidents(scene).length === 1)

    expect(jean.refusals).toEqual(["call.identity_changed"])
  })

  test("only what the peer itself sealed can cost the connection", async () => {
    const scene = await aCall()
    const { claire, jean, id } = scene
    const proofs = (): readonly boolean[] => jean.said.flatMap((one) => (one.kind === "signal_refused" ? [one.proven] : []))
    const to = deviceOf(jean)
    await refusedBy(scene, Uint8Array.of(1, 2, 3))
    await refusedBy(scene, await forged(claire, id, { to, generation: 7 }))
    await refusedBy(scene, await forged(claire, id, { to, call: OTHER_CALL }))
    const flipped = await forged(claire, id, { to })
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1
    await refusedBy(scene, flipped)
    expect(proofs()).toEqual([false, false, false, false])

    await refusedBy(scene, await forged(claire, id, { to, sdp: anSdp([]) }))
    expect(proofs().at(-1)).toBe(true)
  })

  test("a call frame of another shape is a hub to leave, not one to believe", async () => {
    const { jean } = await aCall()
    jean.connection?.deliver(encode({ kind: "call", call: { id: CALL } }))
    await settled(() => jean.count("drop") === 1)
  })
})

describe("a hub that lies about a call", () => {
  const strange = "de000000-0000-4000-8000-0000000000ff"

  test.each<[string, (claire: Device, jean: Device) => Partial<CallView>, string]>([
    ["with pairs that make no sense", (_, jean) => ({ pairs: [aPair(jean, jean)] }), "call.wrong_state"],
    ["with another offerer in the same generation", (claire, jean) => ({ pairs: [aPair(claire, jean, { offerer: deviceOf(jean) })] }), "call.wrong_role"],
    ["with a generation that was before", (claire, jean) => ({ pairs: [aPair(claire, jean, { generation: 0 })] }), "call.stale_generation"],
    ["with a generation that is far ahead", (claire, jean) => ({ pairs: [aPair(claire, jean, { generation: 2 ** 31 - 1 })] }), "call.wrong_state"],
    ["with people who have changed their places", (claire, jean) => ({ legs: [aLeg(claire, { person: JEAN.person }), aLeg(jean, { person: CLAIRE.person })] }), "call.identity_changed"],
    ["with other contents under the same number", () => ({ version: 3, state: "degraded" }), "call.wrong_state"],
  ])("%s is not believed, and it is an entry", async (_, lie, code) => {
    const scene = await aCall()
    const { hub, claire, jean, id } = scene
    const before = jean.calls

    hub.tellCall(aCallBetween(id, claire, jean, { version: 9, ...lie(claire, jean) }))
    await settled(() => incidents(scene).includes(code))

    expect(jean.calls).toEqual(before)
  })

  test("by telling it again at hello is not believed there either", async () => {
    const scene = await aCall()
    const { hub, claire, jean, id } = scene
    jean.cut()
    hub.tellCall(aCallBetween(id, claire, jean, { version: 9, pairs: [aPair(claire, jean, { generation: 0 })] }))
    jean.connect(hub)
    await settled(() => incidents(scene).includes("call.stale_generation"))

    expect(jean.calls[0]?.view.version).toBe(3)
  })

  test("by seating a stranger is told of; whoever was there stays", async () => {
    const scene = await aCall()
    const { hub, claire, jean, id } = scene
    hub.tellCall(aCallBetween(id, claire, jean, {
      version: 9, legs: [aLeg(claire), aLeg(jean), aLeg(claire, { person: HUGO.person, device: strange })],
      pairs: [aPair(claire, jean), aPair(claire, jean, { devices: [strange, deviceOf(jean)], offerer: strange })],
    }))
    await settled(() => incidents(scene).length > 0)

    expect(incidents(scene)).toEqual(["call.identity_changed"])
    expect(hub.seen.find((frame) => frame.kind === "call.incident")).toMatchObject({ peer: strange })
    expect(jean.calls[0]?.peerings.map(({ device }) => device)).toEqual([deviceOf(claire)])
  })

  test("by seating a stranger for a moment is told of all the same", async () => {
    const scene = await aCall()
    const { hub, claire, jean, id } = scene
    const stranger = aPair(claire, jean, { devices: [strange, deviceOf(jean)], offerer: strange })
    hub.tellCall(aCallBetween(id, claire, jean, {
      version: 9, legs: [aLeg(claire), aLeg(jean), aLeg(claire, { person: HUGO.person, device: strange })],
      pairs: [aPair(claire, jean), stranger],
    }))
    hub.tellCall(aCallBetween(id, claire, jean, { version: 10 }))
    await settled(() => incidents(scene).length > 0)

    expect(incidents(scene)).toEqual(["call.identity_changed"])
  })

  test("a generation beyond every bound is a frame of another shape", async () => {
    const { hub, claire, jean, id } = await aCall()
    hub.tellCall(aCallBetween(id, claire, jean, { version: 9, pairs: [aPair(claire, jean, { generation: 2 ** 31 })] }))

    await settled(() => jean.count("drop") === 1)
  })

  test("relays that a browser would choke on are not handed to the page", async () => {
    const { hub, jean, id } = await aCall({ turn: true })
    hub.meddle = (frame) => (frame.kind === "call.turn" ? { kind: "ok", now: 1, result: { urls: ["http://127.0.0.1"], username: "u", credential: "c", expires_at: 9, renew_at: 5 } } : null)

    expect(await jean.call("turn", id, CALL)).toMatchObject({ ok: false })
  })
})
