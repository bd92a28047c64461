/** A device is given up: the hub demands its removal, a member commits it, nothing is written until then. */
import { describe, expect, test } from "vitest"
import { uuidBytes } from "../../src/core/uuid"
import { CLAIRE, Device, JEAN, settled } from "./aDevice"
import { aFamily, aRevocation, committedBy, keysOf, recordOf, sentTo, talkOf } from "./aFamily"
import { added, committed, theExtensions } from "./aGroup"
import { anMls } from "./anMls"
import { authenticatedDataOf } from "./fakeHub"

/** The hub keeps its later demands from a device. */
function hideProposalsFrom({ connection }: Device): void {
  if (connection === null) throw new Error("no connection")
  const push = connection.push.bind(connection)
  connection.push = (frame) => { if (frame["what"] !== "proposal") push(frame) }
}

describe("a removal that is justified", () => {
  test("is committed by the device that is asked; the others follow, and nobody of it reads on", async () => {
    const family = await aFamily()
    const { hub, claire, phone, tablet, id } = family

    hub.retire(aRevocation(hub, tablet, phone))
    await settled(() => [claire, phone].every((device) => device.views.thread?.epoch === 2))
    await claire.call("write", id, "Sans la tablette")
    await settled(() => phone.texts.length === 1)

    expect(talkOf(family).group.leaves.map((leaf) => leaf.device)).not.toContain(keysOf(tablet).device)
    expect(claire.views.thread?.readers.map((one) => one.devices)).toEqual([1, 1])
    expect(tablet.texts).toEqual([])
    expect(claire.views.alarm ?? null).toBeNull()
  })

  test("is committed once, though every device may", async () => {
    const { hub, phone, tablet } = await aFamily()
    const before = sentTo(hub, "group.commit")

    hub.retire(aRevocation(hub, tablet, phone))
    await settled(() => phone.views.thread?.epoch === 2)

    expect(sentTo(hub, "group.commit")).toBe(before + 1)
  })

  test("has what is written wait, and leave encrypted for the epoch without the device", async () => {
    const family = await aFamily()
    const { hub, claire, phone, tablet, id } = family
    hub.askToCommit = () => undefined
    hub.retire(aRevocation(hub, tablet, phone))
    await settled(() => recordOf(claire, id).removing.length === 1)

    await claire.call("write", id, "Après elle")
    await settled(() => claire.messages.length === 1)
    expect(claire.messages[0]?.delivery).toBe("waiting")
    expect(sentTo(hub, "message.send")).toBe(0)
    claire.connection?.push({ kind: "group.commit_due", conversation: id, epoch: 1 })
    await settled(() => phone.texts.length === 1)

    const bodies = hub.seen.flatMap((frame) => (frame.kind === "message.send" ? [frame.body] : []))
    expect(bodies.map((body) => authenticatedDataOf(body).epoch)).toEqual([2])
  })

  test("has what was already sealed be encrypted anew", async () => {
    const family = await aFamily()
    const { hub, claire, phone, tablet, id } = family
    hub.meddle = (frame) => {
      if (frame.kind !== "message.send") return null
      hub.meddle = () => null
      // The demand reaches the hub between the sealing and the sending.
      hub.retire(aRevocation(hub, tablet, phone))
      return null
    }

    await claire.call("write", id, "Presque trop tôt")
    await settled(() => phone.texts.length === 1)

    const bodies = hub.seen.flatMap((frame) => (frame.kind === "message.send" ? [frame.body] : []))
    expect(bodies.map((body) => authenticatedDataOf(body).epoch)).toEqual([1, 2])
    expect(talkOf(family).events.map((one) => one.what)).toEqual(["commit", "proposal", "commit", "message"])
  })

  test("is committed by whoever comes first, before anything else, where nobody was there", async () => {
    const family = await aFamily()
    const { hub, claire, phone, tablet, id } = family
    await claire.call("write", id, "Avant")
    await settled(() => phone.texts.length === 1)
    claire.cut()
    phone.cut()
    await phone.call("write", id, "Hors ligne")
    await settled(() => phone.messages.length === 2)
    hub.retire(aRevocation(hub, tablet, phone))
    hub.askToCommit = () => undefined

    phone.connect(hub)
    await settled(() => talkOf(family).epoch === 2 && phone.texts.length === 2)
    claire.connect(hub)
    await settled(() => claire.texts.length === 2)

    expect(talkOf(family).events.map((one) => one.what)).toEqual(["commit", "message", "proposal", "commit", "message"])
  })

  test("is asked for again in the next epoch where a resync passed it over, and is still committed", async () => {
    const family = await aFamily()
    const { hub, claire, phone, tablet, id } = family
    hub.askToCommit = () => undefined
    hub.retire(aRevocation(hub, tablet, phone))
    await settled(() => recordOf(phone, id).removing.length === 1)
    // The phone loses its way and comes back from outside, which takes no proposals along.
    const { context } = phone.keeper as unknown as { context: { rooms: Map<string, unknown> } }
    context.rooms.set(id, { ...recordOf(phone, id), stuck: { epoch: 1, reason: "test" }, room: { ...recordOf(phone, id).room, trouble: "broken" } })
    phone.cut()
    phone.connect(hub)
    await settled(() => talkOf(family).epoch === 2 && recordOf(claire, id).removing.length === 1)
    claire.connection?.push({ kind: "group.commit_due", conversation: id, epoch: 2 })
    await settled(() => [claire, phone].every((device) => device.views.thread?.epoch === 3))

    expect(talkOf(family).group.leaves).toHaveLength(2)
    expect(claire.views.alarm ?? null).toBeNull()
  })

  test("is not forgotten where a resync passed it over and the hub asks no more: nothing is written for that device", async () => {
    const family = await aFamily()
    const { hub, claire, phone, tablet, id } = family
    hub.askToCommit = () => undefined
    hub.retire(aRevocation(hub, tablet, phone))
    await settled(() => [claire, phone].every((device) => recordOf(device, id).removing.length === 1))
    hideProposalsFrom(claire)
    const { context } = phone.keeper as unknown as { context: { rooms: Map<string, unknown> } }
    context.rooms.set(id, { ...recordOf(phone, id), stuck: { epoch: 1, reason: "test" }, room: { ...recordOf(phone, id).room, trouble: "broken" } })
    phone.cut()
    phone.connect(hub)
    await settled(() => recordOf(claire, id).room.group?.epoch === 2)

    await claire.call("write", id, "Qui lit ?")
    await settled()

    expect(recordOf(claire, id).removing).toMatchObject([{ identity: `${JEAN.person}/${keysOf(tablet).device}` }])
    expect(sentTo(hub, "message.send")).toBe(0)
  })

  test("of a device by its own word is justified too", async () => {
    const { hub, claire, tablet } = await aFamily()

    hub.retire(aRevocation(hub, tablet, tablet))
    await settled(() => claire.views.thread?.epoch === 2)

    expect(claire.views.alarm ?? null).toBeNull()
  })
})

