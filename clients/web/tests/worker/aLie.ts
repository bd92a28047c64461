/**
 * A conversation between keepers, and whoever plays the hub to one of them: it has devices commit and write
 * what no policy lets through, hands that on, and sees in which code the victim refuses it.
 */
import { ed25519 } from "@noble/curves/ed25519.js"
import { equal, encodeHex } from "../../src/core/bytes"
import { encodeAuthenticatedData, type Acting } from "../../src/core/mls/authenticatedData"
import {
  encodeCommitData, extensionsOf, hubSender, readExtensions, type ConversationPolicy, type DelegationRecord, type Delegations,
} from "../../src/core/policy/conversation"
import type { Extension } from "../../src/core/mls/extensions"
import {
  ACCEPTANCE, CONFIRMATION, DELEGATION, REVOCATION, UnverifiedStatement, digestOf, signStatement, type Confirmation, type Delegation, type Revocation,
} from "../../src/core/policy/statements"
import { uuidBytes, uuidFrom, uuidText } from "../../src/core/uuid"
import { newPayload } from "../../src/worker/content"
import type { Plan } from "../../src/worker/mls"
import { SOPHIE, CLAIRE, JEAN, settled, type Device } from "./aDevice"
import { keysOf, recordOf, talkOf } from "./aFamily"
import { aStranger, committed } from "./aGroup"
import { aMandate, beforeAMandate, type Mandate } from "./aMandate"
import { anMls } from "./anMls"
import { aikOf, seedOf, type Person } from "./aPerson"
import type { Connection } from "./fakeHub"
import { NOTHING } from "./fakeRegistry"

export const HOUR_US = 3_600_000_000

/** What the victim would ask of the hub to mend itself: it is left with what it was shown. */
const MENDING: readonly string[] = ["group.stuck", "group.info", "group.commit", "group.receipt", "group.succeed"]

interface Behind {
  state: Uint8Array
  readonly from: Connection
}

export class Lie {
  readonly mls = anMls()
  readonly #behind = new Map<Device, Behind>()
  readonly from = Date.now() * 1000

  private constructor(readonly at: Mandate, readonly delegation: string | null) {}

  /** Sophie is in the conversation. */
  static async inside(): Promise<Lie> {
    const mandate = await aMandate()
    return new Lie(mandate, mandate.delegation)
  }

  /** Nobody acts for anybody yet. */
  static async outside(): Promise<Lie> {
    return new Lie(await beforeAMandate(), null)
  }

  get hub(): Mandate["hub"] {
    return this.at.hub
  }

  /** The hub does nothing for a device that asks to be mended. */
  deafen(): void {
    this.hub.meddle = (frame) => (MENDING.includes(frame.kind) ? "silence" : null)
  }

  // Groups

  /** A device acts behind its own keeper's back from here on: it is offline. */
  behind(device: Device): Behind {
    const known = this.#behind.get(device)
    if (known !== undefined) return known
    const { state } = recordOf(device, this.at.id)
    if (state === null || device.connection === null) throw new Error("not in the group")
    const made = { state, from: device.connection }
    device.cut()
    this.#behind.set(device, made)
    return made
  }

