/**
 * A hub that lies about who acts for whom, against the browser's device. Each attack is run twice: as it is,
 * and as its honest twin, which differs in the one thing that the attack is about. The twin is taken; the
 * attack is refused, in the code of the check that it meets. The headless client meets the same attacks under
 * the same names (tests/attacks/test_malicious_hub_delegation.py); what they are stands in one list.
 */
import { readFileSync } from "node:fs"
import { encode } from "@msgpack/msgpack"
import { describe, expect, test } from "vitest"
import { equal } from "../../src/core/bytes"
import { rootHash } from "../../src/core/log/tree"
import { encodePayload, frankingTag } from "../../src/core/mls/franking"
import { decodeMessage } from "../../src/core/mls/framing"
import { SUITE_1 } from "../../src/core/mls/suites"
import { encodeCoSigned, cosign } from "../../src/core/policy/cosigned"
import { credentialOf, partsOf } from "../../src/core/policy/identity"
import { ACCOUNT_REVOCATION, DELEGATION, DEVICE_REVOCATION, EPOCH_RECEIPT, STAFF_CERTIFICATE, UnverifiedStatement, signStatement, type StaffCertificate } from "../../src/core/policy/statements"
import { newPayload } from "../../src/worker/content"
import type { Plan } from "../../src/worker/mls"
import { Device, LEA, SOPHIE, HUGO, JEAN, CLAIRE, aConnectedDevice, settled } from "./aDevice"
import { keysOf, recordOf, talkOf } from "./aFamily"
import { HOUR_US, Lie, data, uuidBytes, uuidText } from "./aLie"
import { accepted } from "./aMandate"
import { seedOf, aikOf, type Person } from "./aPerson"
import { NOTHING } from "./fakeRegistry"
import { FakeLog } from "./fakeLog"

type Found = string | null
/** The code in which the victim refuses; null where it takes what it is shown. */
type Play = (forged: boolean) => Promise<Found>

const LIST = new URL("../../../../tests/attacks/malicious_hub_delegation.json", import.meta.url)
const NAMES = (JSON.parse(readFileSync(LIST, "utf8")) as { readonly attacks: readonly string[] }).attacks
const LEAST = 30
const random = (size: number) => crypto.getRandomValues(new Uint8Array(size))
const STRANGER: Person = { person: "57a00000-0000-4000-8000-00000000000b", name: "Un autre", role: "patient" }

const ATTACKS = new Map<string, { readonly play: Play; readonly endsIn: string }>()

function attack(name: string, endsIn: string, play: Play): void {
  if (ATTACKS.has(name)) throw new Error(`twice: ${name}`)
  ATTACKS.set(name, { play, endsIn })
}

// Coming in

attack("A carer is added by a commit that says nothing of a delegation", "e_no_delegation", async (forged) => {
  const lie = await Lie.outside()
  const her = await lie.aDeviceOf(SOPHIE)
  const says = forged ? {} : { extensions: lie.withRecord(lie.record()) }
  return lie.victim(async () => { await lie.commit(lie.at.claire, { adds: [her.message], ...says }) })
})

attack("A carer is added by the hub's own proposal", "C_REMOVE_UNJUSTIFIED", async (forged) => {
  const lie = await Lie.inside()
  const { sophie } = lie.at
  if (!forged) return lie.proposes(sophie, { why: "revocation", statement: lie.withdrawal(), delegation: lie.delegation ?? "" })
  const her = await lie.aDeviceOf(SOPHIE)
  const package_ = decodeMessage(her.message)
  if (package_.kind !== "key_package") throw new Error("no key package")
  const body = talkOf(lie.at).group.group.externalProposal({ kind: "add", keyPackage: package_.keyPackage }, { senderIndex: 0, signaturePrivateKey: lie.hub.hubSecret, authenticatedData: NOTHING })
  return lie.victim(() => { lie.hub.append(talkOf(lie.at), null, "proposal", body, null) })
})

attack("A carer comes in by herself, by an external commit", "stranger", async (forged) => {
  const lie = forged ? await Lie.outside() : await Lie.inside()
  const device = uuidText(random(16))
  const keys = await lie.mls.newDeviceKeys()
  const credential = lie.hub.registry.credential(SOPHIE, device, keys.publicKey)
  const { groupInfo } = talkOf(lie.at).group
  const entered = await lie.mls.enter(groupInfo, credential, keys, data(lie.hub.now))
  return lie.victim(() => { lie.hub.append(talkOf(lie.at), { who: SOPHIE, device }, "commit", entered.commit, null) })
})

