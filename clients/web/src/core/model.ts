/**
 * What the screens show and what they may ask: the seam between `io` (which keeps the state true)
 * and `ui` (which only reads it and calls). Values are immutable; a change is a new value.
 */
import type { ReadonlySignal } from "@preact/signals-core"

export type Role =
  | "patient" | "carer" | "pharmacist" | "technician" | "courier" | "compliance_officer" | "second_reviewer"
export type Motive = "health" | "age" | "location" | "other"

/** A card of the demonstration's first screen. `origin` is where that person lives. */
export interface Persona {
  readonly slug: string
  readonly name: string
  readonly role: Role
  readonly about: string
  readonly pharmacy: string
  readonly origin: string
}

export interface Me {
  readonly person: string
  readonly device: string
  readonly name: string
  readonly role: Role
  readonly pharmacy: { readonly finess: string; readonly name: string; readonly phone: string }
  /** True when this person already had a device: this one sees only later conversations. */
  readonly secondDevice: boolean
}

/** A refusal or a failure, as said to a person. `code` is a hub code or a client fault. */
export interface Trouble {
  readonly code: string
  readonly text: string
}

export type AppState =
  | { readonly kind: "loading" }
  | { readonly kind: "unsupported"; readonly missing: readonly string[] }
  | { readonly kind: "landing"; readonly personas: readonly Persona[] }
  | {
      readonly kind: "signed_out"
      readonly persona: Persona | null
      readonly reason: "first" | "expired" | "left"
      readonly trouble: Trouble | null
    }
  | { readonly kind: "other_tab" }
  | { readonly kind: "failed"; readonly fault: "storage" | "worker" | "log_key_changed" | "forbidden" | "server" }
  | { readonly kind: "ready"; readonly me: Me }

/** The socket. `retryAt`: instant (ms) of the next try. */
export type Link =
  | { readonly kind: "connecting" }
  | { readonly kind: "online" }
  | { readonly kind: "offline"; readonly retryAt: number }
  | { readonly kind: "restarting" }

export interface Member {
  readonly person: string
  readonly name: string
  readonly role: Role
  /** `invited`: no device of theirs is in the group yet (« en attente de son appareil »). */
  readonly state: "invited" | "joined"
}

/** `waiting`: in the outbox. `sent`: durable, with a receipt. `delivered`/`read`: by someone else. */
export type Delivery = "waiting" | "sent" | "delivered" | "read" | "failed"

export interface Message {
  /** Client-chosen UUID. */
  readonly id: string
  /** Null while it waits in the outbox. */
  readonly seq: number | null
  readonly person: string
  readonly name: string
  readonly mine: boolean
  readonly at: number
  /** `hidden`: its proofs did not hold (« Message masqué »). */
  readonly content: { readonly kind: "text"; readonly text: string } | { readonly kind: "hidden" }
  readonly delivery: Delivery
  readonly trouble: Trouble | null
}

/** Where a conversation's encryption stands for this device. */
export type Readiness =
  | "ready"
  /** The patient's device has not come yet. What is written waits in the outbox: nobody added later could read it. */
  | "waiting_for_patient"
  /** Invited, the Welcome has not come yet. */
  | "joining"
  /** It began before this device existed. */
  | "before_this_device"
  /** The group state could not follow; said in words, with what to do. */
  | "broken"

export interface Conversation {
  readonly id: string
  readonly kind: "remote_dispensation" | "care_thread"
  readonly motive: Motive
  readonly createdAt: number
  readonly founder: string
  readonly patient: string
  readonly members: readonly Member[]
  readonly readiness: Readiness
  readonly lastAt: number
  /** The last message as one line, or null. */
  readonly preview: string | null
  readonly unread: number
  readonly draft: string
}

/** The people whose devices hold a leaf in the MLS group, read from the group itself, not from the server. */
export interface Reader {
  readonly person: string
  /** Empty, with an unknown role, for a leaf of somebody whom the server does not list: shown, never hidden. */
  readonly name: string
  readonly role: Role | "unknown"
  readonly devices: number
  readonly me: boolean
}

export interface Thread {
  readonly conversation: Conversation
  readonly messages: readonly Message[]
  readonly readers: readonly Reader[]
  readonly epoch: number
}

export interface Patient {
  readonly person: string
  readonly name: string
  /** True when a device of theirs can be added at once. */
  readonly reachable: boolean
}

