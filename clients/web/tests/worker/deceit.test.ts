/**
 * What a hub tries with delegations that has the authority's key and somebody's device for an accomplice: add a
 * carer, widen what one may do, bring one back, speak as one, or keep an end from those it concerns.
 */
import { describe, expect, test } from "vitest"
import { changed, extensionsOf, hubSender, readExtensions, type ConversationPolicy, type DelegationRecord, type Delegations } from "../../src/core/policy/conversation"
import { credentialOf } from "../../src/core/policy/identity"
import { ACCEPTANCE, CONFIRMATION, DELEGATION, EPOCH_RECEIPT, REVOCATION, SUSPENSION, UnverifiedStatement, digestOf, signStatement, type Delegation, type EpochReceipt } from "../../src/core/policy/statements"
import { encodeAuthenticatedData } from "../../src/core/mls/authenticatedData"
import { SUITE_1 } from "../../src/core/mls/suites"
import { encodePayload, frankingTag } from "../../src/core/mls/franking"
import { encode } from "@msgpack/msgpack"
import { uuidBytes, uuidFrom } from "../../src/core/uuid"
import type { DelegationView } from "../../src/core/wireCare"
import type { Plan } from "../../src/worker/mls"
import { CLAIRE, HUGO, JEAN, SOPHIE, settled, type Device } from "./aDevice"
import { inTime, keysOf, recordOf, talkOf } from "./aFamily"
import { NOBODY, aStranger, commitData } from "./aGroup"
import { DAY, SCOPES, aMandate, beforeAMandate, delegationsOf, proposed, stateOf, timeGoesBy, type Mandate } from "./aMandate"
import { anMls } from "./anMls"
import { MALLORY, aikOf, seedOf, type Person } from "./aPerson"
import type { Demand } from "./fakeHub"
import { FakeLog } from "./fakeLog"

type Mandated = Awaited<ReturnType<typeof aMandate>>
const HUB_US = (): number => Date.now() * 1000

const stuckOf = (device: Device, id: string): string | undefined => recordOf(device, id).stuck?.reason

/** What the group says, bent. */
function extensionsBent({ hub, id }: Pick<Mandate, "hub" | "id">, bend: { readonly policy?: Partial<ConversationPolicy>; readonly delegations?: (now: Delegations) => Delegations }): NonNullable<Plan["extensions"]> {
  const { policy, delegations } = readExtensions(talkOf({ hub, id }).group.group.context.extensions)
  const changed = bend.delegations?.(delegations) ?? delegations
  return extensionsOf({ ...policy, ...bend.policy }, changed, hubSender(SUITE_1.signature.publicKey(hub.hubSecret)))
}

/** The device of `by` commits what the hub has it commit, and the hub orders it without a look. */
async function ordered({ hub, id }: Pick<Mandate, "hub" | "id">, by: Device, plan: Partial<Plan>): Promise<void> {
  const made = await anMls().commit(recordOf(by, id).state ?? NOBODY, { authenticatedData: commitData(), ...plan })
  const { connection } = by
  if (connection === null) throw new Error("not connected")
  by.cut()
  hub.append(talkOf({ hub, id }), connection, "commit", made.commit, null)
}

interface Forging {
  readonly delegation?: Partial<Delegation>
  readonly signedBy?: Person
  readonly confirmedBy?: Person
  readonly acceptedBy?: Person
}

/** A record that somebody made up. */
function forged({ hub, id }: Pick<Mandate, "hub" | "id">, { delegation = {}, signedBy = JEAN, confirmedBy = CLAIRE, acceptedBy = SOPHIE }: Forging = {}): DelegationRecord {
  const head = { deployment: hub.deployment, conversation: uuidBytes(id) }
  const document: Delegation = {
    ...head, delegation: crypto.getRandomValues(new Uint8Array(16)), grantor: uuidBytes(JEAN.person), grantorAik: aikOf(JEAN), grantee: uuidBytes(SOPHIE.person),
    granteeAik: aikOf(SOPHIE), scopes: [...SCOPES].sort(), legalBasis: "patient_mandate", mandate: "device", notBeforeUs: HUB_US() - 1000, notAfterUs: HUB_US() + DAY * 1000,
    textHash: new Uint8Array(32), readingLevel: "standard", language: "fr", evidence: NOBODY, issuer: NOBODY, ...delegation,
  }
  const about = { ...head, conversation: document.conversation, delegationHash: digestOf(DELEGATION, document), atUs: HUB_US() }
  const confirmation = signStatement(CONFIRMATION, { ...about, pharmacist: uuidBytes(confirmedBy.person), heardAlone: true }, seedOf(confirmedBy))
  return {
    delegation: signStatement(DELEGATION, document, seedOf(signedBy)),
    confirmations: [{ confirmation, staff: confirmedBy === CLAIRE ? NOBODY : hub.registry.word(confirmedBy, aikOf(confirmedBy), seedOf(confirmedBy)) }],
    acceptance: signStatement(ACCEPTANCE, { ...about, dutiesHash: new Uint8Array(32) }, seedOf(acceptedBy)), revocations: [],
  }
}