attack("A carer is in the group that a Welcome leads into, without a delegation", "C_GROUP_REFUSED", async (forged) => {
  const lie = await Lie.outside()
  const hugo = await aConnectedDevice(lie.hub, HUGO)
  const her = await lie.aDeviceOf(SOPHIE)
  await lie.commit(lie.at.claire, { adds: [her.message], ...(forged ? {} : { extensions: lie.withRecord(lie.record()) }) }, false)
  return welcomed(lie, hugo)
})

/** The pharmacist's device adds a device of a member whom the hub lists, behind everybody's back; it is shown the Welcome. */
async function welcomed(lie: Lie, device: Device): Promise<Found> {
  lie.deafen()
  const [stock] = lie.hub.stock.get(device.connection?.device ?? "") ?? []
  if (stock === undefined) throw new Error("no key package")
  const { welcome } = await lie.commit(lie.at.claire, { adds: [stock.bytes] }, false)
  const { summary } = talkOf(lie.at)
  const known = summary.members.some((one) => one.person === device.who.person)
  const listed = { person: device.who.person, name: device.who.name, role: device.who.role, state: "joined" as const, delivered: 0, read: 0, key_packages: true }
  const members = known ? summary.members : [...summary.members, listed]
  device.connection?.push({ kind: "conversation", conversation: { ...summary, members, joined: true, epoch: 9, since: 90, last_seq: 90 } })
  device.connection?.push({ kind: "welcome", conversation: lie.at.id, seq: 90, welcome })
  await settled(() => device.views.alarm != null || device.keeper["context"].rooms.get(lie.at.id)?.state != null)
  return device.views.alarm?.code ?? null
}

// The document

attack("The document of a delegation is widened in the group", "e_signature", async (forged) => {
  const lie = await Lie.outside()
  const document = lie.document()
  const record = lie.record(document)
  const wide = { ...document, scopes: [...document.scopes, "sensitive.read"].sort() }
  const { signature } = UnverifiedStatement.decode(DELEGATION, record.delegation)
  const [narrowBytes, wideBytes] = [DELEGATION.codec.encode(document), DELEGATION.codec.encode(wide)]
  const tail = record.delegation.slice(narrowBytes.length)
  expect(tail.length).toBeGreaterThan(signature.length)
  return lie.letsIn({ ...record, delegation: new Uint8Array([...(forged ? wideBytes : narrowBytes), ...tail]) })
})

attack("A scope that was withdrawn is given back", "changes_record", async (forged) => {
  const lie = await Lie.inside()
  await lie.narrowed("conversation.send")
  const { number, inForce: [record], tombstones } = lie.facts.delegations
  if (record === undefined) throw new Error("not in force")
  const revocations = forged ? [] : [...record.revocations, lie.withdrawal(["call.join"])]
  const extensions = lie.context({ number: number + 1, inForce: [{ ...record, revocations }], tombstones })
  return lie.victim(async () => { await lie.commit(lie.at.claire, { extensions }) })
})

attack("A delegation that ended is brought back, and its tombstone dropped", "drops_tombstone", async (forged) => {
  const lie = await Lie.inside()
  await lie.ended()
  const { number, tombstones } = lie.facts.delegations
  const extensions = lie.context({ number: number + 1, inForce: [lie.record()], tombstones: forged ? [] : tombstones })
  const her = await lie.aDeviceOf(SOPHIE)
  return lie.victim(async () => { await lie.commit(lie.at.claire, { extensions, adds: [her.message] }) })
})

attack("A delegation that ended is brought back beside its tombstone", "brought_back", async (forged) => {
  const lie = await Lie.inside()
  const [former] = lie.facts.delegations.inForce
  await lie.ended()
  if (former === undefined) throw new Error("not in force")
  return lie.letsIn(forged ? former : lie.record())
})

