/** What a hub tries that wants to read along, to forget an act, to put words in a mouth, or to wear a device out. */
import { describe, expect, test } from "vitest"
import { encodeLogProof } from "../../src/core/log/proof"
import { uuidText } from "../../src/core/uuid"
import { leafHash } from "../../src/core/log/tree"
import { KEPT, STOCK } from "../../src/worker/keyPackages"
import { aStranger, added } from "./aGroup"
import { anMls } from "./anMls"
import { CLAIRE, Device, HUGO, JEAN, aConnectedDevice, aDisk, settled } from "./aDevice"
import { anOpenDispensation, type Scene } from "./aScene"
import { FakeHub, authenticatedDataOf, type Connection, type Person } from "./fakeHub"
import type { FakeLog } from "./fakeLog"

const MARC: Person = { person: "aac00000-0000-4000-8000-000000000009", name: "Marc Tellier", role: "compliance_officer" }
const MALLORY: Person = { person: "ba110000-0000-4000-8000-00000000000a", name: "Jean Lefèvre", role: "patient" }
type Json = Record<string, unknown>

function talkOf({ hub, id }: Scene): NonNullable<ReturnType<FakeHub["talks"]["get"]>> {
  const talk = hub.talks.get(id)
  if (talk === undefined) throw new Error("no conversation")
  return talk
}

describe("a hub that wants to read along", () => {
  test("by listing somebody nobody chose gets no device of theirs added", async () => {
    const scene = await anOpenDispensation()
    const { hub, claire, id } = scene
    const mls = anMls()
    const theirs = await aStranger(hub.registry, MALLORY, mls, MALLORY.person)
    hub.stock.set(MALLORY.person, [{ person: MALLORY.person, device: MALLORY.person, bytes: theirs.message }])
    const { summary } = talkOf(scene)
    const listed = { ...MALLORY, state: "invited" as const, delivered: 0, read: 0, key_packages: true }

    claire.connection?.push({ kind: "conversation", conversation: { ...summary, joined: true, epoch: 1, members: [...summary.members, listed] } })
    claire.connection?.push({ kind: "key_packages", person: MALLORY.person })
    await settled()
    claire.timePasses()
    await settled()

    expect(hub.seen.some((frame) => frame.kind === "key_packages.claim" && frame.person === MALLORY.person)).toBe(false)
    expect(claire.views.thread?.readers.map((one) => one.person)).toEqual([CLAIRE.person, JEAN.person])
    expect(id).toBe(claire.views.thread?.conversation.id)
  })

  test("by naming another patient for a conversation already begun changes nothing of whom it is with", async () => {
    const scene = await anOpenDispensation()
    const { summary } = talkOf(scene)

    scene.claire.connection?.push({ kind: "conversation", conversation: { ...summary, patient: MALLORY.person, founder: HUGO.person, motive: "other" } })
    await settled()

    expect(scene.claire.views.thread?.conversation).toMatchObject({ patient: JEAN.person, founder: CLAIRE.person, motive: "health" })
  })

  test("with a reader that a member added unlisted: the reader is shown, not hidden", async () => {
    const scene = await anOpenDispensation()
    const { jean, claire } = scene
    // Claire's own device is the hub's accomplice: it commits an Add that nobody asked for.
    await addedBy(scene, claire, HUGO)
    await settled(() => jean.views.thread?.epoch === 2)

    expect(jean.views.thread?.readers.at(-1)).toMatchObject({ person: HUGO.person, name: "", role: "unknown", me: false })
  })

  test("with a reader that a patient added, who may add nobody, is not followed", async () => {
    const scene = await anOpenDispensation()
    await addedBy(scene, scene.jean, HUGO)
    await settled(() => scene.claire.views.conversations?.[0]?.readiness === "broken")

    expect(scene.claire.views.thread?.readers.map((one) => one.person)).toEqual([CLAIRE.person, JEAN.person])
    expect(stuckOf(scene)).toBe("adds_another")
  })
})

/** `device` commits an Add of somebody, and the hub lets it through. */
async function addedBy({ hub, id, ...scene }: Scene, device: Device, who: Person = MALLORY): Promise<void> {
  const mls = anMls()
  const theirs = await aStranger(hub.registry, who, mls, MALLORY.person)
  const state = device.keeper["context"].rooms.get(id)?.state
  if (state == null || device.connection === null) throw new Error("not in the group")
  const { commit } = await added(mls, state, [theirs.message])
  hub.append(talkOf({ hub, id, ...scene }), device.connection, "commit", commit, null)
}