describe("a hub with an accomplice among the devices", () => {
  test.each<[string, string, (mandate: Mandate) => Promise<Partial<Plan>>]>([
    ["a carer whom nobody named", "e_no_delegation", async ({ hub }) => ({ adds: [(await aStranger(hub.registry, SOPHIE)).message] })],
    ["a carer by a delegation that the patient never signed", "e_signature", (mandate) => admission(mandate, { signedBy: CLAIRE })],
    ["a carer by a delegation of another conversation", "e_no_delegation", (mandate) => admission(mandate, { delegation: { conversation: uuidBytes(HUGO.person) } })],
    ["a carer by another patient's delegation", "e_sub_delegation", (mandate) => admission(mandate, { delegation: { grantor: uuidBytes(HUGO.person) } })],
    ["a carer whom no pharmacist of this pharmacy confirmed", "e_identity", (mandate) => admission(mandate, { confirmedBy: HUGO })],
    ["a carer whose own key did not accept", "e_signature", (mandate) => admission(mandate, { acceptedBy: JEAN })],
    ["a carer under another account key than the one named", "without_member", (mandate) => admission(mandate, { delegation: { granteeAik: aikOf(HUGO) }, acceptedBy: HUGO })],
    ["a carer whose time is over", "e_delegation_expired", (mandate) => admission(mandate, { delegation: { notBeforeUs: HUB_US() - 2000, notAfterUs: HUB_US() - 1000 } })],
    ["a carer whose time has not come", "e_period", (mandate) => admission(mandate, { delegation: { notBeforeUs: HUB_US() + DAY * 1000, notAfterUs: HUB_US() + 2 * DAY * 1000 } })],
    ["a carer with a final say on a mere mandate", "e_legal_basis", (mandate) => admission(mandate, { delegation: { scopes: ["conversation.read", "decide.final"] } })],
    ["a carer for more than a year", "e_period_too_long", (mandate) => admission(mandate, { delegation: { notAfterUs: HUB_US() + 400 * DAY * 1000 } })],
    ["a delegation without its carer", "without_member", async (mandate) => ({ ...await admission(mandate), adds: [] })],
    ["staff that only the authority vouches for", "bad_identity", async ({ hub }) => {
      const mls = anMls()
      const keys = await mls.newDeviceKeys()
      const device = uuidFrom(crypto.getRandomValues(new Uint8Array(16)))
      const credential = credentialOf({ identity: hub.registry.enrol(HUGO).certificate, device: hub.registry.deviceCertificate(HUGO, device, keys.publicKey), staff: hub.registry.word(HUGO, aikOf(HUGO), seedOf(HUGO)) })
      return { adds: [(await mls.newKeyPackage(credential, keys)).message] }
    }],
    ["somebody who is in nobody's log", "unproven_identity", async ({ hub }) => {
      const mls = anMls()
      const keys = await mls.newDeviceKeys()
      const device = uuidFrom(crypto.getRandomValues(new Uint8Array(16)))
      const identity = hub.registry.certificate(MALLORY)
      return { adds: [(await mls.newKeyPackage(credentialOf({ identity, device: hub.registry.deviceCertificate(MALLORY, device, keys.publicKey), staff: NOBODY }), keys)).message] }
    }],
    ["a second device of the patient's, under a key of its own", "unproven_identity", async ({ hub }) => {
      const mls = anMls()
      const keys = await mls.newDeviceKeys()
      const device = uuidFrom(crypto.getRandomValues(new Uint8Array(16)))
      const identity = hub.registry.certificate(JEAN, aikOf(HUGO))
      return { adds: [(await mls.newKeyPackage(credentialOf({ identity, device: hub.registry.deviceCertificate(JEAN, device, keys.publicKey, seedOf(HUGO)), staff: NOBODY }), keys)).message] }
    }],
    ["another account key for the patient", "changes_policy", (mandate) => Promise.resolve({ extensions: extensionsBent(mandate, { policy: { patientAik: aikOf(HUGO) } }) })],
    ["another owner of the pharmacy", "wrong_owner", (mandate) => Promise.resolve({ extensions: extensionsBent(mandate, { policy: { ownerAik: aikOf(HUGO) } }) })],
    ["another kind of conversation", "wrong_policy", (mandate) => Promise.resolve({ extensions: extensionsBent(mandate, { policy: { kind: "private_aside" } }) })],
    ["a number of its own", "wrong_number", (mandate) => Promise.resolve({ extensions: extensionsBent(mandate, { delegations: (now) => ({ ...now, number: now.number + 1 }) }) })],
    ["a time before anybody was certified", "e_identity", () => Promise.resolve({ authenticatedData: commitData(1) })],
    ["no time at all", "bad_identity", () => Promise.resolve({ authenticatedData: NOBODY })],
  ])("cannot bring in %s", async (_, reason, plan) => {
    const mandate = await beforeAMandate()
    const { claire, jean, id } = mandate

    await ordered(mandate, claire, await plan(mandate))
    await settled(() => jean.views.conversations?.[0]?.readiness === "broken")

    expect(stuckOf(jean, id)).toBe(reason)
    expect(jean.views.thread?.readers.map((one) => one.person)).toEqual([CLAIRE.person, JEAN.person])
    await jean.call("write", id, "Qui lit ?")
    await settled()
    expect(mandate.hub.seen.filter((frame) => frame.kind === "message.send")).toEqual([])
  })

  test.each<[string, string, (mandate: Mandated) => Partial<Plan>]>([
    ["widen what the carer may do", "changes_record", (mandate) => ({ extensions: extensionsBent(mandate, { delegations: (now) => ({
      ...now, number: now.number + 1, inForce: now.inForce.map((one) => ({ ...one, acceptance: signStatement(ACCEPTANCE, {
        deployment: mandate.hub.deployment, conversation: uuidBytes(mandate.id), delegationHash: digestOf(DELEGATION, UnverifiedStatement.decode(DELEGATION, one.delegation).content), dutiesHash: new Uint8Array(32).fill(1), atUs: HUB_US(),
      }, seedOf(SOPHIE)) })) }) }) })],
    ["let her stay in spite of a delegation that it drops", "without_end", (mandate) => ({ extensions: extensionsBent(mandate, { delegations: (now) => ({ ...now, number: now.number + 1, inForce: [] }) }) })],
    ["put her out by nobody's word", "removes_another", ({ sophie }) => ({ removes: [`${SOPHIE.person}/${keysOf(sophie).device}`] })],
    ["put the patient out by nobody's word", "removes_another", ({ jean }) => ({ removes: [`${JEAN.person}/${keysOf(jean).device}`] })],
    ["withdraw a scope that the patient never withdrew", "e_signature", (mandate) => ({ extensions: extensionsBent(mandate, { delegations: (now) => changed(now, {
      narrowed: [signStatement(REVOCATION, { deployment: mandate.hub.deployment, conversation: uuidBytes(mandate.id), delegation: uuidBytes(mandate.delegation), scopes: ["call.join"], atUs: HUB_US() }, seedOf(CLAIRE))], atUs: HUB_US(),
    }) }) })],
  ])("cannot %s", async (_, reason, plan) => {
    const mandate = await aMandate()
    const { claire, jean, sophie, id } = mandate
    const victim = reason === "removes_another" && plan(mandate).removes?.[0]?.startsWith(JEAN.person) === true ? sophie : jean

    await ordered(mandate, claire, plan(mandate))
    await settled(() => victim.views.conversations?.[0]?.readiness === "broken")

    expect(stuckOf(victim, id)).toBe(reason)
  })

  test.each<[string, string, (now: Delegations, record: DelegationRecord) => Delegations]>([
    ["beside its tombstone", "e_already_ended", (now, record) => ({ number: now.number + 1, inForce: [record], tombstones: now.tombstones })],
    ["in its tombstone's place", "drops_tombstone", (now, record) => ({ number: now.number + 1, inForce: [record], tombstones: [] })],
  ])("cannot bring back a delegation that was ended, %s", async (_, reason, bend) => {
    const mandate = await aMandate()
    const { hub, claire, jean, id, delegation } = mandate
    const [record] = readExtensions(talkOf(mandate).group.group.context.extensions).delegations.inForce
    if (record === undefined) throw new Error("nothing in force")
    await jean.call("withdraw", delegation, [])
    await settled(() => stateOf(jean) === "revoked")

    await ordered(mandate, claire, {
      adds: [(await aStranger(hub.registry, SOPHIE)).message], extensions: extensionsBent(mandate, { delegations: (now) => bend(now, record) }),
    })
    await settled(() => jean.views.conversations?.[0]?.readiness === "broken")

    expect([reason, "brought_back"]).toContain(stuckOf(jean, id))
  })

  test("cannot go back in time", async () => {
    const mandate = await aMandate()
    const { claire, jean, id } = mandate

    await ordered(mandate, claire, { authenticatedData: commitData(recordOf(jean, id).highest.atUs - 1) })
    await settled(() => jean.views.conversations?.[0]?.readiness === "broken")

    expect(stuckOf(jean, id)).toBe("e_clock")
  })

  test("that is the carer's own cannot do more than what is due", async () => {
    const mandate = await aMandate()
    const { hub, jean, sophie, id } = mandate

    await ordered(mandate, sophie, { adds: [(await aStranger(hub.registry, SOPHIE)).message] })
    await settled(() => jean.views.conversations?.[0]?.readiness === "broken")

    expect(stuckOf(jean, id)).toBe("carer_changes")
  })

  test("cannot have a carer come in from outside", async () => {
    const mandate = await beforeAMandate()
    const { hub, jean, claire, id } = mandate
    const mls = anMls()
    const keys = await mls.newDeviceKeys()
    const device = uuidFrom(crypto.getRandomValues(new Uint8Array(16)))
    const made = await mls.enter(talkOf(mandate).group.groupInfo, hub.registry.credential(SOPHIE, device, keys.publicKey), keys, commitData())

    hub.append(talkOf(mandate), { who: SOPHIE, device }, "commit", made.commit, null)
    await settled(() => [jean, claire].every((one) => one.views.conversations?.[0]?.readiness === "broken"))

    expect(stuckOf(claire, id)).toBe("stranger")
  })
})

