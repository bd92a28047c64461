/**
 * The hub's ordering, in memory: one seq per conversation, one commit per epoch, ids answered again. It
 * checks groups as the hub does, by what anybody may see of them; the tests tell it to misbehave.
 */
import { decode, encode } from "@msgpack/msgpack"
import { ed25519 } from "@noble/curves/ed25519.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { encodeHex } from "../../src/core/bytes"
import { decodeAuthenticatedData } from "../../src/core/mls/authenticatedData"
import { decodeMessage } from "../../src/core/mls/framing"
import { contentOf } from "../../src/core/mls/publicMessage"
import type { Justified, RemoveJustification } from "../../src/core/policy/removal"
import { DEVICE_REVOCATION, RESIGNATION, REVOCATION, STAFF_CERTIFICATE, SUSPENSION, UnverifiedStatement } from "../../src/core/policy/statements"
import type { EndedState } from "../../src/core/policy/vocabulary"
import { uuidBytes, uuidText } from "../../src/core/uuid"
import type { CallView, ConversationEvent, MemberState, Request, Summary } from "../../src/core/wire"
import type { DelegationView, EndingWord } from "../../src/core/wireCare"
import { groupIdOf } from "../../src/worker/epochs"
import { hasIdentity, type Person } from "./aPerson"
import { FakeDelegations, type Ended } from "./fakeDelegations"
import { FakeGroup, RefusedGroup, leafOf } from "./fakeGroup"
import { FakeLog } from "./fakeLog"
import { FakeRegistry, NOTHING, PHARMACY } from "./fakeRegistry"

export type { Person } from "./aPerson"

/** Why a device is to go from a group. */
export interface Demand {
  readonly why: RemoveJustification["why"]
  readonly statement: Uint8Array
  readonly staff?: Uint8Array
  /** The delegation that ended. */
  readonly delegation?: string
}

/** What a device may ask before it is certified. */
const BARE: readonly string[] = ["hello", "ping", "identity.enrol", "identity.list", "device.certify", "device.link", "device.list", "recovery.keep", "recovery.ask"]

interface Admission {
  readonly device: string
  readonly seq: number
  readonly welcome: Uint8Array | null
}

interface Talk {
  readonly summary: Summary
  readonly events: ConversationEvent[]
  admitted: Admission[]
  epoch: number
  generation: number
  group: FakeGroup
  /** What is demanded: a device, and why. */
  readonly removals: Map<string, Demand>
}

type Frame = Request & { readonly id: string }
type Json = Record<string, unknown>

const ENTRIES: Readonly<Record<EndingWord, string>> = {
  revocation: "delegation.revoked", resignation: "delegation.resigned", suspension: "delegation.suspended",
}

function idIn(what: EndingWord, statement: Uint8Array): string {
  const kinds = { revocation: REVOCATION, resignation: RESIGNATION, suspension: SUSPENSION }
  return uuidText(UnverifiedStatement.decode<{ readonly delegation: Uint8Array }>(kinds[what], statement).content.delegation)
}

/** One connection: frames reach the device by `deliver`. */
export class Connection {
  device = ""
  constructor(readonly hub: FakeHub, readonly who: Person, readonly deliver: (data: Uint8Array) => void) {}

  receive(data: Uint8Array): void {
    this.hub.receive(this, decode(data) as Frame)
  }

  push(frame: Json): void {
    this.deliver(encode(frame))
  }
}

export function authenticatedDataOf(body: Uint8Array): ReturnType<typeof decodeAuthenticatedData> & { epoch: number } {
  const message = decodeMessage(body)
  if (message.kind !== "private_message") throw new Error("not a private message")
  return { ...decodeAuthenticatedData(message.message.authenticatedData), epoch: Number(message.message.epoch) }
}

function epochOf(commit: Uint8Array): number {
  const message = decodeMessage(commit)
  if (message.kind !== "public_message") throw new Error("not a public message")
  return Number(contentOf(message.message).framed.epoch)
}

