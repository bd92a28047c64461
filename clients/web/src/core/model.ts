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
  | { readonly kind: "failed"; readonly fault: "storage" | "worker" | "log_key_changed" | "hub_key_changed" | "retired" | "forbidden" | "server" }
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
  /** Their account key was compared with what they hold (QR or thirty digits); until then « identité non comparée ». */
  readonly compared: boolean
  /** The thirty digits of their account key as this device knows it; empty where it knows none. */
  readonly digits: string
  /** A carer's: under which delegation they are here, or null. */
  readonly delegation: { readonly until: number; readonly basis: LegalBasis } | null
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
  /** A carer's message: for whom it was written, and until when they may. Shown with every such message. */
  readonly actingFor: { readonly name: string; readonly until: number } | null
  /** `hidden`: its proofs did not hold, or its sender was not authorised (« Message masqué : hors autorisation »). */
  readonly content:
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "hidden"; readonly why: "proofs" | "unauthorised" }
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
  /** The group state could not follow, and is being restored: by itself. */
  | "broken"
  /** What the server offered is not this conversation's group; said in words, with what to do. */
  | "refused"
  /** This device was taken out of the conversation. */
  | "removed"

export interface Conversation {
  readonly id: string
  readonly kind: "remote_dispensation" | "care_thread" | "private_aside"
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
  /** The carer's own authorisation here is over: « Cette autorisation est terminée ». False for everybody else. */
  readonly over: boolean
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

/** What a carer may do inside one conversation (PRODUCT, "Scopes"). */
export type Scope =
  | "conversation.read" | "conversation.send" | "document.send" | "document.read" | "call.join" | "appointment.manage"
  | "dispensation.request" | "prescription.present" | "delivery.receive" | "sensitive.read" | "decide.assist" | "decide.final"

export type LegalBasis =
  | "patient_mandate" | "trusted_person" | "parental_authority" | "guardianship_person"
  | "family_habilitation_representation" | "family_habilitation_assistance" | "curatorship" | "future_protection_mandate"
  | "de_facto_carer"

/** By whose hand: the patient's key, paper that pharmacists attest, or a legal representative's document. */
export type Mandate = "device" | "paper" | "evidence"

export type SuspensionReason = "telephone" | "abuse" | "death" | "contest"

/** `accepted`: confirmed and accepted, not yet in the group. `ending`: it is over, « En cours… » until a pharmacy device has said so. */
export type DelegationState =
  | "proposed" | "confirmed" | "accepted" | "active"
  | "ending" | "revoked" | "suspended" | "expired" | "resigned" | "contested"

/** One pharmacist's verified word on who the carer is. */
export interface Confirmation {
  readonly name: string
  /** « Entendu seul(e) » : the patient was heard without the carer. */
  readonly heardAlone: boolean
  readonly at: number
}

/** One delegation: a carer acts for a patient inside one conversation. */
export interface Delegation {
  readonly id: string
  readonly conversation: string
  readonly grantor: string
  readonly grantorName: string
  readonly grantee: string
  readonly granteeName: string
  /** What I am in it. */
  readonly side: "grantor" | "grantee" | "staff"
  readonly state: DelegationState
  /** In force or proposed: those withdrawn are not among them. */
  readonly scopes: readonly Scope[]
  readonly withdrawn: readonly Scope[]
  readonly basis: LegalBasis
  readonly mandate: Mandate
  /** Instants (ms). A lone pharmacist's begins a day later. */
  readonly notBefore: number
  readonly notAfter: number
  readonly proposedAt: number
  readonly endedAt: number | null
  /** Why a pharmacist stopped it, or null. Never told to the carer. */
  readonly reason: SuspensionReason | null
  readonly confirmedBy: readonly Confirmation[]
  /** Confirmations still missing. */
  readonly needs: number
  /** Who issued the document, and its SHA-256 in hexadecimal; null where the patient's key signed. */
  readonly evidence: { readonly hash: string; readonly issuer: string } | null
  /** This person may confirm it now: a pharmacist who has not yet. */
  readonly mayConfirm: boolean
  /** This person may end it now: withdraw (patient), give back (carer), suspend (pharmacist). */
  readonly mayEnd: boolean
}

/** What a patient (or a pharmacist, on paper) asks for. */
export interface DelegationDraft {
  readonly conversation: string
  /** The carer's person id. */
  readonly carer: string
  readonly scopes: readonly Scope[]
  /** Instants (ms). Without a beginning: now, or a day later for a lone pharmacist. A renewal begins when the one before ends. */
  readonly notBefore?: number
  readonly notAfter: number
  /** The summary sentence as it was shown: its hash is signed. */
  readonly text: string
  readonly level: "standard" | "simple"
  readonly language: "fr" | "en"
  /** Without it: the patient's own mandate, by the patient's key. */
  readonly basis?: LegalBasis
  readonly mandate?: Mandate
  /** Paper and legal representatives: SHA-256 of the document (hexadecimal, hashed on this device) and its issuer. */
  readonly evidence?: { readonly hash: string; readonly issuer: string }
  /** Paper and legal representatives: this pharmacist confirms alone, so that it begins a day later. */
  readonly alone?: boolean
}

/** A carer that the patient may name. `ready`: they have signed in once and hold an identity. */
export interface CarerChoice {
  readonly person: string
  readonly name: string
  readonly ready: boolean
}

/** One line of « Qui a vu quoi », verified against the log. */
export interface Access {
  readonly key: string
  readonly at: number
  readonly name: string
  readonly role: string
  /** The entry's type: `message.sent`, `call.opened`, … */
  readonly type: string
  readonly conversation: string | null
  readonly permit: boolean
  /** Of a refusal: its code. */
  readonly rule: string
  /** What else the entry says in a word: scopes, a reason; or empty. */
  readonly detail: string
}

/** Newest first. */
export interface Accesses {
  readonly rows: readonly Access[]
  /** Older lines exist: `loadAccesses` brings them. */
  readonly more: boolean
}

/** One of the pharmacy's staff. `waiting`: for the owner's word. `absent`: never signed in. */
export interface Colleague {
  readonly person: string
  readonly name: string
  readonly role: Role
  readonly profession: "owner" | "deputy" | "locum" | ""
  readonly state: "certified" | "waiting" | "absent" | "owner"
}

export interface OwnDevice {
  readonly device: string
  readonly number: number
  readonly registeredAt: number
  readonly certified: boolean
  /** It waits to be let in. */
  readonly asks: boolean
  /** It is this one. */
  readonly here: boolean
  readonly retiredAt: number | null
}

/** This device's own standing. */
export type Identity =
  | { readonly kind: "none" }
  /** The person has an identity, this device has no part in it. `digits`: asked; both devices show these sixteen. `recovery`: a recovery code exists. */
  | { readonly kind: "needs_link"; readonly digits: string | null; readonly recovery: boolean }
  /** `fingerprint`: the QR code's text. `digits`: its thirty digits. `recoveryKept`: a recovery code was made. */
  | { readonly kind: "ready"; readonly fingerprint: string; readonly digits: string; readonly recoveryKept: boolean }

/** Another device of mine asks to be let in; its screen shows the same sixteen digits. */
export interface LinkRequest {
  readonly device: string
  readonly digits: string
}

/** Somebody's account key changed, as two pharmacists attested: said in plain words, and the comparison is to be made anew. */
export interface IdentityNotice {
  readonly key: string
  readonly person: string
  readonly name: string
  readonly at: number
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

/** One person of a call, as the hub tells it. `away`: their device is out of reach just now. */
export interface CallPerson {
  readonly person: string
  readonly name: string
  readonly role: Role
  readonly me: boolean
  readonly state: "waiting" | "ringing" | "joined" | "left" | "declined" | "call_me" | "missed"
  readonly away: boolean
  /** Instant (ms) of this state. */
  readonly since: number
  /** Joined or waiting on this very device. */
  readonly here: boolean
}

/** A live call of one of my conversations, for lists, the waiting room and the ring. */
export interface CallNotice {
  readonly id: string
  readonly conversation: string
  readonly state: "lobby" | "ringing" | "accepted" | "active" | "degraded"
  readonly people: readonly CallPerson[]
  /** « Retard 5 min »: until when (ms), or null. */
  readonly delayedUntil: number | null
  readonly since: number
}

/** A MediaStream; the core knows no DOM. */
export type Stream = object

/** What one other person of the call looks and sounds like here. */
export interface Tile {
  readonly person: string
  readonly name: string
  readonly role: Role
  readonly stream: Stream | null
  /** `reconnecting`: « Vidéo interrompue — vous pouvez continuer par message ». `audio_only`: the picture is left out to keep the sound. */
  readonly link: "connecting" | "connected" | "reconnecting" | "audio_only"
  readonly quality: "good" | "fair" | "poor" | "unknown"
  /** What they send: muted or without a device is false. */
  readonly microphone: boolean
  readonly camera: boolean
  /** Their « Écrire en grand », or "". */
  readonly bigText: string
}

/** What this tab is doing about a call. */
export type CallStage =
  | { readonly kind: "none" }
  /** Before: preview and devices. `caller`: a pharmacist who prepares; `waiting`: whoever waits to be let in. */
  | {
      readonly kind: "lobby"
      readonly conversation: string
      readonly as: "caller" | "waiting"
      /** Null until the hub has answered. */
      readonly call: CallNotice | null
      /** `waiting` only: « Entrer en salle d’attente » was pressed and the place is held. */
      readonly entered: boolean
      /** Why the hub has not opened it. */
      readonly trouble: Trouble | null
    }
  /** It rings here. `until` (ms). */
  | { readonly kind: "incoming"; readonly call: CallNotice; readonly from: string; readonly until: number }
  /** I ring others, nobody has answered yet. */
  | { readonly kind: "calling"; readonly call: CallNotice; readonly until: number }
  | {
      readonly kind: "in_call"
      readonly call: CallNotice
      /** First connected at (ms), or null. */
      readonly since: number | null
      readonly tiles: readonly Tile[]
      /** Six groups of five digits, or null until known. */
      readonly code: string | null
      /** The hub cannot be heard: the picture goes on. */
      readonly alone: boolean
      /** The browser let no sound play before a press: « Activer le son ». */
      readonly soundBlocked: boolean
    }
  | {
      readonly kind: "ended"
      readonly conversation: string
      /** A `call.*` code; `call.peer_left` after an ordinary end by the other, "hung_up" by me. */
      readonly reason: string
      /** Milliseconds of conversation; 0 when it never connected. */
      readonly lasted: number
      /** Pressed by the other: « Appelez-moi ». */
      readonly callMe: boolean
      readonly mayCallAgain: boolean
    }

export interface DeviceChoice {
  readonly id: string
  readonly label: string
}

/** My own camera and microphone. */
export interface Media {
  /** `asking`: the browser asks the person. `partial`: only one of both was had; see `trouble`. */
  readonly state: "off" | "asking" | "ready" | "partial" | "none"
  /** `call.device_denied` or `call.no_device`, or null. */
  readonly trouble: Trouble | null
  readonly preview: Stream | null
  readonly cameras: readonly DeviceChoice[]
  readonly microphones: readonly DeviceChoice[]
  readonly speakers: readonly DeviceChoice[]
  readonly camera: string | null
  readonly microphone: string | null
  readonly speaker: string | null
  readonly cameraOn: boolean
  readonly microphoneOn: boolean
  /** 0 to 1, some ten times a second. */
  readonly level: number
  /** The demonstration's drawn camera is in use. */
  readonly demoCamera: boolean
  /** 1 is as sent; up to 3. */
  readonly volume: number
  /** My own « Écrire en grand ». */
  readonly bigText: string
}

/** « Tester ma connexion », before a call. */
export type LineTest =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly step: "udp" | "tcp" | "tls" | "echo" }
  | { readonly kind: "done"; readonly verdict: "good" | "relay_only" | "no_relay" | "blocked" | "busy"; readonly trouble: Trouble | null }

/** The video call. `io/call` keeps it true. */
export interface Calls {
  readonly notices: ReadonlySignal<readonly CallNotice[]>
  readonly stage: ReadonlySignal<CallStage>
  readonly media: ReadonlySignal<Media>
  readonly lineTest: ReadonlySignal<LineTest>