/** Adds Sophie, by a record that may be forged. */
async function admission(mandate: Mandate, forging: Forging = {}): Promise<Partial<Plan>> {
  const record = forged(mandate, forging)
  const added = await aStranger(mandate.hub.registry, SOPHIE)
  return {
    adds: [added.message],
    extensions: extensionsBent(mandate, { delegations: (now) => ({ number: now.number + 1, inForce: [record], tombstones: now.tombstones }) }),
  }
}

describe("a hub that wants a carer out before her time", () => {
  test.each<[string, (mandate: Mandated) => Partial<Demand>]>([
    ["says that the time is over", () => ({ why: "expiry" })],
    ["shows the withdrawal of some scopes as the end of all", ({ hub, id, delegation }) => ({ why: "revocation", statement: signStatement(REVOCATION, {
      deployment: hub.deployment, conversation: uuidBytes(id), delegation: uuidBytes(delegation), scopes: ["call.join"], atUs: HUB_US(),
    }, seedOf(JEAN)) })],
    ["signs the patient's part with another key", ({ hub, id, delegation }) => ({ why: "revocation", statement: signStatement(REVOCATION, {
      deployment: hub.deployment, conversation: uuidBytes(id), delegation: uuidBytes(delegation), scopes: [], atUs: HUB_US(),
    }, seedOf(HUGO)) })],
    ["has a suspension by a pharmacist that the owner never certified", ({ hub, id, delegation }) => ({ why: "suspension", statement: signStatement(SUSPENSION, {
      deployment: hub.deployment, conversation: uuidBytes(id), delegation: uuidBytes(delegation), pharmacist: uuidBytes(HUGO.person), reason: "abuse", atUs: HUB_US(),
    }, seedOf(HUGO)), staff: hub.registry.word(HUGO, aikOf(HUGO), seedOf(HUGO)) })],
  ])("and %s is refused and told", async (_, demand) => {
    const mandate = await aMandate()
    const { hub, claire, jean, sophie, id, delegation } = mandate

    hub.propose(talkOf(mandate), keysOf(sophie).device, { why: "revocation", statement: NOBODY, delegation, ...demand(mandate) })
    await settled(() => [claire, jean, sophie].every((one) => one.views.alarm?.code === "C_REMOVE_UNJUSTIFIED"))

    expect(recordOf(claire, id).removing).toEqual([])
    expect(recordOf(sophie, id).state).not.toBeNull()
  })
})

