/**
 * The keeper of this device: it opens the memory, speaks with the hub through whoever holds the socket,
 * and answers the page. Frames are taken one at a time, in the order they came.
 */
import { BadShape } from "../core/checks"
import { VerificationError } from "../core/errors"
import { next } from "../core/conversation"
import { fault } from "../core/faults"
import type { Me, Motive, Outcome, Patient, Trouble } from "../core/model"
import type { Call, CallName, Calls as Asked, Founded, FromWorker, ToWorker, Views } from "../core/rpc"
import {
  decodeServerFrame, readPatients, readWelcomed,
  type ConversationEvent, type Ok, type Push, type ServerFrame, type Summary, type WelcomePush, type Welcomed,
} from "../core/wire"
import { Account } from "./account"
import { Admission } from "./admission"
import { Believing, Waiting } from "./believing"
import { Confirmations } from "./confirming"
import { inBackground, keepRoom, newRecord, type Clock, type Context } from "./context"
import { Calls } from "./calls"
import { Cursors } from "./cursors"
import { Delegations } from "./delegations"
import { openDevice } from "./device"
import { Directory } from "./directory"
import { Entrances } from "./entrances"
import { Epochs, forgetLate } from "./epochs"
import { takeEvent, takeWelcome } from "./events"
import { Gossip } from "./gossip"
import { KeyPackages } from "./keyPackages"
import { forgetGroups, outside } from "./leaving"
import { openLine } from "./line"
import { Mandates } from "./mandates"
import type { Mls } from "./mls"
import { Officer } from "./officer"
import { Outbox } from "./outbox"
import { People } from "./people"
import { Periods } from "./periods"
import { HubKeyChanged, LogKeyChanged, Receipts } from "./receipts"
import { Recovery } from "./recovery"
import { Removals } from "./removals"
import { Disconnected, RefusedByHub, Requests } from "./requests"
import { Standings } from "./standing"
import { Vault, type RoomRecord } from "./vault"
import { Screens } from "./views"

export interface Surroundings {
  readonly mls: Mls
  readonly clock: Clock
  readonly random: (size: number) => Uint8Array
  readonly post: (message: FromWorker) => void
  /** Key packages the directory is to hold of this device. */
  readonly stock: number
}

// The hub calls a waiting device away after 30 s of silence, one in a call after 12.
const PING_MS = { idle: 25_000, lobby: 10_000, call: 5_000 } as const
const ANSWER_MS = { idle: 10_000, lobby: 10_000, call: 4_000 } as const
// A frame ends at 64 KiB of ciphertext; a character takes at most 4 bytes.
const MAX_TEXT = 10_000
const DONE: Outcome = { ok: true }
// Frames of a conversation that has not been described yet: the description is on its way.
const MAX_EARLY = 200
const SECOND = "second_device"
const PERSON = "person"
const RETIRED = "E_DEVICE_RETIRED"

/** What `#answer` leaves to `#asked`. */
type CareCall = Exclude<Call, { readonly name: "patients" | "found" | "write" | "again" | "discard" | "draft" | "read" | "open" | "audited" | "timeline" | "verify" | "control" | "signal" | "turn" | "probe" }>

class NotMine extends Error {
  override readonly name = "NotMine"
}

export class Keeper {
  readonly #outbox: Outbox
  readonly #admission: Admission
  readonly #cursors: Cursors
  readonly #epochs: Epochs
  readonly #removals: Removals
  readonly #recovery: Recovery
  readonly #keyPackages: KeyPackages
  readonly #officer: Officer
  readonly #calls: Calls
  readonly #patients = new Map<string, Patient>()
  readonly #early: (ConversationEvent | WelcomePush)[] = []
  readonly #gossip: Gossip
  readonly #waiting: Waiting<ConversationEvent | WelcomePush>
  readonly #confirmations: Confirmations
  readonly #periods: Periods
  readonly #entrances: Entrances
  readonly #mandates: Mandates
  readonly #directory: Directory
  #connection = 0
  #beats = 0

