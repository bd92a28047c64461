/** What a device does on entering an epoch: its signed word, what of the epoch before still opens, whose groups it takes. */
import { describe, expect, test } from "vitest"
import { equal } from "../../src/core/bytes"
import { externalSenders } from "../../src/core/mls/extensions"
import { EPOCH_RECEIPT, UnverifiedStatement } from "../../src/core/policy/statements"
import { sha256 } from "@noble/hashes/sha2.js"
import { Group } from "../../src/core/mls/group"
import { SUITE_1 } from "../../src/core/mls/suites"
import { groupIdOf } from "../../src/worker/epochs"
import { CLAIRE, Device, HUGO, JEAN, aConnectedDevice, settled } from "./aDevice"
import { aFamily, aRevocation, committedBy, keysOf, recordOf, sentTo, talkOf } from "./aFamily"
import { aDispensation, anOpenDispensation } from "./aScene"
import { added, theExtensions } from "./aGroup"
import { anMls } from "./anMls"
import { uuidText } from "../../src/core/uuid"
import { FakeHub, authenticatedDataOf } from "./fakeHub"
import { FakeLog } from "./fakeLog"

describe("an epoch that a device entered", () => {
  test("is confirmed by it: added, following, or by its own commit", async () => {
    const family = await aFamily()
    await committedBy(family, family.tablet)
    await settled(() => talkOf(family).group.confirmedBy(2).length === 2)
    const { group } = talkOf(family)

    expect(new Set(group.confirmedBy(1))).toEqual(new Set([family.claire, family.phone, family.tablet].map((device) => keysOf(device).device)))
    expect(new Set(group.confirmedBy(2))).toEqual(new Set([family.claire, family.phone].map((device) => keysOf(device).device)))
    const hashes = group.receipts.filter((one) => one.epoch === 1).map((one) => one.content.authenticatorHash)
    expect(hashes.every((hash) => equal(hash, hashes[0] ?? new Uint8Array()))).toBe(true)
  })

  test("is confirmed by the hash of what only members know, under the device's own key", async () => {
    const { hub, claire, id } = await aFamily()
    const frame = hub.seen.find((one) => one.kind === "group.receipt")
    if (frame?.kind !== "group.receipt") throw new Error("no receipt")
    const group = Group.deserialize(recordOf(claire, id).state ?? new Uint8Array())
    const { content } = UnverifiedStatement.decode(EPOCH_RECEIPT, frame.receipt)

    expect(content).toMatchObject({ deployment: hub.deployment, epoch: 1, groupId: groupIdOf(id, 0) })
    expect(content.authenticatorHash).toEqual(sha256(group.epochAuthenticator))
    expect(content.confirmedTranscriptHash).toEqual(group.context.confirmedTranscriptHash)
  })

  test("is confirmed again after a crash, with the same bytes, and not once more when the hub has it", async () => {
    for (const loss of ["silence", "mute"] as const) {
      const { hub, claire, jean, id, jeanDisk } = await aDispensation()
      await settled(() => hub.talks.get(id)?.group.confirmedBy().length === 2)
      const from = sentTo(hub, "group.receipt")
      hub.meddle = (frame) => (frame.kind === "group.receipt" ? loss : null)
      await committedBy({ hub, id }, claire)
      await settled(() => sentTo(hub, "group.receipt") === from + 1)
      jean.crash()
      hub.meddle = () => null
      const again = await aConnectedDevice(hub, JEAN, jeanDisk)
      await settled(() => recordOf(again, id).receipt === null)
      again.cut()
      again.connect(hub)
      await settled(() => again.count("welcomed") === 2)

      const told = hub.seen.flatMap((frame) => (frame.kind === "group.receipt" ? [frame.receipt] : [])).slice(from)
      expect(told).toHaveLength(2)
      expect(told[1]).toEqual(told[0])
    }
  })

  test("whose receipt the hub calls false is told of, and not said again", async () => {
    const { hub, claire, jean, id } = await aDispensation()
    await settled(() => hub.talks.get(id)?.group.confirmedBy().length === 2)
    hub.meddle = (frame) => (frame.kind === "group.receipt" ? { kind: "refused", code: "E_RECEIPT", text: "Non.", retry: "never" } : null)
    await committedBy({ hub, id }, claire)
    await settled(() => jean.views.alarm?.code === "E_RECEIPT")

    expect(recordOf(jean, id).receipt).toBeNull()
  })

  test("of a group that was succeeded meanwhile is not confirmed any more: that would be called false", async () => {
    const { hub, claire, jean, id, jeanDisk } = await aDispensation()
    await settled(() => hub.talks.get(id)?.group.confirmedBy().length === 2)
    hub.meddle = (frame) => (frame.kind === "group.receipt" ? "silence" : null)
    await committedBy({ hub, id }, claire)
    await settled(() => recordOf(jean, id).receipt !== null)
    jean.crash()
    hub.meddle = () => null
    const talk = talkOf({ hub, id })
    Object.assign(talk, { generation: 1, admitted: [] })
    const before = sentTo(hub, "group.receipt")

    const again = await aConnectedDevice(hub, JEAN, jeanDisk)
    await settled(() => again.views.conversations?.[0]?.readiness === "broken")

    expect(sentTo(hub, "group.receipt")).toBe(before)
    expect(again.views.alarm ?? null).toBeNull()
  })

  test("in which two devices hold different keys is an alarm to whoever is told", async () => {
    const { claire, id } = await aDispensation()
    claire.connection?.push({ kind: "group.forked", conversation: id, epoch: 1 })

    await settled(() => claire.views.alarm?.code === "C_GROUP_FORKED")
  })

  test("of which the receipt says « forked » is proven from the log of care", async () => {
    const { hub, claire, jean, id } = await aDispensation()
    await settled(() => hub.talks.get(id)?.group.confirmedBy().length === 2)
    hub.meddle = (frame, from) => (frame.kind !== "group.receipt" ? null : {
      kind: "ok", now: 1, result: { receipts: 1 },
      receipt: hub.care.append({
        type: "group.forked", ts: 1, class: "care", actor: { person: from.who.person, role: from.who.role, device: from.device },
        conversation: id, conversation_entry: 1, decision: { effect: "permit", rule: "group.receipt" }, object: null,
      }),
    })
    await committedBy({ hub, id }, claire)

    await settled(() => jean.views.proofs?.some((one) => one.what === "group.forked" && one.state === "verified") ?? false)
  })
})

