import { describe, expect, test } from "vitest"
import { MlsFault, type Credential, type DeviceKeys, type Mls, type NewKeyPackage } from "../../src/worker/mls"
import { added, committed, theExtensions } from "./aGroup"
import { anMls } from "./anMls"
import { CLAIRE as MORGANE, JEAN as YANN } from "./aPerson"
import { FakeRegistry } from "./fakeRegistry"

const [CLAIRES, JEANS, JEANS_OTHER] = [11, 22, 33].map((n) => `00000000-0000-4000-8000-0000000000${n}`) as [string, string, string]
const CLAIRE = `${MORGANE.person}/${CLAIRES}`
const JEAN = `${YANN.person}/${JEANS}`
const CONVERSATION = "c0400000-0000-4000-8000-000000000001"
const GROUP = new Uint8Array(16).fill(7)
const EXTENSIONS = theExtensions(CONVERSATION, new Uint8Array(32).fill(5))
const AAD = Uint8Array.of(1, 2, 3)

const registry = new FakeRegistry("colloque.test", [MORGANE, YANN], () => ({ log: "", index: 0, entry: new Uint8Array(), proof: "" }))

function credentialOf(identity: string, { publicKey }: DeviceKeys): Credential {
  const [, device = ""] = identity.split("/")
  return registry.credential(identity.startsWith(MORGANE.person) ? MORGANE : YANN, device, publicKey)
}

async function invited(mls: Mls, identity: string, keys?: DeviceKeys): Promise<NewKeyPackage> {
  const own = keys ?? await mls.newDeviceKeys()
  return mls.newKeyPackage(credentialOf(identity, own), own)
}

async function founded(mls: Mls): Promise<Uint8Array> {
  const keys = await mls.newDeviceKeys()
  return (await mls.create(GROUP, credentialOf(CLAIRE, keys), keys, EXTENSIONS)).state
}

const identities = (mls: Mls, state: Uint8Array): readonly string[] => mls.facts(state).members.map((one) => one.identity)

