/** A device that cannot follow its group comes back; and where nobody can, a new group takes its place. */
import { describe, expect, test } from "vitest"
import { SUITE_1 } from "../../src/core/mls/suites"
import { credentialOf } from "../../src/core/policy/identity"
import type { Credential, DeviceKeys, Mls } from "../../src/worker/mls"
import { groupIdOf } from "../../src/worker/epochs"
import { CLAIRE, Device, HUGO, JEAN, settled } from "./aDevice"
import { aFamily, aRevocation, committedBy, garbleCommitsFor, inTime, keysOf, recordOf, sentTo, talkOf, type Family } from "./aFamily"
import { aStranger, added, commitData, committed, theExtensions } from "./aGroup"
import { anMls } from "./anMls"
import { aikOf } from "./aPerson"

const readinessOf = (device: Device): string | undefined => device.views.conversations?.[0]?.readiness

/** The phone is shown a commit that it cannot follow; everybody else can. */
async function lost(before: (family: Family) => void = () => undefined): Promise<Family> {
  const family = await aFamily()
  garbleCommitsFor(family.phone)
  before(family)
  await committedBy(family, family.tablet)
  return family
}

/** Nobody but its own committer can follow, and that one is gone. */
async function forsaken(): Promise<Family> {
  const family = await aFamily()
  garbleCommitsFor(family.phone)
  garbleCommitsFor(family.claire)
  await committedBy(family, family.tablet)
  await settled(() => [family.phone, family.claire].every((device) => readinessOf(device) === "broken"))
  return family
}

describe("a device that cannot follow", () => {
  test("says so, and comes back by a commit of its own with its history and its place in it", async () => {
    const family = await aFamily()
    const { claire, phone, tablet, id } = family
    await claire.call("write", id, "Avant")
    await settled(() => phone.texts.length === 1)
    garbleCommitsFor(phone)
    await committedBy(family, tablet)
    await inTime(() => talkOf(family).epoch === 3 && readinessOf(phone) === "ready" && claire.views.thread?.epoch === 3, phone)
    await claire.call("write", id, "Après")
    await phone.call("write", id, "Me revoilà")
    await settled(() => phone.texts.length === 3 && claire.texts.length === 3)

    expect(phone.texts).toEqual(claire.texts)
    expect(family.hub.seen.find((frame) => frame.kind === "group.stuck")).toMatchObject({ epoch: 2, reason: "bad_membership_tag" })
    expect(phone.views.proofs?.filter((one) => ["group.stuck", "group.info_told"].includes(one.what)).every((one) => one.state === "verified")).toBe(true)
    expect([claire, phone].map((device) => device.views.alarm ?? null)).toEqual([null, null])
  })

  test("is in words on its way back meanwhile, and what is written waits", async () => {
    const { hub, phone, id } = await lost(({ hub: of }) => { of.meddle = (frame) => (frame.kind === "group.info" ? "silence" : null) })
    await settled(() => readinessOf(phone) === "broken")
    await phone.call("write", id, "Plus tard")
    await settled()

    expect(phone.messages.at(-1)?.delivery).toBe("waiting")
    expect(sentTo(hub, "message.send")).toBe(0)
  })

  test("takes its way back up after a crash, wherever it was", async () => {
    for (const step of ["group.stuck", "group.info", "group.commit"] as const) {
      for (const loss of ["silence", "mute"] as const) {
        let armed = true
        const asked: string[] = []
        const family = await lost(({ hub, phone }) => {
          hub.meddle = (frame, from) => {
            if (!armed || frame.kind !== step || from.device !== keysOf(phone).device) return null
            asked.push(frame.kind)
            return loss
          }
        })
        const { hub, claire, phone, id, disks } = family
        await inTime(() => asked.length > 0, phone)
        phone.crash()
        armed = false
        const again = await Device.on(disks.phone, JEAN)
        again.connect(hub)
        await again.call("open", id)
        await inTime(() => readinessOf(again) === "ready", again)
        await claire.call("write", id, "Encore là ?")
        await settled(() => again.texts.length === 1)

        expect(again.texts).toEqual(["Encore là ?"])
        expect(talkOf(family).group.leaves.filter((leaf) => leaf.device === keysOf(again).device)).toHaveLength(1)
      }
    }
  }, 30_000)

  test("tries again where nobody followed yet, and succeeds once somebody does", async () => {
    let late = true
    const family = await lost(({ hub }) => { hub.meddle = (frame) => (late && frame.kind === "group.receipt" ? "silence" : null) })
    const { hub, claire, phone } = family
    await settled(() => sentTo(hub, "group.stuck") >= 1)
    late = false
    claire.cut()
    claire.connect(hub)
    await settled(() => talkOf(family).group.confirmedBy().length > 0)

    await inTime(() => readinessOf(phone) === "ready", phone)

    expect(talkOf(family).generation).toBe(0)
  })

  test("makes its way back anew where another commit came in between", async () => {
    const family = await aFamily()
    const { hub, claire, phone, tablet } = family
    garbleCommitsFor(phone)
    let again: Promise<unknown> | null = null
    hub.meddle = (frame) => (frame.kind === "group.stuck" ? { kind: "refused", code: "E_RATE", text: "", retry: "later" } : null)
    const first = await committedBy(family, tablet)
    hub.meddle = (frame, from) => {
      if (frame.kind === "group.commit" && from.device === keysOf(phone).device) again ??= committedBy(family, tablet, first)
      return null
    }
    await inTime(() => readinessOf(phone) === "ready" && talkOf(family).epoch === 4, phone)
    await settled(() => claire.views.thread?.epoch === 4)

    expect(hub.seen.filter((frame) => frame.kind === "group.commit")).toHaveLength(5)
    expect(phone.views.alarm ?? null).toBeNull()
  })
})