describe("the device that is removed", () => {
  test("forgets its keys at once and says so; what it read stays readable", async () => {
    const { hub, claire, phone, tablet, id, disks } = await aFamily()
    await claire.call("write", id, "Lu avant")
    await settled(() => tablet.texts.length === 1)

    hub.retire(aRevocation(hub, tablet, phone))
    await settled(() => tablet.said.some((one) => one.kind === "failed" && one.fault === "retired"))
    const record = await tablet.keeper["context"].vault.read("rooms", id)

    expect([record?.state, record?.previous, record?.pending]).toEqual([null, null, null])
    expect(await tablet.keeper["context"].vault.keys("key_packages")).toEqual([])
    expect(tablet.texts).toEqual(["Lu avant"])
    tablet.crash()
    const again = await Device.on(disks.tablet, JEAN)
    again.connect(hub)
    await settled(() => again.said.some((one) => one.kind === "failed" && one.fault === "retired"))
    expect(again.count("welcomed")).toBe(0)
  })

  test("that is shown the demand, or the commit by which its person took it out, forgets its group", async () => {
    for (const shown of ["proposal", "commit"] as const) {
      const family = await aFamily()
      const { hub, phone, tablet, id } = family
      const device = keysOf(tablet).device
      if (shown === "proposal") hub.demand(talkOf(family), device, { why: "device", statement: aRevocation(hub, tablet, phone) })
      else await committedBy(family, phone, { remove: tablet })
      // The real hub shows it no more; should it, or another, the step itself is proof enough.
      tablet.connection?.push({ ...talkOf(family).events.find((one) => one.what === shown && one.seq > 1) })
      await settled(() => tablet.views.thread?.conversation.readiness === "removed")

      expect(recordOf(tablet, id).state).toBeNull()
    }
  })

  test("that is told to be out keeps no keys, and is led back in only by somebody it knows", async () => {
    const family = await aFamily()
    const { hub, tablet, id } = family
    const { summary } = talkOf(family)
    tablet.connection?.push({ kind: "conversation", conversation: { ...summary, joined: false, epoch: 1 } })
    await settled(() => tablet.views.thread?.conversation.readiness === "removed")
    expect(recordOf(tablet, id).state).toBeNull()

    // The hub makes up a group of the same name, with a leaf of its own in Claire's, and a real key package.
    const mls = anMls()
    const keys = await mls.newDeviceKeys()
    const made = await mls.create(uuidBytes(id), hub.registry.credential(CLAIRE, CLAIRE.person, keys.publicKey), keys, theExtensions(id, hubKeyOf(tablet)))
    const [stock] = hub.stock.get(keysOf(tablet).device) ?? []
    const { welcome } = await added(mls, made.state, [stock?.bytes ?? new Uint8Array()])
    tablet.connection?.push({ kind: "welcome", conversation: id, seq: 9, welcome })
    await settled(() => tablet.views.alarm?.code === "C_GROUP_REFUSED")

    expect(recordOf(tablet, id).state).toBeNull()
    expect(tablet.views.thread?.conversation.readiness).toBe("refused")
  })
})

