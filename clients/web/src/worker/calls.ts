/**
 * Calls, in the worker: what the hub says of them, this device's requests, and the signals that travel
 * encrypted. Media and its connections are the page's; keys are here.
 */
import { callCode, CODE_BYTES } from "../core/callCode"
import { noticeOf, onlyCalls, peeringsOf, placeIn, placeOf, withCall, type Calls as Views, type Peering, type Place, type Seat } from "../core/call"
import { fault } from "../core/faults"
import type { Leaf } from "../core/conversation"
import { MAX_JUMP, lieIn, strangersIn, type Lie } from "../core/roster"
import type { Outcome } from "../core/model"
import type { Controlled, KnownCall, OutgoingSignal, Pace, TurnAnswer } from "../core/rpc"
import { uuidBytes } from "../core/uuid"
import { readCall, readTurn, type Answer, type CallRequest, type CallView, type Ok, type SignalPush } from "../core/wire"
import type { FromWorker } from "../core/rpc"
import type { Admission } from "./admission"
import { inBackground, type Context } from "./context"
import { isHeldBack } from "./holding"
import type { Receipts } from "./receipts"
import { Signals, sealedIn, type Refusal, type Roster } from "./signals"

const CODE_LABEL = "colloque call code"
// RFC 9420, 15.3: a key that encrypted much is renewed. One call of an hour stays below.
const MAX_SIGNALS = 500
const MAX_EARLY = 16
// The code is read aloud by people: it may come after the connection, which waits for nothing.
const CODE_AFTER_MS = 300
const RECEIPT_AFTER_MS = 300
const MAX_REPORTED = 256
const UUID_LENGTH = 36
const EPOCH_MS = 2_000
// A commit is on its way with the view that needs it, or there is none.
const COMMIT_MS = 50
/** Refusals that the group's next epoch mends. */
const NEXT_EPOCH: readonly string[] = ["E_EPOCH", "E_REMOVE_PENDING"]
const DONE = { ok: true } as const

/** The entry a request leaves, where it is logged. */
const ENTRIES: { readonly [K in CallRequest["kind"] | "call.turn"]: readonly string[] } = {
  "call.open": ["call.opened"], "call.ring": ["call.rang"], "call.accept": ["call.accepted"], "call.decline": ["call.declined"],
  "call.hang_up": ["call.left", "call.ended"], "call.delay": ["call.delayed"], "call.connected": ["call.connected"],
  "call.pair_lost": ["call.pair_lost"], "call.incident": ["call.incident"], "call.turn": ["call.turn_issued"],
}

const REPORTS: readonly CallRequest["kind"][] = ["call.connected", "call.pair_lost", "call.incident"]

export class Calls {
  #views: Views = new Map()
  #pace: Pace = "idle"
  #posted = ""
  #due = false
  /** By call and device. */
  readonly #suspects = new Set<string>()
  #drawing = false
  /** By call and epoch. */
  readonly #codes = new Map<string, string>()
  readonly #reported = new Set<string>()
  readonly #early: SignalPush[] = []
  /** Signals whose epoch was over when they were sent. */
  readonly #waiting = new Set<() => void>()
  readonly #signals: Signals

  constructor(
    private readonly context: Context, private readonly receipts: Receipts, private readonly admission: Admission,
    private readonly post: (message: FromWorker) => void, private readonly paced: () => void,
  ) {
    this.#signals = new Signals(context, (call, peer) => this.#roster(call, peer))
  }

  get pace(): Pace {
    return this.#pace
  }