describe("a hub that leads a device astray on its way back", () => {
  type Told = { readonly epoch: number; readonly generation: number; readonly group_info: Uint8Array }
  const answered = (result: Told): Record<string, unknown> => ({ kind: "ok", now: 1, result })

  /** The phone is lost, and the hub tells it this group. */
  async function led(told: (family: Family, old: Uint8Array) => Promise<Uint8Array> | Uint8Array): Promise<Family> {
    const family = await aFamily()
    const { hub, phone, tablet } = family
    const old = talkOf(family).group.groupInfo
    garbleCommitsFor(phone)
    let info: Uint8Array | null = null
    hub.meddle = (frame) => (frame.kind === "group.info" && info !== null ? answered({ epoch: 2, generation: 0, group_info: info }) : null)
    info = await told(family, old)
    await committedBy(family, tablet)
    await inTime(() => phone.views.alarm?.code === "C_GROUP_REFUSED", phone)
    return family
  }

  /** A GroupInfo of the epoch after, so that it is not too old. */
  async function infoAfter(mls: Mls, state: Uint8Array): Promise<Uint8Array> {
    return (await committed(mls, state)).groupInfo
  }

  test.each<[string, (family: Family, old: Uint8Array) => Promise<Uint8Array> | Uint8Array]>([
    ["an older epoch of its own group", (_, old) => old],
    ["no group at all", () => Uint8Array.of(1, 2, 3)],
    ["another conversation's group", async (family) => {
      const mls = anMls()
      return infoAfter(mls, await madeUp(mls, family, { groupId: groupIdOf(HUGO.person, 0) }))
    }],
    ["a group that it made up, with other keys under the same names", async (family) => {
      const mls = anMls()
      const made = await madeUp(mls, family, { keys: await mls.newDeviceKeys() })
      return infoAfter(mls, (await added(mls, made, [await packageOf(mls, family, family.phone, await mls.newDeviceKeys())])).state)
    }],
    ["its group as another hub's", async (family) => {
      const mls = anMls()
      const made = await madeUp(mls, family, { hubKey: new Uint8Array(32).fill(6) })
      return infoAfter(mls, (await added(mls, made, [await packageOf(mls, family, family.phone)])).state)
    }],
    ["its group vouched for by somebody it does not know", async (family) => {
      const mls = anMls()
      const stranger = await aStranger(family.hub.registry, HUGO, mls)
      const own = await packageOf(mls, family, family.phone)
      const { welcome } = await added(mls, await madeUp(mls, family), [own, stranger.message])
      return infoAfter(mls, await mls.join(welcome, stranger.secret, {}))
    }],
    ["its group with another key in a place that it knows", async (family) => {
      const mls = anMls()
      const own = await packageOf(mls, family, family.phone)
      const other = await packageOf(mls, family, family.tablet, await mls.newDeviceKeys())
      return infoAfter(mls, (await added(mls, await madeUp(mls, family), [own, other])).state)
    }],
    ["its group as another pharmacy's", async (family) => {
      const mls = anMls()
      const { hub, claire, id } = family
      const extensions = theExtensions(id, hubKeyOf(claire), { ownerAik: aikOf(HUGO) })
      const made = await mls.create(groupIdOf(id, 0), leafFor(hub, claire), keysOf(claire), extensions)
      return infoAfter(mls, (await added(mls, made.state, [await packageOf(mls, family, family.phone)])).state)
    }],
  ])("with %s does not get it in", async (_, told) => {
    const family = await led(told)
    const { hub, phone, id } = family

    expect(recordOf(phone, id).pending).toBeNull()
    expect(readinessOf(phone)).toBe("broken")
    hub.meddle = () => null
    await inTime(() => readinessOf(phone) === "ready", phone)
    expect(talkOf(family).epoch).toBe(3)
  })

  test("with its group vouched for by a device that was removed does not get it in", async () => {
    const family = await aFamily()
    const { hub, claire, phone, tablet, id } = family
    hub.retire(aRevocation(hub, tablet, phone))
    await settled(() => talkOf(family).epoch === 2 && readinessOf(phone) === "ready" && talkOf(family).group.confirmedBy().length === 2)
    const mls = anMls()
    const stolen = await mls.create(groupIdOf(id, 0), leafFor(hub, tablet), keysOf(tablet), theExtensions(id, hubKeyOf(claire)))
    let { state } = await added(mls, stolen.state, [await packageOf(mls, family, phone)])
    for (let epoch = 1; epoch < 4; epoch += 1) state = (await committed(mls, state)).state
    const info = (await committed(mls, state)).groupInfo
    hub.meddle = (frame) => {
      if (frame.kind === "group.stuck") return { kind: "ok", now: 1, result: { resync: true } }
      return frame.kind === "group.info" ? answered({ epoch: 5, generation: 0, group_info: info }) : null
    }
    garbleCommitsFor(phone)
    await committedBy(family, claire)
    await inTime(() => phone.views.alarm?.code === "C_GROUP_REFUSED" || recordOf(phone, id).pending !== null, phone)

    expect(recordOf(phone, id).pending).toBeNull()
    expect(readinessOf(phone)).toBe("broken")
  })

  test("by saying that it is out, vouched for by a member, is believed: it forgets", async () => {
    const family = await aFamily()
    const { hub, phone, id } = family
    const mls = anMls()
    const later = await committed(mls, (await committed(mls, await madeUp(mls, family))).state)
    hub.meddle = (frame) => (frame.kind === "group.info" ? answered({ epoch: 2, generation: 0, group_info: later.groupInfo }) : null)
    garbleCommitsFor(phone)
    await committedBy(family, family.tablet)
    await inTime(() => readinessOf(phone) === "removed", phone)

    expect(recordOf(phone, id).state).toBeNull()
  })

  test("by withholding a proposal that is then committed only makes a device come back", async () => {
    const family = await aFamily()
    const { hub, claire, phone, tablet } = family
    const { connection } = phone
    if (connection === null) throw new Error("no connection")
    const push = connection.push.bind(connection)
    // The phone is shown another step in its place.
    connection.push = (frame) => { push(frame["what"] === "proposal" ? { ...frame, body: Uint8Array.of(1, 2, 3) } : frame) }
    hub.retire(aRevocation(hub, tablet, phone))
    await inTime(() => talkOf(family).epoch === 3 && readinessOf(phone) === "ready" && claire.views.thread?.epoch === 3, phone)

    expect(phone.views.alarm?.code).toBe("C_REMOVE_UNJUSTIFIED")
    expect(hub.seen.find((frame) => frame.kind === "group.stuck")).toMatchObject({ reason: "unknown_proposal" })
    expect(phone.views.thread?.readers.map((one) => one.devices)).toEqual([1, 1])
  })

  test("by having a device of its own come in from outside, under a member's name, is not followed", async () => {
    const family = await aFamily()
    const { hub, claire, phone, id } = family
    const mls = anMls()
    const keys = await mls.newDeviceKeys()
    // The authority is the hub's: it says that Jean has another account key, and the log holds it.
    const seed = new Uint8Array(32).fill(3)
    const { certificate } = hub.registry.enrol(JEAN, SUITE_1.signature.publicKey(seed))
    const device = hub.registry.deviceCertificate(JEAN, HUGO.person, keys.publicKey, seed)
    const credential = credentialOf({ identity: certificate, device, staff: new Uint8Array() })
    const made = await mls.enter(talkOf(family).group.groupInfo, credential, keys, commitData())
    hub.append(talkOf(family), { who: JEAN, device: HUGO.person }, "commit", made.commit, null)
    await settled(() => [claire, phone].every((device) => readinessOf(device) === "broken"))

    expect(recordOf(claire, id).stuck?.reason).toBe("unproven_identity")
    expect(claire.views.alarm?.code).toBe("C_IDENTITY_CHANGED")
    expect(claire.views.thread?.readers.map((one) => one.devices)).toEqual([1, 2])
  })
})

