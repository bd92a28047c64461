/** The video call of this tab: what the hub tells and the person does, made into connections and one stage to show. */
import { batch, type Signal as Held } from "@preact/signals-core"
import { endOf, placeIn, placeOf, type Place, type Seat } from "../../core/call"
import type { CallNotice, CallStage, Conversation, LineTest, Media, Outcome, Trouble } from "../../core/model"
import type { Calls as Asked, CallName, FromWorker, KnownCall } from "../../core/rpc"
import { uuidFrom } from "../../core/uuid"
import type { CallRequest, CallView, IncidentCode } from "../../core/wire"
import { playThreeTones, ring, wakeAudio } from "./audio"
import { Devices } from "./devices"
import { testLine } from "./lineTest"
import { forgetStart, keepStart, keptStart } from "./memory"
import { Presses } from "./presses"
import { Room } from "./room"
import { Sound } from "./sound"
import { WakeLock } from "./wakeLock"

export type CallMessage = Extract<FromWorker, { kind: "calls" | "signal" | "signal_refused" }>

/** What the call needs of the page it is in. */
export interface World {
  readonly stage: Held<CallStage>
  readonly media: Held<Media>
  readonly lineTest: Held<LineTest>
  readonly demo: () => boolean
  readonly me: () => { readonly name: string; readonly role: string } | null
  readonly conversation: (id: string) => Conversation | undefined
  readonly call: <N extends CallName>(name: N, ...args: Asked[N]["args"]) => Promise<Asked[N]["answer"]>
  /** Cut the connection to the hub; it comes back after its pause. */
  readonly dropSocket: () => void
  /** It is dead, though it does not say so: another, at once. */
  readonly renewSocket: () => void
}

type Lobby = Pick<Extract<CallStage, { readonly kind: "lobby" }>, "conversation" | "as" | "trouble">

const DONE: Outcome = { ok: true }
const NOT_NOW: Outcome = { ok: false, trouble: { code: "call.wrong_state", text: "" } }
const BUSY: Outcome = { ok: false, trouble: { code: "call.busy", text: "" } }
const GRACE_MS = 30_000
const GONE_PAUSE_MS = 3_000
const MAX_BESIDES_ME = 3

export class CallDesk {
  readonly #devices: Devices
  readonly #sound: Sound
  readonly #wakeLock = new WakeLock()
  #known: readonly KnownCall[] = []
  #seat: Seat | null = null
  #lobby: Lobby | null = null
  /** The hub's answer to a lobby that was opened from here. */
  #opening: Promise<Outcome> = Promise.resolve(DONE)
  #room: Room | null = null
  #ended: Extract<CallStage, { kind: "ended" }> | null = null
  /** The call that ended here, and what was on in it. */
  #last: { readonly call: string; readonly wasIn: boolean; readonly on: Pick<Media, "cameraOn" | "microphoneOn"> } | null = null
  #online = true
  #offlineTimer: ReturnType<typeof setTimeout> | undefined
  #wasOffline = 0
  #hungUp = false
  /** A call this run of the page entered by itself; any other it is in was entered by a run before. */
  readonly #entered = new Set<string>()
  readonly #presses: Presses
  /** A switch was pressed, for what is sent now or next. */
  #chose = false
  /** Calls left here, whether the hub has heard it or not: until when that is not said again. */
  readonly #gone = new Map<string, number>()
  readonly #incidents = new Set<string>()
  #quiet: (() => void) | null = null
  #ringing = ""

