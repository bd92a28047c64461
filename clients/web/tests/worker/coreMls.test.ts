import { describe, expect, test } from "vitest"
import { MlsFault, type Demands, type DeviceKeys, type GroupFacts, type Mls } from "../../src/worker/mls"
import { anMls } from "./anMls"

const CLAIRE = "00000000-0000-4000-8000-000000000001/00000000-0000-4000-8000-000000000011"
const JEAN = "00000000-0000-4000-8000-000000000002/00000000-0000-4000-8000-000000000022"
const GROUP = new Uint8Array(16).fill(7)
const HUB_KEY = new Uint8Array(32).fill(5)
const AAD = Uint8Array.of(1, 2, 3)

async function aPair(): Promise<{ mls: Mls; claire: Uint8Array; jean: Uint8Array }> {
  const mls = anMls()
  const created = await mls.create(GROUP, CLAIRE, await mls.newDeviceKeys(), HUB_KEY)
  const invitation = await mls.newKeyPackage(JEAN, await mls.newDeviceKeys())
  const added = await mls.add(created.state, [invitation.message])
  expect(mls.welcomed(added.welcome)).toEqual([invitation.ref])
  return { mls, claire: added.state, jean: await mls.join(added.welcome, invitation.secret, {}) }
}

/** Jean's group after Claire's commit. */
async function applied(mls: Mls, state: Uint8Array, commit: Uint8Array): Promise<Uint8Array> {
  const { state: after } = await mls.apply(state, commit, CLAIRE)
  if (after === null) throw new Error("removed")
  return after
}

describe("a group of two", () => {
  test("shows the same epoch and the same readers to both", async () => {
    const { mls, claire, jean } = await aPair()

    expect(mls.facts(jean)).toEqual(mls.facts(claire))
    expect(mls.facts(jean)).toMatchObject({ hubKey: HUB_KEY, id: GROUP, epoch: 1, identities: [CLAIRE, JEAN] })
  })

  test("a message tells its signing leaf and its authenticated data", async () => {
    const { mls, claire, jean } = await aPair()
    const payload = new TextEncoder().encode("Bonjour")

    const sent = await mls.encrypt(claire, payload, AAD)
    const got = await mls.decrypt(jean, sent.message)

    expect(got).toMatchObject({ sender: CLAIRE, authenticatedData: AAD, payload })
  })

  test("a ciphertext opens once: its key is gone with the state that opened it", async () => {
    const { mls, claire, jean } = await aPair()
    const sent = await mls.encrypt(claire, Uint8Array.of(1), AAD)
    const got = await mls.decrypt(jean, sent.message)

    await expect(mls.decrypt(got.state, sent.message)).rejects.toThrow(MlsFault)
  })

  test.each([1, 62, 63, 100, 190, 200, 5_000, 16_500])("a payload of %i bytes leaves in whole buckets of 256", async (size) => {
    const { mls, claire, jean } = await aPair()
    const sent = await mls.encrypt(claire, new Uint8Array(size), AAD)
    const other = await mls.encrypt(claire, new Uint8Array(size - 1), AAD)

    expect((await mls.decrypt(jean, sent.message)).payload).toHaveLength(size)
    expect((sent.message.length - other.message.length) % 256).toBeLessThanOrEqual(2)
  })

  test("a commit that adds a second leaf under a name already there is refused", async () => {
    const { mls, claire, jean } = await aPair()
    const doubled = await mls.newKeyPackage(CLAIRE, await mls.newDeviceKeys())
    const { commit } = await mls.add(claire, [doubled.message])

    await expect(mls.apply(jean, commit, CLAIRE)).rejects.toThrow(MlsFault)
  })

  test("a Welcome to a group where one name has two leaves is refused", async () => {
    const { mls, claire } = await aPair()
    const doubled = await mls.newKeyPackage(CLAIRE, await mls.newDeviceKeys())
    const added = await mls.add(claire, [doubled.message])

    await expect(mls.join(added.welcome, doubled.secret, {})).rejects.toThrow(MlsFault)
  })

  test("a commit that another member is said to have made is refused", async () => {
    const { mls, claire, jean } = await aPair()
    const more = await mls.newKeyPackage(JEAN.replace("22", "33"), await mls.newDeviceKeys())
    const { commit } = await mls.add(claire, [more.message])

    await expect(mls.apply(jean, commit, JEAN)).rejects.toThrow(MlsFault)
    expect(mls.facts(await applied(mls, jean, commit)).epoch).toBe(2)
  })

  test("a commit that changes nobody renews the keys, and a message of before does not open after it", async () => {
    const { mls, claire, jean } = await aPair()
    const before = await mls.encrypt(claire, Uint8Array.of(1), AAD)

    const { commit, state } = await mls.update(claire)
    const after = await applied(mls, jean, commit)

    expect(mls.facts(after)).toMatchObject({ id: GROUP, epoch: 2, identities: [CLAIRE, JEAN] })
    expect(mls.facts(state)).toEqual(mls.facts(after))
    await expect(mls.decrypt(after, before.message)).rejects.toThrow(MlsFault)
    expect((await mls.decrypt(after, (await mls.encrypt(state, Uint8Array.of(2), AAD)).message)).payload).toEqual(Uint8Array.of(2))
  })

  test("an exported secret is the same for every member, another for each label, context and epoch", async () => {
    const { mls, claire, jean } = await aPair()
    const { state } = await mls.update(claire)
    const context = Uint8Array.of(9)
    const secret = await mls.exporter(claire, "code", context, 32)

    expect(secret).toHaveLength(32)
    expect(await mls.exporter(jean, "code", context, 32)).toEqual(secret)
    const others = [mls.exporter(claire, "other", context, 32), mls.exporter(claire, "code", Uint8Array.of(8), 32), mls.exporter(state, "code", context, 32)]
    for (const other of await Promise.all(others)) expect(other).not.toEqual(secret)
  })

  test("what stands in the clear on a message can be read without opening it", async () => {
    const { mls, claire, jean } = await aPair()
    const { message } = await mls.encrypt(claire, Uint8Array.of(1), AAD)

    expect(mls.header(message)).toEqual({ epoch: 1, authenticatedData: AAD })
    expect((await mls.decrypt(jean, message)).payload).toEqual(Uint8Array.of(1))
    expect(() => mls.header(Uint8Array.of(9))).toThrow(MlsFault)
  })

  test("bytes that are no MLS message are refused with one kind of error", async () => {
    const { mls, jean } = await aPair()

    await expect(mls.decrypt(jean, Uint8Array.of(9, 9, 9))).rejects.toThrow(MlsFault)
    await expect(mls.apply(jean, new Uint8Array(), CLAIRE)).rejects.toThrow(MlsFault)
  })
})