async function aPair(): Promise<{ mls: Mls; claire: Uint8Array; jean: Uint8Array }> {
  const mls = anMls()
  const invitation = await invited(mls, JEAN)
  const made = await added(mls, await founded(mls), [invitation.message])
  expect(mls.welcomed(made.welcome)).toEqual([invitation.ref])
  return { mls, claire: made.state, jean: await mls.join(made.welcome, invitation.secret, {}) }
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
    expect(mls.facts(jean)).toMatchObject({ extensions: EXTENSIONS, id: GROUP, epoch: 1 })
    expect(identities(mls, jean)).toEqual([CLAIRE, JEAN])
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
    const doubled = await invited(mls, CLAIRE)
    const { commit } = await added(mls, claire, [doubled.message])

    await expect(mls.apply(jean, commit, CLAIRE)).rejects.toThrow(MlsFault)
  })

  test("a Welcome to a group where one name has two leaves is refused", async () => {
    const { mls, claire } = await aPair()
    const doubled = await invited(mls, CLAIRE)
    const made = await added(mls, claire, [doubled.message])

    await expect(mls.join(made.welcome, doubled.secret, {})).rejects.toThrow(MlsFault)
  })

  test("a commit that another member is said to have made is refused", async () => {
    const { mls, claire, jean } = await aPair()
    const more = await invited(mls, `${YANN.person}/${JEANS_OTHER}`)
    const { commit } = await added(mls, claire, [more.message])

    await expect(mls.apply(jean, commit, JEAN)).rejects.toThrow(MlsFault)
    expect(mls.facts(await applied(mls, jean, commit)).epoch).toBe(2)
  })

  test("a commit that changes nobody renews the keys, and a message of before does not open after it", async () => {
    const { mls, claire, jean } = await aPair()
    const before = await mls.encrypt(claire, Uint8Array.of(1), AAD)

    const { commit, state } = await committed(mls, claire)
    const after = await applied(mls, jean, commit)

    expect(mls.facts(after)).toMatchObject({ id: GROUP, epoch: 2 })
    expect(mls.facts(state)).toEqual(mls.facts(after))
    await expect(mls.decrypt(after, before.message)).rejects.toThrow(MlsFault)
    expect((await mls.decrypt(after, (await mls.encrypt(state, Uint8Array.of(2), AAD)).message)).payload).toEqual(Uint8Array.of(2))
  })

  test("an exported secret is the same for every member, another for each label, context and epoch", async () => {
    const { mls, claire, jean } = await aPair()
    const { state } = await committed(mls, claire)
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

describe("a commit of all that a conversation knows", () => {
  test("removes, adds and changes the extensions at once, and says when", async () => {
    const { mls, claire } = await aPair()
    const other = await invited(mls, `${YANN.person}/${JEANS_OTHER}`)
    const extensions = theExtensions(CONVERSATION, new Uint8Array(32).fill(5), { suiteFloor: 2 })

    const { welcome, state } = await mls.commit(claire, { authenticatedData: AAD, adds: [other.message], removes: [JEAN], extensions })

    expect(mls.facts(state).extensions).toEqual(extensions)
    expect(identities(mls, state)).toEqual([CLAIRE, `${YANN.person}/${JEANS_OTHER}`])
    expect(mls.facts(await mls.join(welcome ?? new Uint8Array(), other.secret, {}))).toEqual(mls.facts(state))
  })

  test("tells who follows what it did, before and after", async () => {
    const { mls, claire, jean } = await aPair()
    const other = await invited(mls, `${YANN.person}/${JEANS_OTHER}`)
    const extensions = theExtensions(CONVERSATION, new Uint8Array(32).fill(5), { suiteFloor: 2 })
    const { commit } = await mls.commit(claire, { authenticatedData: AAD, adds: [other.message], extensions })

    const told = await mls.apply(jean, commit, CLAIRE)

    expect(told).toMatchObject({ external: false, authenticatedData: AAD, knownProposals: true, complete: true, due: [], removed: [] })
    expect(told.added.map((one) => one.identity)).toEqual([`${YANN.person}/${JEANS_OTHER}`])
    expect([told.before.extensions, told.after.extensions]).toEqual([EXTENSIONS, extensions])
    expect(told.committer.identity).toBe(CLAIRE)
  })

  test("tells the one whom it removes who stays", async () => {
    const { mls, claire, jean } = await aPair()
    const { commit } = await mls.commit(claire, { authenticatedData: AAD, removes: [JEAN] })

    const told = await mls.apply(jean, commit, CLAIRE)

    expect(told.state).toBeNull()
    expect(told.after.members.map((one) => one.identity)).toEqual([CLAIRE])
    expect(told.after).toMatchObject({ epoch: 2, extensions: EXTENSIONS })
  })
})

describe("the way into a group from outside", () => {
  async function offered(): Promise<{ mls: Mls; keys: DeviceKeys; info: Uint8Array }> {
    const mls = anMls()
    const keys = await mls.newDeviceKeys()
    const invitation = await invited(mls, JEAN, keys)
    return { mls, keys, info: (await added(mls, await founded(mls), [invitation.message])).groupInfo }
  }

  test("leads into the next epoch, in the place of the old leaf", async () => {
    const { mls, keys, info } = await offered()

    const back = await mls.enter(info, credentialOf(JEAN, keys), keys, AAD)

    expect(mls.facts(back.state)).toMatchObject({ epoch: 2, extensions: EXTENSIONS })
    expect(identities(mls, back.state)).toEqual([CLAIRE, JEAN])
  })

  test("leads a new device in beside the others", async () => {
    const { mls, info } = await offered()
    const keys = await mls.newDeviceKeys()

    const { state } = await mls.enter(info, credentialOf(`${YANN.person}/${JEANS_OTHER}`, keys), keys, AAD)

    expect(identities(mls, state)).toEqual([CLAIRE, JEAN, `${YANN.person}/${JEANS_OTHER}`])
  })

  test("shows the group to anybody, and who vouches for it", async () => {
    const { mls, info } = await offered()

    const { signer, members, epoch } = await mls.shown(info)

    expect([signer.identity, members.length, epoch]).toEqual([CLAIRE, 2, 1])
  })

  test("of a GroupInfo altered in one byte is none", async () => {
    const { mls, keys, info } = await offered()
    for (let at = 0; at < info.length; at += 41) {
      const bent = info.slice()
      bent[at] = (bent[at] ?? 0) ^ 1
      await expect(mls.enter(bent, credentialOf(JEAN, keys), keys, AAD)).rejects.toThrow(MlsFault)
    }
  })
})