describe("a hub that puts words in a mouth", () => {
  /** A message that `device` seals with authenticated data of the hub's choice, and the hub passes on. */
  async function said({ hub, id }: Pick<Mandate, "hub" | "id">, device: Device, acting: { readonly for: Uint8Array; readonly delegation: Uint8Array; readonly version: number } | undefined, sentAt = Date.now()): Promise<void> {
    const salt = new Uint8Array(32).fill(1)
    const content = encode({ v: 1, kind: "message", text: "Sous un autre nom", checkpoint: "" })
    const message = uuidFrom(crypto.getRandomValues(new Uint8Array(16)))
    const data = encodeAuthenticatedData({
      id: uuidBytes(message), kind: "message", counter: 9, sentAt, frankingTag: frankingTag(salt, content), ...(acting === undefined ? {} : { acting }), signal: null,
    })
    const sealed = await anMls().encrypt(recordOf(device, id).state ?? NOBODY, encodePayload(salt, content), data)
    hub.append(talkOf({ hub, id }), { who: device.who, device: keysOf(device).device }, "message", sealed.message, message)
  }

  test.each<[string, (mandate: Mandated) => { by: Device; acting: Parameters<typeof said>[2]; sentAt?: number }]>([
    ["a carer who says for nobody", ({ sophie }) => ({ by: sophie, acting: undefined })],
    ["a carer who says for somebody else", ({ sophie, delegation }) => ({ by: sophie, acting: { for: uuidBytes(HUGO.person), delegation: uuidBytes(delegation), version: 1 } })],
    ["a carer under another delegation", ({ sophie }) => ({ by: sophie, acting: { for: uuidBytes(JEAN.person), delegation: uuidBytes(HUGO.person), version: 1 } })],
    ["a carer under another version", ({ sophie, delegation }) => ({ by: sophie, acting: { for: uuidBytes(JEAN.person), delegation: uuidBytes(delegation), version: 2 } })],
    ["a carer at a time when it is over", ({ sophie, delegation }) => ({ by: sophie, acting: { for: uuidBytes(JEAN.person), delegation: uuidBytes(delegation), version: 1 }, sentAt: Date.now() + 31 * DAY })],
    ["a pharmacist in the patient's name", ({ claire, delegation }) => ({ by: claire, acting: { for: uuidBytes(JEAN.person), delegation: uuidBytes(delegation), version: 1 } })],
  ])("has the message of %s hidden, as not authorised", async (_, make) => {
    const mandate = await aMandate()
    const { jean } = mandate
    const { by, acting, sentAt } = make(mandate)

    await said(mandate, by, acting, sentAt)
    await settled(() => jean.messages.length === 1)

    expect(jean.messages[0]).toMatchObject({ person: by.who.person, content: { kind: "hidden", why: "unauthorised" }, actingFor: null })
  })
})

