/** A dispensation that has begun: a pharmacist and a patient in one group, a colleague beside them. */
import { CLAIRE, HUGO, JEAN, aConnectedDevice, aDisk, settled, type Device, type Disk } from "./aDevice"
import { FakeHub } from "./fakeHub"

export interface Scene {
  readonly hub: FakeHub
  readonly claire: Device
  readonly jean: Device
  readonly id: string
  readonly claireDisk: Disk
  readonly jeanDisk: Disk
}

export async function aDispensation(note = ""): Promise<Scene> {
  const hub = new FakeHub([CLAIRE, HUGO, JEAN])
  const [claireDisk, jeanDisk] = [aDisk(), aDisk()]
  const jean = await aConnectedDevice(hub, JEAN, jeanDisk)
  const claire = await aConnectedDevice(hub, CLAIRE, claireDisk)
  const founded = await claire.call("found", JEAN.person, "health", note)
  if (!("id" in founded)) throw new Error("not founded")
  await settled(() => jean.views.conversations?.[0]?.readiness === "ready")
  return { hub, claire, jean, id: founded.id, claireDisk, jeanDisk }
}

/** The same, with both looking at it. */
export async function anOpenDispensation(note = ""): Promise<Scene> {
  const scene = await aDispensation(note)
  for (const device of [scene.claire, scene.jean]) await device.call("open", scene.id)
  await settled()
  return scene
}