attack("The group is shown with an older number of delegations", "C_GROUP_REFUSED", async (forged) => {
  const lie = await Lie.inside()
  await lie.ended()
  return comesBack(lie, () => {
    const { number, tombstones } = lie.facts.delegations
    return nextInfo(lie, { extensions: lie.context({ number: forged ? 1 : number, inForce: [], tombstones }) })
  })
})

/** The group after one more commit of the pharmacist's device. */
async function nextInfo(lie: Lie, plan: Partial<Plan> = {}): Promise<Uint8Array> {
  return (await lie.mls.commit(lie.behind(lie.at.claire).state, { authenticatedData: data(lie.hub.now), ...plan })).groupInfo
}

attack("A device that comes back is shown an old GroupInfo", "C_GROUP_REFUSED", async (forged) => {
  const lie = await Lie.inside()
  const old = talkOf(lie.at).group.groupInfo
  await lie.ended()
  return comesBack(lie, () => (forged ? Promise.resolve(old) : nextInfo(lie)))
})

attack("A device that comes back is shown another conversation's GroupInfo", "C_GROUP_REFUSED", async (forged) => {
  const lie = await Lie.inside()
  const founded = await lie.at.claire.call("found", JEAN.person, "health", "")
  if (!("id" in founded)) throw new Error("not founded")
  await settled(() => (lie.hub.talks.get(founded.id)?.epoch ?? 0) > 0)
  const other = talkOf({ hub: lie.hub, id: founded.id }).group.groupInfo
  return comesBack(lie, () => (forged ? Promise.resolve(other) : nextInfo(lie)))
})

/** The patient's device cannot follow, and asks the way back in: it is told this one. */
async function comesBack(lie: Lie, groupInfo: () => Promise<Uint8Array>): Promise<Found> {
  const { jean, id } = lie.at
  const info = await groupInfo()
  const heard = { back: false }
  lie.hub.meddle = (frame, from) => {
    if (from !== jean.connection) return null
    if (frame.kind === "group.stuck") return { kind: "ok", now: lie.hub.now, result: { resync: true } }
    if (frame.kind === "group.info") {
      return { kind: "ok", now: lie.hub.now, result: { epoch: 9, generation: 0, group_info: info }, receipt: { ...lie.hub.technical.append({ type: "group.info_told", ts: 1, class: "technical", actor: { person: JEAN.person, role: "patient", device: from.device }, conversation: null, conversation_entry: null, decision: { effect: "permit", rule: "test" }, object: null }) } }
    }
    if (frame.kind !== "group.commit" || frame.conversation !== id) return null
    heard.back = true
    return "silence"
  }
  const behind = lie.behind(lie.at.claire)
  const { commit } = await lie.commit(lie.at.claire, {}, false)
  const garbled = Uint8Array.from(commit)
  garbled[garbled.length - 40] = (garbled.at(-40) ?? 0) ^ 1
  lie.hub.append(talkOf(lie.at), behind.from, "commit", garbled, null)
  for (let i = 0; i < 6 && !heard.back && jean.views.alarm == null; i += 1) {
    await settled()
    jean.timePasses()
  }
  return heard.back ? null : (jean.views.alarm?.code ?? "still outside")
}

// Staff

/** The pharmacist's device brings somebody whose certificates are these; the log shows them. */
async function brings(lie: Lie, who: Person, staff: (content: StaffCertificate) => Uint8Array): Promise<Found> {
  const device = uuidText(random(16))
  const keys = await lie.mls.newDeviceKeys()
  const parts = partsOf(lie.hub.registry.credential(who, device, keys.publicKey))
  const said = UnverifiedStatement.decode(STAFF_CERTIFICATE, lie.hub.registry.word(who)).content
  const { message } = await lie.mls.newKeyPackage(credentialOf({ ...parts, staff: staff(said) }), keys)
  return lie.victim(async () => { await lie.commit(lie.at.claire, { adds: [message] }) })
}

attack("The authority's key makes a pharmacist whom no owner certified", "bad_identity", async (forged) => {
  const lie = await Lie.inside()
  return brings(lie, HUGO, (said) => (forged ? NOTHING : signStatement(STAFF_CERTIFICATE, said, seedOf(CLAIRE))))
})

attack("A pharmacist is certified by another key than the owner's", "bad_identity", async (forged) => {
  const lie = await Lie.inside()
  return brings(lie, HUGO, (said) => signStatement(STAFF_CERTIFICATE, said, forged ? random(32) : seedOf(CLAIRE)))
})

