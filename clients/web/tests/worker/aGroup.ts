/** Groups that are made beside any hub: what a hub could have somebody make, and what MLS alone is tried with. */
import { NO_DELEGATIONS, encodeCommitData, extensionsOf, hubSender, type ConversationPolicy, type Delegations, type EndingStatement } from "../../src/core/policy/conversation"
import type { Extension } from "../../src/core/mls/extensions"
import { uuidBytes, uuidFrom } from "../../src/core/uuid"
import type { Committed, Mls, NewKeyPackage, Plan } from "../../src/worker/mls"
import { anMls } from "./anMls"
import { CLAIRE, JEAN, aikOf, type Person } from "./aPerson"
import { PHARMACY, type FakeRegistry } from "./fakeRegistry"

export const NOBODY = new Uint8Array()

/** What a commit carries. */
export function commitData(atUs: number = Date.now() * 1000, statements: readonly EndingStatement[] = []): Uint8Array {
  return encodeCommitData({ atUs, statements: [...statements] })
}

/** A commit as any member could make it, whether or not anybody may follow. */
export function committed(mls: Mls, state: Uint8Array, plan: Partial<Plan> = {}): Promise<Committed> {
  return mls.commit(state, { authenticatedData: commitData(), ...plan })
}

/** As above, with a Welcome. */
export async function added(mls: Mls, state: Uint8Array, adds: readonly Uint8Array[]): Promise<Committed & { readonly welcome: Uint8Array }> {
  const made = await committed(mls, state, { adds })
  if (made.welcome === null) throw new Error("nobody was added")
  return { ...made, welcome: made.welcome }
}

/** A device of somebody's that no keeper keeps. */
export async function aStranger(registry: FakeRegistry, who: Person, mls: Mls = anMls(), device = uuidFrom(crypto.getRandomValues(new Uint8Array(16)))): Promise<NewKeyPackage & { readonly device: string }> {
  const keys = await mls.newDeviceKeys()
  return { ...await mls.newKeyPackage(registry.credential(who, device, keys.publicKey), keys), device }
}

export function aPolicy(conversation: string, bend: Partial<ConversationPolicy> = {}): ConversationPolicy {
  return {
    conversation: uuidBytes(conversation), kind: "remote_dispensation", pharmacy: PHARMACY, ownerAik: aikOf(CLAIRE), patient: uuidBytes(JEAN.person),
    patientAik: aikOf(JEAN), suiteFloor: 1, ...bend,
  }
}

export function theExtensions(conversation: string, hubKey: Uint8Array, bend: Partial<ConversationPolicy> = {}, delegations: Delegations = NO_DELEGATIONS): readonly Extension[] {
  return extensionsOf(aPolicy(conversation, bend), delegations, hubSender(hubKey))
}