describe("a hub that lies about delegations", () => {
  test("by telling of one that the patient never signed shows nothing, and is told of", async () => {
    const { hub, claire, jean, id } = await beforeAMandate()
    const { delegation } = forged({ hub, id }, { signedBy: HUGO })
    const view = hub.delegations.propose(delegation, HUB_US())

    hub.tellDelegation(view)
    await settled(() => [claire, jean].every((one) => one.views.alarm?.code === "C_DELEGATION"))

    expect([...delegationsOf(claire), ...delegationsOf(jean)]).toEqual([])
    expect(await claire.call("confirm", view.id, true)).toMatchObject({ ok: false, trouble: { code: "C_DELEGATION" } })
  })

  test.each<[string, Partial<DelegationView>]>([
    ["ends sooner than what was signed", { not_after: HUB_US() + DAY * 1000 }],
    ["began later than what was signed", { not_before: HUB_US() + DAY * 1000 }],
  ])("by telling that one %s shows nothing, and is told of", async (_, lie) => {
    const { hub, claire, id } = await beforeAMandate()
    const { delegation } = forged({ hub, id }, { delegation: { notAfterUs: HUB_US() + 300 * DAY * 1000 } })
    const view = hub.delegations.propose(delegation, HUB_US())

    hub.tellDelegation({ ...view, ...lie })
    await settled(() => claire.views.alarm?.code === "C_DELEGATION")

    expect(delegationsOf(claire)).toEqual([])
    expect(await claire.call("confirm", view.id, true)).toMatchObject({ ok: false, trouble: { code: "C_DELEGATION" } })
  })

  test("by calling one confirmed that no pharmacist confirmed has it be proposed", async () => {
    const { hub, jean, id } = await beforeAMandate()
    const record = forged({ hub, id })

    hub.tellDelegation({ ...hub.delegations.propose(record.delegation, HUB_US()), state: "confirmed", acceptance: record.acceptance })
    await settled(() => delegationsOf(jean).length === 1)

    expect(stateOf(jean)).toBe("proposed")
  })

  test("by calling one active that is not in the group has it be what it is", async () => {
    const { hub, jean, id } = await beforeAMandate()
    const record = forged({ hub, id })
    const proposed = hub.delegations.propose(record.delegation, HUB_US())

    hub.tellDelegation(hub.delegations.keep({ ...proposed, state: "active", confirmations: [record.confirmations[0]?.confirmation ?? NOBODY], staff: [NOBODY], acceptance: record.acceptance }))
    await settled(() => delegationsOf(jean).length === 1)

    expect(stateOf(jean)).toBe("accepted")
  })

  test("cannot have the pharmacy let in a carer whom the patient gave up before she was in, by keeping that to itself", async () => {
    const mandate = await beforeAMandate()
    const { hub, claire, jean, sophie, id } = mandate
    const delegation = await proposed(mandate)
    hub.meddle = (frame) => (frame.kind === "delegation.end" ? { kind: "ok", now: hub.now } : null)
    await jean.call("withdraw", delegation, [])

    await claire.call("confirm", delegation, true)
    await settled(() => delegationsOf(sophie).length > 0)
    await sophie.call("accept", delegation, "Je m’engage.")
    await settled(() => recordOf(claire, id).room.group?.carers.length === 1)
    await settled(() => jean.views.conversations?.[0]?.readiness === "broken")

    expect(stuckOf(jean, id)).toBe("brought_back")
    expect(recordOf(jean, id).room.group?.carers).toEqual([])
  })

  test("by doing nothing about an end leaves the patient with « En cours… », and with a device that sends nothing", async () => {
    const mandate = await aMandate()
    const { hub, claire, jean, id, delegation } = mandate
    hub.meddle = (frame) => (frame.kind === "delegation.end" ? { kind: "ok", now: hub.now } : null)

    await jean.call("withdraw", delegation, [])
    await jean.call("write", id, "Elle lirait encore")
    await settled(() => stateOf(jean) === "ending")
    await settled()

    expect(jean.messages.at(-1)?.delivery).toBe("waiting")
    expect(hub.seen.filter((frame) => frame.kind === "message.send")).toEqual([])
    jean.crash()
    expect(stateOf(claire)).toBe("active")
  })

  test.each<[string, (mandate: Mandated, honest: Uint8Array) => Uint8Array]>([
    ["the carer's", ({ hub, id, sophie }, honest) => signStatement(EPOCH_RECEIPT, { ...contentOf(honest), device: uuidBytes(keysOf(sophie).device), conversation: uuidBytes(id), deployment: hub.deployment }, keysOf(sophie).privateKey)],
    ["the patient's own", ({ jean }, honest) => signStatement(EPOCH_RECEIPT, { ...contentOf(honest), device: uuidBytes(keysOf(jean).device) }, keysOf(jean).privateKey)],
    ["a pharmacist's, by another key", (_, honest) => signStatement(EPOCH_RECEIPT, contentOf(honest), new Uint8Array(32).fill(2))],
    ["a pharmacist's, of the epoch before", ({ claire }, honest) => signStatement(EPOCH_RECEIPT, { ...contentOf(honest), epoch: 2 }, keysOf(claire).privateKey)],
    ["a pharmacist's, of another conversation", ({ claire }, honest) => signStatement(EPOCH_RECEIPT, { ...contentOf(honest), conversation: uuidBytes(HUGO.person) }, keysOf(claire).privateKey)],
  ])("cannot call an end confirmed by %s word", async (_, make) => {
    const mandate = await aMandate()
    const { hub, claire, jean, id, delegation } = mandate
    const receive = hub.receive.bind(hub)
    const held: Uint8Array[] = []
    hub.receive = (from, frame) => {
      if (frame.kind === "group.receipt" && from.who === CLAIRE) held.push(frame.receipt)
      else receive(from, frame)
    }
    await jean.call("withdraw", delegation, [])
    await settled(() => held.length === 1 && recordOf(jean, id).room.group?.epoch === 3)

    jean.connection?.push({ kind: "group.confirmed", conversation: id, receipt: make(mandate, held[0] ?? NOBODY) })
    await settled()

    expect(stateOf(jean)).toBe("ending")
    expect(claire.views.alarm ?? null).toBeNull()
  })

  test("and whose pharmacist holds other secrets is told of", async () => {
    const { hub, claire, jean, id } = await beforeAMandate()
    const honest = talkOf({ hub, id }).group.receipts.find((one) => one.device === keysOf(claire).device)?.bytes ?? NOBODY

    jean.connection?.push({ kind: "group.confirmed", conversation: id, receipt: signStatement(EPOCH_RECEIPT, { ...contentOf(honest), authenticatorHash: new Uint8Array(32) }, keysOf(claire).privateKey) })
    await settled(() => jean.views.alarm?.code === "C_GROUP_FORKED")
  })

  test("with two clocks ends nobody's time early, and nobody's late", async () => {
    const mandate = await aMandate()
    const { hub, claire, jean, sophie, id, delegation } = mandate
    hub.skewUs += 31 * DAY * 1000

    hub.propose(talkOf(mandate), keysOf(sophie).device, { why: "expiry", statement: NOBODY, delegation })
    await settled(() => jean.views.alarm?.code === "C_REMOVE_UNJUSTIFIED")
    expect(recordOf(jean, id).removing).toEqual([])

    timeGoesBy(0, hub, claire, jean)
    expect(recordOf(sophie, id).state).not.toBeNull()
  })
})