/** The rule by which Claire's device could not follow. */
function stuckOf({ claire, id }: Scene): string | undefined {
  return claire.keeper["context"].rooms.get(id)?.stuck?.reason
}

describe("a hub that puts words in a mouth", () => {
  test("cannot show this device's own message under somebody else's name", async () => {
    const scene = await anOpenDispensation()
    const { hub, claire, id } = scene
    hub.meddle = (frame, from) => {
      if (frame.kind !== "message.send") return null
      hub.meddle = () => null
      hub.append(talkOf(scene), { who: HUGO, device: from.device }, "message", frame.body, messageOf(frame.body))
      return "silence"
    }

    await claire.call("write", id, "C’est moi")
    await settled(() => claire.messages.some((one) => one.person === HUGO.person))

    expect(claire.messages.find((one) => one.person === HUGO.person)?.content).toEqual({ kind: "hidden", why: "proofs" })
  })

  test("cannot show this device's own message twice", async () => {
    const scene = await anOpenDispensation()
    const { hub, claire, id } = scene
    hub.meddle = (frame, from) => {
      if (frame.kind !== "message.send") return null
      for (let i = 0; i < 2; i += 1) hub.append(talkOf(scene), from, "message", frame.body, messageOf(frame.body))
      return "silence"
    }

    await claire.call("write", id, "Une seule fois")
    await settled(() => talkOf(scene).events.length === 3 && claire.texts.length === 2)

    expect(claire.texts).toEqual(["Une seule fois", "(hidden)"])
  })

  test("cannot have a message count as read by somebody who is not in the group", async () => {
    const scene = await anOpenDispensation()
    const { claire, jean, id } = scene
    jean.cut()
    await claire.call("write", id, "Lu ?")
    await settled(() => claire.messages[0]?.delivery === "sent")
    const { summary } = talkOf(scene)
    const reader = { ...MALLORY, state: "joined" as const, delivered: 99, read: 99, key_packages: false }

    claire.connection?.push({ kind: "conversation", conversation: { ...summary, joined: true, epoch: 1, last_seq: 2, members: [...summary.members, reader] } })
    claire.connection?.push({ kind: "cursor", conversation: id, person: HUGO.person, delivered: 99, read: 99 })
    await settled()

    expect(claire.messages[0]?.delivery).toBe("sent")
  })

  test("cannot tell a device that it belongs to somebody else now", async () => {
    const { hub, claire, claireDisk } = await anOpenDispensation()
    claire.crash()
    const connect = hub.connect.bind(hub)
    hub.connect = (_who, deliver) => connect(HUGO, deliver)
    const again = await Device.on(claireDisk, CLAIRE)

    again.connect(hub)
    await settled(() => again.said.some((one) => one.kind === "failed" && one.fault === "forbidden"))

    expect(again.count("welcomed")).toBe(0)
  })
})

describe("a hub that wants to forget an act", () => {
  test("by giving no receipt is told of on every screen", async () => {
    const { hub, claire, id } = await anOpenDispensation()
    const receive = hub.receive.bind(hub)
    hub.receive = (from, frame) => {
      receive(frame.kind === "message.send" ? without(from, "receipt") : from, frame)
    }

    await claire.call("write", id, "Sans preuve")
    await settled(() => claire.views.alarm?.code === "C_RECEIPT")
  })

  test("by giving the receipt of an earlier act of the same kind is told of", async () => {
    const { hub, claire, claireDisk } = await anOpenDispensation()
    const first = hub.technical.entries.findIndex((entry) => new TextDecoder().decode(entry).includes(claire.connection?.device ?? "?"))
    claire.crash()
    const old = receiptOf(hub.technical, first)
    hub.technical.append = () => old

    const again = await Device.on(claireDisk, CLAIRE)
    again.connect(hub)
    await settled(() => again.views.alarm?.code === "C_RECEIPT")
  })

  test("by putting an act of care in the log that is kept for a year is told of", async () => {
    const { hub, claire, id } = await anOpenDispensation()
    hub.care.append = (entry) => hub.technical.append(entry)

    await claire.call("write", id, "Au mauvais journal")
    await settled(() => claire.views.alarm?.code === "C_RECEIPT")
  })

  test("by coming back with a shorter log is told of at hello", async () => {
    const { hub, claire, claireDisk } = await anOpenDispensation()
    claire.crash()
    const shorter = hub.care.checkpoint(1)
    hub.care.checkpoint = () => shorter

    const again = await Device.on(claireDisk, CLAIRE)
    again.connect(hub)
    await settled(() => again.views.alarm?.code === "C_LOG_FORKED")
  })

  test("by telling no signed head at hello is told of", async () => {
    const { hub, claire, claireDisk } = await anOpenDispensation()
    claire.crash()
    hub.care.checkpoint = () => ""

    const again = await Device.on(claireDisk, CLAIRE)
    again.connect(hub)
    await settled(() => again.views.alarm?.code === "C_LOG_FORKED")
  })
})

