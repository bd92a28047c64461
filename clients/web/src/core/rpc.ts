/** What the page and its worker say to each other. Plain data: it crosses by structured clone. */
import type { Audit, Conversation, Me, Motive, Outcome, Patient, Proof, Thread, Trouble } from "./model"

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
}

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
  | { readonly kind: "answer"; readonly id: number; readonly answer: Outcome | Founded }
  | { readonly kind: "failed"; readonly fault: "storage" | "log_key_changed" | "forbidden" | "server" }
  | { readonly kind: "expired" }