function hubKeyOf(device: Device): Uint8Array {
  return device.keeper["context"].me?.hub_key ?? new Uint8Array()
}

describe("a removal that is not justified", () => {
  type Bent = Parameters<typeof aRevocation>[3]
  test.each<[string, (family: Awaited<ReturnType<typeof aFamily>>) => { statement: Uint8Array; bend?: object }]>([
    ["signed by another person's key", ({ hub, tablet, claire }) => ({ statement: aRevocation(hub, tablet, claire) })],
    ["about another device", ({ hub, tablet, phone }) => ({ statement: aRevocation(hub, phone, tablet) })],
    ["of another deployment", ({ hub, tablet, phone }) => ({ statement: aRevocation(hub, tablet, phone, { deployment: "elsewhere" } satisfies Bent) })],
    ["under another person's name", ({ hub, tablet, phone }) => ({ statement: aRevocation(hub, tablet, phone, { person: uuidBytes(CLAIRE.person) } satisfies Bent) })],
    ["dated after what the hub says", ({ hub, tablet, phone }) => ({ statement: aRevocation(hub, tablet, phone, { atUs: hub.now + 3_600_000_000 } satisfies Bent) })],
    ["of a time that is yet to come", ({ hub, tablet, phone }) => ({ statement: aRevocation(hub, tablet, phone), bend: { atUs: hub.now + 3_600_000_000 } })],
    ["of a reason that is none", ({ hub, tablet, phone }) => ({ statement: aRevocation(hub, tablet, phone), bend: { why: "because" } })],
    ["altered", ({ hub, tablet, phone }) => ({ statement: flipped(aRevocation(hub, tablet, phone)) })],
    ["no statement at all", () => ({ statement: Uint8Array.of(1, 2, 3) })],
    ["of another epoch", ({ hub, tablet, phone }) => ({ statement: aRevocation(hub, tablet, phone), bend: { confirmedTranscriptHash: new Uint8Array(32) } })],
    ["of another conversation", ({ hub, tablet, phone }) => ({ statement: aRevocation(hub, tablet, phone), bend: { conversation: uuidBytes(CLAIRE.person) } })],
    ["whose reason names another device", ({ hub, tablet, phone }) => ({ statement: aRevocation(hub, tablet, phone), bend: { device: uuidBytes(keysOf(phone).device) } })],
  ])("%s is refused and told: nobody commits it, and the group stays as it was", async (_, make) => {
    const family = await aFamily()
    const { hub, claire, phone, tablet, id } = family
    const { statement, bend } = make(family)
    const before = recordOf(claire, id).state

    hub.demand(talkOf(family), keysOf(tablet).device, { why: "device", statement }, bend)
    await settled(() => claire.views.alarm?.code === "C_REMOVE_UNJUSTIFIED" && phone.views.alarm?.code === "C_REMOVE_UNJUSTIFIED")

    expect(recordOf(claire, id).state).toEqual(before)
    expect(recordOf(claire, id).removing).toEqual([])
    expect(talkOf(family).epoch).toBe(1)
  })

  test("and committed all the same by an accomplice, is not followed", async () => {
    const family = await aFamily()
    const { hub, claire, phone, tablet, id } = family
    const statement = aRevocation(hub, tablet, claire)
    // Claire's device is bent: it takes the proposal as it comes, and commits it.
    const mls = anMls()
    hub.askToCommit = () => undefined
    hub.demand(talkOf(family), keysOf(tablet).device, { why: "device", statement })
    await settled(() => phone.views.alarm?.code === "C_REMOVE_UNJUSTIFIED")
    const taken = await mls.proposed(recordOf(claire, id).state ?? new Uint8Array(), talkOf(family).events.at(-1)?.body ?? new Uint8Array())
    const made = await committed(mls, taken.state)
    if (claire.connection === null) throw new Error("no connection")
    claire.cut()
    hub.append(talkOf(family), { who: CLAIRE, device: keysOf(claire).device }, "commit", made.commit, null)
    await settled(() => phone.views.thread?.conversation.readiness === "broken")

    expect(recordOf(phone, id).stuck?.reason).toBe("unknown_proposal")
    expect(phone.views.thread?.readers.map((one) => one.devices)).toEqual([1, 2])
  })

  test("a Remove of another person's device by a member alone is not followed", async () => {
    const family = await aFamily()
    const { claire, phone, tablet, id } = family
    await committedBy(family, claire, { remove: tablet, unchecked: true })
    await settled(() => phone.views.thread?.conversation.readiness === "broken")

    expect(recordOf(phone, id).stuck?.reason).toBe("removes_another")
  })

  test("a commit that leaves a demanded removal out is not followed", async () => {
    const family = await aFamily()
    const { hub, claire, phone, tablet, id } = family
    const made = await committed(anMls(), recordOf(claire, id).state ?? new Uint8Array())
    hub.askToCommit = () => undefined
    hub.retire(aRevocation(hub, tablet, phone))
    await settled(() => recordOf(phone, id).removing.length === 1)
    claire.cut()
    hub.append(talkOf(family), { who: CLAIRE, device: keysOf(claire).device }, "commit", made.commit, null)
    await settled(() => phone.views.thread?.conversation.readiness === "broken")

    expect(recordOf(phone, id).stuck?.reason).toBe("missing_remove")
  })
})

function flipped(bytes: Uint8Array): Uint8Array {
  const bent = bytes.slice()
  bent[bent.length - 5] = (bent.at(-5) ?? 0) ^ 1
  return bent
}
