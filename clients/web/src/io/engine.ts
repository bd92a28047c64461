/** Everything the screens may read or ask, over one session, one tab lock, one worker and one socket. */
import { batch, signal, type Signal } from "@preact/signals-core"
import { fault } from "../core/faults"
import type { LinkState } from "../core/link"
import type {
  Accesses, AppState, Audit, CarerChoice, CodeOutcome, Colleague, Conversation, Delegation, DelegationDraft, Engine, Identity, IdentityNotice, Integrity, Link,
  LinkRequest, Outcome, OwnDevice, Patient, Proof, Scope, SuspensionReason, Thread, Trouble,
} from "../core/model"
import type { CallName, Calls, FromWorker, Views } from "../core/rpc"
import { CallsDoor } from "./calls"
import { Drafts } from "./drafts"
import { beginAgain, forgetEverything } from "./forget"
import { closeSession, loadSession, NoAnswer, openSession, tamperWith, type Session } from "./session"
import { Socket } from "./socket"
import { missingFeatures } from "./support"
import { takeTabLock, type TabLock } from "./tabLock"
import { WorkerPort } from "./workerPort"

const DEMO_FRAGMENT = "#demo"
const RETRY_MS = 3_000
const NO_IDENTITY: Identity = { kind: "none" }
const NO_AUDIT: Audit = { conversations: null, timeline: null, integrity: { kind: "idle" }, trouble: null }
const OFFLINE: { readonly ok: false; readonly trouble: Trouble } = { ok: false, trouble: fault("C_OFFLINE") }

class BrowserEngine implements Engine {
  readonly app = signal<AppState>({ kind: "loading" })
  readonly link = signal<Link>({ kind: "connecting" })
  readonly conversations = signal<readonly Conversation[]>([])
  readonly thread = signal<Thread | null>(null)
  readonly patients = signal<readonly Patient[] | null>(null)
  readonly proofs = signal<readonly Proof[]>([])
  readonly audit = signal<Audit>(NO_AUDIT)
  readonly alarm = signal<Trouble | null>(null)
  readonly demo = signal(false)
  readonly delegations = signal<readonly Delegation[]>([])
  readonly carers = signal<readonly CarerChoice[] | null>(null)
  readonly accesses = signal<Accesses | null>(null)
  readonly staff = signal<readonly Colleague[] | null>(null)
  readonly devices = signal<readonly OwnDevice[] | null>(null)
  readonly identity = signal<Identity>(NO_IDENTITY)
  readonly linkRequests = signal<readonly LinkRequest[]>([])
  readonly notices = signal<readonly IdentityNotice[]>([])
  readonly calls: CallsDoor
  readonly #keys = signal<readonly string[]>([])

  readonly #socket: Socket
  readonly #drafts = new Drafts((conversation, text) => this.#call("draft", conversation, text))
  #session: Session | null = null
  #port: WorkerPort | null = null
  #lock: TabLock | null = null
  #shown: string | null = null
  /** Why the last look of each kind failed; what the worker shows does not say it. */
  readonly #refused = new Map<"audited" | "verify", Trouble>()