attack("A pharmacist is certified for another pharmacy", "bad_identity", async (forged) => {
  const lie = await Lie.inside()
  return brings(lie, HUGO, (said) => signStatement(STAFF_CERTIFICATE, { ...said, ...(forged ? { pharmacy: "990000002" } : {}) }, seedOf(CLAIRE)))
})

// Removals

attack("The patient is removed without a reason", "removes_another", async (forged) => {
  const lie = await Lie.inside()
  const { jean, claire, sophie } = lie.at
  // The one who looks on is the carer: the patient's only device would be out.
  return lie.victim(async () => { await lie.commit(claire, forged ? { removes: [lie.identityIn(jean)] } : {}) }, sophie)
})

attack("The patient's device is removed by a word that the hub signed", "C_REMOVE_UNJUSTIFIED", async (forged) => {
  const lie = await Lie.inside()
  const { jean, claire, id } = lie.at
  const device = keysOf(jean).device
  const statement = signStatement(DEVICE_REVOCATION, {
    deployment: lie.hub.deployment, conversation: NOTHING, person: uuidBytes(JEAN.person), device: uuidBytes(device), atUs: lie.hub.now,
  }, forged ? lie.hub.hubSecret : seedOf(JEAN))
  lie.deafen()
  lie.hub.propose(talkOf(lie.at), device, { why: "device", statement })
  await settled(() => claire.views.alarm != null || recordOf(claire, id).removing.length > 0)
  return claire.views.alarm?.code ?? null
})

attack("The carer is removed by a withdrawal that the patient did not sign", "C_REMOVE_UNJUSTIFIED", async (forged) => {
  const lie = await Lie.inside()
  const statement = lie.withdrawal([], {}, forged ? CLAIRE : JEAN)
  return lie.proposes(lie.at.sophie, { why: "revocation", statement, delegation: lie.delegation ?? "" })
})

attack("The carer is removed by the withdrawal of another delegation", "C_REMOVE_UNJUSTIFIED", async (forged) => {
  const lie = await Lie.inside()
  const statement = lie.withdrawal([], forged ? { delegation: random(16) } : {})
  return lie.proposes(lie.at.sophie, { why: "revocation", statement, delegation: lie.delegation ?? "" })
})

attack("The carer is removed as expired before her period ends", "C_REMOVE_UNJUSTIFIED", async (forged) => {
  const lie = await Lie.inside()
  const days = 31 * 24 * HOUR_US
  lie.at.sophie.cut()
  if (!forged) lie.at.jean.ahead += days / 1000
  return lie.proposes(lie.at.sophie, { why: "expiry", statement: NOTHING, delegation: lie.delegation ?? "" }, { atUs: lie.hub.now + days })
})

attack("A removal is justified for another epoch", "C_REMOVE_UNJUSTIFIED", async (forged) => {
  const lie = await Lie.inside()
  const bend = forged ? { confirmedTranscriptHash: new Uint8Array(32) } : {}
  return lie.proposes(lie.at.sophie, { why: "revocation", statement: lie.withdrawal(), delegation: lie.delegation ?? "" }, bend)
})

// Acts

attack("A decision is disguised as a message", "proofs", async (forged) => {
  const lie = await Lie.inside()
  const salt = random(32)
  const content = encode({ v: 1, kind: forged ? "decide.final" : "message", text: "Je décide pour lui.", checkpoint: "" })
  return lie.says(lie.at.sophie, lie.acting(), { payload: encodePayload(salt, content), tag: frankingTag(salt, content) })
})

// Documents that are not of here and now

attack("A delegation for another conversation is put into this one", "e_no_delegation", async (forged) => {
  const lie = await Lie.outside()
  return lie.letsIn(lie.record(forged ? { conversation: random(16) } : {}))
})

attack("A delegation by another patient is put into this conversation", "e_sub_delegation", async (forged) => {
  const lie = await Lie.outside()
  return lie.letsIn(lie.record(forged ? { grantor: uuidBytes(STRANGER.person) } : {}))
})