describe("a hub before an officer", () => {
  const CONVERSATION = "0ff1ce00-0000-4000-8000-000000000001"
  const OTHER = "0ff1ce00-0000-4000-8000-000000000002"

  async function anOfficer(): Promise<{ hub: FakeHub; marc: Device }> {
    const hub = new FakeHub([MARC])
    for (const [i, conversation] of [CONVERSATION, OTHER].entries()) {
      hub.care.append({
        type: "message.sent", ts: 1_700_000_000_000_000 + i, class: "care", actor: { person: CLAIRE.person, role: "pharmacist", device: null },
        conversation, conversation_entry: 1, decision: { effect: "permit", rule: "message.send" }, object: null, outcome: null,
      })
    }
    const marc = await Device.on(aDisk(), MARC)
    hub.meddle = (frame, from) => (frame.kind === "key_packages.publish" ? published(hub, from) : null)
    marc.connect(hub)
    await settled(() => marc.count("welcomed") > 0)
    return { hub, marc }
  }

  function published(hub: FakeHub, from: Connection): Json {
    return { kind: "ok", now: 1, result: { left: 50 }, receipt: looked(hub.technical, from, "key_packages.published", null) }
  }

  function looked(log: FakeLog, from: Connection, type: string, conversation: string | null): Json {
    return { ...log.append({
      type, ts: 1, class: log.name.endsWith("care") ? "care" : "technical", actor: { person: MARC.person, role: MARC.role, device: from.device },
      conversation, conversation_entry: null, decision: { effect: "permit", rule: "test" }, object: null,
    }) }
  }

  /** Answer looks: `logs` of « Vérifier », `rows` and `total` of pages. */
  function answers(hub: FakeHub, told: { logs?: () => Json[]; rows?: (log: string) => Json[]; total?: number; next?: number | null }): void {
    hub.meddle = (frame, from) => {
      if (frame.kind === "audit.verify") {
        const logs = told.logs?.() ?? []
        return { kind: "ok", now: 1, result: { look: OTHER, logs }, receipt: looked(hub.care, from, "audit.logs_verified", null) }
      }
      if (frame.kind === "audit.timeline") {
        const head = { checkpoint: hub.care.checkpoint(), size: hub.care.entries.length }
        const result = { look: OTHER, total: told.total ?? 1, logs: { care: hub.care.vkey }, people: {}, ...head }
        return { kind: "ok", now: 1, result, receipt: looked(hub.care, from, "audit.timeline_read", frame.conversation) }
      }
      if (frame.kind === "audit.page") return { kind: "ok", now: 1, result: { rows: told.rows?.(frame.log) ?? [], next: told.next ?? null } }
      return null
    }
  }

  function lookAt(log: FakeLog, name: string, size = log.entries.length): Json {
    return { log: name, vkey: log.vkey, checkpoint: log.checkpoint(size), size }
  }

  const row = (one: object): Json => ({ ...one })

  test.each<[string, (hub: FakeHub) => Json[]]>([
    ["no log at all", () => []],
    ["one log of two", (hub) => [lookAt(hub.technical, "technical")]],
    ["one log twice", (hub) => [lookAt(hub.technical, "technical"), lookAt(hub.technical, "technical")]],
  ])("that shows %s is not « intact »", async (_, logs) => {
    const { hub, marc } = await anOfficer()
    answers(hub, { logs: () => logs(hub), rows: (log) => (log === "care" ? hub.care : hub.technical).rows().map(row) })

    const outcome = await marc.call("verify")

    expect(outcome).toMatchObject({ ok: false, trouble: { code: "C_SERVER" } })
    expect(marc.integrity?.kind).not.toBe("intact")
  })

  test("that shows both, whole, is", async () => {
    const { hub, marc } = await anOfficer()
    answers(hub, { logs: () => [lookAt(hub.care, "care"), lookAt(hub.technical, "technical")], rows: (log) => (log === "care" ? hub.care.rows().slice(0, 2) : hub.technical.rows()).map(row) })

    await marc.call("verify")

    expect(marc.integrity).toMatchObject({ kind: "intact" })
  })

  test("that shows a log shorter than a checkpoint this device holds, though it never verified it, has shrunk", async () => {
    const { hub, marc } = await anOfficer()
    answers(hub, { logs: () => [lookAt(hub.care, "care", 1), lookAt(hub.technical, "technical")], rows: (log) => (log === "care" ? hub.care.rows().slice(0, 1) : hub.technical.rows()).map(row) })

    await marc.call("verify")

    expect(marc.integrity).toMatchObject({ kind: "broken", log: "care", fault: "shrunk" })
  })

  test("that shows another conversation's entries as this one's is found out", async () => {
    const { hub, marc } = await anOfficer()
    answers(hub, { rows: () => hub.care.rows().slice(1, 2).map((one) => ({ ...one, proof: [leafHash(hub.care.entries[0] ?? new Uint8Array())] })) })

    await marc.call("timeline", CONVERSATION)

    expect(marc.views.audit?.timeline?.numbered).toBe(false)
  })

  test("whose pages never end is left", async () => {
    const { hub, marc } = await anOfficer()
    let asked = 0
    answers(hub, { rows: () => { asked += 1; return hub.care.rows().slice(0, 1).map(row) } })
    const { meddle } = hub
    hub.meddle = (frame, from) => {
      const answer = meddle(frame, from)
      return frame.kind === "audit.page" && answer !== null && typeof answer === "object" ? { ...answer, result: { ...Object(answer["result"]), next: frame.after + 1 } } : answer
    }

    await marc.call("timeline", CONVERSATION)

    expect(asked).toBeLessThan(10)
  })
})