  constructor() {
    this.#socket = new Socket(socketUrl(), {
      connected: () => this.#port?.tell({ kind: "connected" }),
      disconnected: () => this.#port?.tell({ kind: "disconnected" }),
      frame: (data) => this.#port?.tell({ kind: "frame", data }),
      state: (state) => { this.#linkChanged(state) },
    })
    this.calls = new CallsDoor({
      demo: () => this.demo.value,
      me: () => (this.app.value.kind === "ready" ? this.app.value.me : null),
      conversation: (id) => this.conversations.value.find((one) => one.id === id),
      call: (name, ...args) => this.#port?.call(name, ...args) ?? Promise.resolve(OFFLINE),
      dropSocket: () => { this.#socket.drop() },
      renewSocket: () => {
        this.#socket.drop()
        this.#socket.hurry()
      },
    }, (urgent) => { this.#socket.urgent = urgent })
  }

  start(): void {
    const arrives = location.hash === DEMO_FRAGMENT
    if (arrives) history.replaceState(null, "", location.pathname + location.search)
    this.#followPage()
    void this.#begin(arrives)
  }

  async signIn(): Promise<Outcome> {
    const outcome = await openSession()
    if (outcome.ok) await this.#enter(false)
    else this.#signedOut("first", outcome.trouble)
    return outcome
  }

  async signOut(): Promise<void> {
    await this.calls.quit()
    this.#leave("not_started")
    const outcome = await closeSession()
    this.#signedOut("left", outcome.ok ? null : outcome.trouble)
  }

  takeOver(): void {
    void this.#enter(true)
  }

  retryNow(): void {
    this.#socket.hurry()
  }

  open(conversation: string | null): void {
    this.#shown = conversation
    if (this.thread.value?.conversation.id !== conversation) this.thread.value = null
    void this.#call("open", conversation)
  }

  loadPatients(): Promise<Outcome> {
    return this.#call("patients")
  }

  startDispensation(...args: Parameters<Engine["startDispensation"]>): ReturnType<Engine["startDispensation"]> {
    return this.#port?.call("found", ...args) ?? Promise.resolve(OFFLINE)
  }

  send(conversation: string, text: string): Promise<Outcome> {
    this.#drafts.forget(conversation)
    return this.#call("write", conversation, text)
  }

  resend(message: string): Promise<Outcome> {
    return this.#call("again", message)
  }

  async discard(message: string): Promise<void> {
    await this.#call("discard", message)
  }

  saveDraft(conversation: string, text: string): void {
    this.#drafts.change(conversation, text)
  }

  markRead(conversation: string): void {
    void this.#call("read", conversation)
  }

  loadAudit(): Promise<Outcome> {
    return this.#look("audited")
  }

  openTimeline(conversation: string | null): Promise<Outcome> {
    return this.#call("timeline", conversation)
  }

  async verifyIntegrity(): Promise<void> {
    await this.#look("verify")
  }

  tamper(conversation: string): Promise<Outcome> {
    return tamperWith(conversation)
  }

  async forgetDevice(): Promise<void> {
    if (!this.demo.value) return
    this.#leave("not_started")
    await forgetEverything()
    await closeSession()
    beginAgain()
  }

  logKeys(): readonly string[] {
    return this.#keys.value
  }

  proposeDelegation(draft: DelegationDraft): Promise<Outcome> {
    return this.#call("propose", draft)
  }

  confirmDelegation(id: string, { heardAlone }: { readonly heardAlone: boolean }): Promise<Outcome> {
    return this.#call("confirm", id, heardAlone)
  }

  acceptDelegation(id: string, dutiesText: string): Promise<Outcome> {
    return this.#call("accept", id, dutiesText)
  }

  withdrawDelegation(id: string, scopes: readonly Scope[]): Promise<Outcome> {
    return this.#call("withdraw", id, scopes)
  }

  resignDelegation(id: string): Promise<Outcome> {
    return this.#call("resign", id)
  }

  suspendDelegation(id: string, reason: SuspensionReason): Promise<Outcome> {
    return this.#call("suspend", id, reason)
  }

  loadCarers(patient?: string): Promise<Outcome> {
    return this.#call("carers", patient ?? null)
  }

  linkCarer(code: string): Promise<Outcome> {
    return this.#call("linkCarer", code)
  }

  loadCarerCode(): Promise<CodeOutcome> {
    return this.#port?.call("carerCode") ?? Promise.resolve(OFFLINE)
  }

  loadAccesses(): Promise<Outcome> {
    return this.#call("accesses")
  }

  loadStaff(): Promise<Outcome> {
    return this.#call("staff")
  }

  certifyStaff(person: string): Promise<Outcome> {
    return this.#call("certifyStaff", person)
  }

  loadDevices(): Promise<Outcome> {
    return this.#call("devices")
  }

  retireDevice(device: string): Promise<Outcome> {
    return this.#call("retire", device)
  }

  askLink(): Promise<Outcome> {
    return this.#call("askLink")
  }

  acceptLink(device: string): Promise<Outcome> {
    return this.#call("acceptLink", device)
  }

  useRecoveryCode(code: string): Promise<Outcome> {
    return this.#call("useRecovery", code)
  }

  makeRecoveryCode(): Promise<CodeOutcome> {
    return this.#port?.call("makeRecovery") ?? Promise.resolve(OFFLINE)
  }

  comparePerson(person: string, scanned: string): Promise<Outcome> {
    return this.#call("compare", person, scanned)
  }

  markCompared(person: string): Promise<Outcome> {
    return this.#call("compared", person)
  }

  dismissNotice(key: string): void {
    void this.#call("dismiss", key)
  }

  #call<N extends Exclude<CallName, "found" | "turn" | "control" | "carerCode" | "makeRecovery">>(name: N, ...args: Calls[N]["args"]): Promise<Calls[N]["answer"]> {
    return this.#port?.call(name, ...args) ?? Promise.resolve(OFFLINE)
  }

  /** A look that failed says why, beside what is shown. */
  async #look(name: "audited" | "verify"): Promise<Outcome> {
    const outcome = await this.#call(name)
    if (outcome.ok) this.#refused.delete(name)
    else this.#refused.set(name, outcome.trouble)
    const { integrity } = this.audit.value
    const stopped: Integrity = !outcome.ok && integrity.kind === "running" ? { kind: "idle" } : integrity
    this.audit.value = this.#withTrouble({ ...this.audit.value, integrity: stopped })
    return outcome
  }