/** The certificates of a device's leaf, whoever holds its keys. */
function leafFor(hub: Family["hub"], device: Device, keys: DeviceKeys = keysOf(device)): Credential {
  return hub.registry.credential(device.who, keysOf(device).device, keys.publicKey)
}

interface MadeUp {
  readonly groupId?: Uint8Array
  readonly hubKey?: Uint8Array
  readonly keys?: DeviceKeys
}

/** Claire's leaf alone, in a group that she never made. */
async function madeUp(mls: Mls, { hub, claire, id }: Family, bend: MadeUp = {}): Promise<Uint8Array> {
  const { groupId = groupIdOf(id, 0), hubKey = hubKeyOf(claire), keys = keysOf(claire) } = bend
  return (await mls.create(groupId, leafFor(hub, claire, keys), keys, theExtensions(id, hubKey))).state
}

async function packageOf(mls: Mls, { hub }: Family, device: Device, keys: DeviceKeys = keysOf(device)): Promise<Uint8Array> {
  return (await mls.newKeyPackage(leafFor(hub, device, keys), keys)).message
}

interface Successor {
  readonly generation?: number
  readonly keys?: DeviceKeys
  readonly hubKey?: Uint8Array
  readonly patientAik?: Uint8Array
  readonly number?: number
}

/** The GroupInfo of a group that is to take the place of the family's. */
async function successor(mls: Mls, { hub, claire, id }: Family, founder: Device, bend: Successor = {}): Promise<Uint8Array> {
  const { generation = 1, keys = keysOf(founder), hubKey = hubKeyOf(claire), patientAik = aikOf(JEAN), number = 1 } = bend
  const extensions = theExtensions(id, hubKey, { patientAik }, { number, inForce: [], tombstones: [] })
  return (await mls.create(groupIdOf(id, generation), leafFor(hub, founder, keys), keys, extensions)).groupInfo
}

