/** A dispensation in which Sophie acts for Jean: he named her, Claire confirmed, she accepted. */
import type { DelegationDraft, Delegation, Scope } from "../../src/core/model"
import { CLAIRE, HUGO, JEAN, LEA, SOPHIE, aConnectedDevice, aDisk, settled, type Device, type Disk } from "./aDevice"
import { FakeHub } from "./fakeHub"

export interface Mandate {
  readonly hub: FakeHub
  readonly claire: Device
  readonly jean: Device
  readonly sophie: Device
  readonly id: string
  readonly disks: { readonly claire: Disk; readonly jean: Disk; readonly sophie: Disk }
}

export const SCOPES: readonly Scope[] = ["conversation.read", "conversation.send", "call.join"]
export const DAY = 24 * 3600 * 1000

/** So much time passes, for everybody. */
export function timeGoesBy(ms: number, hub: FakeHub, ...devices: readonly Device[]): void {
  hub.skewUs += ms * 1000
  for (const device of devices) device.later(ms)
}

/** Everybody is there; nobody acts for anybody yet. */
export async function beforeAMandate(): Promise<Mandate> {
  const hub = new FakeHub([CLAIRE, HUGO, LEA, JEAN, SOPHIE])
  const disks = { claire: aDisk(), jean: aDisk(), sophie: aDisk() }
  const jean = await aConnectedDevice(hub, JEAN, disks.jean)
  const sophie = await aConnectedDevice(hub, SOPHIE, disks.sophie)
  const claire = await aConnectedDevice(hub, CLAIRE, disks.claire)
  const founded = await claire.call("found", JEAN.person, "health", "")
  if (!("id" in founded)) throw new Error("not founded")
  for (const device of [claire, jean]) await device.call("open", founded.id)
  await settled(() => jean.views.conversations?.[0]?.readiness === "ready")
  return { hub, claire, jean, sophie, id: founded.id, disks }
}

export function aDraft({ id }: Pick<Mandate, "id">, bend: Partial<DelegationDraft> = {}): DelegationDraft {
  return {
    conversation: id, carer: SOPHIE.person, scopes: SCOPES, notAfter: Date.now() + 30 * DAY, text: "Sophie Lefèvre peut lire et écrire pour moi.",
    level: "standard", language: "fr", ...bend,
  }
}

/** Jean named her; the pharmacy has not confirmed. */
export async function proposed(mandate: Mandate, bend: Partial<DelegationDraft> = {}): Promise<string> {
  await mandate.jean.call("propose", aDraft(mandate, bend))
  await settled(() => delegationsOf(mandate.claire).length > 0)
  const [delegation] = delegationsOf(mandate.claire)
  if (delegation === undefined) throw new Error("not proposed")
  return delegation.id
}

export async function accepted(mandate: Mandate, bend: Partial<DelegationDraft> = {}): Promise<string> {
  const id = await proposed(mandate, bend)
  await mandate.claire.call("confirm", id, true)
  await settled(() => delegationsOf(mandate.sophie).length > 0)
  await mandate.sophie.call("accept", id, "Je m’engage.")
  return id
}

/** She is in the group, and looks at the conversation as the others do. */
export async function aMandate(bend: Partial<DelegationDraft> = {}): Promise<Mandate & { readonly delegation: string }> {
  const mandate = await beforeAMandate()
  const delegation = await accepted(mandate, bend)
  await settled(() => mandate.sophie.views.conversations?.[0]?.readiness === "ready")
  await mandate.sophie.call("open", mandate.id)
  await settled(() => [mandate.claire, mandate.jean, mandate.sophie].every((device) => stateOf(device) === "active"))
  return { ...mandate, delegation }
}

export function delegationsOf(device: Device): readonly Delegation[] {
  return device.views.delegations ?? []
}

export function stateOf(device: Device): Delegation["state"] | undefined {
  return delegationsOf(device)[0]?.state
}