export class FakeHub {
  readonly care = new FakeLog("colloque.test/990000001/care")
  readonly technical = new FakeLog("colloque.test/990000001/technical")
  readonly talks = new Map<string, Talk>()
  readonly stock = new Map<string, { person: string; device: string; bytes: Uint8Array }[]>()
  readonly connections = new Set<Connection>()
  readonly seen: Frame[] = []
  /** Live calls, as the tests tell them. */
  readonly calls = new Map<string, CallView>()
  /** Every signal that passed: whose, for which device. */
  readonly signals: { readonly from: Connection; readonly to: string; readonly conversation: string; readonly body: Uint8Array }[] = []
  readonly #answered = new Map<string, Json>()
  /** Return what to answer instead, "silence" to lose the frame, "mute" to act and lose the answer. */
  meddle: (frame: Frame, from: Connection) => Json | "silence" | "mute" | null = () => null
  /** How far the hub's clock goes ahead of this machine's. */
  skewUs = 0
  #last = 0
  readonly deployment: string = "colloque.test"
  readonly registry: FakeRegistry
  readonly delegations: FakeDelegations
  readonly hubSecret = ed25519.utils.randomSecretKey()
  readonly devices = new Map<string, { readonly person: string; readonly key: Uint8Array; retired: boolean }>()

  constructor(readonly people: readonly Person[]) {
    this.registry = new FakeRegistry(this.deployment, people, (person, outcome) => this.care.append(this.#entry(this.care, person, "", "identity.issued", null, { outcome })))
    this.delegations = new FakeDelegations(people, (person) => this.registry.staff.get(person) ?? NOTHING)
    // The owner was here before everybody else.
    if (this.registry.owner !== undefined) this.registry.enrol(this.registry.owner)
  }

  connect(who: Person, deliver: (data: Uint8Array) => void): Connection {
    const connection = new Connection(this, who, deliver)
    this.connections.add(connection)
    return connection
  }

  receive(from: Connection, frame: Frame): void {
    this.seen.push(frame)
    const instead = this.meddle(frame, from)
    if (instead === "silence") return
    if (instead !== null && instead !== "mute") { from.push({ id: frame.id, ...instead }); return; }
    const key = `${from.device}/${this.#identity(frame)}`
    const answer = this.#answered.get(key) ?? this.#act(from, frame)
    if (answer["kind"] === "ok" && ["group.commit", "message.send", "conversation.create"].includes(frame.kind)) this.#answered.set(key, answer)
    if (instead !== "mute") from.push({ ...answer, id: frame.id })
    if (frame.kind === "hello" && answer["kind"] === "ok") this.#resume(from, frame.cursors)
  }

  /** What makes two frames the same act. */
  #identity(frame: Frame): string {
    if (frame.kind === "message.send") return uuidText(authenticatedDataOf(frame.body).id)
    if (frame.kind === "group.commit") return encodeHex(sha256(frame.commit))
    return frame.kind === "conversation.create" ? frame.conversation : frame.id
  }

  #ok(result: Json | null, receipt: Json | null = null): Json {
    return { kind: "ok", id: "", now: this.now, ...(result === null ? {} : { result }), ...(receipt === null ? {} : { receipt }) }
  }

