/** A dispensation in which the patient reads on two devices, one of which may be given up. */
import { Group } from "../../src/core/mls/group"
import { encodeCommitData } from "../../src/core/policy/conversation"
import { identityOf } from "../../src/core/policy/identity"
import { DEVICE_REVOCATION, signStatement, type DeviceRevocation } from "../../src/core/policy/statements"
import { uuidBytes } from "../../src/core/uuid"
import type { DeviceRecord, RoomRecord } from "../../src/worker/vault"
import { CLAIRE, HUGO, JEAN, aConnectedDevice, aDisk, settled, type Device, type Disk } from "./aDevice"
import { seedOf } from "./aPerson"
import { FakeHub, type Connection } from "./fakeHub"

export interface Family {
  readonly hub: FakeHub
  readonly claire: Device
  readonly phone: Device
  readonly tablet: Device
  readonly id: string
  readonly disks: { readonly claire: Disk; readonly phone: Disk; readonly tablet: Disk }
}

export async function aFamily(): Promise<Family> {
  const hub = new FakeHub([CLAIRE, HUGO, JEAN])
  const disks = { claire: aDisk(), phone: aDisk(), tablet: aDisk() }
  const phone = await aConnectedDevice(hub, JEAN, disks.phone)
  const tablet = await aConnectedDevice(hub, JEAN, disks.tablet)
  const claire = await aConnectedDevice(hub, CLAIRE, disks.claire)
  const founded = await claire.call("found", JEAN.person, "health", "")
  if (!("id" in founded)) throw new Error("not founded")
  for (const device of [claire, phone, tablet]) await device.call("open", founded.id)
  await settled(() => [claire, phone, tablet].every((device) => device.views.thread?.conversation.readiness === "ready"))
  await settled(() => talkOf({ hub, id: founded.id }).group.confirmedBy().length === 3)
  return { hub, claire, phone, tablet, id: founded.id, disks }
}

export function talkOf({ hub, id }: Pick<Family, "hub" | "id">): NonNullable<ReturnType<FakeHub["talks"]["get"]>> {
  const talk = hub.talks.get(id)
  if (talk === undefined) throw new Error("no conversation")
  return talk
}

export function recordOf(device: Device, id: string): RoomRecord {
  const record = device.keeper["context"].rooms.get(id)
  if (record === undefined) throw new Error("no room")
  return record
}

export function keysOf(device: Device): DeviceRecord {
  return device.keeper["context"].device
}

/** `gone` is given up, by the account key of `signer`'s person: both are Jean's, unless the test says otherwise. */
export function aRevocation(hub: FakeHub, gone: Device, signer: Device, bend: Partial<DeviceRevocation> = {}): Uint8Array {
  return signStatement(DEVICE_REVOCATION, {
    deployment: hub.deployment, conversation: new Uint8Array(), person: uuidBytes(gone.who.person), device: uuidBytes(keysOf(gone).device),
    atUs: hub.now, ...bend,
  }, seedOf(signer.who))
}

export function sentTo(hub: FakeHub, kind: string): number {
  return hub.seen.filter((frame) => frame.kind === kind).length
}

/**
 * `device` commits behind the back of its own keeper, which is offline from then on: an update, or the removal
 * of a device. `unchecked`: the hub orders it without a look.
 */
export async function committedBy(family: Pick<Family, "hub" | "id">, device: Device, options: Behind = {}): Promise<Behind & { readonly from: Connection; readonly state: Uint8Array }> {
  const { hub, id } = family
  const { remove, unchecked = false, from = device.connection, state = recordOf(device, id).state } = options
  const group = Group.deserialize(state ?? new Uint8Array())
  const removed = group.members.find(({ leafNode }) => remove !== undefined && identityOf(leafNode.credential).device === keysOf(remove).device)
  const made = group.commit({
    proposals: removed === undefined ? [] : [{ kind: "remove", removed: removed.leafIndex }], forcePath: true, now: null,
    authenticatedData: encodeCommitData({ atUs: hub.now, statements: [] }),
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
  })
  if (from === null) throw new Error("no connection")
  if (device.connection !== null) device.cut()
  if (unchecked) hub.append(talkOf(family), from, "commit", made.message, null)
  else hub.receive(from, { id: "behind", kind: "group.commit", conversation: id, commit: made.message, group_info: made.groupInfo, welcome: null, adds: [] })
  await settled()
  return { from, state: made.next.serialize() }
}

interface Behind {
  readonly remove?: Device
  readonly unchecked?: boolean
  /** For one more commit: what the last one returned. */
  readonly from?: Connection
  readonly state?: Uint8Array
}

/** `device` is shown the next commits with a fault in them. */
export function garbleCommitsFor(device: Device, many = 1): void {
  let left = many
  const { connection } = device
  if (connection === null) throw new Error("no connection")
  const push = connection.push.bind(connection)
  connection.push = (frame) => {
    const body = frame["what"] === "commit" && left-- > 0 ? Uint8Array.from(frame["body"] as Uint8Array) : null
    if (body !== null) body[body.length - 40] = (body.at(-40) ?? 0) ^ 1
    push(body === null ? frame : { ...frame, body })
  }
}

/** As `settled`, while time passes for these devices. */
export async function inTime(check: () => boolean, ...devices: readonly Device[]): Promise<void> {
  for (let i = 0; i < 40; i += 1) {
    await settled()
    if (check()) return
    for (const device of devices) device.timePasses()
  }
  throw new Error("it did not come to pass, in whatever time")
}