describe("the way back into a group", () => {
  async function offered(): Promise<{
    mls: Mls; keys: DeviceKeys; known: Record<string, Uint8Array>; info: Uint8Array; demands: Demands; members: GroupFacts
  }> {
    const mls = anMls()
    const keys = await mls.newDeviceKeys()
    const created = await mls.create(GROUP, CLAIRE, await mls.newDeviceKeys(), HUB_KEY)
    const invitation = await mls.newKeyPackage(JEAN, keys)
    const added = await mls.add(created.state, [invitation.message])
    const members = mls.facts(added.state)
    const known = Object.fromEntries(members.members.map(({ identity, signatureKey }) => [identity, signatureKey]))
    return { mls, keys, known, members, info: added.groupInfo, demands: { id: GROUP, epoch: 1, hubKey: HUB_KEY, known } }
  }

  test("leads into the next epoch, in the place of the old leaf, and the others follow", async () => {
    const { mls, keys, info, demands } = await offered()

    const back = await mls.rejoin(info, JEAN, keys, demands)

    expect(mls.facts(back?.state ?? new Uint8Array())).toMatchObject({ epoch: 2, identities: [CLAIRE, JEAN], hubKey: HUB_KEY })
  })

  test("is none for who has no leaf there", async () => {
    const { mls, info, demands } = await offered()

    expect(await mls.rejoin(info, JEAN.replace("22", "33"), await mls.newDeviceKeys(), demands)).toBeNull()
  })

  test.each<[string, string, (demands: Demands, other: Uint8Array) => Partial<Demands>]>([
    ["another group", "wrong_group", () => ({ id: new Uint8Array(16) })],
    ["an older epoch", "wrong_epoch", () => ({ epoch: 2 })],
    ["another hub", "wrong_extensions", (_, other) => ({ hubKey: other })],
    ["a signer that nobody knows", "wrong_signer", ({ known }) => ({ known: { [JEAN]: known[JEAN] ?? HUB_KEY } })],
    ["a signer under another key", "wrong_signer", ({ known }, other) => ({ known: { ...known, [CLAIRE]: other } })],
    ["another member under another key", "other_key", ({ known }, other) => ({ known: { ...known, [JEAN]: other } })],
  ])("is not taken into %s", async (_, code, bend) => {
    const { mls, keys, info, demands } = await offered()

    await expect(mls.rejoin(info, JEAN, keys, { ...demands, ...bend(demands, new Uint8Array(32).fill(1)) })).rejects.toThrow(code)
  })

  test("and its GroupInfo altered in one byte is taken nowhere", async () => {
    const { mls, keys, info, demands } = await offered()
    for (let at = 0; at < info.length; at += 7) {
      const bent = info.slice()
      bent[at] = (bent[at] ?? 0) ^ 1
      await expect(mls.rejoin(bent, JEAN, keys, demands)).rejects.toThrow(MlsFault)
    }
  })
})
