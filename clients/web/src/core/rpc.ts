/** What the page and its worker say to each other. Plain data: it crosses by structured clone. */
import type { Peering, Seat } from "./call"
import type {
  Accesses, Audit, CallNotice, CarerChoice, CodeOutcome, Colleague, Conversation, Delegation, DelegationDraft, Identity, IdentityNotice, LinkRequest, Me, Motive,
  Outcome, OwnDevice, Patient, Proof, Scope, SuspensionReason, Thread, Trouble,
} from "./model"
import type { Signal } from "./signal"
import type { CallRequest, CallView, IncidentCode, TurnCredentials } from "./wire"

/** What the page may ask; the answer's type stands beside it. */
export interface Calls {
  patients: { readonly args: readonly []; readonly answer: Outcome }
  found: { readonly args: readonly [patient: string, motive: Motive, note: string]; readonly answer: Founded }
  write: { readonly args: readonly [conversation: string, text: string]; readonly answer: Outcome }
  again: { readonly args: readonly [message: string]; readonly answer: Outcome }
  discard: { readonly args: readonly [message: string]; readonly answer: Outcome }
  draft: { readonly args: readonly [conversation: string, text: string]; readonly answer: Outcome }
  read: { readonly args: readonly [conversation: string]; readonly answer: Outcome }
  open: { readonly args: readonly [conversation: string | null]; readonly answer: Outcome }
  audited: { readonly args: readonly []; readonly answer: Outcome }
  timeline: { readonly args: readonly [conversation: string | null]; readonly answer: Outcome }
  verify: { readonly args: readonly []; readonly answer: Outcome }
  control: { readonly args: readonly [request: CallRequest]; readonly answer: Controlled }
  signal: { readonly args: readonly [signal: OutgoingSignal]; readonly answer: Outcome }
  turn: { readonly args: readonly [conversation: string, call: string]; readonly answer: TurnAnswer }
  propose: { readonly args: readonly [draft: DelegationDraft]; readonly answer: Outcome }
  confirm: { readonly args: readonly [delegation: string, heardAlone: boolean]; readonly answer: Outcome }
  accept: { readonly args: readonly [delegation: string, dutiesText: string]; readonly answer: Outcome }
  withdraw: { readonly args: readonly [delegation: string, scopes: readonly Scope[]]; readonly answer: Outcome }
  resign: { readonly args: readonly [delegation: string]; readonly answer: Outcome }
  suspend: { readonly args: readonly [delegation: string, reason: SuspensionReason]; readonly answer: Outcome }
  carers: { readonly args: readonly [patient: string | null]; readonly answer: Outcome }
  linkCarer: { readonly args: readonly [code: string]; readonly answer: Outcome }
  carerCode: { readonly args: readonly []; readonly answer: CodeOutcome }
  accesses: { readonly args: readonly []; readonly answer: Outcome }
  staff: { readonly args: readonly []; readonly answer: Outcome }
  certifyStaff: { readonly args: readonly [person: string]; readonly answer: Outcome }
  devices: { readonly args: readonly []; readonly answer: Outcome }
  retire: { readonly args: readonly [device: string]; readonly answer: Outcome }
  askLink: { readonly args: readonly []; readonly answer: Outcome }
  acceptLink: { readonly args: readonly [device: string]; readonly answer: Outcome }
  useRecovery: { readonly args: readonly [code: string]; readonly answer: Outcome }
  makeRecovery: { readonly args: readonly []; readonly answer: CodeOutcome }
  compare: { readonly args: readonly [person: string, scanned: string]; readonly answer: Outcome }
  compared: { readonly args: readonly [person: string]; readonly answer: Outcome }
  dismiss: { readonly args: readonly [notice: string]; readonly answer: Outcome }
  /** Whether the hub answers, just now. */
  probe: { readonly args: readonly []; readonly answer: Outcome }
}

/** `retryAfter`: milliseconds, where the hub says when to come again. */
export type Controlled = { readonly ok: true } | { readonly ok: false; readonly trouble: Trouble; readonly retryAfter?: number | null }
export type TurnAnswer = { readonly ok: true; readonly turn: TurnCredentials } | { readonly ok: false; readonly trouble: Trouble }

/** The worker adds who sends it, and the hash of the offer it belongs to. */
export type OutgoingSignal = Omit<Signal, "from" | "offer">

/** A call, what a list shows of it, and the connections this device makes in it. */
export interface KnownCall {
  readonly view: CallView
  /** Null once it is over. */
  readonly notice: CallNotice | null
  readonly peerings: readonly Peering[]
  /** The 30 digits, once this device is in the call. */
  readonly code: string | null
}

/** How closely the hub is listened to. */
export type Pace = "idle" | "lobby" | "call"

export type Founded = { readonly ok: true; readonly id: string } | { readonly ok: false; readonly trouble: Trouble }
export type CallName = keyof Calls

export type Call = {
  [N in CallName]: { readonly kind: "call"; readonly id: number; readonly name: N; readonly args: Calls[N]["args"] }
}[CallName]

export type ToWorker =
  | { readonly kind: "start"; readonly owner: string }
  | { readonly kind: "connected" }
  | { readonly kind: "frame"; readonly data: Uint8Array }
  | { readonly kind: "disconnected" }
  | Call

export interface Views {
  readonly conversations: readonly Conversation[]
  readonly thread: Thread | null
  readonly patients: readonly Patient[] | null
  readonly proofs: readonly Proof[]
  readonly audit: Audit
  readonly alarm: Trouble | null
  readonly logKeys: readonly string[]
  readonly delegations: readonly Delegation[]
  readonly carers: readonly CarerChoice[] | null
  readonly accesses: Accesses | null
  readonly staff: readonly Colleague[] | null
  readonly devices: readonly OwnDevice[] | null
  readonly identity: Identity
  readonly linkRequests: readonly LinkRequest[]
  readonly notices: readonly IdentityNotice[]
}

export type FromWorker =
  /** The keys and the memory are open: a socket may be. */
  | { readonly kind: "started" }
  | { readonly kind: "send"; readonly data: Uint8Array }
  | { readonly kind: "welcomed"; readonly me: Me }
  /** Leave the connection and come back. */
  | { readonly kind: "drop" }
  | { readonly kind: "restart"; readonly after: number }
  | { readonly kind: "views"; readonly views: Partial<Views> }
  | { readonly kind: "answer"; readonly id: number; readonly answer: Calls[CallName]["answer"] }
  | { readonly kind: "calls"; readonly seat: Seat; readonly pace: Pace; readonly calls: readonly KnownCall[] }
  /** Decrypted, and proven to be the peer's. */
  | { readonly kind: "signal"; readonly signal: Signal }
  /** `proven`: it was the peer's own, so that nothing good is to be waited for in this generation. */
  | { readonly kind: "signal_refused"; readonly proven: boolean; readonly call: string; readonly peer: string; readonly generation: number; readonly code: IncidentCode }
  | { readonly kind: "failed"; readonly fault: "storage" | "log_key_changed" | "hub_key_changed" | "retired" | "forbidden" | "server" }
  | { readonly kind: "expired" }