  /** « Démarrer la visio » (pharmacist) or « Salle d’attente »: the lobby of this conversation, with preview. */
  prepare(conversation: string): Promise<Outcome>
  /** Pharmacist in the lobby: ring the others, or let in who waits. */
  ring(): Promise<Outcome>
  /** « Entrer en salle d’attente ». */
  enter(): Promise<Outcome>
  /** « Retard 5 min ». */
  delay(minutes: number): Promise<Outcome>
  /** With or without camera: what `media` says is what is sent. */
  accept(): Promise<Outcome>
  decline(how: "declined" | "call_me"): Promise<Outcome>
  /** Leave lobby or call; cancel while it rings; close the last screen. */
  hangUp(): Promise<void>
  dismiss(): void
  callAgain(): Promise<Outcome>

  setCamera(on: boolean): void
  setMicrophone(on: boolean): void
  choose(kind: "camera" | "microphone" | "speaker", id: string): Promise<void>
  /** Ask the browser again, after a refusal. */
  askAgain(): Promise<void>
  /** « Caméra de démonstration »: only where `engine.demo`. */
  useDemoCamera(): Promise<void>
  setVolume(volume: number): void
  setBigText(text: string): void
  /** Three tones: « entendez-vous ceci ? ». */
  playTest(): void
  unblockSound(): void
  testLine(): Promise<void>
  /** Demonstration only: what a cut network does to this device, for a moment. */
  cutNetwork(): void
}

export type Outcome = { readonly ok: true } | { readonly ok: false; readonly trouble: Trouble }

/** A code to tell or to keep, or why there is none. */
export type CodeOutcome = { readonly ok: true; readonly code: string } | { readonly ok: false; readonly trouble: Trouble }

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
  readonly calls: Calls
  /** Every delegation this person is told of, newest first: a patient's, a carer's own, those of a professional's conversations. */
  readonly delegations: ReadonlySignal<readonly Delegation[]>
  /** Null until loaded. */
  readonly carers: ReadonlySignal<readonly CarerChoice[] | null>
  /** Null until loaded; live from then on. */
  readonly accesses: ReadonlySignal<Accesses | null>
  readonly staff: ReadonlySignal<readonly Colleague[] | null>
  readonly devices: ReadonlySignal<readonly OwnDevice[] | null>
  readonly identity: ReadonlySignal<Identity>
  readonly linkRequests: ReadonlySignal<readonly LinkRequest[]>
  readonly notices: ReadonlySignal<readonly IdentityNotice[]>

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