attack("A delegation is admitted after its period", "e_delegation_expired", async (forged) => {
  const lie = await Lie.outside()
  const nowUs = Date.now() * 1000
  return lie.letsIn(lie.record({ notBeforeUs: nowUs - HOUR_US, notAfterUs: forged ? nowUs - 1_000_000 : nowUs + HOUR_US }))
})

attack("A delegation is admitted before its period begins", "e_period", async (forged) => {
  const lie = await Lie.outside()
  const nowUs = Date.now() * 1000
  return lie.letsIn(lie.record({ notBeforeUs: nowUs + (forged ? 60_000_000 : -60_000_000), notAfterUs: nowUs + HOUR_US }))
})

attack("A commit is dated before the one that stands", "e_clock", async (forged) => {
  const lie = await Lie.inside()
  const { highest } = recordOf(lie.at.jean, lie.at.id)
  return lie.victim(async () => { await lie.commit(lie.at.claire, { authenticatedData: data(highest.atUs - (forged ? 1 : 0)) }) })
})

attack("A commit says no time at all", "bad_identity", async (forged) => {
  const lie = await Lie.inside()
  return lie.victim(async () => { await lie.commit(lie.at.claire, forged ? { authenticatedData: NOTHING } : {}) })
})

// Keys and certificates

attack("The directory gives another person's key package", "not added", async (forged) => {
  const lie = await Lie.outside()
  const { claire, id, sophie } = lie.at
  const stranger = await lie.aDeviceOf(LEA)
  const device = sophie.connection?.device ?? ""
  if (forged) lie.hub.stock.set(device, (lie.hub.stock.get(device) ?? []).map((one) => ({ ...one, bytes: stranger.message })))
  const delegation = await accepted(lie.at)
  await settled()
  for (let i = 0; i < 3; i += 1) { claire.timePasses(); await settled() }
  expect(delegation).not.toBe("")
  return lie.hub.talks.get(id)?.group.standing.inForce.length === 1 ? null : "not added"
})

attack("The authority certifies another account key for a person already known", "C_IDENTITY_CHANGED", async (forged) => {
  const lie = await Lie.inside()
  return learns(lie, forged ? random(32) : null)
})

/** The pharmacist's device is told that the patient's certificates changed, and asks for them. */
async function learns(lie: Lie, seed: Uint8Array | null, revoked: Uint8Array | null = null): Promise<Found> {
  const { claire, hub } = lie.at
  lie.deafen()
  if (seed !== null) hub.registry.enrol(JEAN, SUITE_1.signature.publicKey(seed))
  if (revoked !== null) hub.registry.revoked.set(JEAN.person, revoked)
  const asked = hub.seen.filter((frame) => frame.kind === "identity.list").length
  claire.connection?.push({ kind: "identity", person: JEAN.person })
  await settled(() => hub.seen.filter((frame) => frame.kind === "identity.list").length > asked)
  await settled()
  return claire.views.alarm?.code ?? null
}

attack("An identity certificate is not in the log", "unproven_identity", async (forged) => {
  const lie = await Lie.inside()
  const { hub, claire } = lie.at
  const hugo = await lie.aDeviceOf(HUGO)
  const known = hub.registry.enrolled.get(HUGO.person)
  if (known === undefined) throw new Error("not enrolled")
  if (forged) {
    // The hub shows the proof of another entry for it.
    const other = hub.registry.enrolled.get(SOPHIE.person)
    if (other === undefined) throw new Error("not enrolled")
    hub.registry.enrolled.set(HUGO.person, { ...known, receipt: other.receipt })
  }
  const act = async () => { await lie.commit(claire, { adds: [hugo.message] }) }
  // An honest proof is there at once; for another the device waits a while.
  return forged ? inTimeFor(lie, act) : lie.victim(act)
})

/** As `victim`, while time passes for the one that waits for a proof. */
async function inTimeFor(lie: Lie, act: () => Promise<void>): Promise<Found> {
  const { jean } = lie.at
  const turning = setInterval(() => { jean.timePasses() }, 20)
  try {
    return await lie.victim(act)
  } finally {
    clearInterval(turning)
  }
}

