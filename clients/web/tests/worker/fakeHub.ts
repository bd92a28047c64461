/**
 * The hub's ordering, in memory: one seq per conversation, one commit per epoch, ids answered again.
 * Small on purpose: it believes what it is told, and the tests tell it to misbehave.
 */
import { decode, encode } from "@msgpack/msgpack"
import { decodeMlsMessage } from "ts-mls"
import { sha256 } from "@noble/hashes/sha2.js"
import { encodeHex } from "../../src/core/bytes"
import { decodeAuthenticatedData } from "../../src/core/mls/authenticatedData"
import { uuidText } from "../../src/core/uuid"
import type { CallView, ConversationEvent, MemberState, Request, Summary } from "../../src/core/wire"
import type { Role } from "../../src/core/model"
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
  readonly admitted: Admission[]
  epoch: number
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
    if (frame.kind === "hello") this.#resume(from, frame.cursors)
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

  #act(from: Connection, frame: Frame): Json {
    switch (frame.kind) {
      case "hello":
        from.device = frame.device
        return this.#ok(this.#welcomed(from), this.#receipt(this.technical, from, "connection.opened", null))
      case "key_packages.publish":
        return this.#publish(from, frame.packages)
      case "key_packages.claim":
        return this.#claim(from, frame)
      case "conversation.create":
        return this.#create(from, frame)
      case "group.commit":
        return this.#commit(from, frame)
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
      logs: { care: this.care.vkey, technical: this.technical.vkey },
      checkpoint: this.care.checkpoint(),
      conversations: mine.map((talk) => this.#summary(talk, from.device)),
      calls: [...this.calls.values()].filter((call) => mine.some((talk) => talk.summary.id === call.conversation)),
    }
  }

  #summary(talk: Talk, device: string): Summary {
    const admission = talk.admitted.find((one) => one.device === device)
    const members = talk.summary.members.map((m): MemberState => ({ ...m, key_packages: this.#left(m.person) > 0 }))
    return { ...talk.summary, members, epoch: talk.epoch, last_seq: talk.events.length, joined: admission !== undefined, since: admission?.seq ?? 0 }
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
      founder: from.who.person, patient: frame.patient, epoch: 0, last_seq: 0, joined: true, since: 0,
      members: [member(from.who.person, "joined"), member(frame.patient, "invited")],
    }
    const talk: Talk = { summary, events: [], admitted: [{ device: from.device, seq: 0, welcome: null }], epoch: 0 }
    this.talks.set(frame.conversation, talk)
    for (const one of this.#members(talk)) if (one !== from) one.push({ kind: "conversation", conversation: this.#summary(talk, one.device) })
    return this.#ok({ conversation: this.#summary(talk, from.device) }, this.#receipt(this.care, from, "dispensation.started", frame.conversation))
  }

  #commit(from: Connection, frame: Extract<Frame, { kind: "group.commit" }>): Json {
    const talk = this.#talk(frame.conversation)
    if (epochOf(frame.commit) !== talk.epoch) return this.#refused("E_EPOCH", "changed", { epoch: talk.epoch })
    talk.epoch += 1
    const event = this.append(talk, from, "commit", frame.commit, null)
    const people = new Set(frame.adds.map((one) => one.person))
    Object.assign(talk.summary, { members: talk.summary.members.map((m) => (people.has(m.person) ? { ...m, state: "joined" } : m)) })
    for (const added of frame.adds) talk.admitted.push({ device: added.device, seq: event.seq, welcome: frame.welcome })
    this.#tell(talk)
    for (const one of this.connections) {
      if (frame.adds.some((added) => added.device === one.device)) one.push({ kind: "welcome", conversation: frame.conversation, seq: event.seq, welcome: frame.welcome })
    }
    return this.#ok({ seq: event.seq, epoch: talk.epoch }, this.#receipt(this.care, from, "group.committed", frame.conversation, { ciphertext: encodeHex(sha256(frame.commit)), franking_tag: null, message: null }))
  }

  #send(from: Connection, frame: Extract<Frame, { kind: "message.send" }>): Json {
    const talk = this.#talk(frame.conversation)
    const data = authenticatedDataOf(frame.body)
    if (data.epoch !== talk.epoch) return this.#refused("E_EPOCH", "changed", { epoch: talk.epoch })
    const event = this.append(talk, from, "message", frame.body, uuidText(data.id))
    return this.#ok({ seq: event.seq, ts: event.ts }, this.#receipt(this.care, from, "message.sent", frame.conversation, {
      ciphertext: encodeHex(sha256(frame.body)), franking_tag: encodeHex(data.frankingTag), message: uuidText(data.id),
    }))
  }

  #signal(from: Connection, frame: Extract<Frame, { kind: "call.signal" }>): Json {
    const { signal, epoch } = authenticatedDataOf(frame.body)
    const talk = this.#talk(frame.conversation)
    if (epoch !== talk.epoch) return this.#refused("E_EPOCH", "changed", { epoch: talk.epoch })
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
  append(talk: Talk, from: { readonly who: Person; readonly device: string }, what: "message" | "commit", body: Uint8Array, message: string | null): ConversationEvent {
    this.now += 1000
    const event: ConversationEvent = {
      kind: "event", conversation: talk.summary.id, seq: talk.events.length + 1, ts: this.now, what,
      person: from.who.person, device: from.device, body, message,
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
      if (cursor === undefined && admission.welcome !== null) {
        from.push({ kind: "welcome", conversation: talk.summary.id, seq: admission.seq, welcome: admission.welcome })
      }
      const after = cursor ?? admission.seq
      for (const event of talk.events) if (event.seq > after) from.push({ ...event })
    }
  }
}