describe("a hub that wants to wear a device out", () => {
  test("by refusing every epoch has no message encrypted without end", async () => {
    const { hub, claire, id } = await anOpenDispensation()
    hub.meddle = (frame) => (frame.kind === "message.send" ? { kind: "refused", code: "E_EPOCH", text: "", retry: "changed", epoch: 1 } : null)

    await claire.call("write", id, "Encore et encore")
    await settled(() => claire.messages[0]?.delivery === "failed")

    expect(hub.seen.filter((frame) => frame.kind === "message.send").length).toBeLessThan(3)
  })

  test("by asking for key packages without end has only so many kept", async () => {
    const hub = new FakeHub([JEAN])
    const jean = await aConnectedDevice(hub, JEAN, aDisk(), STOCK)
    for (let i = 1; i <= 8; i += 1) {
      const published = hub.seen.filter((frame) => frame.kind === "key_packages.publish").length
      jean.connection?.push({ kind: "key_packages.low", left: 0 })
      await settled(() => hub.seen.filter((frame) => frame.kind === "key_packages.publish").length === published + 1)
    }
    await settled()

    expect(await jean.keeper["context"].vault.keys("key_packages")).toHaveLength(KEPT)
  }, 20_000)
})

function messageOf(body: Uint8Array): string {
  return uuidText(authenticatedDataOf(body).id)
}

/** The same connection, but what it delivers lacks a field. */
function without(from: Connection, field: string): Connection {
  return Object.assign(Object.create(from) as Connection, {
    push: (frame: Json) => { from.push(Object.fromEntries(Object.entries(frame).filter(([key]) => key !== field))) },
  })
}

function receiptOf(log: FakeLog, index: number): ReturnType<FakeLog["append"]> {
  const { entry, proof } = log.rows()[index] ?? {}
  if (entry == null) throw new Error("no such entry")
  const file = encodeLogProof({ index, hashes: proof ?? [], checkpointText: log.checkpoint(), extra: null })
  return { log: log.name, index, entry, proof: file }
}
