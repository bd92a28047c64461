/** A patient lost every device: what a member's device makes of the group that is to take the old one's place. */
import { beforeEach, describe, expect, test } from "vitest"
import { decodeMessage, encodeMessage } from "../../src/core/mls/framing"
import { signGroupInfo } from "../../src/core/mls/groupInfo"
import { SUITE_1 } from "../../src/core/mls/suites"
import { SUCCESSION_EXTENSION } from "../../src/core/policy/conversation"
import { encodeCoSigned } from "../../src/core/policy/cosigned"
import { SUCCESSION, type Succession } from "../../src/core/policy/statements"
import { uuidBytes } from "../../src/core/uuid"
import { groupIdOf } from "../../src/worker/epochs"
import { CLAIRE, HUGO, JEAN, aConnectedDevice, settled, type Device } from "./aDevice"
import { keysOf, recordOf, talkOf } from "./aFamily"
import { theExtensions } from "./aGroup"
import { anMls } from "./anMls"
import { aikOf, type Person } from "./aPerson"
import { FakeHub } from "./fakeHub"

const NEW_AIK = SUITE_1.signature.publicKey(new Uint8Array(32).fill(9))
const NOTHING = new Uint8Array()

interface Ward {
  readonly hub: FakeHub
  /** Two devices of the pharmacist's, in the patient's conversation. */
  readonly claire: Device
  readonly desk: Device
  readonly id: string
}

let ward: Ward

async function aWard(): Promise<Ward> {
  const hub = new FakeHub([CLAIRE, HUGO, JEAN])
  const desk = await aConnectedDevice(hub, CLAIRE)
  await aConnectedDevice(hub, JEAN)
  const claire = await aConnectedDevice(hub, CLAIRE)
  hub.registry.enrol(HUGO)
  const founded = await claire.call("found", JEAN.person, "health", "")
  if (!("id" in founded)) throw new Error("not founded")
  for (const device of [claire, desk]) await device.call("open", founded.id)
  await settled(() => talkOf({ hub, id: founded.id }).group.confirmedBy().length === 3)
  return { hub, claire, desk, id: founded.id }
}

/** Jean's key is given up as it must be, and another one is on file. */
function lost({ hub }: Ward): void {
  hub.registry.replace(JEAN, NEW_AIK, hub.now, [CLAIRE, HUGO])
}

function word({ hub, id }: Ward, bend: Partial<Succession> = {}, eyes: readonly Person[] = [CLAIRE, HUGO]): Uint8Array {
  const said: Succession = {
    deployment: hub.deployment, conversation: uuidBytes(id), patient: uuidBytes(JEAN.person), oldGroup: groupIdOf(id, 0),
    oldEpoch: talkOf({ hub, id }).epoch, newGroup: groupIdOf(id, 1), oldAik: aikOf(JEAN), newAik: NEW_AIK, atUs: hub.now, ...bend,
  }
  return encodeCoSigned({ statement: SUCCESSION.codec.encode(said), signatures: eyes.map((one) => hub.registry.signatureOf(SUCCESSION, said, one)) })
}

/** The GroupInfo of Claire's successor, with what two pharmacists signed. */
async function successor({ hub, claire, id }: Ward, signed: Uint8Array | null, patientAik = NEW_AIK): Promise<Uint8Array> {
  const keys = keysOf(claire)
  const hubKey = claire.keeper["context"].me?.hub_key ?? NOTHING
  const extensions = theExtensions(id, hubKey, { patientAik }, { number: recordOf(claire, id).highest.number + 1, inForce: [], tombstones: [] })
  const credential = hub.registry.credential(CLAIRE, keys.device, keys.publicKey)
  const { groupInfo } = await anMls().create(groupIdOf(id, 1), credential, keys, extensions)
  const message = decodeMessage(groupInfo)
  if (message.kind !== "group_info" || signed === null) return groupInfo
  const said = { ...message.groupInfo, extensions: [...message.groupInfo.extensions, { type: SUCCESSION_EXTENSION, data: signed }] }
  return encodeMessage({ kind: "group_info", groupInfo: signGroupInfo(SUITE_1, keys.privateKey, said) })
}

async function isShown({ hub, claire, desk, id }: Ward, groupInfo: Uint8Array): Promise<void> {
  const before = recordOf(desk, id).room.cursor
  hub.append(talkOf({ hub, id }), { who: CLAIRE, device: keysOf(claire).device }, "succession", groupInfo, null)
  await settled(() => recordOf(desk, id).room.cursor > before)
}

describe("a group whose patient lost every device", () => {
  beforeEach(async () => { ward = await aWard() })

  test("is succeeded by one with the key that is on file, by the word of two pharmacists", async () => {
    lost(ward)
    await isShown(ward, await successor(ward, word(ward)))

    expect(recordOf(ward.desk, ward.id)).toMatchObject({ state: null, generation: 1 })
    expect(ward.desk.views.alarm ?? null).toBeNull()
  })

  test.each<[string, () => Uint8Array | null]>([
    ["no word at all", () => null],
    ["what nobody can read", () => NOTHING],
    ["one pharmacist's word", () => word(ward, {}, [CLAIRE])],
    ["one pharmacist's word twice", () => word(ward, {}, [CLAIRE, CLAIRE])],
    ["the patient's own word too", () => word(ward, {}, [CLAIRE, JEAN])],
    ["a word of an earlier epoch", () => word(ward, { oldEpoch: talkOf(ward).epoch - 1 })],
    ["a word of an epoch to come", () => word(ward, { oldEpoch: talkOf(ward).epoch + 1 })],
    ["a word of another group", () => word(ward, { oldGroup: groupIdOf(HUGO.person, 0) })],
    ["a word for another group", () => word(ward, { newGroup: groupIdOf(ward.id, 2) })],
    ["a word in another conversation", () => word(ward, { conversation: uuidBytes(HUGO.person) })],
    ["a word about another patient", () => word(ward, { patient: uuidBytes(HUGO.person) })],
    ["a word about another key", () => word(ward, { oldAik: aikOf(HUGO) })],
    ["a word for another key", () => word(ward, { newAik: aikOf(HUGO) })],
  ])("is not succeeded by %s", async (_, said) => {
    lost(ward)
    const before = recordOf(ward.desk, ward.id).state
    await isShown(ward, await successor(ward, said()))

    expect(recordOf(ward.desk, ward.id)).toMatchObject({ state: before, generation: 0 })
    expect(ward.desk.views.alarm?.code).toBe("C_GROUP_REFUSED")
  })

  test("is not succeeded while the key on file is the old one: two pharmacists alone give nobody a key", async () => {
    const before = recordOf(ward.desk, ward.id).state
    await isShown(ward, await successor(ward, word(ward)))

    expect(recordOf(ward.desk, ward.id)).toMatchObject({ state: before, generation: 0 })
    expect(ward.desk.views.alarm?.code).toBe("C_GROUP_REFUSED")
  })

  test("is not succeeded by one with another key than the word names", async () => {
    lost(ward)
    await isShown(ward, await successor(ward, word(ward), aikOf(JEAN)))

    expect(recordOf(ward.desk, ward.id)).toMatchObject({ generation: 0 })
    expect(ward.desk.views.alarm?.code).toBe("C_GROUP_REFUSED")
  })
})