  constructor(private readonly world: World) {
    this.#sound = new Sound(() => { this.#show() })
    this.#devices = new Devices(world.media, world.demo, () => world.me()?.name ?? "", () => { this.#mediaChanged() })
    this.#presses = new Presses(() => ({ cameraOn: world.media.value.cameraOn, microphoneOn: world.media.value.microphoneOn }))
    addEventListener("online", () => { this.#room?.networkChanged() })
    addEventListener("offline", () => { this.#show() })
    followNetwork(() => { this.#room?.networkChanged() })
  }

  hear(message: CallMessage): void {
    switch (message.kind) {
      case "calls":
        { this.#told(message.seat, message.calls); return; }
      case "signal":
        { if (message.signal.call === this.#room?.id) this.#room.take(message.signal); return; }
      case "signal_refused":
        { if (message.proven && message.call === this.#room?.id) this.#room.refused(message.peer, message.generation); return; }
    }
  }

  linked(online: boolean): void {
    if (online === this.#online) return
    this.#online = online
    clearTimeout(this.#offlineTimer)
    if (!online) {
      this.#wasOffline = Date.now()
      this.#offlineTimer = setTimeout(() => { this.#giveUp() }, GRACE_MS)
    } else this.#room?.online()
    this.#show()
  }

  /** This tab gives the device up: no word to the hub, whose grace decides. */
  leave(): void {
    clearTimeout(this.#offlineTimer)
    this.#lobby = null
    this.#ended = null
    this.#known = []
    this.#seat = null
    this.#entered.clear()
    this.#presses.clear()
    this.#gone.clear()
    this.#closeRoom()
    this.#show()
  }

  /** The person goes: out of every place this device has, at once here, and said to the hub. */
  async quit(): Promise<void> {
    const places = this.#known.filter(({ view }) => !ASKS_NOBODY.includes(placeIn(view, this.#seat ?? NOBODY).kind))
    this.#lobby = null
    this.#ended = null
    for (const { view } of places) this.#gone.set(view.id, Date.now() + GONE_PAUSE_MS)
    this.#presses.clear()
    forgetStart()
    this.#closeRoom()
    this.#show()
    await Promise.all(places.map((known) => this.#control({ kind: "call.hang_up", ...idsOf(known) })))
  }

  async prepare(conversation: string): Promise<Outcome> {
    const place = this.#place()
    if (place.kind === "in_call" || place.kind === "calling") return place.view.conversation === conversation ? NOT_NOW : BUSY
    this.#leaveLobbiesBut(conversation)
    this.#ended = null
    const as = this.world.me()?.role === "pharmacist" ? "caller" : "waiting"
    this.#lobby = { conversation, as, trouble: null }
    this.#show()
    if (this.#isUnasked(conversation)) this.world.media.value = { ...this.world.media.value, cameraOn: false, microphoneOn: false }
    this.#start()
    // One that goes on already is not prepared: it is come back to.
    const begun = this.#liveIn(conversation)?.view.state ?? "lobby"
    this.#opening = as === "caller" && begun === "lobby" ? this.#open(conversation) : Promise.resolve(DONE)
    return this.#opening
  }

  /** One waits in one room at a time. */
  #leaveLobbiesBut(conversation: string): void {
    // One that the hub has not opened yet is left once it says so.
    if (this.#lobby !== null && this.#lobby.conversation !== conversation) this.#presses.takeBack(this.#lobby.conversation)
    const left = this.#known.filter(({ view }) => (
      view.conversation !== conversation && !this.#gone.has(view.id) && placeIn(view, this.#seat ?? NOBODY).kind === "waiting"))
    for (const known of left) {
      this.#presses.takeBack(known.view.conversation)
      this.#entered.delete(known.view.id)
      this.#gone.set(known.view.id, Date.now() + GONE_PAUSE_MS)
      void this.#control({ kind: "call.hang_up", ...idsOf(known) })
    }
  }

  /** The hub has a place for this device there, and this tab knows nothing of it: neither what was switched off. */
  #isUnasked(conversation: string): boolean {
    if (this.#chose || this.#devices.running || this.#presses.areFor(conversation)) return false
    const live = this.#liveIn(conversation)
    return live !== undefined && !ASKS_NOBODY.includes(placeIn(live.view, this.#seat ?? NOBODY).kind)
  }

  async enter(): Promise<Outcome> {
    return this.#lobby === null ? NOT_NOW : this.#open(this.#lobby.conversation)
  }

  async ring(): Promise<Outcome> {
    // Pressed at once, before the hub has said which call this is.
    await this.#opening
    const lobby = this.#lobby
    if (lobby === null) return this.#place().kind === "in_call" ? BUSY : NOT_NOW
    // What the hub refused a moment ago is asked again: « too often » passes.
    const opened = lobby.trouble === null ? DONE : await this.#open(lobby.conversation)
    if (!opened.ok) return opened
    const call = this.#liveIn(lobby.conversation)
    if (call === undefined) return NOT_NOW
    this.#entered.add(call.view.id)
    this.#presses.give(lobby.conversation, call.view.id)
    return this.#control({ kind: "call.ring", ...idsOf(call), persons: this.#toRing(call) })
  }

  async delay(minutes: number): Promise<Outcome> {
    await this.#opening
    const call = this.#lobby === null ? undefined : this.#liveIn(this.#lobby.conversation)
    return call === undefined ? NOT_NOW : this.#control({ kind: "call.delay", ...idsOf(call), minutes })
  }

  async accept(): Promise<Outcome> {
    const place = this.#place()
    const view = place.kind === "incoming" ? place.view : this.#comingBackTo()
    return view === undefined ? NOT_NOW : this.#accept(view)
  }

  async #accept(view: CallView): Promise<Outcome> {
    performance.mark("colloque:call:accepted")
    // Who is in it already, by the hub's word, was there before this page.
    if (placeIn(view, this.#seat ?? NOBODY).kind !== "in_call") this.#entered.add(view.id)
    this.#presses.give(view.conversation, view.id)
    this.#gone.delete(view.id)
    void wakeAudio()
    const accepted = this.#control({ kind: "call.accept", ...idsOf({ view }) })
    this.#start()
    const outcome = await accepted
    // Somebody else's device was faster, or it is over: nobody is to be seen.
    if (!outcome.ok) this.#notIn(view.conversation)
    this.#look()
    return outcome
  }

  /** What was pressed did not come to pass: it is not to come later, by itself. */
  #notIn(conversation: string): void {
    const { kind } = this.#place()
    if (kind !== "none" && kind !== "incoming") return
    this.#presses.takeBack(conversation)
    if (this.#lobby === null) this.#stopDevices()
  }

  /** In the lobby of a call that goes on and that this person has left. */
  #comingBackTo(): CallView | undefined {
    return this.#lobby === null ? undefined : this.#liveIn(this.#lobby.conversation)?.view
  }

  async decline(how: "declined" | "call_me"): Promise<Outcome> {
    const place = this.#place()
    if (place.kind !== "incoming") return NOT_NOW
    this.#hungUp = true
    const outcome = await this.#control({ kind: "call.decline", ...idsOf(place), call_me: how === "call_me" })
    if (!outcome.ok) this.#hungUp = false
    return outcome
  }

  async hangUp(): Promise<void> {
    const place = this.#place()
    if (place.kind === "incoming") { await this.decline("declined"); return; }
    if (this.#lobby !== null) this.#presses.takeBack(this.#lobby.conversation)
    this.#lobby = null
    this.#ended = null
    if (place.kind === "none") {
      this.#closeRoom()
      this.#show()
      return
    }
    const told = this.#sayGone(place.view)
    // At once here, whatever the hub is doing: who hangs up is not seen any more.
    this.#end("hung_up", place)
    await told
  }

  dismiss(): void {
    this.#ended = null
    this.#show()
  }

  async callAgain(): Promise<Outcome> {
    const ended = this.#ended
    if (ended === null) return NOT_NOW
    const view = this.#mayReturnTo(ended.reason)
    if (view === null && this.world.me()?.role !== "pharmacist") return NOT_NOW
    if (this.#last !== null && !this.#devices.running) this.world.media.value = { ...this.world.media.value, ...this.#last.on }
    if (view !== null) return this.#accept(view)
    const prepared = await this.prepare(ended.conversation)
    return prepared.ok && this.#lobby?.as === "caller" ? this.ring() : prepared
  }

  setCamera(on: boolean): void {
    this.#takeSwitches()
    void this.#devices.setCamera(on)
    this.#switched()
  }

  setMicrophone(on: boolean): void {
    this.#takeSwitches()
    void this.#devices.setMicrophone(on)
    this.#switched()
  }

  #switched(): void {
    this.#chose = true
    this.#presses.keep()
  }

  async choose(kind: "camera" | "microphone" | "speaker", id: string): Promise<void> {
    if (kind !== "speaker") { await this.#devices.choose(kind, id); return; }
    this.world.media.value = { ...this.world.media.value, speaker: id }
    this.#sound.setSpeaker(id)
  }

  askAgain(): Promise<void> {
    return this.#devices.askAgain()
  }

  useDemoCamera(): Promise<void> {
    return this.#devices.useDemoCamera()
  }

  setVolume(volume: number): void {
    const kept = Math.min(3, Math.max(0, volume))
    this.world.media.value = { ...this.world.media.value, volume: kept }
    this.#sound.setVolume(kept)
  }

  setBigText(text: string): void {
    this.world.media.value = { ...this.world.media.value, bigText: text }
    this.#room?.sendBeats()
  }

  playTest(): void {
    void wakeAudio().then(playThreeTones)
  }

  unblockSound(): void {
    void wakeAudio()
    this.#sound.unblock()
  }

  async testLine(): Promise<void> {
    if (this.world.lineTest.value.kind === "running") return
    await testLine(await this.#room?.servers() ?? [], (test) => { this.world.lineTest.value = test })
  }

  cutNetwork(): void {
    if (!this.world.demo()) return
    this.#room?.cut()
    this.world.dropSocket()
  }

  #told(seat: Seat, calls: readonly KnownCall[]): void {
    const before = this.#place()
    this.#seat = seat
    this.#known = calls
    this.#leaveAgain()
    const after = this.#place()
    if (before.kind !== "none" && (after.kind === "none" || after.view.id !== before.view.id)) this.#left(before)
    else if (before.kind !== "none" && before.kind !== "incoming" && after.kind === "incoming") this.#putOut(before)
    this.#look()
  }

  /** Where the hub's word and this person's press have put this device. */
  #look(): void {
    const place = this.#place()
    if (this.#room !== null && place.kind !== "in_call" && place.kind !== "calling") this.#closeRoom()
    if (place.kind !== "none") this.#isIn(place)
    this.#show()
  }

  /** It rings again for who was in it: that is a new question, and camera and microphone wait for its answer. */
  #putOut({ view }: { readonly view: CallView }): void {
    this.#presses.takeBack(view.conversation, view.id)
    this.#entered.delete(view.id)
    this.#lobby = null
    this.#closeRoom()
  }

  /** The hub was not there to hear it: it is said again. */
  #leaveAgain(): void {
    const seat = this.#seat ?? NOBODY
    for (const { view } of this.#known.filter(({ view: { id } }) => Date.now() >= (this.#gone.get(id) ?? Infinity))) {
      const { kind } = placeIn(view, seat)
      if (kind !== "none" && kind !== "incoming") void this.#sayGone(view)
    }
  }

  /** A hub that answers, and goes on all the same, is not asked at its own speed. */
  async #sayGone(view: CallView): Promise<void> {
    this.#gone.set(view.id, Date.now() + GONE_PAUSE_MS)
    const outcome = await this.#control({ kind: "call.hang_up", ...idsOf({ view }) })
    if (!outcome.ok && this.#gone.has(view.id)) this.#gone.set(view.id, 0)
  }

  /** The hub, or another device of mine, ended my part in a call. */
  #left(before: Exclude<Place, { kind: "none" }>): void {
    const view = this.#known.find((one) => one.view.id === before.view.id)?.view ?? null
    const away = view === null && Date.now() - this.#wasOffline > GRACE_MS && this.#wasOffline > 0
    this.#end(this.#hungUp ? "hung_up" : away ? "call.media_lost" : endOf(view, this.#seat ?? NOBODY), before)
  }

  #end(reason: string, before: Exclude<Place, { kind: "none" }>): void {
    const { conversation, id } = before.view
    if (this.#ended === null && !this.#isQuiet(reason, before.kind)) {
      const since = this.#room?.id === id ? this.#since() : null
      const lasted = since === null ? 0 : Date.now() - since
      this.#ended = { kind: "ended", conversation, reason, lasted, callMe: this.#askedForCall(id), mayCallAgain: false }
      const { cameraOn, microphoneOn } = this.world.media.value
      this.#last = { call: id, wasIn: before.kind !== "waiting", on: { cameraOn, microphoneOn } }
    }
    forgetStart()
    this.#hungUp = false
    this.#lobby = null
    this.#entered.delete(id)
    this.#presses.takeBack(conversation, id)
    this.#closeRoom()
    this.#show()
  }

  /** What a person did here, or on another device, before anything began needs no screen of its own. */
  #isQuiet(reason: string, kind: Place["kind"]): boolean {
    if (kind === "waiting") return reason === "hung_up"
    return kind === "incoming" && (reason === "hung_up" || reason === "call.declined")
  }

  #askedForCall(id: string): boolean {
    const me = this.#seat?.person
    return this.#known.some(({ view }) => view.id === id && view.legs.some((leg) => leg.state === "call_me" && leg.person !== me))
  }

  #mayCallAgain(reason: string): boolean {
    if (["call.not_member", "call.not_authorized", "call.delegation_expired", "call.delegation_revoked", "call.taken"].includes(reason)) return false
    return this.world.me()?.role === "pharmacist" || this.#mayReturnTo(reason) !== null
  }

  /** The call that ended here but goes on, without this person, who was asked into it. */
  #mayReturnTo(reason: string): CallView | null {
    const last = this.#last
    const view = this.#known.find((one) => one.view.id === last?.call)?.view
    if (view === undefined || view.state === "ended" || last?.wasIn !== true) return null
    // Until the hub has heard of a hanging up, this device is in it still.
    return reason === "call.media_lost" || placeIn(view, this.#seat ?? NOBODY).kind === "none" ? view : null
  }

  #isIn(place: Exclude<Place, { kind: "none" }>): void {
    this.#ended = null
    const known = this.#known.find((one) => one.view.id === place.view.id)
    if (known === undefined) return
    if (place.kind === "waiting") {
      this.#entered.add(place.view.id)
      this.#lobby ??= { conversation: place.view.conversation, as: this.world.me()?.role === "pharmacist" ? "caller" : "waiting", trouble: null }
      this.#start()
    }
    if (place.kind === "calling" || place.kind === "in_call") this.#join(known)
  }

  #join(known: KnownCall): void {
    if (this.#room?.id === known.view.id) { this.#room.update(known); return; }
    this.#room?.close()
    this.#lobby = null
    const resumed = !this.#entered.has(known.view.id)
    this.#entered.add(known.view.id)
    this.#room = new Room(known, {
      call: this.world.call, sound: this.#sound, dead: this.world.renewSocket, changed: () => { this.#show() },
      tracks: () => ({ audio: this.#devices.track("audio"), video: this.#devices.track("video") }),
      beat: () => ({ mic: this.#sends("audio"), cam: this.#sends("video"), text: this.world.media.value.bigText }),
    }, resumed)
    this.#start()
    this.#reportTrouble()
  }

  #start(): void {
    this.#takeSwitches()
    void this.#devices.start()
  }

  #takeSwitches(): void {
    const switches = this.#presses.takeSwitches()
    if (switches !== null && !this.#devices.running) this.world.media.value = { ...this.world.media.value, ...switches }
  }

  #sends(kind: "audio" | "video"): boolean {
    return this.#devices.track(kind)?.enabled === true
  }

  #closeRoom(): void {
    this.#room?.close()
    this.#room = null
    this.#sound.silenceAll()
    this.#incidents.clear()
    if (this.#lobby === null) this.#stopDevices()
  }

  #stopDevices(): void {
    this.#devices.stop()
    this.#chose = false
  }

  #mediaChanged(): void {
    this.#presses.keep()
    this.#room?.sendTracks()
    this.#reportTrouble()
  }

  #reportTrouble(): void {
    const { trouble } = this.world.media.value
    if (trouble !== null && this.#room !== null) this.#report(trouble)
  }

  /** Once: the trail says why a picture was missing. */
  #report({ code }: Trouble): void {
    const place = this.#place()
    if (place.kind === "none" || this.#incidents.has(code) || !isDeviceTrouble(code)) return
    this.#incidents.add(code)
    void this.#control({ kind: "call.incident", ...idsOf(place), code, peer: null, generation: 0 })
  }

  #giveUp(): void {
    const place = this.#place()
    if (this.#online || (place.kind !== "in_call" && place.kind !== "calling")) return
    this.#gone.set(place.view.id, 0)
    this.#end("call.media_lost", place)
  }

  async #open(conversation: string): Promise<Outcome> {
    const call = this.#liveIn(conversation)?.view.id ?? uuidFrom(crypto.getRandomValues(new Uint8Array(16)))
    this.#gone.delete(call)
    // The hub may name another, where two open one at once.
    this.#presses.give(conversation, this.#liveIn(conversation) === undefined ? null : call)
    const outcome = await this.#control({ kind: "call.open", conversation, call })
    if (this.#lobby?.conversation === conversation) this.#lobby = { ...this.#lobby, trouble: outcome.ok ? null : outcome.trouble }
    if (!outcome.ok) this.#notIn(conversation)
    else if (!this.#presses.areFor(conversation)) this.#leaveLobby(conversation)
    this.#look()
    return outcome
  }

  /** Closed before the hub had answered that it is open. */
  #leaveLobby(conversation: string): void {
    const live = this.#liveIn(conversation)
    if (live !== undefined && placeIn(live.view, this.#seat ?? NOBODY).kind === "waiting") void this.#control({ kind: "call.hang_up", ...idsOf(live) })
  }

  async #control(request: CallRequest): Promise<Outcome> {
    const answer = await this.world.call("control", request)
    return answer.ok ? DONE : { ok: false, trouble: answer.trouble }
  }

  #liveIn(conversation: string): KnownCall | undefined {
    return this.#known.find(({ view }) => view.conversation === conversation && view.state !== "ended")
  }

  /** Who waits is let in; where nobody does, everybody else of the conversation is called. */
  #toRing({ view }: KnownCall): readonly string[] {
    const me = this.#seat?.person
    const waiting = view.legs.filter((leg) => leg.state === "waiting" && leg.person !== me).map((leg) => leg.person)
    if (waiting.length > 0) return waiting
    const members = this.world.conversation(view.conversation)?.members ?? []
    return members.filter((one) => one.person !== me && one.state === "joined").map((one) => one.person).slice(0, MAX_BESIDES_ME)
  }

  #place(): Place {
    const seat = this.#seat
    if (seat === null) return { kind: "none" }
    const views = this.#known.map((one) => one.view).filter(({ id }) => !this.#gone.has(id))
    return placeOf(views.filter((view) => ASKS_NOBODY.includes(placeIn(view, seat).kind) || this.#presses.covers(view)), seat)
  }

  #show(): void {
    const stage = this.#stage()
    batch(() => { this.world.stage.value = stage })
    this.#wakeLock.want(stage.kind === "in_call" || stage.kind === "calling")
    this.#sing(stage.kind)
  }

  #sing(kind: CallStage["kind"]): void {
    const ringing = kind === "incoming" || kind === "calling" ? kind : ""
    if (ringing === this.#ringing) return
    this.#ringing = ringing
    this.#quiet?.()
    this.#quiet = ringing === "" ? null : ring(ringing === "calling")
  }

  #stage(): CallStage {
    const place = this.#place()
    const known = place.kind === "none" ? undefined : this.#known.find((one) => one.view.id === place.view.id)
    const call = known?.notice ?? null
    if (known !== undefined && call !== null) {
      if (place.kind === "incoming") return { kind: "incoming", call, from: callerOf(known, call), until: place.until }
      if (place.kind === "calling") return { kind: "calling", call, until: place.until }
      if (place.kind === "in_call") return this.#inCall(known, call)
    }
    if (this.#lobby !== null) {
      const { conversation, as, trouble } = this.#lobby
      return { kind: "lobby", conversation, as, call: this.#liveIn(conversation)?.notice ?? null, entered: as === "waiting" && place.kind === "waiting", trouble }
    }
    return this.#ended === null ? { kind: "none" } : { ...this.#ended, mayCallAgain: this.#mayCallAgain(this.#ended.reason) }
  }

  /** When people first met in this call, also by the page before this one (ms). */
  #since(): number | null {
    const room = this.#room
    if (room === null) return null
    const kept = keptStart(room.id)
    if (kept !== null || room.connectedAt === null) return kept
    // A tab that was not there then has it from the hub.
    const since = Math.min(room.connectedAt, (room.resumed ? room.metAt : null) ?? room.connectedAt)
    keepStart(room.id, since)
    return since
  }

  #inCall({ code }: KnownCall, call: CallNotice): CallStage {
    return {
      kind: "in_call", call, since: this.#since(), tiles: this.#room?.tiles() ?? [], code,
      alone: !this.#online && navigator.onLine && this.#room?.isConnected === true, soundBlocked: this.#sound.blocked,
    }
  }
}

/** From one kind of network to another, where the browser tells; its guesses of speed change all the time, and say nothing. */
function followNetwork(changed: () => void): void {
  const { connection } = navigator as { readonly connection?: EventTarget & { readonly type?: string } }
  let before = connection?.type
  connection?.addEventListener("change", () => {
    if (connection.type === before) return
    before = connection.type
    changed()
  })
}

/** What the hub alone can say of this device. */
const ASKS_NOBODY: readonly Place["kind"][] = ["none", "incoming"]
const NOBODY: Seat = { person: "", device: "" }

function idsOf({ view }: { readonly view: CallView }): { readonly conversation: string; readonly call: string } {
  return { conversation: view.conversation, call: view.id }
}

function callerOf({ view }: KnownCall, call: CallNotice): string {
  return call.people.find((one) => one.person === view.caller)?.name ?? ""
}

function isDeviceTrouble(code: string): code is Extract<IncidentCode, "call.device_denied" | "call.no_device"> {
  return code === "call.device_denied" || code === "call.no_device"
}