/** One act of mine and its receipt, verified on this device. */
export interface Proof {
  readonly id: string
  readonly what: string
  readonly conversation: string | null
  readonly at: number
  readonly log: string
  readonly index: number
  readonly state: "verified" | "refused"
  /** The exportable C2SP .tlog-proof text (the entry in its `extra` line). */
  readonly file: string
}

export interface AuditRow {
  readonly index: number
  readonly log: string
  readonly at: number
  readonly type: string
  readonly name: string
  readonly role: string
  readonly decision: "permit" | "deny"
  readonly rule: string
  /** The canonical JSON, as stored: what is hashed. */
  readonly raw: string
  /** What does not hold about this entry, found on this device. The other fields then only say what its bytes say. */
  readonly fault?: IntegrityFault
}

export type IntegrityFault = "entry_altered" | "entry_missing" | "tree_altered" | "signature" | "shrunk" | "forked" | "log_key_changed"

export interface AuditedConversation {
  readonly id: string
  readonly kind: string
  readonly motive: string
  readonly createdAt: number
  readonly people: readonly string[]
  readonly entries: number
}

export type Integrity =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly done: number; readonly total: number }
  | {
      readonly kind: "intact"
      readonly logs: readonly { readonly log: string; readonly size: number; readonly root: string; readonly signed: true }[]
      readonly ms: number
    }
  | {
      readonly kind: "broken"
      readonly log: string
      /** The first bad entry, or null where the fault is the tree's or the signature's. */
      readonly index: number | null
      readonly fault: IntegrityFault
    }

export interface Audit {
  readonly conversations: readonly AuditedConversation[] | null
  readonly timeline: { readonly conversation: string; readonly rows: readonly AuditRow[]; readonly complete: boolean; readonly numbered: boolean } | null
  readonly integrity: Integrity
  readonly trouble: Trouble | null
}

export type Outcome = { readonly ok: true } | { readonly ok: false; readonly trouble: Trouble }

/** Everything a screen may read or ask. `io/engine.ts` exports `createEngine(): Engine`. */
export interface Engine {
  readonly app: ReadonlySignal<AppState>
  readonly link: ReadonlySignal<Link>
  readonly conversations: ReadonlySignal<readonly Conversation[]>
  /** The open conversation, or null. */
  readonly thread: ReadonlySignal<Thread | null>
  readonly patients: ReadonlySignal<readonly Patient[] | null>
  readonly proofs: ReadonlySignal<readonly Proof[]>
  readonly audit: ReadonlySignal<Audit>
  /** Something is wrong with the proofs themselves (`C_LOG_FORKED`, `C_RECEIPT`): shown on every screen, or null. */
  readonly alarm: ReadonlySignal<Trouble | null>
  /** The demonstration's extras (« Falsifier un octet ») exist only where the server says so. */
  readonly demo: ReadonlySignal<boolean>

  start(): void
  signIn(): Promise<Outcome>
  signOut(): Promise<void>
  /** « Continuer ici »: take the device over from the other tab. */
  takeOver(): void
  retryNow(): void

  open(conversation: string | null): void
  loadPatients(): Promise<Outcome>
  /** Returns the new conversation's id in `id`. `note` (« autre empêchement, préciser ») is sent as a first encrypted message. */
  startDispensation(patient: string, motive: Motive, note: string): Promise<{ readonly ok: true; readonly id: string } | { readonly ok: false; readonly trouble: Trouble }>
  send(conversation: string, text: string): Promise<Outcome>
  resend(message: string): Promise<Outcome>
  discard(message: string): Promise<void>
  saveDraft(conversation: string, text: string): void
  /** The end of the conversation is in the window and the tab is visible: everything in it counts as read. */
  markRead(conversation: string): void

  loadAudit(): Promise<Outcome>
  openTimeline(conversation: string | null): Promise<Outcome>
  verifyIntegrity(): Promise<void>
  /** Demonstration only: alter one stored byte of this conversation's entries, as an intruder in the database would. */
  tamper(conversation: string): Promise<Outcome>
  /** Demonstration only: forget this device (keys, history) and begin again, after the server's data were deleted. */
  forgetDevice(): Promise<void>
  /** The log's public key lines (C2SP vkey), for the file beside exported proofs. */
  logKeys(): readonly string[]
}