  #refused(code: string, retry: string, more: Json = {}): Json {
    return { kind: "refused", id: "", code, text: code, retry, ...more }
  }

  #receipt(log: FakeLog, from: Connection, type: string, conversation: string | null, object: Json | null = null, outcome: Json | null = null): Json {
    return { ...log.append(this.#entry(log, from.who, from.device, type, conversation, { object, outcome })) }
  }

  #entry(log: FakeLog, { person, role }: Person, device: string, type: string, conversation: string | null, more: Json): Json {
    return {
      type, ts: this.now, class: log === this.care ? "care" : "technical", actor: { person, role, device },
      conversation, conversation_entry: null, decision: { effect: "permit", rule: "test" }, object: null, outcome: null, ...more,
    }
  }

  /** What a group refuses, as an answer. */
  #act(from: Connection, frame: Frame): Json {
    try {
      return this.#acted(from, frame)
    } catch (error) {
      if (!(error instanceof RefusedGroup)) throw error
      const retry = ["E_EPOCH", "E_REMOVE_PENDING"].includes(error.code) ? "changed" : "never"
      return this.#refused(error.code, retry, error.reason === null ? {} : { reason: error.reason })
    }
  }

  #acted(from: Connection, frame: Frame): Json {
    if (hasIdentity(from.who) && !BARE.includes(frame.kind) && !this.registry.devices.has(from.device)) return this.#refused("E_DEVICE_CERTIFICATE", "never")
    switch (frame.kind) {
      case "identity.enrol": {
        const enrolled = this.registry.enrolledBy(from.who, frame.statement)
        if (enrolled === null) return this.#refused("E_IDENTITY_TAKEN", "never")
        return this.#ok({ certificate: enrolled.certificate }, this.#receipt(this.care, from, "identity.issued", null, null, { certificate: encodeHex(sha256(enrolled.certificate)) }))
      }
      case "identity.list":
        return this.#ok({ identities: this.registry.views(frame.persons) })
      case "device.certify": {
        const device = this.registry.certify(frame.certificate)
        for (const one of this.connections) {
          if (one.device === device && one !== from) one.push({ kind: "device.linked", certificate: frame.certificate, sealed: frame.sealed })
        }
        return this.#ok(null, this.#receipt(this.care, from, "device.certified", null))
      }
      case "device.link": {
        const asks = { kind: "device.asks", device: from.device, signature_key: this.devices.get(from.device)?.key ?? NOTHING, init_key: frame.init_key }
        for (const one of this.connections) if (one.who === from.who && one !== from) one.push(asks)
        return this.#ok(null)
      }
      case "recovery.keep":
        this.registry.recovery.set(from.who.person, frame.blob)
        return this.#ok(null)
      case "recovery.ask": {
        const blob = this.registry.recovery.get(from.who.person)
        return blob === undefined ? this.#refused("E_NOT_FOUND", "never") : this.#ok({ blob })
      }
      case "staff.list":
        return this.#ok({ staff: this.people.filter((one) => one.role === "pharmacist" || one.role === "technician").map((one) => ({
          person: one.person, name: one.name, role: one.role, profession: one.profession ?? "",
          certificate: this.registry.enrolled.get(one.person)?.certificate ?? NOTHING, staff: this.registry.staff.get(one.person) ?? NOTHING,
        })) })
      case "staff.certify": {
        const person = uuidText(UnverifiedStatement.decode(STAFF_CERTIFICATE, frame.certificate).content.person)
        this.registry.staff.set(person, frame.certificate)
        for (const one of this.connections) one.push({ kind: "identity", person })
        return this.#ok(null, this.#receipt(this.care, from, "staff.certified", null))
      }
      case "carers.list":
        return this.#ok({ carers: this.people.filter((one) => one.role === "carer").map((one) => ({
          person: one.person, name: one.name, certificate: this.registry.enrolled.get(one.person)?.certificate ?? NOTHING,
        })) })
      case "log.consistency":
        return this.#ok({ proof: this.care.consistency(frame.first, frame.second), checkpoint: this.care.checkpoint() })
      case "delegation.propose":
        return this.#delegated(from, "delegation.proposed", this.delegations.propose(frame.delegation, this.now))
      case "delegation.confirm":
        return this.#delegated(from, "delegation.confirmed", this.delegations.confirm(frame.delegation, frame.confirmation))
      case "delegation.accept": {
        const view = this.delegations.accept(frame.delegation, frame.acceptance)
        this.#invite(view)
        const answer = this.#delegated(from, "delegation.accepted", view)
        this.askToCommit(this.#talk(view.conversation))
        return answer
      }
      case "delegation.end":
        return this.#ended(from, frame)
      case "hello":
        if (this.devices.get(frame.device)?.retired === true) return this.#refused("E_DEVICE_RETIRED", "never")
        from.device = frame.device
        this.devices.set(frame.device, { person: from.who.person, key: frame.signature_key, retired: false })
        return this.#ok(this.#welcomed(from), this.#receipt(this.technical, from, "connection.opened", null))
      case "key_packages.publish":
        return this.#publish(from, frame.packages)
      case "key_packages.claim":
        return this.#claim(from, frame)
      case "conversation.create":
        return this.#create(from, frame)
      case "group.commit":
        return this.#commit(from, frame)
      case "group.info": {
        const { epoch, generation, group } = this.#talk(frame.conversation)
        return this.#ok({ epoch, generation, group_info: group.groupInfo }, this.#receipt(this.technical, from, "group.info_told", null))
      }
      case "group.receipt":
        return this.#confirm(from, frame)
      case "group.stuck":
        return this.#stuck(from, frame)
      case "group.succeed":
        return this.#succeed(from, frame)
      case "message.send":
        return this.#send(from, frame)
      case "call.signal":
        return this.#signal(from, frame)
      case "cursor.advance":
        this.#cursor(from, frame)
        return this.#ok(null)
      case "patients.list":
        return this.#ok({ patients: this.people.filter((p) => p.role === "patient").map((p) => ({ person: p.person, name: p.name, reachable: this.#left(p.person) > 0 })) })
      default:
        return this.#ok(null)
    }
  }

  #delegated(from: Connection, type: string, view: DelegationView): Json {
    this.tellDelegation(view)
    return this.#ok(null, this.#receipt(this.care, from, type, view.conversation))
  }

  tellDelegation(view: DelegationView): void {
    for (const one of this.connections) {
      const told = this.delegations.told(view, one.who)
      if (told !== null) one.push({ kind: "delegation", delegation: told })
    }
  }

  /** A carer who accepted is a member from then on. */
  #invite({ conversation, grantee }: DelegationView): void {
    const talk = this.#talk(conversation)
    const carer = this.people.find((one) => one.person === grantee)
    if (carer === undefined || talk.summary.members.some((one) => one.person === grantee)) return
    const member: MemberState = { person: carer.person, name: carer.name, role: carer.role, state: "invited", delivered: 0, read: 0, key_packages: false }
    Object.assign(talk.summary, { members: [...talk.summary.members, member] })
    this.#tell(talk)
  }

  #ended(from: Connection, { what, statement }: Extract<Frame, { kind: "delegation.end" }>): Json {
    const id = idIn(what, statement)
    const ended = this.delegations.end(what, statement, this.now, id)
    const view = this.delegations.of(id)
    if (ended === null) {
      const answer = this.#delegated(from, "delegation.narrowed", view)
      this.askToCommit(this.#talk(view.conversation))
      return answer
    }
    const answer = this.#delegated(from, ENTRIES[what], view)
    this.carryOut(ended)
    return answer
  }

  /** Time ends a delegation. */
  expire(id: string): void {
    const ended = this.delegations.end("expiry", NOTHING, this.now, id)
    if (ended === null) return
    this.tellDelegation(ended.view)
    this.carryOut(ended)
  }

  /** The carer is out at once, and every leaf of theirs is to be removed. */
  carryOut({ view, why, statement, staff }: Ended): void {
    const talk = this.#talk(view.conversation)
    const leaves = talk.group.leaves.filter((one) => one.person === view.grantee)
    for (const { device } of leaves) this.demand(talk, device, { why, statement, staff, delegation: view.id })
    if (leaves.length === 0) this.tellDelegation(this.delegations.settled(view.id))
    Object.assign(talk.summary, { members: talk.summary.members.filter((one) => one.person !== view.grantee) })
    this.#tell(talk)
  }

  #left(person: string): number {
    return [...this.stock.values()].flat().filter((one) => one.person === person).length
  }

  #others(from: Connection): number {
    return [...this.stock].filter(([device, kept]) => device !== from.device && kept[0]?.person === from.who.person).length
  }

  #welcomed(from: Connection): Json {
    const mine = [...this.talks.values()].filter((talk) => talk.summary.members.some((m) => m.person === from.who.person))
    return {
      ...from.who, device: from.device, new_device: !this.stock.has(from.device), other_devices: this.#others(from),
      pharmacy: { finess: PHARMACY, name: "Pharmacie du Marché", phone: "+33 1 99 00 00 01" },
      key_packages_left: this.stock.get(from.device)?.length ?? 0,
      deployment: this.deployment, hub_key: ed25519.getPublicKey(this.hubSecret), authority: this.registry.authority,
      identity: this.registry.enrolled.get(from.who.person)?.certificate ?? NOTHING, device_certificate: this.registry.devices.get(from.device) ?? NOTHING,
      staff: this.registry.staff.get(from.who.person) ?? NOTHING,
      owner: this.registry.enrolled.get(this.registry.owner?.person ?? "")?.certificate ?? NOTHING,
      logs: { care: this.care.vkey, technical: this.technical.vkey },
      checkpoint: this.care.checkpoint(),
      conversations: mine.map((talk) => this.#summary(talk, from.device)),
      calls: [...this.calls.values()].filter((call) => mine.some((talk) => talk.summary.id === call.conversation)),
      delegations: [...this.delegations.views.values()].flatMap((view) => this.delegations.told(view, from.who) ?? []),
    }
  }

  #summary(talk: Talk, device: string): Summary {
    const admission = talk.admitted.find((one) => one.device === device)
    const inside = new Set(talk.admitted.map((one) => this.devices.get(one.device)?.person))
    const members = talk.summary.members.map((m): MemberState => ({
      ...m, state: inside.has(m.person) ? "joined" : "invited", key_packages: m.role !== "carer" && this.#left(m.person) > 0,
    }))
    const { epoch, generation } = talk
    return {
      ...talk.summary, members, epoch, generation, last_seq: talk.events.length, removing: talk.removals.size > 0,
      joined: admission !== undefined, since: admission?.seq ?? 0,
    }
  }

  #tell(talk: Talk): void {
    for (const one of this.#members(talk)) one.push({ kind: "conversation", conversation: this.#summary(talk, one.device) })
  }

  #members(talk: Talk): readonly Connection[] {
    return [...this.connections].filter((one) => talk.summary.members.some((m) => m.person === one.who.person))
  }

  #publish(from: Connection, packages: readonly Uint8Array[]): Json {
    const kept = this.stock.get(from.device) ?? []
    this.stock.set(from.device, [...kept, ...packages.map((bytes) => ({ person: from.who.person, device: from.device, bytes }))])
    for (const talk of this.talks.values()) {
      const waits = talk.summary.members.some((m) => m.person === from.who.person && m.state === "invited")
      if (waits) for (const one of this.#members(talk)) one.push({ kind: "key_packages", person: from.who.person })
    }
    return this.#ok({ left: kept.length + packages.length }, this.#receipt(this.technical, from, "key_packages.published", null))
  }

  #claim(from: Connection, frame: Extract<Frame, { kind: "key_packages.claim" }>): Json {
    const packages = [...this.stock.values()].flatMap((kept) => (kept[0]?.person === frame.person && kept[0].device !== from.device ? kept.splice(0, 1) : []))
    if (packages.length === 0) return this.#refused("E_NO_KEY_PACKAGE", "changed")
    return this.#ok(
      { packages: packages.map((one) => ({ ...one, key_package: encodeHex(sha256(one.bytes)) })) },
      this.#receipt(this.care, from, "key_package.claimed", frame.conversation))
  }

  #create(from: Connection, frame: Extract<Frame, { kind: "conversation.create" }>): Json {
    const member = (person: string, state: "joined" | "invited"): MemberState => {
      const known = this.people.find((one) => one.person === person)
      return { person, name: known?.name ?? "", role: known?.role ?? "patient", state, delivered: 0, read: 0, key_packages: false }
    }
    const summary: Summary = {
      id: frame.conversation, conversation_kind: frame.conversation_kind, motive: frame.motive, created_at: this.now,
      founder: from.who.person, patient: frame.patient, generation: 0, epoch: 0, last_seq: 0, removing: false, joined: true, since: 0,
      members: [member(from.who.person, "joined"), member(frame.patient, "invited")],
    }
    const group = this.#founded(from, frame.conversation, 0, frame.group_info)
    const talk: Talk = {
      summary, events: [], admitted: [{ device: from.device, seq: 0, welcome: null }], epoch: 0, generation: 0, group, removals: new Map(),
    }
    this.talks.set(frame.conversation, talk)
    for (const one of this.#members(talk)) if (one !== from) one.push({ kind: "conversation", conversation: this.#summary(talk, one.device) })
    return this.#ok({ conversation: this.#summary(talk, from.device) }, this.#receipt(this.care, from, "dispensation.started", frame.conversation))
  }

  #founded(from: Connection, conversation: string, generation: number, groupInfo: Uint8Array): FakeGroup {
    const founder = { person: from.who.person, device: from.device }
    return FakeGroup.found(groupInfo, groupIdOf(conversation, generation), founder, this.trust)
  }

  /** Microseconds; never the same twice. */
  get now(): number {
    this.#last = Math.max(this.#last + 1, Date.now() * 1000 + this.skewUs)
    return this.#last
  }

  get trust(): FakeGroup["trust"] {
    return { deployment: this.deployment, authority: this.registry.authority }
  }

  /** What the hub has proposed, in the words of policy. */
  #due({ removals, group }: Talk): readonly Justified[] {
    return [...removals].flatMap(([device, { why, delegation }]) => {
      const target = group.leaves.find((one) => one.device === device)
      const state = delegation === undefined ? null : this.delegations.of(delegation).state as EndedState
      const ends = state === null ? [] : [{ delegation: uuidBytes(delegation ?? ""), state }]
      return target === undefined ? [] : [{ target, why: why as Justified["why"], ends }]
    })
  }

  #commit(from: Connection, frame: Extract<Frame, { kind: "group.commit" }>): Json {
    const talk = this.#talk(frame.conversation)
    if (epochOf(frame.commit) !== talk.epoch) return this.#refused("E_EPOCH", "changed", { epoch: talk.epoch })
    const checked = talk.group.check(frame, { person: from.who.person, device: from.device }, this.#due(talk), this.now)
    const demanded = [...talk.removals.values()]
    talk.group.move(checked, frame.group_info)
    talk.epoch += 1
    const gone = checked.removed.map((member) => leafOf(member).device)
    for (const device of gone) talk.removals.delete(device)
    talk.admitted = talk.admitted.filter((one) => !gone.includes(one.device))
    if (checked.kind !== "member") talk.admitted.push({ device: from.device, seq: talk.events.length + 1, welcome: null })
    const event = this.append(talk, from, "commit", frame.commit, null)
    for (const added of frame.adds) talk.admitted.push({ device: added.device, seq: event.seq, welcome: frame.welcome })
    for (const [device, demand] of talk.removals) this.propose(talk, device, demand)
    this.#follow(talk, demanded)
    this.#tell(talk)
    for (const one of this.connections) {
      if (frame.adds.some((added) => added.device === one.device)) one.push({ kind: "welcome", conversation: frame.conversation, seq: event.seq, welcome: frame.welcome })
    }
    return this.#ok({ seq: event.seq, epoch: talk.epoch }, this.#receipt(this.care, from, "group.committed", frame.conversation, { ciphertext: encodeHex(sha256(frame.commit)), franking_tag: null, message: null }))
  }

  /** What the commit made of delegations. */
  #follow(talk: Talk, demanded: readonly Demand[]): void {
    for (const { delegation } of demanded) {
      if (delegation !== undefined && ![...talk.removals.values()].some((one) => one.delegation === delegation)) this.tellDelegation(this.delegations.settled(delegation))
    }
    for (const { delegation } of talk.group.standing.inForce) {
      const id = uuidText(delegation.delegation)
      if (this.delegations.views.get(id)?.state === "confirmed") this.tellDelegation(this.delegations.activate(id))
    }
  }

  #confirm(from: Connection, frame: Extract<Frame, { kind: "group.receipt" }>): Json {
    const { group, admitted } = this.#talk(frame.conversation)
    group.confirm(frame.receipt, { person: from.who.person, device: from.device }, this.devices.get(from.device)?.key ?? new Uint8Array())
    for (const one of this.connections) {
      if (one !== from && admitted.some(({ device }) => device === one.device)) one.push({ kind: "group.confirmed", conversation: frame.conversation, receipt: frame.receipt })
    }
    return this.#ok({ receipts: group.confirmedBy().length }, this.#receipt(this.technical, from, "group.confirmed", null))
  }

  #stuck(from: Connection, frame: Extract<Frame, { kind: "group.stuck" }>): Json {
    const talk = this.#talk(frame.conversation)
    if (frame.epoch !== talk.epoch) return this.#refused("E_EPOCH", "changed", { epoch: talk.epoch })
    const resync = talk.group.confirmedBy().some((device) => device !== from.device)
    const said = `${talk.epoch}/${from.device}`
    if (talk.group.stuck.has(said)) return this.#ok({ resync })
    talk.group.stuck.add(said)
    return this.#ok({ resync }, this.#receipt(this.care, from, "group.stuck", frame.conversation))
  }

  #succeed(from: Connection, frame: Extract<Frame, { kind: "group.succeed" }>): Json {
    const talk = this.#talk(frame.conversation)
    if (!talk.group.stuck.has(`${talk.epoch}/${from.device}`)) throw new RefusedGroup("E_POLICY", "not_stuck")
    if (talk.group.confirmedBy().length > 0) throw new RefusedGroup("E_POLICY", "somebody_follows")
    talk.group = this.#founded(from, frame.conversation, talk.generation + 1, frame.group_info)
    talk.generation += 1
    talk.epoch = 0
    talk.removals.clear()
    const event = this.append(talk, from, "succession", frame.group_info, null)
    talk.admitted = [{ device: from.device, seq: event.seq, welcome: null }]
    this.#tell(talk)
    return this.#ok({ seq: event.seq, epoch: 0, generation: talk.generation }, this.#receipt(this.care, from, "group.succeeded", frame.conversation))
  }

  /** A person gives up a device by a signed statement: it is out at once, and its leaves are to be removed. */
  retire(statement: Uint8Array): void {
    const device = uuidText(UnverifiedStatement.decode(DEVICE_REVOCATION, statement).content.device)
    const known = this.devices.get(device)
    if (known !== undefined) known.retired = true
    for (const one of [...this.connections]) {
      if (one.device !== device) continue
      one.push({ kind: "refused", id: "", code: "E_DEVICE_RETIRED", text: "", retry: "never" })
      this.connections.delete(one)
    }
    for (const talk of this.talks.values()) this.demand(talk, device, { why: "device", statement })
  }

  /** Demand that a device be removed from a group, and ask the pharmacy first to commit it. */
  demand(talk: Talk, device: string, demand: Demand, bend: Partial<RemoveJustification> = {}): void {
    talk.admitted = talk.admitted.filter((one) => one.device !== device)
    talk.removals.set(device, demand)
    this.propose(talk, device, demand, bend)
    this.#tell(talk)
    this.askToCommit(talk)
  }

  propose(talk: Talk, device: string, { why, statement, staff = NOTHING, delegation }: Demand, bend: Partial<RemoveJustification> = {}): void {
    const body = talk.group.propose(device, {
      conversation: uuidBytes(talk.summary.id), why, statement, staff, delegation: delegation === undefined ? NOTHING : uuidBytes(delegation), atUs: this.now, ...bend,
    }, this.hubSecret)
    this.append(talk, null, "proposal", body, null)
  }

  askToCommit(talk: Talk): void {
    const inside = [...this.connections].filter((one) => talk.admitted.some((a) => a.device === one.device))
    const named = inside.find((one) => one.who.role === "pharmacist") ?? inside[0]
    named?.push({ kind: "group.commit_due", conversation: talk.summary.id, epoch: talk.epoch })
  }

  #send(from: Connection, frame: Extract<Frame, { kind: "message.send" }>): Json {
    const talk = this.#talk(frame.conversation)
    const data = authenticatedDataOf(frame.body)
    if (data.epoch !== talk.epoch) return this.#refused("E_EPOCH", "changed", { epoch: talk.epoch })
    if (talk.removals.size > 0) return this.#refused("E_REMOVE_PENDING", "changed")
    const event = this.append(talk, from, "message", frame.body, uuidText(data.id))
    return this.#ok({ seq: event.seq, ts: event.ts }, this.#receipt(this.care, from, "message.sent", frame.conversation, {
      ciphertext: encodeHex(sha256(frame.body)), franking_tag: encodeHex(data.frankingTag), message: uuidText(data.id),
    }))
  }

  #signal(from: Connection, frame: Extract<Frame, { kind: "call.signal" }>): Json {
    const { signal, epoch } = authenticatedDataOf(frame.body)
    const talk = this.#talk(frame.conversation)
    if (epoch !== talk.epoch) return this.#refused("E_EPOCH", "changed", { epoch: talk.epoch })
    if (talk.removals.size > 0) return this.#refused("E_REMOVE_PENDING", "changed")
    const sent = { from, to: uuidText(signal?.to ?? new Uint8Array(16)), conversation: frame.conversation, body: frame.body }
    this.signals.push(sent)
    this.deliver(sent)
    return this.#ok(null)
  }

  /** Pass a signal on, or again, or as if it were somebody else's. */
  deliver({ from, to, conversation, body }: { readonly from: { readonly who: Person; readonly device: string }; readonly to: string; readonly conversation: string; readonly body: Uint8Array }): void {
    for (const one of this.connections) {
      if (one.device === to) one.push({ kind: "signal", conversation, person: from.who.person, device: from.device, body })
    }
  }

  /** Tell a call as it is now, to every member's devices. */
  tellCall(call: CallView): void {
    if (call.state === "ended") this.calls.delete(call.id)
    else this.calls.set(call.id, call)
    for (const one of this.#members(this.#talk(call.conversation))) one.push({ kind: "call", call })
  }

  #talk(conversation: string): Talk {
    const talk = this.talks.get(conversation)
    if (talk === undefined) throw new Error("no such conversation")
    return talk
  }

  /** Give a body its place and show it to every admitted device, whoever it says it is from. */
  append(talk: Talk, from: { readonly who: Person; readonly device: string } | null, what: ConversationEvent["what"], body: Uint8Array, message: string | null): ConversationEvent {
    const event: ConversationEvent = {
      kind: "event", conversation: talk.summary.id, seq: talk.events.length + 1, ts: this.now, what,
      person: from?.who.person ?? "hub", device: from?.device ?? "", body, message,
    }
    talk.events.push(event)
    for (const one of this.connections) if (talk.admitted.some((a) => a.device === one.device)) one.push({ ...event })
    return event
  }

  #cursor(from: Connection, frame: Extract<Frame, { kind: "cursor.advance" }>): void {
    const talk = this.#talk(frame.conversation)
    const { delivered, read } = frame
    Object.assign(talk.summary, { members: talk.summary.members.map((m) => (m.person === from.who.person ? { ...m, delivered, read } : m)) })
    for (const one of this.#members(talk)) one.push({ kind: "cursor", conversation: frame.conversation, person: from.who.person, delivered, read })
  }

  #resume(from: Connection, cursors: Readonly<Record<string, number>>): void {
    for (const talk of this.talks.values()) {
      const admission = talk.admitted.find((one) => one.device === from.device)
      if (admission === undefined) continue
      const cursor = cursors[talk.summary.id]
      const fresh = cursor === undefined || cursor < admission.seq
      if (fresh && admission.welcome !== null) {
        from.push({ kind: "welcome", conversation: talk.summary.id, seq: admission.seq, welcome: admission.welcome })
      }
      const after = fresh ? admission.seq : cursor
      for (const event of talk.events) if (event.seq > after) from.push({ ...event })
      for (const one of talk.group.receipts) {
        if (one.epoch === talk.epoch && one.device !== from.device) from.push({ kind: "group.confirmed", conversation: talk.summary.id, receipt: one.bytes })
      }
    }
  }
}