attack("A device is certified by another account key", "bad_identity", async (forged) => {
  const lie = await Lie.inside()
  const device = uuidText(random(16))
  const keys = await lie.mls.newDeviceKeys()
  const parts = partsOf(lie.hub.registry.credential(JEAN, device, keys.publicKey))
  const certificate = lie.hub.registry.deviceCertificate(JEAN, device, keys.publicKey, forged ? random(32) : seedOf(JEAN))
  const { message } = await lie.mls.newKeyPackage(credentialOf({ ...parts, device: certificate }), keys)
  return lie.victim(async () => { await lie.commit(lie.at.jean, { adds: [message] }) }, lie.at.claire)
})

// The order of things

attack("A commit is dropped", "a gap", async (forged) => {
  const lie = await Lie.inside()
  const { jean, claire, id } = lie.at
  lie.deafen()
  const talk = talkOf(lie.at)
  const before = recordOf(jean, id).room.cursor
  const { commit, from } = await lie.commit(claire, {}, false)
  if (forged) {
    // The number of the one that is missing was given to nobody.
    talk.events.push({ ...(talk.events[0] ?? fail()), seq: talk.events.length + 1 })
  }
  const connects = jean.count("welcomed")
  lie.show(from, commit)
  await settled()
  const { room } = recordOf(jean, id)
  if (room.cursor === before + 1 && !forged) return null
  expect([room.cursor, connects]).toEqual([before, connects])
  return "a gap"
})

function fail(): never {
  throw new Error("nothing happened yet")
}

attack("Two commits change places", "wrong_epoch", async (forged) => {
  const lie = await Lie.inside()
  const first = await lie.commit(lie.at.claire, {}, false)
  const second = await lie.commit(lie.at.claire, {}, false)
  return lie.victim(() => { for (const { from, commit } of forged ? [second, first] : [first, second]) lie.show(from, commit) })
})

attack("A commit is shown twice", "wrong_epoch", async (forged) => {
  const lie = await Lie.inside()
  const first = await lie.commit(lie.at.claire, {}, false)
  const second = await lie.commit(lie.at.claire, {}, false)
  await lie.victim(() => { lie.show(first.from, first.commit) })
  return lie.victim(() => { lie.show(first.from, forged ? first.commit : second.commit) })
})

// What is withheld

attack("A withdrawal is withheld, and another member's checkpoint tells", "C_LOG_FORKED", async (forged) => {
  const lie = await Lie.inside()
  const { claire, jean, hub } = lie.at
  const { care } = hub
  // What the patient's device was shown: the same log, and in it, where the lie has something else, his withdrawal.
  const size = care.entries.length
  const truth = new FakeLog(care.name)
  truth.entries.push(...care.entries.slice(0, -1), new TextEncoder().encode("{\"type\":\"delegation.revoked\"}"))
  const note = care.sign(size, rootHash((forged ? truth : care).leaves))
  await lie.says(jean, undefined, newPayload(random(32), "Bonjour", note), claire)
  for (let i = 0; i < 3 && claire.views.alarm == null; i += 1) {
    claire.later(61_000)
    await settled()
  }
  return claire.views.alarm?.code ?? null
})

attack("A withdrawal is withheld, and the patient's own screen goes on saying so", "ending", async (forged) => {
  const lie = await Lie.inside()
  const { jean, hub, id } = lie.at
  // The hub takes his word, and does nothing with it: no removal, no epoch, no receipt.
  if (forged) {
    hub.meddle = (frame, from) => {
      if (frame.kind === "group.commit" || frame.kind === "group.receipt") return "silence"
      if (frame.kind !== "delegation.end" || from !== jean.connection) return null
      const view = hub.delegations.keep({ ...hub.delegations.of(lie.delegation ?? ""), state: "revoked", ended_at: hub.now, ended: frame.statement, ending: false })
      return { kind: "ok", now: hub.now, result: { delegation: view }, receipt: { ...hub.care.append({ type: "delegation.revoked", ts: hub.now, class: "care", actor: { person: JEAN.person, role: "patient", device: from.device }, conversation: id, conversation_entry: null, decision: { effect: "permit", rule: "test" }, object: null }) } }
    }
  }
  await jean.call("withdraw", lie.delegation ?? "", [])
  await settled(() => jean.views.delegations?.[0]?.state !== "active" && (forged || jean.views.delegations?.[0]?.state === "revoked"))
  const state = jean.views.delegations?.[0]?.state
  if (state === "revoked") return null
  // Nothing leaves his device there meanwhile.
  await jean.call("write", id, "Pas encore")
  await settled()
  expect(jean.messages.at(-1)?.delivery).toBe("waiting")
  return state ?? null
})