  #withTrouble(audit: Audit): Audit {
    return { ...audit, trouble: this.#refused.get("audited") ?? this.#refused.get("verify") ?? null }
  }

  async #begin(arrives: boolean): Promise<void> {
    const missing = await missingFeatures()
    if (missing.length > 0) {
      this.app.value = { kind: "unsupported", missing }
      return
    }
    const session = await this.#askSession()
    this.demo.value = session.demo
    if (session.persona === null && session.personas.length > 0) this.app.value = { kind: "landing", personas: session.personas }
    else if (session.signed_in) await this.#enter(false)
    else if (arrives) await this.signIn()
    else this.#signedOut(session.expired ? "expired" : "first", null)
  }

  /** Until the server answers: what is shown says that it does not. */
  async #askSession(): Promise<Session> {
    for (;;) {
      try {
        this.#session = await loadSession()
        return this.#session
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error
        this.app.value = { kind: "failed", fault: "server" }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  async #enter(steal: boolean): Promise<void> {
    this.#leave("not_started")
    this.app.value = { kind: "loading" }
    this.#lock = await takeTabLock(steal, () => { this.#toOtherTab() })
    if (this.#lock === null) {
      this.app.value = { kind: "other_tab" }
      return
    }
    const port = new WorkerPort((message) => { this.#hear(message) }, () => { this.#fail("worker") })
    this.#port = port
    port.tell({ kind: "start", owner: this.#owner() })
  }

  /** Whose memory this is: on a shared origin each person has a database of their own. */
  #owner(): string {
    return this.#session?.persona?.slug ?? "me"
  }

  #hear(message: Exclude<FromWorker, { kind: "answer" }>): void {
    switch (message.kind) {
      case "started":
        if (this.#shown !== null) void this.#call("open", this.#shown)
        { this.#socket.start(); return; }
      case "send":
        { this.#socket.send(message.data); return; }
      case "welcomed":
        this.#socket.welcomed()
        this.app.value = { kind: "ready", me: message.me }
        return
      case "drop":
        { this.#socket.drop(); return; }
      case "restart":
        { this.#socket.restart(message.after); return; }
      case "views":
        { this.#show(message.views); return; }
      case "calls":
      case "signal":
      case "signal_refused":
        { this.calls.hear(message); return; }
      case "failed":
        { this.#fail(message.fault); return; }
      case "expired":
        this.#leave("not_started")
        { this.#signedOut("expired", null); return; }
    }
  }

  #show(views: Partial<Views>): void {
    batch(() => {
      set(this.conversations, views.conversations)
      set(this.patients, views.patients)
      set(this.proofs, views.proofs)
      set(this.audit, views.audit && this.#withTrouble(views.audit))
      set(this.alarm, views.alarm)
      set(this.#keys, views.logKeys)
      set(this.delegations, views.delegations)
      set(this.carers, views.carers)
      set(this.accesses, views.accesses)
      set(this.staff, views.staff)
      set(this.devices, views.devices)
      set(this.identity, views.identity)
      set(this.linkRequests, views.linkRequests)
      set(this.notices, views.notices)
      // A thread that was left while it was being computed is not shown again.
      if (views.thread === null || views.thread?.conversation.id === this.#shown) set(this.thread, views.thread)
    })
  }

  #linkChanged(state: LinkState): void {
    this.link.value = linkView(state)
    this.calls.linked(state.kind === "online")
    if (state.kind !== "stopped") return
    if (state.why === "expired") {
      this.#leave("not_started")
      this.#signedOut("expired", null)
    }
    if (state.why === "other_tab") this.#toOtherTab()
    if (state.why === "forbidden") void this.#forbidden()
    if (state.why === "malformed") this.#fail("server")
  }

  /** The hub's last frame may say why; the worker, which takes one thing after the other, has then acted on it. */
  async #forbidden(): Promise<void> {
    await this.#call("open", this.#shown)
    if (this.app.value.kind !== "failed") this.#fail("forbidden")
  }

  #toOtherTab(): void {
    this.#leave("not_started")
    this.calls.forget()
    this.app.value = { kind: "other_tab" }
  }

  #fail(fault: Extract<AppState, { kind: "failed" }>["fault"]): void {
    this.#leave("not_started")
    this.app.value = { kind: "failed", fault }
  }

  #signedOut(reason: "first" | "expired" | "left", trouble: Trouble | null): void {
    this.calls.forget()
    this.app.value = { kind: "signed_out", persona: this.#session?.persona ?? null, reason, trouble }
  }

  /** Stop the socket, then the worker, then give the device up: in this order nobody else has it before. */
  #leave(why: "not_started" | "other_tab"): void {
    this.#socket.stop(why)
    this.#port?.close()
    this.#port = null
    this.#lock?.release()
    this.#lock = null
    this.#drafts.forgetAll()
    this.calls.leave()
    this.#refused.clear()
    batch(() => {
      this.conversations.value = []
      this.thread.value = null
      this.patients.value = null
      this.proofs.value = []
      this.audit.value = NO_AUDIT
      this.alarm.value = null
      this.delegations.value = []
      this.carers.value = null
      this.accesses.value = null
      this.staff.value = null
      this.devices.value = null
      this.identity.value = NO_IDENTITY
      this.linkRequests.value = []
      this.notices.value = []
    })
  }

  #followPage(): void {
    addEventListener("online", () => { this.#socket.hurry() })
    addEventListener("offline", () => { this.#socket.drop() })
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#socket.hurry()
    })
  }
}

function set<T>(held: Signal<T>, value: T | undefined): void {
  if (value !== undefined) held.value = value
}

function linkView(state: LinkState): Link {
  switch (state.kind) {
    case "stopped":
    case "connecting":
      return { kind: "connecting" }
    case "online":
      return { kind: "online" }
    case "waiting":
      return state.restarting ? { kind: "restarting" } : { kind: "offline", retryAt: state.retryAt }
  }
}

function socketUrl(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`
}

export function createEngine(): Engine {
  return new BrowserEngine()
}