function hubKeyOf(device: Device): Uint8Array {
  return device.keeper["context"].me?.hub_key ?? new Uint8Array()
}

describe("a group that nobody follows", () => {
  test("is succeeded by a new one that a pharmacist's device founds; everybody is let in again, history and all", async () => {
    const family = await forsaken()
    const { hub, claire, phone, tablet, id } = family
    await phone.call("write", id, "Pendant la panne")
    await claire.call("write", id, "Moi aussi")
    await inTime(() => talkOf(family).generation === 1 && [claire, phone].every((device) => readinessOf(device) === "ready"), claire, phone)
    await settled(() => phone.texts.length === 2 && claire.texts.length === 2)
    tablet.connect(hub)
    await settled(() => readinessOf(tablet) === "ready")

    expect(new Set(phone.texts)).toEqual(new Set(["Pendant la panne", "Moi aussi"]))
    expect(recordOf(phone, id)).toMatchObject({ generation: 1, stuck: null })
    expect([claire, phone, tablet].map((device) => device.views.alarm ?? null)).toEqual([null, null, null])
    expect(claire.views.proofs?.find((one) => one.what === "group.succeeded")?.state).toBe("verified")
  })

  test("is not succeeded by a patient's device, however long it waits", async () => {
    const family = await forsaken()
    family.claire.cut()
    for (let i = 0; i < 6; i += 1) {
      family.phone.timePasses()
      await settled()
    }

    expect(sentTo(family.hub, "group.succeed")).toBe(0)
  })

  test("is not succeeded while somebody follows: the hub says so, and the device comes back instead", async () => {
    let hide = true
    const family = await lost(({ hub, claire }) => {
      garbleCommitsFor(claire)
      hub.meddle = (frame) => (hide && frame.kind === "group.stuck" ? { kind: "ok", now: 1, result: { resync: false } } : null)
    })
    const { hub, claire } = family
    await inTime(() => sentTo(hub, "group.succeed") > 0, claire)

    expect(talkOf(family).generation).toBe(0)
    expect(recordOf(claire, family.id).succession).toBeNull()
    hide = false
  })

  test("and the answer to its successor never came: the next run takes it up", async () => {
    for (const loss of ["silence", "mute"] as const) {
      const family = await forsaken()
      const { hub, claire, phone, id, disks } = family
      hub.meddle = (frame) => (frame.kind === "group.succeed" ? loss : null)
      await inTime(() => sentTo(hub, "group.succeed") === 1, claire)
      claire.crash()
      hub.meddle = () => null
      const again = await Device.on(disks.claire, CLAIRE)
      again.connect(hub)
      await again.call("open", id)
      await inTime(() => talkOf(family).generation === 1 && [again, phone].every((device) => readinessOf(device) === "ready"), again, phone)
      await again.call("write", id, "Reprise")
      await settled(() => phone.texts.includes("Reprise"))

      expect(talkOf(family).generation).toBe(1)
    }
  }, 20_000)

  test.each<[string, (family: Family) => Promise<Uint8Array>, "claire" | "phone"]>([
    ["a device it made up", async (family) => {
      const mls = anMls()
      return successor(mls, family, family.claire, { keys: await mls.newDeviceKeys() })
    }, "claire"],
    ["a patient's device", (family) => successor(anMls(), family, family.phone), "phone"],
    ["a pharmacist, but open to another hub", (family) => successor(anMls(), family, family.claire, { hubKey: new Uint8Array(32).fill(1) }), "claire"],
    ["a pharmacist, of the same generation", (family) => successor(anMls(), family, family.claire, { generation: 0 }), "claire"],
    ["a pharmacist, with another patient's key", (family) => successor(anMls(), family, family.claire, { patientAik: aikOf(HUGO) }), "claire"],
    ["a pharmacist, as if nothing had gone before", (family) => successor(anMls(), family, family.claire, { number: 0 }), "claire"],
  ])("and is said to be succeeded by the group of %s stays what it is", async (_, make, by) => {
    const family = await aFamily()
    const { hub, tablet, id } = family
    const before = recordOf(tablet, id).state
    const founder = family[by]

    hub.append(talkOf(family), { who: founder.who, device: keysOf(founder).device }, "succession", await make(family), null)
    await settled(() => tablet.views.alarm?.code === "C_GROUP_REFUSED")

    expect(recordOf(tablet, id)).toMatchObject({ state: before, generation: 0 })
    expect(readinessOf(tablet)).toBe("ready")
  })

  test("and is said to be succeeded by the group of a device that was given up stays what it is", async () => {
    const family = await aFamily()
    const { hub, phone, tablet, id } = family
    hub.askToCommit = () => undefined
    hub.retire(aRevocation(hub, tablet, phone))
    await settled(() => recordOf(phone, id).removing.length === 1)
    const { context } = phone.keeper as unknown as { context: { rooms: Map<string, unknown> } }
    const record = recordOf(phone, id)
    // Whatever role the hub gives its person.
    const members = record.room.summary.members.map((member) => ({ ...member, role: "pharmacist" }))
    context.rooms.set(id, { ...record, room: { ...record.room, summary: { ...record.room.summary, members } } })
    const groupInfo = await successor(anMls(), family, tablet)

    hub.append(talkOf(family), { who: JEAN, device: keysOf(tablet).device }, "succession", groupInfo, null)
    await settled(() => phone.views.alarm?.code === "C_GROUP_REFUSED")

    expect(recordOf(phone, id)).toMatchObject({ state: record.state, generation: 0 })
  })
})