// For whom

attack("A carer's message does not say for whom", "unauthorised", async (forged) => {
  const lie = await Lie.inside()
  return lie.says(lie.at.sophie, forged ? undefined : lie.acting())
})

attack("A carer's message says another patient", "unauthorised", async (forged) => {
  const lie = await Lie.inside()
  return lie.says(lie.at.sophie, lie.acting(forged ? { for: uuidBytes(STRANGER.person) } : {}))
})

attack("A carer's message is of an older version of the delegation", "unauthorised", async (forged) => {
  const lie = await Lie.inside()
  await lie.narrowed("call.join")
  const { version } = lie.acting()
  return lie.says(lie.at.sophie, lie.acting({ version: forged ? version - 1 : version }))
})

attack("A carer writes after writing was withdrawn", "unauthorised", async (forged) => {
  const lie = await Lie.inside()
  await lie.narrowed(forged ? "conversation.send" : "call.join")
  return lie.says(lie.at.sophie, lie.acting())
})

attack("A pharmacist's message is dressed as a carer's", "unauthorised", async (forged) => {
  const lie = await Lie.inside()
  return lie.says(lie.at.claire, forged ? lie.acting() : undefined)
})

// Who may commit what

attack("A carer's commit adds a device", "carer_changes", async (forged) => {
  const lie = await Lie.inside()
  const second = await lie.aDeviceOf(SOPHIE)
  return lie.victim(async () => { await lie.commit(lie.at.sophie, forged ? { adds: [second.message] } : {}) })
})

attack("A technician's commit adds a colleague", "adds_another", async (forged) => {
  const lie = await Lie.outside()
  const { claire, hub, jean, id } = lie.at
  const lea = await lie.mls.newDeviceKeys()
  const device = uuidText(random(16))
  const credential = hub.registry.credential(LEA, device, lea.publicKey)
  const package_ = await lie.mls.newKeyPackage(credential, lea)
  const { welcome } = await lie.commit(claire, { adds: [package_.message] })
  await settled(() => recordOf(jean, id).room.group?.epoch === 2)
  const hugo = await lie.aDeviceOf(HUGO)
  if (!forged) return lie.victim(async () => { await lie.commit(claire, { adds: [hugo.message] }) })
  const state = await lie.mls.join(welcome ?? NOTHING, package_.secret, {})
  const made = await lie.mls.commit(state, { authenticatedData: data(hub.now), adds: [hugo.message] })
  return lie.victim(() => { hub.append(talkOf(lie.at), { who: LEA, device }, "commit", made.commit, null) })
})

attack("The owner's key is changed in the conversation's rules", "wrong_owner", async (forged) => {
  const lie = await Lie.inside()
  const { delegations } = lie.facts
  const extensions = lie.context(delegations, forged ? { ownerAik: aikOf(STRANGER) } : {})
  return lie.victim(async () => { await lie.commit(lie.at.claire, { extensions }) })
})

attack("The patient's key is changed in the conversation's rules", "e_identity", async (forged) => {
  const lie = await Lie.inside()
  const { delegations } = lie.facts
  const extensions = lie.context(delegations, forged ? { patientAik: aikOf(STRANGER) } : {})
  return lie.victim(async () => { await lie.commit(lie.at.claire, { extensions }) })
})

// Words that are missing

attack("A delegation nobody confirmed is put into the group", "e_not_confirmed", async (forged) => {
  const lie = await Lie.outside()
  return lie.letsIn(lie.record({}, forged ? { confirmations: [] } : {}))
})

attack("A delegation that its own carer confirmed is put into the group", "e_signature", async (forged) => {
  const lie = await Lie.outside()
  return lie.letsIn(lie.record({}, {}, {}, forged ? SOPHIE : CLAIRE))
})

attack("A delegation that the carer did not accept is put into the group", "e_not_accepted", async (forged) => {
  const lie = await Lie.outside()
  return lie.letsIn(lie.record({}, forged ? { acceptance: NOTHING } : {}))
})

// What the hub says of itself, and of ends