  private constructor(
    private readonly context: Context, private readonly around: Surroundings,
    private readonly receipts: Receipts, private readonly screens: Screens, private readonly delegations: Delegations,
  ) {
    this.#outbox = new Outbox(context, receipts)
    this.#cursors = new Cursors(context)
    this.#epochs = new Epochs(context, receipts)
    this.#admission = new Admission(context, receipts, delegations, (conversation) => { this.#enteredAlone(conversation) })
    this.#removals = new Removals(context, this.#admission)
    this.#recovery = new Recovery(context, receipts, this.#admission, (conversation) => { this.#enteredAlone(conversation) })
    this.#keyPackages = new KeyPackages(context, receipts, around.stock)
    this.#officer = new Officer(context, receipts, (audit) => { this.#view({ audit }) })
    this.#calls = new Calls(context, receipts, this.#admission, around.post, () => { this.#beat(this.#connection) })
    this.#gossip = new Gossip(context, receipts)
    this.#waiting = new Waiting(context, context.believing, MAX_EARLY)
    this.#confirmations = new Confirmations(context, (conversation) => { this.#outbox.kick(conversation) })
    this.#periods = new Periods(context, this.#admission)
    this.#entrances = new Entrances(context, receipts, this.#admission)
    this.#mandates = new Mandates(context, receipts, delegations)
    this.#directory = new Directory(context, receipts, context.account, (views) => { this.#view(views) })
    receipts.gossip = (note) => { this.#gossip.heard(note) }
    context.account.ready = () => { inBackground(context, () => this.#goOn()) }
    context.closed = (conversation) => { screens.closed(conversation) }
    context.changed = () => {
      screens.changed()
      this.#calls.changed()
    }
  }

  static async open(owner: string, around: Surroundings): Promise<Keeper> {
    const vault = await Vault.open(`colloque:${owner}`)
    const device = await openDevice(vault, around.mls, around.random)
    const context = contextOf(vault, device, around)
    for (const record of await vault.all("rooms")) context.rooms.set(record.room.id, record)
    for (const record of await vault.all("outbox")) context.outbox.set(record.written.id, record)
    const receipts = new Receipts(context)
    const believing = new Believing(context)
    const parts = { people: new People(context, receipts), believing, standings: new Standings(context), account: new Account(context, receipts, believing) }
    Object.assign(context, parts)
    await receipts.load()
    await parts.people.load()
    await parts.account.load()
    for (const record of context.rooms.values()) forgetLate(context, record)
    const delegations = new Delegations(context)
    const screens = new Screens(context, receipts, delegations, (views) => { around.post({ kind: "views", views }) })
    return new Keeper(context, around, receipts, screens, delegations)
  }

  close(): void {
    this.context.requests.disconnected()
    this.context.vault.close()
  }

  take(message: Exclude<ToWorker, { kind: "start" }>): void {
    switch (message.kind) {
      case "connected":
        { this.#connected(); return; }
      case "disconnected":
        this.#connection += 1
        this.#calls.disconnected()
        { this.context.requests.disconnected(); return; }
      case "frame":
        { this.#frame(message.data); return; }
      case "call":
        return void this.#call(message).then((answer) => { this.around.post({ kind: "answer", id: message.id, answer }) })
    }
  }

  #frame(data: Uint8Array): void {
    inBackground(this.context, async () => {
      const frame = decodeServerFrame(data)
      if (frame !== null) await this.context.line(() => this.#taken(frame))
    })
  }

  async #taken(frame: ServerFrame): Promise<void> {
    if (frame.kind === "refused" && frame.id === "") return frame.code === RETIRED ? this.#retired() : undefined
    return frame.kind === "ok" || frame.kind === "refused" ? this.context.requests.answered(frame) : this.#push(frame)
  }

  async #push(push: Push): Promise<void> {
    switch (push.kind) {
      case "event":
        return this.#event(push)
      case "welcome":
        return this.#welcome(push)
      case "conversation":
        return this.#summary(push.conversation)
      case "group.commit_due":
        this.#removals.asked(push.conversation)
        { inBackground(this.context, () => this.#admission.admit(push.conversation, true)); return; }
      case "group.forked":
        { this.context.alarm(fault("C_GROUP_FORKED")); return; }
      case "cursor":
        { this.#cursor(push.conversation, push.person, push.delivered, push.read); return; }
      case "key_packages":
        { inBackground(this.context, () => this.#admission.reachable(push.person)); return; }
      case "key_packages.low":
        { inBackground(this.context, () => this.#keyPackages.refill(push.left)); return; }
      case "call":
        { this.#calls.heard(push.call); return; }
      case "signal":
        return this.#calls.opened(push)
      case "delegation":
        return this.delegations.heard(push.delegation)
      case "identity":
        { inBackground(this.context, () => this.#changed(push.person)); return; }
      case "device.asks":
        { this.context.account.asked(push); return; }
      case "device.linked":
        return this.context.account.linked(push.certificate, push.sealed)
      case "group.confirmed":
        return this.#confirmations.heard(push.conversation, push.receipt)
      case "access":
        { this.#directory.accessed(push.row); return; }
      case "reconnect":
        { this.around.post({ kind: "restart", after: push.after }); return; }
    }
  }

  /** Somebody's certificates are others, or more. */
  async #changed(person: string): Promise<void> {
    if (person === this.context.me?.person) await this.context.account.refresh()
    else await this.context.believing.ask([person])
  }

  /** A step waits for those before it. */
  #waits(push: ConversationEvent | WelcomePush): boolean {
    if (!this.#waiting.holds(push.conversation)) return false
    if (!this.#waiting.add(push)) this.context.reconnect()
    return true
  }

  async #event(event: ConversationEvent): Promise<void> {
    if (this.#isEarly(event) || this.#waits(event)) return
    const outcome = await takeEvent(this.context, event)
    if (outcome.kind === "unproven") { this.#waiting.hold(event, outcome, (one) => this.#push(one)); return; }
    if (outcome.kind === "gap") { this.context.reconnect(); return; }
    if (outcome.kind !== "ignored") this.#cursors.tell(event.conversation)
    if (outcome.kind === "message") {
      this.screens.appended(outcome.entry)
      this.#gossip.heard(outcome.checkpoint)
    }
    if (outcome.kind === "proposal") this.#removals.commit(event.conversation)
    if (outcome.kind === "stuck") this.#recovery.begin(event.conversation)
    if (outcome.kind === "commit") {
      await this.#entered(event.conversation)
      await this.#calls.committed(event.conversation)
      inBackground(this.context, () => this.#admission.admit(event.conversation))
    }
  }

  /** In a new epoch: what waited for it leaves, and the hub is told. */
  async #entered(conversation: string): Promise<void> {
    await this.#confirmations.entered(conversation)
    this.#periods.watch(conversation)
    this.#removals.settled(conversation)
    this.#epochs.tell(conversation)
    this.#cursors.tell(conversation)
    this.#outbox.kick(conversation)
  }

  #enteredAlone(conversation: string): void {
    inBackground(this.context, () => this.context.line(() => this.#entered(conversation)))
  }

  async #welcome(push: WelcomePush): Promise<void> {
    if (this.#isEarly(push) || this.#waits(push)) return
    const unproven = await takeWelcome(this.context, push)
    if (unproven.length > 0) { this.#waiting.hold(push, { members: unproven }, (one) => this.#push(one)); return; }
    await this.#entered(push.conversation)
  }

  #isEarly(push: ConversationEvent | WelcomePush): boolean {
    const early = !this.context.rooms.has(push.conversation)
    if (early && this.#early.length < MAX_EARLY) this.#early.push(push)
    return early
  }

  async #summary(summary: Summary): Promise<void> {
    const record = this.context.rooms.get(summary.id)
    await keepRoom(this.context, record === undefined ? newRecord(summary) : described(record, summary))
    for (const push of this.#early.splice(0)) await this.#push(push)
    inBackground(this.context, () => this.#admission.admit(summary.id))
  }

  /** Not written: the next hello tells it again, and the room's next change keeps it. */
  #cursor(conversation: string, person: string, delivered: number, read: number): void {
    const record = this.context.rooms.get(conversation)
    if (record === undefined) return
    this.context.rooms.set(conversation, { ...record, room: next(record.room, { kind: "cursor", person, delivered, read }) })
    this.context.changed()
  }

  #connected(): void {
    this.#connection += 1
    this.#early.length = 0
    this.#waiting.clear()
    this.context.believing.connected()
    this.context.requests.connected()
    inBackground(this.context, () => this.#hello(this.#connection))
  }

  async #hello(connection: number): Promise<void> {
    const { device, publicKey } = this.context.device
    // What follows the hello (welcomes, events) must find it taken in.
    const answer = await this.context.requests.ask(
      { kind: "hello", device, signature_key: publicKey, cursors: this.#held() },
      async (first) => { if (first.kind === "ok") await this.#welcomed(readWelcomed(first.result), first) })
    if (connection !== this.#connection) return
    if (answer.kind === "refused") { this.#refusedHello(answer.code, answer.retry); return; }
    this.#beat(connection)
    this.#gossip.connected()
    await this.context.account.settle()
    if (connection === this.#connection) await this.#goOn()
  }

  /** Once this device may speak: whatever was left unfinished. */
  async #goOn(): Promise<void> {
    if (!this.context.account.isReady || !this.context.requests.open) return
    this.#periods.watchAll()
    this.#removals.connected()
    this.#cursors.connected()
    this.#epochs.tellAll()
    this.#recovery.resume()
    this.#entrances.resume()
    this.#admission.resume()
    this.#outbox.kickAll()
    await this.#keyPackages.refill(this.context.me?.key_packages_left ?? 0)
  }

  /** The last `seq` applied in each group held here; what the hub never heard of is not named. */
  #held(): Readonly<Record<string, number>> {
    const held = [...this.context.rooms.values()].filter((record) => record.state !== null && record.founding === null)
    return Object.fromEntries(held.map(({ room }) => [room.id, room.cursor]))
  }

  #refusedHello(code: string, retry: string): void {
    if (code === "E_SESSION") { this.around.post({ kind: "expired" }); return; }
    if (code === RETIRED) { inBackground(this.context, () => this.context.line(() => this.#retired())); return; }
    if (retry === "later") { this.context.reconnect(); return; }
    this.around.post({ kind: "failed", fault: code === "E_MALFORMED" ? "server" : "forbidden" })
  }

  /** Its person gave this device up: nothing is sealed or opened here any more. */
  async #retired(): Promise<void> {
    await forgetGroups(this.context)
    this.around.post({ kind: "failed", fault: "retired" })
  }

  async #welcomed(welcomed: Welcomed, ok: Ok): Promise<void> {
    await this.#demandSame(welcomed)
    await this.receipts.pin(welcomed.logs)
    await this.receipts.pinHub(welcomed)
    this.context.me = welcomed
    await this.#gossip.told(welcomed.checkpoint)
    await this.context.account.welcomed(welcomed)
    await this.receipts.take(ok, { type: ["connection.opened", "device.registered"], conversation: null })
    for (const summary of welcomed.conversations) await this.#summary(summary)
    await this.delegations.welcomed(welcomed.delegations)
    this.context.changed()
    this.around.post({ kind: "welcomed", me: meOf(welcomed, await this.#isSecond(welcomed)) })
    this.#calls.welcomed(welcomed.calls)
  }

  /** A device is one person's for good: a hub that says otherwise would have it speak as another. */
  async #demandSame({ person, device }: Welcomed): Promise<void> {
    const pinned = await this.context.vault.read("pins", PERSON)
    if (device !== this.context.device.device || (pinned !== null && pinned !== person)) throw new NotMine()
    if (pinned === null) await this.context.vault.write([{ store: "pins", key: PERSON, value: person }])
  }

  /** Told once, when the device is registered: it joined later than another of this person's. */
  async #isSecond({ new_device, other_devices }: Welcomed): Promise<boolean> {
    if ((await this.context.vault.read("pins", SECOND)) !== null) return true
    if (!new_device || other_devices === 0) return false
    await this.context.vault.write([{ store: "pins", key: SECOND, value: "yes" }])
    return true
  }

  /** A half-open socket looks alive: only an answer proves it. A new beat takes the place of the last. */
  #beat(connection: number): void {
    this.#beats += 1
    const beat = this.#beats
    const { pace } = this.#calls
    const current = (): boolean => connection === this.#connection && beat === this.#beats && this.context.requests.open
    this.context.clock.after(PING_MS[pace], () => {
      if (!current()) return
      let answered = false
      this.context.clock.after(ANSWER_MS[pace], () => {
        if (!answered && connection === this.#connection) this.context.reconnect()
      })
      inBackground(this.context, async () => {
        await this.context.requests.ask({ kind: "ping" })
        answered = true
        if (current()) this.#beat(connection)
      })
    })
  }

  async #call(call: Call): Promise<Asked[CallName]["answer"]> {
    try {
      return await this.#answer(call)
    } catch (error) {
      return { ok: false, trouble: this.#troubleOf(error) }
    }
  }

  #troubleOf(error: unknown): Trouble {
    if (error instanceof RefusedByHub) return error.trouble
    if (error instanceof Disconnected) return fault("C_OFFLINE")
    if (error instanceof BadShape) return fault("C_SERVER")
    this.context.fail(error)
    return fault("C_STORAGE")
  }

  async #answer(call: Call): Promise<Asked[CallName]["answer"]> {
    switch (call.name) {
      case "patients":
        return this.#listPatients()
      case "found":
        return this.#found(...call.args)
      case "write":
        return this.#write(...call.args)
      case "again":
        return this.#outbox.again(...call.args).then(() => DONE)
      case "discard":
        return this.#outbox.discard(...call.args).then(() => DONE)
      case "draft":
        return this.#draft(...call.args)
      case "read":
        return this.#read(...call.args)
      case "open":
        return this.context.line(() => this.screens.open(...call.args)).then(() => DONE)
      case "audited":
        return this.#officer.conversations()
      case "timeline":
        return this.#officer.timeline(...call.args)
      case "verify":
        return this.#officer.verify()
      case "control":
        return this.#calls.control(...call.args)
      case "signal":
        return this.#calls.signal(...call.args)
      case "turn":
        return this.#calls.turn(...call.args)
      case "probe":
        return this.#calls.probe()
      default:
        return this.#asked(call)
    }
  }

  /** Of delegations, and of people's keys. */
  async #asked(call: CareCall): Promise<Asked[CallName]["answer"]> {
    const { account, people } = this.context
    switch (call.name) {
      case "propose":
        return this.#mandates.propose(...call.args)
      case "confirm":
        return this.#mandates.confirm(...call.args)
      case "accept":
        return this.#mandates.accept(...call.args)
      case "withdraw":
        return this.#mandates.withdraw(...call.args)
      case "resign":
        return this.#mandates.resign(...call.args)
      case "suspend":
        return this.#mandates.suspend(...call.args)
      case "carers":
        return this.#directory.carers(...call.args)
      case "linkCarer":
        return this.#directory.linkCarer(...call.args)
      case "carerCode":
        return this.#directory.carerCode()
      case "accesses":
        return this.#directory.loadAccesses()
      case "staff":
        return this.#directory.staff()
      case "certifyStaff":
        return this.#directory.certify(...call.args)
      case "devices":
        return this.#directory.devices()
      case "retire":
        return this.#directory.retire(...call.args)
      case "askLink":
        return account.askLink()
      case "acceptLink":
        return account.acceptLink(...call.args)
      case "useRecovery":
        return account.useRecoveryCode(...call.args)
      case "makeRecovery":
        return account.makeRecoveryCode()
      case "compare":
        return this.#directory.compare(...call.args)
      case "compared":
        return this.#directory.compared(...call.args)
      case "dismiss":
        return this.context.line(() => people.dismiss(...call.args)).then(() => DONE)
    }
  }

  async #listPatients(): Promise<Outcome> {
    const ok = await this.context.requests.must({ kind: "patients.list" })
    const { patients } = readPatients(ok.result)
    this.#patients.clear()
    for (const patient of patients) this.#patients.set(patient.person, patient)
    this.#view({ patients })
    return DONE
  }

  async #found(person: string, motive: Motive, note: string): Promise<Founded> {
    if (!this.context.requests.open) throw new Disconnected()
    if (note.length > MAX_TEXT) return { ok: false, trouble: fault("C_LENGTH") }
    const name = this.#patients.get(person)?.name ?? ""
    const founded = await this.#admission.found({ person, name }, motive, note)
    return "id" in founded ? { ok: true, id: founded.id } : { ok: false, trouble: founded.trouble }
  }

  async #write(conversation: string, text: string): Promise<Outcome> {
    if (text.trim() === "" || text.length > MAX_TEXT) return { ok: false, trouble: fault("C_LENGTH") }
    const done = await this.#outbox.write(conversation, text)
    return done ? DONE : { ok: false, trouble: fault("C_NOT_READY") }
  }

  #draft(conversation: string, text: string): Promise<Outcome> {
    return this.context.line(async () => {
      const record = this.context.rooms.get(conversation)
      if (record !== undefined) await keepRoom(this.context, { ...record, room: next(record.room, { kind: "draft", text }) })
      return DONE
    })
  }

  async #read(conversation: string): Promise<Outcome> {
    await this.context.line(async () => {
      const record = this.context.rooms.get(conversation)
      if (record === undefined || (record.room.unread.length === 0 && record.room.read === record.room.cursor)) return
      await keepRoom(this.context, { ...record, room: next(record.room, { kind: "read" }) })
    })
    this.#cursors.tell(conversation)
    return DONE
  }

  #view(views: Partial<Views>): void {
    this.around.post({ kind: "views", views })
  }
}

/** The record with the hub's new word on it, which may say that this device is out of the group. */
function described(record: RoomRecord, summary: Summary): RoomRecord {
  const after = { ...record, room: next(record.room, { kind: "summary", summary }) }
  const comesBack = record.pending?.rejoins === true || record.succession !== null
  if (record.state === null || record.founding !== null || comesBack) return after
  if (summary.generation > record.generation) return summary.joined ? after : { ...after, room: next(after.room, { kind: "broke" }) }
  if (!summary.joined) return outside(after, { kind: "removed" })
  // Let in anew since: its Welcome follows, and the group of before leads nowhere.
  return summary.since > record.room.cursor ? outside(after, { kind: "left" }) : after
}

function meOf({ person, device, name, role, pharmacy }: Welcomed, secondDevice: boolean): Me {
  return { person, device, name, role, pharmacy, secondDevice }
}

function faultOf(error: unknown): Extract<FromWorker, { kind: "failed" }>["fault"] {
  if (error instanceof LogKeyChanged) return "log_key_changed"
  if (error instanceof HubKeyChanged) return "hub_key_changed"
  return error instanceof NotMine ? "forbidden" : "storage"
}

/** Its parts that need it themselves follow, before anything is asked of them. */
function contextOf(vault: Vault, device: Context["device"], { mls, clock, random, post }: Surroundings): Context {
  const reconnect = (): void => { post({ kind: "drop" }) }
  const requests = new Requests((data) => { post({ kind: "send", data }) }, (now) => { context.skewUs = now - clock.now() * 1000 })
  const bare: Omit<Context, "people" | "believing" | "standings" | "account"> = {
    vault, mls, clock, random, device, reconnect, requests,
    line: openLine(), rooms: new Map(), outbox: new Map(), me: null, skewUs: 0,
    changed: () => undefined, closed: () => undefined,
    alarm: (alarm) => { post({ kind: "views", views: { alarm } }) },
    fail: (error) => {
      // What the hub said made no sense: another connection may. Anything else is this device's.
      if (error instanceof BadShape) reconnect()
      else if (error instanceof VerificationError) context.alarm(fault("C_IDENTITY_UNPROVEN"))
      else post({ kind: "failed", fault: faultOf(error) })
    },
  }
  const context = bare as Context
  return context
}