describe("what was under way when an epoch ended", () => {
  async function late(between: (scene: Awaited<ReturnType<typeof aFamily>>) => Promise<void>): Promise<Awaited<ReturnType<typeof aFamily>>> {
    const family = await aFamily()
    const { hub, claire, id } = family
    const bodies: Uint8Array[] = []
    hub.meddle = (frame) => {
      if (frame.kind === "message.send") bodies.push(frame.body)
      return frame.kind === "message.send" ? "silence" : null
    }
    await claire.call("write", id, "En chemin")
    await settled(() => bodies.length > 0)
    const [body = new Uint8Array()] = bodies
    hub.meddle = () => null
    claire.cut()
    await between(family)
    hub.append(talkOf(family), { who: CLAIRE, device: keysOf(claire).device }, "message", body, idOf(body))
    await settled(() => family.phone.texts.length === 1)
    return family
  }

  test("still opens for ten seconds", async () => {
    const { phone, id } = await late((family) => committedBy(family, family.tablet).then(() => undefined))

    expect(phone.texts).toEqual(["En chemin"])
    expect(recordOf(phone, id).previous).not.toBeNull()
  })

  test("does not open twice", async () => {
    const family = await late((of) => committedBy(of, of.tablet).then(() => undefined))
    const event = talkOf(family).events.at(-1)
    family.hub.append(talkOf(family), { who: CLAIRE, device: keysOf(family.claire).device }, "message", event?.body ?? new Uint8Array(), event?.message ?? null)
    await settled(() => family.phone.texts.length === 2)

    expect(family.phone.texts).toEqual(["En chemin", "(hidden)"])
  })

  test("does not open after that, and its keys are gone from the disk", async () => {
    const { phone, id } = await late(async (family) => {
      await committedBy(family, family.tablet)
      family.phone.timePasses()
      await settled(() => recordOf(family.phone, family.id).previous === null)
    })

    expect(phone.texts).toEqual(["(hidden)"])
    expect((await phone.keeper["context"].vault.read("rooms", id))?.previous).toBeNull()
  })

  test("does not open after that where the clock alone says so", async () => {
    const real = Date.now
    const { phone } = await late(async (family) => {
      await committedBy(family, family.tablet)
      Date.now = () => real() + 10_001
    }).finally(() => { Date.now = real })

    expect(phone.texts).toEqual(["(hidden)"])
  })

  test("does not open across a removal", async () => {
    const { phone, id } = await late(async (family) => {
      family.hub.retire(aRevocation(family.hub, family.tablet, family.phone))
      await settled(() => family.phone.views.thread?.epoch === 2)
    })

    expect(phone.texts).toEqual(["(hidden)"])
    expect(recordOf(phone, id).previous).toBeNull()
  })
})