attack("The hub says that the carer is out, on a receipt that no pharmacy device signed", "ending", async (forged) => {
  const lie = await Lie.inside()
  const { jean, claire, hub, id } = lie.at
  const receive = hub.receive.bind(hub)
  const heard: Uint8Array[] = []
  hub.receive = (from, frame) => {
    if (frame.kind === "group.receipt" && from === claire.connection) heard.push(frame.receipt)
    else receive(from, frame)
  }
  await jean.call("withdraw", lie.delegation ?? "", [])
  await settled(() => hub.talks.get(id)?.epoch === 3 && heard.length > 0 && recordOf(jean, id).room.group?.epoch === 3)
  const receipt = heard.at(-1) ?? NOTHING
  const { content } = UnverifiedStatement.decode(EPOCH_RECEIPT, receipt)
  const forgery = signStatement(EPOCH_RECEIPT, content, hub.hubSecret)
  jean.connection?.push({ kind: "group.confirmed", conversation: id, receipt: forged ? forgery : receipt })
  await settled()
  const state = jean.views.delegations?.[0]?.state
  return state === "revoked" ? null : (state ?? null)
})

attack("The hub shows another authority", "another hub", async (forged) => {
  const lie = await Lie.inside()
  const { jean, hub, disks } = lie.at
  jean.crash()
  const { authority } = hub.registry
  Object.defineProperty(hub.registry, "authority", { get: () => (forged ? random(32) : authority) })
  const again = await Device.on(disks.jean, JEAN)
  again.connect(hub)
  await settled(() => again.count("welcomed") > 0 || again.said.some((one) => one.kind === "failed") || again.views.alarm != null)
  return again.count("welcomed") > 0 && again.views.alarm == null ? null : "another hub"
})

attack("The hub shows another owner of the pharmacy", "not believed", async (forged) => {
  const lie = await Lie.inside()
  const { jean, hub, disks } = lie.at
  jean.crash()
  const known = hub.registry.enrolled.get(CLAIRE.person)
  if (known === undefined) throw new Error("not enrolled")
  // The authority calls somebody else the owner, in the log and at hello.
  const usurper = hub.registry.certificate({ ...HUGO, profession: "owner" }, aikOf(HUGO))
  if (forged) hub.registry.enrolled.set(CLAIRE.person, { ...known, certificate: usurper })
  const told = forged ? aikOf(HUGO) : aikOf(CLAIRE)
  const again = await Device.on(disks.jean, JEAN)
  again.connect(hub)
  await settled(() => again.count("welcomed") > 0)
  await settled()
  const { ownerAik } = again.keeper["context"].people
  expect(ownerAik).toEqual(aikOf(CLAIRE))
  return ownerAik !== null && equal(ownerAik, told) ? null : "not believed"
})

attack("One pharmacist's word alone replaces an account key", "C_IDENTITY_CHANGED", async (forged) => {
  const lie = await Lie.inside()
  const { hub } = lie.at
  await lie.aDeviceOf(HUGO)
  const content = { deployment: hub.deployment, conversation: NOTHING, person: uuidBytes(JEAN.person), aik: aikOf(JEAN), reason: "lost", atUs: hub.now }
  const eyes = forged ? [CLAIRE] : [CLAIRE, HUGO]
  const signatures = eyes.map((one) => cosign(ACCOUNT_REVOCATION, content, seedOf(one), { signer: uuidBytes(one.person), staff: hub.registry.staff.get(one.person) ?? NOTHING }))
  const revoked = encodeCoSigned({ statement: ACCOUNT_REVOCATION.codec.encode(content), signatures: [...signatures, hub.registry.countersign(content)] })
  return learns(lie, random(32), revoked)
})

test("both clients meet the same attacks, and there are enough", () => {
  expect([...ATTACKS.keys()]).toEqual(NAMES)
  expect(new Set(NAMES).size).toBe(NAMES.length)
  expect(NAMES.length).toBeGreaterThanOrEqual(LEAST)
})

describe.each([...ATTACKS])("%s", (_, { play, endsIn }) => {
  test("is refused, in the code of the check that it is about", async () => {
    expect(await play(true)).toBe(endsIn)
  })

  test("and its honest twin is taken", async () => {
    expect(await play(false)).toBeNull()
  })
})