describe("a hub that shows two logs", () => {
  test("is caught a minute after a message brought a checkpoint that has no proof", async () => {
    const { hub, claire, jean, id } = await beforeAMandate()
    const forked = hub.care.sign(hub.care.entries.length + 40, new Uint8Array(32).fill(9))
    claire.keeper["receipts"].checkpoint = forked

    await claire.call("write", id, "D’un autre journal")
    await settled(() => jean.texts.length === 1)
    expect(jean.views.alarm ?? null).toBeNull()
    await inTime(() => jean.views.alarm?.code === "C_LOG_FORKED", jean)
  })

  test("under two keys is caught at once", async () => {
    const { hub, claire, jean, id } = await beforeAMandate()
    claire.keeper["receipts"].checkpoint = new FakeLog(hub.care.name).checkpoint()

    await claire.call("write", id, "D’un autre journal")
    await settled(() => jean.views.alarm?.code === "C_LOG_FORKED")
  })

  test("and proves that they are one is believed: what the message brought is the newest then", async () => {
    const { hub, claire, jean, id } = await beforeAMandate()
    await claire.call("write", id, "Un")
    await settled(() => jean.texts.length === 1)
    await claire.call("write", id, "Deux")
    await settled(() => jean.texts.length === 2 && hub.seen.some((frame) => frame.kind === "log.consistency"))

    await inTime(() => true, jean)
    expect(jean.views.alarm ?? null).toBeNull()
  })
})

function contentOf(receipt: Uint8Array): EpochReceipt {
  return UnverifiedStatement.decode(EPOCH_RECEIPT, receipt).content
}