  /** After a hello: these calls are live, and no others. */
  welcomed(live: readonly CallView[]): void {
    const believed = live.flatMap((view) => {
      const before = this.#views.get(view.id)
      if (this.#believes(view, Infinity)) return [view]
      return before === undefined ? [] : [before]
    })
    this.#take(onlyCalls(this.#views, believed))
  }

  heard(view: CallView): void {
    if (this.#believes(view, MAX_JUMP)) this.#take(withCall(this.#views, view))
  }

  #believes(view: CallView, jump: number): boolean {
    const before = this.#views.get(view.id) ?? null
    // Late, not false: two ways lead here, and the faster one was first.
    if (before !== null && before.version > view.version) return true
    const lie = lieIn(before, view, this.#leaves(view), jump)
    if (lie !== null) this.#report(before ?? view, lie)
    return lie === null
  }

  /** Members, names or the group's leaves may differ now. */
  changed(): void {
    if (this.#due || this.#views.size === 0) return
    this.#due = true
    this.context.clock.after(0, () => {
      this.#due = false
      this.#post()
    })
    this.#suspect()
  }

  async control(request: CallRequest): Promise<Controlled> {
    // The page may not know yet that it is over: the hub would refuse the report of an innocent.
    if (REPORTS.includes(request.kind) && "call" in request && this.#views.get(request.call)?.state === "ended") return DONE
    const answer = await this.context.requests.ask(request, (first) => {
      this.#answered(first)
      return Promise.resolve()
    })
    if (answer.kind === "refused") {
      return { ok: false, trouble: { code: answer.code, text: answer.text }, retryAfter: answer.retry_after }
    }
    this.#keepReceipt(answer, request)
    return DONE
  }

  async turn(conversation: string, call: string): Promise<TurnAnswer> {
    const answer = await this.context.requests.ask({ kind: "call.turn", conversation, call })
    if (answer.kind === "refused") return { ok: false, trouble: { code: answer.code, text: answer.text } }
    this.#keepReceipt(answer, { kind: "call.turn", conversation })
    return { ok: true, turn: readTurn(answer.result) }
  }

  async probe(): Promise<Outcome> {
    await this.context.requests.must({ kind: "ping" })
    return DONE
  }

  async signal(signal: OutgoingSignal): Promise<Outcome> {
    const conversation = this.#views.get(signal.call)?.conversation
    if (conversation === undefined) return NOT_READY
    if (this.#isRemoving(conversation)) await this.#epoch(conversation, this.#epochOf(conversation) + 1)
    const tried = this.#epochOf(conversation)
    const answer = await this.#send(conversation, signal)
    if (answer?.kind !== "refused" || !NEXT_EPOCH.includes(answer.code)) return outcomeOf(answer)
    // Somebody comes or goes just now: once the commit is applied here it is sealed anew.
    await this.#epoch(conversation, answer.code === "E_EPOCH" ? answer.epoch ?? 0 : tried + 1)
    return outcomeOf(await this.#send(conversation, signal))
  }

  /** Runs in the line of changes, as every frame does. */
  async opened(push: SignalPush): Promise<void> {
    const opened = await this.#signals.open(push)
    if (opened.kind === "opened") { this.post({ kind: "signal", signal: opened.signal }); return; }
    if (opened.kind === "refused") { this.#refused(push, opened); return; }
    if (opened.kind === "early") this.#keepEarly(push, opened.refused)
  }

  #keepEarly(push: SignalPush, refused: Refusal): void {
    if (this.#early.length >= MAX_EARLY) { this.#refused(push, refused); return; }
    this.#early.push(push)
    this.context.clock.after(EPOCH_MS, () => {
      const at = this.#early.indexOf(push)
      if (at < 0) return
      this.#early.splice(at, 1)
      this.#refused(push, refused)
    })
  }

  /** The group moved on: what was sealed for its new epoch opens now. */
  async committed(conversation: string): Promise<void> {
    const waiting = this.#early.filter((push) => push.conversation === conversation)
    for (const push of waiting) this.#early.splice(this.#early.indexOf(push), 1)
    for (const push of waiting) await this.opened(push)
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
    this.changed()
    this.#drawCodes()
  }

  disconnected(): void {
    this.#early.length = 0
  }

  #seat(): Seat {
    return { person: this.context.me?.person ?? "", device: this.context.device.device }
  }

  async #send(conversation: string, signal: OutgoingSignal): Promise<Answer | null> {
    const body = await this.context.line(() => this.#signals.seal(conversation, signal))
    if (body === null) return null
    this.#renewIfWorn(conversation)
    return this.context.requests.ask({ kind: "call.signal", conversation, body })
  }

  #isRemoving(conversation: string): boolean {
    const record = this.context.rooms.get(conversation)
    return record !== undefined && isHeldBack(this.context, record)
  }

  #epochOf(conversation: string): number {
    return this.context.rooms.get(conversation)?.room.group?.epoch ?? 0
  }

  #epoch(conversation: string, wanted: number): Promise<void> {
    if (this.#epochOf(conversation) >= wanted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.add(resolve)
      this.context.clock.after(EPOCH_MS, resolve)
    })
  }

  #answered(answer: Answer): void {
    const call = answer.kind === "ok" ? answer.result?.["call"] : undefined
    if (answer.kind === "ok" && call !== undefined) this.heard(readCall(answer.result).call)
  }

  /** A little later: nobody waits for the proof of an act that took effect, but a connection may be under way. */
  #keepReceipt(answer: Ok, { kind, conversation }: { readonly kind: keyof typeof ENTRIES; readonly conversation: string }): void {
    // What was so already leaves no entry, and so no receipt.
    if (answer.receipt === null) return
    this.context.clock.after(RECEIPT_AFTER_MS, () => {
      inBackground(this.context, () => this.context.line(() => this.receipts.take(answer, { type: ENTRIES[kind], conversation })))
    })
  }

