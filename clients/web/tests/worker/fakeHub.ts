/**
 * The hub's ordering, in memory: one seq per conversation, one commit per epoch, ids answered again. It
 * checks groups as the hub does, by what anybody may see of them; the tests tell it to misbehave.
 */
import { decode, encode } from "@msgpack/msgpack"
import { decodeMlsMessage } from "ts-mls"
import { ed25519 } from "@noble/curves/ed25519.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { encodeHex } from "../../src/core/bytes"
import { decodeAuthenticatedData } from "../../src/core/mls/authenticatedData"
import { DEVICE_REVOCATION, UnverifiedStatement, type RemoveJustification } from "../../src/core/statements"
import { uuidText } from "../../src/core/uuid"
import type { CallView, ConversationEvent, MemberState, Request, Summary } from "../../src/core/wire"
import type { Role } from "../../src/core/model"
import { groupIdOf } from "../../src/worker/epochs"
import { FakeGroup, RefusedGroup, leafOf } from "./fakeGroup"
import { FakeLog } from "./fakeLog"

export interface Person {
  readonly person: string
  readonly name: string
  readonly role: Role
}

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
  /** What is demanded: a device, and the statement that says so. */
  readonly removals: Map<string, Uint8Array>
}

type Frame = Request & { readonly id: string }
type Json = Record<string, unknown>

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
  const message = decodeMlsMessage(body, 0)?.[0]
  if (message?.wireformat !== "mls_private_message") throw new Error("not a private message")
  return { ...decodeAuthenticatedData(message.privateMessage.authenticatedData), epoch: Number(message.privateMessage.epoch) }
}

function epochOf(commit: Uint8Array): number {
  const message = decodeMlsMessage(commit, 0)?.[0]
  if (message?.wireformat !== "mls_public_message") throw new Error("not a public message")
  return Number(message.publicMessage.content.epoch)
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
  now = 1_700_000_000_000_000
  readonly deployment: string = "colloque.test"
  readonly hubSecret = ed25519.utils.randomSecretKey()
  readonly devices = new Map<string, { readonly person: string; readonly key: Uint8Array; retired: boolean }>()

  constructor(readonly people: readonly Person[]) {}

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

  #receipt(log: FakeLog, from: Connection, type: string, conversation: string | null, object: Json | null = null): Json {
    this.now += 1000
    return { ...log.append({
      type, ts: this.now, class: log === this.care ? "care" : "technical",
      actor: { person: from.who.person, role: from.who.role, device: from.device },
      conversation, conversation_entry: null, decision: { effect: "permit", rule: "test" }, object,
    }) }
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
    switch (frame.kind) {
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
      pharmacy: { finess: "990000001", name: "Pharmacie du Marché", phone: "+33 1 99 00 00 01" },
      key_packages_left: this.stock.get(from.device)?.length ?? 0,
      deployment: this.deployment, hub_key: ed25519.getPublicKey(this.hubSecret),
      logs: { care: this.care.vkey, technical: this.technical.vkey },
      checkpoint: this.care.checkpoint(),
      conversations: mine.map((talk) => this.#summary(talk, from.device)),
      calls: [...this.calls.values()].filter((call) => mine.some((talk) => talk.summary.id === call.conversation)),
    }
  }

  #summary(talk: Talk, device: string): Summary {
    const admission = talk.admitted.find((one) => one.device === device)
    const inside = new Set(talk.admitted.map((one) => this.devices.get(one.device)?.person))
    const members = talk.summary.members.map((m): MemberState => ({
      ...m, state: inside.has(m.person) ? "joined" : "invited", key_packages: this.#left(m.person) > 0,
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
    return FakeGroup.found(groupInfo, groupIdOf(conversation, generation), founder, ed25519.getPublicKey(this.hubSecret))
  }

  #commit(from: Connection, frame: Extract<Frame, { kind: "group.commit" }>): Json {
    const talk = this.#talk(frame.conversation)
    if (epochOf(frame.commit) !== talk.epoch) return this.#refused("E_EPOCH", "changed", { epoch: talk.epoch })
    const checked = talk.group.check(frame, { person: from.who.person, device: from.device }, from.who.role, [...talk.removals.keys()])
    talk.group.move(checked, frame.group_info)
    talk.epoch += 1
    const gone = checked.removed.map((member) => leafOf(member).device)
    for (const device of gone) talk.removals.delete(device)
    talk.admitted = talk.admitted.filter((one) => !gone.includes(one.device))
    if (checked.kind !== "member") talk.admitted.push({ device: from.device, seq: talk.events.length + 1, welcome: null })
    const event = this.append(talk, from, "commit", frame.commit, null)
    for (const added of frame.adds) talk.admitted.push({ device: added.device, seq: event.seq, welcome: frame.welcome })
    for (const [device, statement] of talk.removals) this.propose(talk, device, statement)
    this.#tell(talk)
    for (const one of this.connections) {
      if (frame.adds.some((added) => added.device === one.device)) one.push({ kind: "welcome", conversation: frame.conversation, seq: event.seq, welcome: frame.welcome })
    }
    return this.#ok({ seq: event.seq, epoch: talk.epoch }, this.#receipt(this.care, from, "group.committed", frame.conversation, { ciphertext: encodeHex(sha256(frame.commit)), franking_tag: null, message: null }))
  }

  #confirm(from: Connection, frame: Extract<Frame, { kind: "group.receipt" }>): Json {
    const { group } = this.#talk(frame.conversation)
    group.confirm(frame.receipt, { person: from.who.person, device: from.device }, this.devices.get(from.device)?.key ?? new Uint8Array())
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
    for (const talk of this.talks.values()) this.demand(talk, device, statement)
  }

  /** Demand that a device be removed from a group, and ask the pharmacy first to commit it. */
  demand(talk: Talk, device: string, statement: Uint8Array, bend: Partial<RemoveJustification> = {}): void {
    talk.admitted = talk.admitted.filter((one) => one.device !== device)
    talk.removals.set(device, statement)
    this.propose(talk, device, statement, bend)
    this.#tell(talk)
    this.askToCommit(talk)
  }

  propose(talk: Talk, device: string, statement: Uint8Array, bend: Partial<RemoveJustification> = {}): void {
    const body = talk.group.propose(device, talk.summary.id, statement, this.hubSecret, bend)
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
    this.now += 1000
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
    }
  }
}