  /** Patient: sign and propose. Pharmacist: on paper or by evidence, which is also this pharmacist's confirmation. */
  proposeDelegation(draft: DelegationDraft): Promise<Outcome>
  confirmDelegation(id: string, how: { readonly heardAlone: boolean }): Promise<Outcome>
  /** `dutiesText`: as it was shown; its hash is signed. */
  acceptDelegation(id: string, dutiesText: string): Promise<Outcome>
  /** No scopes: all of it. */
  withdrawDelegation(id: string, scopes: readonly Scope[]): Promise<Outcome>
  resignDelegation(id: string): Promise<Outcome>
  suspendDelegation(id: string, reason: SuspensionReason): Promise<Outcome>
  /** Staff name the patient. */
  loadCarers(patient?: string): Promise<Outcome>
  linkCarer(code: string): Promise<Outcome>
  /** Carer: « Mon code d’aidant ». */
  loadCarerCode(): Promise<CodeOutcome>
  /** The first call brings the newest lines, each later one the next older page. */
  loadAccesses(): Promise<Outcome>

  loadStaff(): Promise<Outcome>
  /** Owner: this person is of our staff. */
  certifyStaff(person: string): Promise<Outcome>
  loadDevices(): Promise<Outcome>
  retireDevice(device: string): Promise<Outcome>
  /** This new device asks the others to be let in. */
  askLink(): Promise<Outcome>
  /** The digits were compared: let that device in. */
  acceptLink(device: string): Promise<Outcome>
  useRecoveryCode(code: string): Promise<Outcome>
  /** Shown once, kept nowhere in the clear; a new one replaces the one before. */
  makeRecoveryCode(): Promise<CodeOutcome>
  /** The QR code's text or the thirty digits, as the other person holds them: `C_IDENTITY_DIFFERS` where they are others. */
  comparePerson(person: string, scanned: string): Promise<Outcome>
  /** Both looked, and saw the same thirty digits. */
  markCompared(person: string): Promise<Outcome>
  /** « J’ai compris »: the notice is put away. */
  dismissNotice(key: string): void
}