  #take(after: Views): void {
    if (after === this.#views) return
    const before = this.#views
    this.#views = after
    this.#setPace()
    this.#post()
    for (const view of before.values()) this.#renewAfter(view)
    this.#forget()
    this.#suspect()
    this.#drawCodes()
  }

  /** What was kept of calls that are over. */
  #forget(): void {
    const isOver = (key: string): boolean => (this.#views.get(key.slice(0, UUID_LENGTH))?.state ?? "ended") === "ended"
    for (const key of this.#codes.keys()) if (isOver(key)) this.#codes.delete(key)
    for (const key of this.#reported) if (isOver(key)) this.#reported.delete(key)
  }

  /** A device the group does not hold gets no connection; that the hub named it is told, unless its commit comes. */
  #suspect(): void {
    for (const [view, lie] of this.#strangers()) {
      const key = `${view.id} ${lie.peer}`
      if (this.#suspects.has(key)) continue
      this.#suspects.add(key)
      this.context.clock.after(COMMIT_MS, () => {
        this.#suspects.delete(key)
        // Also where the hub has taken it back meanwhile: it has been named.
        if (this.#strangersOf(view).some(({ peer }) => peer === lie.peer)) this.#report(view, lie)
      })
    }
  }

  #strangers(): readonly (readonly [CallView, Lie])[] {
    return [...this.#views.values()].flatMap((view) => this.#strangersOf(view).map((lie) => [view, lie] as const))
  }

  #strangersOf(view: CallView): readonly Lie[] {
    return strangersIn(view, this.#seat(), this.#leaves(view))
  }

  #setPace(): void {
    const { kind } = this.#place()
    const pace = kind === "calling" || kind === "in_call" ? "call" : kind === "none" ? "idle" : "lobby"
    if (pace === this.#pace) return
    this.#pace = pace
    this.paced()
  }

  #place(): Place {
    return placeOf(this.#views.values(), this.#seat())
  }

  #post(): void {
    if (this.context.me === null) return
    const message: FromWorker = { kind: "calls", seat: this.#seat(), pace: this.#pace, calls: [...this.#views.values()].map((view) => this.#known(view)) }
    const text = JSON.stringify(message)
    if (text === this.#posted) return
    this.#posted = text
    this.post(message)
  }

  #known(view: CallView): KnownCall {
    const room = this.context.rooms.get(view.conversation)?.room
    return {
      view, notice: noticeOf(view, room?.summary.members ?? [], this.#seat()), peerings: this.#peerings(view),
      code: this.#codes.get(this.#codeKey(view)) ?? null,
    }
  }

  #peerings(view: CallView): readonly Peering[] {
    return peeringsOf(view, this.#seat(), this.#leaves(view))
  }

  #leaves({ conversation }: CallView): readonly Leaf[] {
    return this.context.rooms.get(conversation)?.room.group?.leaves ?? []
  }

  #roster(call: string, device: string): ReturnType<Roster> {
    const view = this.#views.get(call)
    const peering = view === undefined ? undefined : this.#peerings(view).find((one) => one.device === device)
    if (view === undefined || peering === undefined) return null
    const { generation, offerer } = peering.pair
    const expected = { call, me: this.context.device.device, peer: device, generation, offerer }
    return { conversation: view.conversation, person: peering.person, expected }
  }

  #refused(push: SignalPush, { call, generation, code, proven }: Refusal): void {
    // Which call it was for may be the lie: then it is told of the one this device is in there.
    const named = this.#views.get(call ?? "")
    const here = named?.conversation === push.conversation && named.state !== "ended"
    const view = here ? named : [...this.#views.values()].find((one) => one.conversation === push.conversation && one.state !== "ended")
    if (view === undefined) return
    this.post({ kind: "signal_refused", proven, call: view.id, peer: push.device, generation, code })
    this.#report(view, { code, peer: push.device, generation })
  }

  /** Once for each generation: a flood of lies is one entry. */
  #report({ id, conversation }: CallView, { code, peer, generation }: Lie): void {
    const key = `${id}/${peer}/${generation}/${code}`
    if (this.#reported.has(key) || this.#reported.size >= MAX_REPORTED) return
    this.#reported.add(key)
    inBackground(this.context, async () => {
      await this.control({ kind: "call.incident", conversation, call: id, code, peer, generation })
    })
  }

  #codeKey(view: CallView): string {
    return `${view.id}/${this.context.rooms.get(view.conversation)?.room.group?.epoch ?? -1}`
  }

  #drawCodes(): void {
    if (this.#drawing || this.#place().kind !== "in_call") return
    this.#drawing = true
    this.context.clock.after(CODE_AFTER_MS, () => {
      this.#drawing = false
      for (const view of this.#views.values()) inBackground(this.context, () => this.#drawCode(view))
    })
  }

  async #drawCode(view: CallView): Promise<void> {
    const key = this.#codeKey(view)
    const state = this.context.rooms.get(view.conversation)?.state ?? null
    if (state === null || this.#codes.has(key) || placeIn(view, this.#seat()).kind !== "in_call") return
    this.#codes.set(key, callCode(await this.context.mls.exporter(state, CODE_LABEL, uuidBytes(view.id), CODE_BYTES)))
    this.changed()
  }

  /** The pharmacist's device ends a call's keys with the call. */
  #renewAfter(before: CallView): void {
    const seat = this.#seat()
    const over = this.#views.get(before.id)?.state === "ended" && before.state !== "ended"
    const was = before.legs.some((leg) => leg.person === seat.person && leg.device === seat.device && leg.state === "joined")
    if (over && was && before.pairs.length > 0 && this.context.me?.role === "pharmacist") this.#renew(before.conversation)
  }

  #renewIfWorn(conversation: string): void {
    const record = this.context.rooms.get(conversation)
    if (record !== undefined && sealedIn(record) >= MAX_SIGNALS) this.#renew(conversation)
  }

  #renew(conversation: string): void {
    inBackground(this.context, () => this.admission.renew(conversation))
  }
}

const NOT_READY: Outcome = { ok: false, trouble: fault("C_NOT_READY") }

function outcomeOf(answer: Answer | null): Outcome {
  if (answer === null) return NOT_READY
  return answer.kind === "ok" ? DONE : { ok: false, trouble: { code: answer.code, text: answer.text } }
}