function idOf(body: Uint8Array): string {
  return uuidText(authenticatedDataOf(body).id)
}

describe("a hub under another key", () => {
  test("is not spoken with: the device stops at its first hello", async () => {
    const { hub, claire, claireDisk } = await aDispensation()
    claire.crash()
    const other = Object.assign(new FakeHub([CLAIRE, HUGO, JEAN]), { care: hub.care, technical: hub.technical, registry: hub.registry })
    const again = await Device.on(claireDisk, CLAIRE)

    again.connect(other)
    await settled(() => again.said.some((one) => one.kind === "failed" && one.fault === "hub_key_changed"))

    expect(again.count("welcomed")).toBe(0)
    expect(other.care).toBeInstanceOf(FakeLog)
  })

  test("or of another deployment is not spoken with", async () => {
    const { hub, claire, claireDisk } = await aDispensation()
    claire.crash()
    Object.assign(hub, { deployment: "elsewhere" })
    const again = await Device.on(claireDisk, CLAIRE)

    again.connect(hub)
    await settled(() => again.said.some((one) => one.kind === "failed" && one.fault === "hub_key_changed"))
  })

  test.each<[string, Uint8Array, (id: string) => Uint8Array]>([
    ["open to another hub", new Uint8Array(32).fill(9), (id) => groupIdOf(id, 0)],
    ["of another conversation", new Uint8Array(), () => groupIdOf(HUGO.person, 0)],
  ])("does not get a device into a group that is %s", async (_, foreign, idOf) => {
    const hub = new FakeHub([CLAIRE, HUGO, JEAN])
    const jean = await aConnectedDevice(hub, JEAN)
    const id = "c0400000-0000-4000-8000-00000000000a"
    const mls = anMls()
    const key = foreign.length > 0 ? foreign : jean.keeper["context"].me?.hub_key ?? new Uint8Array()
    const keys = await mls.newDeviceKeys()
    const made = await mls.create(idOf(id), hub.registry.credential(CLAIRE, CLAIRE.person, keys.publicKey), keys, theExtensions(id, key))
    const [stock] = hub.stock.get(keysOf(jean).device) ?? []
    const { welcome } = await added(mls, made.state, [stock?.bytes ?? new Uint8Array()])
    const member = (person: typeof JEAN): object => ({ ...person, state: "joined", delivered: 0, read: 0, key_packages: false })
    jean.connection?.push({
      kind: "conversation", conversation: {
        id, conversation_kind: "remote_dispensation", motive: "health", created_at: 1, founder: CLAIRE.person, patient: JEAN.person, generation: 0,
        epoch: 1, last_seq: 1, removing: false, joined: true, since: 1, members: [member(CLAIRE), member(JEAN)],
      },
    })
    jean.connection?.push({ kind: "welcome", conversation: id, seq: 1, welcome })
    await settled(() => jean.views.alarm?.code === "C_GROUP_REFUSED")

    expect(jean.views.conversations?.[0]?.readiness).toBe("refused")
    expect(recordOf(jean, id).state).toBeNull()
  })

  test("has every new conversation be open to itself alone", async () => {
    const { hub, claire, id } = await anOpenDispensation()
    const facts = anMls().facts(recordOf(claire, id).state ?? new Uint8Array())

    expect(externalSenders(facts.extensions).map((one) => one.signatureKey)).toEqual([SUITE_1.signature.publicKey(hub.hubSecret)])
  })
})