  get facts(): { readonly policy: ConversationPolicy; readonly delegations: Delegations } {
    return readExtensions(this.mls.facts(this.#anyState()).extensions)
  }

  #anyState(): Uint8Array {
    const known = this.#behind.get(this.at.claire)?.state ?? recordOf(this.at.claire, this.at.id).state
    if (known === null) throw new Error("no group")
    return known
  }

  /** Other delegations, or another policy, for the group's context. */
  context(delegations: Delegations, policy: Partial<ConversationPolicy> = {}): readonly Extension[] {
    const key = this.mls.facts(this.#anyState()).extensions
    const before = readExtensions(key)
    return extensionsOf({ ...before.policy, ...policy }, delegations, hubSender(ed25519.getPublicKey(this.hub.hubSecret)))
  }

  withRecord(record: DelegationRecord): readonly Extension[] {
    const { number, inForce, tombstones } = this.facts.delegations
    return this.context({ number: number + 1, inForce: ascending([...inForce, record]), tombstones })
  }

  /** Have a device commit; the hub shows it to everybody who is there. */
  async commit(by: Device, plan: Partial<Plan> = {}, shown = true): Promise<{ readonly commit: Uint8Array; readonly from: Connection; readonly welcome: Uint8Array | null }> {
    const behind = this.behind(by)
    const made = await committed(this.mls, behind.state, { authenticatedData: data(this.hub.now), ...plan })
    behind.state = made.state
    if (shown) this.hub.append(talkOf(this.at), behind.from, "commit", made.commit, null)
    return { commit: made.commit, from: behind.from, welcome: made.welcome }
  }

  show(from: Connection, commit: Uint8Array): void {
    this.hub.append(talkOf(this.at), from, "commit", commit, null)
  }

  /** What lets Sophie in under a record, by the pharmacist's device. */
  async letsIn(record: DelegationRecord): Promise<string | null> {
    return this.victim(async () => { await this.commit(this.at.claire, { extensions: this.withRecord(record), adds: [(await this.aDeviceOf(SOPHIE)).message] }) })
  }

  /** A device of somebody's that no keeper keeps, to be added. */
  aDeviceOf(who: Person): ReturnType<typeof aStranger> {
    return aStranger(this.hub.registry, who, this.mls)
  }

  identityIn(device: Device): string {
    return `${device.who.person}/${keysOf(device).device}`
  }

  /** The hub's proposal to remove a device's leaf. */
  proposes(device: Device, demand: Parameters<Mandate["hub"]["propose"]>[2], bend: Parameters<Mandate["hub"]["propose"]>[3] = {}): Promise<string | null> {
    return this.victim(() => { this.hub.propose(talkOf(this.at), keysOf(device).device, demand, bend) })
  }

  /**
   * Do something to the patient's device; return the code in which it refuses it. It is told, or moves on, or
   * nothing comes of it, which is not an answer.
   */
  async victim(lie: () => void | Promise<void>, device: Device = this.at.jean): Promise<string | null> {
    this.deafen()
    const { id } = this.at
    const seen = () => recordOf(device, id)
    const before = seen()
    await lie()
    const last = talkOf(this.at).events.length
    await settled(() => seen().room.cursor >= last || seen().stuck !== null || device.views.alarm != null)
    const { stuck, state } = seen()
    const code = stuck?.reason ?? device.views.alarm?.code ?? null
    if (code !== null && state !== null && before.state !== null && !equal(epochOf(this, state), epochOf(this, before.state))) throw new Error(`refused, and yet it moved on: ${code}`)
    return code
  }

  // Documents

  record(bend: Partial<Delegation> = {}, parts: Partial<DelegationRecord> = {}, confirmation: Partial<Confirmation> = {}, confirmer: Person = CLAIRE): DelegationRecord {
    const document = this.document(bend)
    const about = this.#about()
    const delegationHash = digestOf(DELEGATION, document)
    return {
      delegation: signStatement(DELEGATION, document, seedOf(JEAN)),
      confirmations: [{
        confirmation: signStatement(CONFIRMATION, { ...about, delegationHash, pharmacist: uuidBytes(confirmer.person), heardAlone: true, ...confirmation }, seedOf(confirmer)),
        staff: NOTHING,
      }],
      acceptance: signStatement(ACCEPTANCE, { ...about, delegationHash, dutiesHash: new Uint8Array(32) }, seedOf(SOPHIE)),
      revocations: [], ...parts,
    }
  }

  document(bend: Partial<Delegation> = {}): Delegation {
    const nowUs = Date.now() * 1000
    return {
      deployment: this.hub.deployment, conversation: uuidBytes(this.at.id), delegation: crypto.getRandomValues(new Uint8Array(16)),
      grantor: uuidBytes(JEAN.person), grantorAik: aikOf(JEAN), grantee: uuidBytes(SOPHIE.person), granteeAik: aikOf(SOPHIE),
      scopes: ["call.join", "conversation.read", "conversation.send"], legalBasis: "patient_mandate", mandate: "device",
      notBeforeUs: nowUs - 1_000_000, notAfterUs: nowUs + HOUR_US, textHash: new Uint8Array(32), readingLevel: "standard", language: "fr",
      evidence: NOTHING, issuer: NOTHING, ...bend,
    }
  }

  /** The patient's word that ends it, or takes scopes back. */
  withdrawal(scopes: readonly string[] = [], bend: Partial<Revocation> = {}, by: Person = JEAN): Uint8Array {
    return signStatement(REVOCATION, { ...this.#about(), delegation: uuidBytes(this.delegation ?? ""), scopes: [...scopes].sort(), ...bend }, seedOf(by))
  }

  #about(): { readonly deployment: string; readonly conversation: Uint8Array; readonly atUs: number } {
    return { deployment: this.hub.deployment, conversation: uuidBytes(this.at.id), atUs: Date.now() * 1000 }
  }

  /** It is withdrawn, and everybody has followed. */
  async ended(): Promise<void> {
    await this.at.jean.call("withdraw", this.delegation ?? "", [])
    await settled(() => this.hub.talks.get(this.at.id)?.epoch === 3 && recordOf(this.at.jean, this.at.id).highest.number === 2 && recordOf(this.at.claire, this.at.id).highest.number === 2)
  }

  /** Scopes of it are withdrawn, and everybody has followed. */
  async narrowed(...scopes: readonly ("conversation.send" | "call.join")[]): Promise<void> {
    await this.at.jean.call("withdraw", this.delegation ?? "", scopes)
    await settled(() => [this.at.claire, this.at.jean, this.at.sophie].every((device) => recordOf(device, this.at.id).highest.number === 2))
  }

  // Messages

  /** What a carer's message truly says. */
  acting(bend: Partial<Acting> = {}): Acting {
    return { for: uuidBytes(JEAN.person), delegation: uuidBytes(this.delegation ?? ""), version: this.facts.delegations.number, ...bend }
  }

  /** Have a device write; return why the victim hides it, nothing where it shows it. */
  async says(by: Device, acting: Acting | undefined, content = newPayload(crypto.getRandomValues(new Uint8Array(32)), "Bonjour", ""), reader: Device = this.at.jean): Promise<string | null> {
    this.deafen()
    const behind = this.behind(by)
    const id = uuidFrom(crypto.getRandomValues(new Uint8Array(16)))
    const header = encodeAuthenticatedData({
      id: uuidBytes(id), kind: "message", counter: 1, sentAt: Date.now(), frankingTag: content.tag, ...(acting === undefined ? {} : { acting }), signal: null,
    })
    const { message } = await this.mls.encrypt(behind.state, content.payload, header)
    this.hub.append(talkOf(this.at), behind.from, "message", message, id)
    await settled(() => reader.messages.some((one) => one.id === id))
    const shown = reader.messages.find((one) => one.id === id)?.content
    return shown?.kind === "hidden" ? shown.why : null
  }
}

export function data(atUs: number): Uint8Array {
  return encodeCommitData({ atUs, statements: [] })
}

export function ascending(records: readonly DelegationRecord[]): readonly DelegationRecord[] {
  const id = (one: DelegationRecord) => encodeHex(UnverifiedStatement.decode(DELEGATION, one.delegation).content.delegation)
  return [...records].sort((a, b) => (id(a) < id(b) ? -1 : 1))
}

function epochOf(lie: Lie, state: Uint8Array): Uint8Array {
  return new TextEncoder().encode(`${lie.mls.facts(state).epoch}`)
}

export { uuidBytes, uuidText }
