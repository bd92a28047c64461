/**
 * `colloque.v1` as a client speaks it (signaling/frames.py is the other side): one MessagePack map
 * per WebSocket message, tagged by `kind`. What the hub sends is checked here, field by field.
 */
import { decode, encode } from "./msgpack"
import { BadShape, anyMap, bytes, count, flag, list, oneOf, optional, shape, text, textMap, uuid, type Check } from "./checks"
import type { Motive, Role } from "./model"
import { CARE_READERS, delegation, key, receipt, role, statement, type CarePush, type CareRequest, type DelegationView, type Receipt } from "./wireCare"

export type { Receipt } from "./wireCare"

export const SUBPROTOCOL = "colloque.v1"
/** What is taken from the hub: its answer to a hello tells every conversation of a person. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024
export const MAX_GROUP_GENERATION = 255

export type ConversationKind = "remote_dispensation" | "care_thread" | "private_aside"

/** One device that a commit adds, by the package claimed for it. */
export interface Added {
  readonly person: string
  readonly device: string
  readonly key_package: string
}

export type PairLoss = "stalled" | "failed" | "network" | "slow" | "reload" | "refused"

/** What a client may report of itself. */
export type IncidentCode =
  | "call.fingerprint_mismatch" | "call.identity_changed" | "call.stale_generation" | "call.wrong_role" | "call.too_large"
  | "call.wrong_state" | "call.device_denied" | "call.no_device" | "call.network_blocked" | "call.turn_unavailable" | "call.media_lost"

interface OfCall {
  readonly conversation: string
  readonly call: string
}

/** The control of a call: what a person or a connection does, told to the hub. */
export type CallRequest =
  | OfCall & { readonly kind: "call.open" }
  | OfCall & { readonly kind: "call.ring"; readonly persons: readonly string[] }
  | OfCall & { readonly kind: "call.accept" }
  | OfCall & { readonly kind: "call.decline"; readonly call_me: boolean }
  | OfCall & { readonly kind: "call.hang_up" }
  | OfCall & { readonly kind: "call.delay"; readonly minutes: number }
  | OfCall & { readonly kind: "call.connected"; readonly peer: string; readonly generation: number; readonly relay: boolean }
  | OfCall & { readonly kind: "call.pair_lost"; readonly peer: string; readonly generation: number; readonly why: PairLoss }
  | OfCall & { readonly kind: "call.incident"; readonly code: IncidentCode; readonly peer: string | null; readonly generation: number }

/** What a device may send, without the request id. */
export type Request =
  | { readonly kind: "hello"; readonly device: string; readonly signature_key: Uint8Array; readonly cursors: Readonly<Record<string, number>> }
  | { readonly kind: "ping" }
  | { readonly kind: "key_packages.publish"; readonly packages: readonly Uint8Array[] }
  | { readonly kind: "key_packages.claim"; readonly conversation: string; readonly person: string }
  | { readonly kind: "patients.list" }
  | {
      readonly kind: "conversation.create"
      readonly conversation: string
      readonly conversation_kind: ConversationKind
      readonly patient: string
      readonly motive: Motive
      readonly group_info: Uint8Array
    }
  | {
      readonly kind: "group.commit"
      readonly conversation: string
      readonly commit: Uint8Array
      readonly group_info: Uint8Array
      readonly welcome: Uint8Array | null
      readonly adds: readonly Added[]
    }
  | { readonly kind: "group.info"; readonly conversation: string }
  | { readonly kind: "group.receipt"; readonly conversation: string; readonly receipt: Uint8Array }
  | { readonly kind: "group.stuck"; readonly conversation: string; readonly epoch: number; readonly reason: string }
  | { readonly kind: "group.succeed"; readonly conversation: string; readonly group_info: Uint8Array }
  | { readonly kind: "message.send"; readonly conversation: string; readonly body: Uint8Array }
  | { readonly kind: "cursor.advance"; readonly conversation: string; readonly delivered: number; readonly read: number }
  | CallRequest
  | CareRequest
  | { readonly kind: "call.turn"; readonly conversation: string; readonly call: string }
  | { readonly kind: "call.signal"; readonly conversation: string; readonly body: Uint8Array }
  | { readonly kind: "audit.conversations" }
  | { readonly kind: "audit.timeline"; readonly conversation: string }
  | { readonly kind: "audit.verify" }
  | { readonly kind: "audit.page"; readonly look: string; readonly log: string; readonly after: number }

export interface Ok {
  readonly kind: "ok"
  readonly id: string
  readonly now: number
  readonly receipt: Receipt | null
  readonly result: Readonly<Record<string, unknown>> | null
}

export interface Refused {
  readonly kind: "refused"
  readonly id: string
  readonly code: string
  readonly text: string
  readonly retry: string
  readonly epoch: number | null
  readonly retry_after: number | null
  /** Which rule was broken, for machines. */
  readonly reason: string | null
  /** The hub's clock, in microseconds (E_CLOCK). */
  readonly now: number | null
}

/**
 * `proposal`: the hub's, to remove a device (person `hub`, no device). `succession`: a new group takes the
 * place of one that nobody could follow; `body` is its GroupInfo.
 */
export interface ConversationEvent {
  readonly kind: "event"
  readonly conversation: string
  readonly seq: number
  readonly ts: number
  readonly what: "message" | "commit" | "proposal" | "succession"
  readonly person: string
  readonly device: string
  readonly body: Uint8Array
  readonly message: string | null
}

export interface WelcomePush {
  readonly kind: "welcome"
  readonly conversation: string
  readonly seq: number
  readonly welcome: Uint8Array
}

export interface MemberState {
  readonly person: string
  readonly name: string
  readonly role: Role
  readonly state: "invited" | "joined"
  readonly delivered: number
  readonly read: number
  readonly key_packages: boolean
}

export interface Summary {
  readonly id: string
  readonly conversation_kind: ConversationKind
  readonly motive: Motive
  readonly created_at: number
  readonly founder: string
  readonly patient: string
  /** How many groups came before the present one. */
  readonly generation: number
  readonly epoch: number
  readonly last_seq: number
  /** A device is about to be removed: nothing is accepted but the commit that does it. */
  readonly removing: boolean
  readonly joined: boolean
  readonly since: number
  readonly members: readonly MemberState[]
}

/** One person of a call. `device`: where they wait or joined; `until`: when ringing or place ends. */
export interface LegView {
  readonly person: string
  readonly device: string | null
  readonly state: "waiting" | "ringing" | "joined" | "left" | "declined" | "call_me" | "missed"
  readonly since: number
  readonly away: boolean
  readonly until: number | null
}

export type PairStage = "all" | "relay" | "audio"

/** The connection of two joined devices: `offerer` alone offers, in this generation. */
export interface PairView {
  readonly devices: readonly string[]
  readonly generation: number
  readonly offerer: string
  readonly stage: PairStage
  readonly state: "connecting" | "connected"
}

/** The whole state of one call; a lower `version` is older. Instants in microseconds. */
export interface CallView {
  readonly id: string
  readonly conversation: string
  readonly version: number
  readonly state: "lobby" | "ringing" | "accepted" | "active" | "degraded" | "ended"
  readonly reason: string | null
  readonly caller: string | null
  readonly opened_at: number
  readonly since: number
  readonly delayed_until: number | null
  readonly turn: boolean
  readonly legs: readonly LegView[]
  readonly pairs: readonly PairView[]
}

/** A signal for this device alone. */
export interface SignalPush {
  readonly kind: "signal"
  readonly conversation: string
  readonly person: string
  readonly device: string
  readonly body: Uint8Array
}

export interface TurnCredentials {
  readonly urls: readonly string[]
  readonly username: string
  readonly credential: string
  readonly expires_at: number
  readonly renew_at: number
}

export type Push =
  | ConversationEvent
  | WelcomePush
  /** This device is the one asked to commit what waits: the removal of a device. */
  | { readonly kind: "group.commit_due"; readonly conversation: string; readonly epoch: number }
  /** Two devices hold different secrets for one epoch. */
  | { readonly kind: "group.forked"; readonly conversation: string; readonly epoch: number }
  | { readonly kind: "conversation"; readonly conversation: Summary }
  | { readonly kind: "cursor"; readonly conversation: string; readonly person: string; readonly delivered: number; readonly read: number }
  | { readonly kind: "key_packages"; readonly person: string }
  | { readonly kind: "key_packages.low"; readonly left: number }
  | { readonly kind: "call"; readonly call: CallView }
  | SignalPush
  | CarePush
  | { readonly kind: "reconnect"; readonly after: number }

export type Answer = Ok | Refused
export type ServerFrame = Answer | Push

export interface Welcomed {
  readonly person: string
  readonly name: string
  readonly role: Role
  readonly device: string
  readonly new_device: boolean
  readonly other_devices: number
  readonly pharmacy: { readonly finess: string; readonly name: string; readonly phone: string }
  readonly key_packages_left: number
  /** Stands in every signed statement. */
  readonly deployment: string
  /** The key under which the hub proposes removals, in every group. */
  readonly hub_key: Uint8Array
  /** The key under which the deployment certifies identities. */
  readonly authority: Uint8Array
  /** This person's IdentityCertificate; empty until enrolled. */
  readonly identity: Uint8Array
  /** This device's; empty until certified. */
  readonly device_certificate: Uint8Array
  /** This person's StaffCertificate, or empty. */
  readonly staff: Uint8Array
  /** The IdentityCertificate of the pharmacy's owner; empty until the owner first signed in. */
  readonly owner: Uint8Array
  readonly logs: Readonly<Record<string, string>>
  readonly checkpoint: string
  readonly conversations: readonly Summary[]
  /** The live calls of these conversations. */
  readonly calls: readonly CallView[]
  /** Of these conversations; for a carer: their own. */
  readonly delegations: readonly DelegationView[]
}

const conversationKind: Check<ConversationKind> = oneOf("remote_dispensation", "care_thread", "private_aside")
const motive: Check<Motive> = oneOf("health", "age", "location", "other")

/** Of a group: its id has one byte for it. */
const groupGeneration: Check<number> = (value) => {
  const read = count(value)
  if (read > MAX_GROUP_GENERATION) throw new BadShape("a generation beyond 255")
  return read
}

const hub: Check<string> = oneOf("hub")
const none: Check<string> = oneOf("")
/** Who did it: a device, or the hub itself. */
const eventBy = (of: Check<string>, device: Check<string>): Check<ConversationEvent> => shape<ConversationEvent>({
  kind: oneOf("event"), conversation: uuid, seq: count, ts: count, what: oneOf("message", "commit", "proposal", "succession"),
  person: of, device, body: bytes, message: optional(uuid),
})
const [byDevice, byHub] = [eventBy(uuid, uuid), eventBy(hub, none)]

const member: Check<MemberState> = shape<MemberState>({
  person: uuid, name: text, role, state: oneOf("invited", "joined"), delivered: count, read: count, key_packages: flag,
})

const summary: Check<Summary> = shape<Summary>({
  id: uuid,
  conversation_kind: conversationKind,
  motive, created_at: count, founder: uuid, patient: uuid, generation: groupGeneration, epoch: count, last_seq: count,
  removing: flag, joined: flag, since: count, members: list(member),
})

const leg: Check<LegView> = shape<LegView>({
  person: uuid, device: optional(uuid), state: oneOf("waiting", "ringing", "joined", "left", "declined", "call_me", "missed"),
  since: count, away: flag, until: optional(count),
})

const MAX_GENERATION = 2 ** 31 - 1
const MAX_LEGS = 64

const generation: Check<number> = (value) => {
  const read = count(value)
  if (read > MAX_GENERATION) throw new BadShape("a generation beyond 2^31")
  return read
}

const pair: Check<PairView> = shape<PairView>({
  devices: list(uuid, 2), generation, offerer: uuid, stage: oneOf("all", "relay", "audio"), state: oneOf("connecting", "connected"),
})

const call: Check<CallView> = shape<CallView>({
  id: uuid, conversation: uuid, version: count, state: oneOf("lobby", "ringing", "accepted", "active", "degraded", "ended"),
  reason: optional(text), caller: optional(uuid), opened_at: count, since: count, delayed_until: optional(count), turn: flag,
  legs: list(leg, MAX_LEGS), pairs: list(pair, MAX_LEGS),
})

const READERS: { readonly [K in ServerFrame["kind"]]: Check<Extract<ServerFrame, { kind: K }>> } = {
  ok: shape<Ok>({ kind: oneOf("ok"), id: text, now: count, receipt: optional(receipt), result: optional(anyMap) }),
  refused: shape<Refused>({
    kind: oneOf("refused"), id: text, code: text, text, retry: text, epoch: optional(count), retry_after: optional(count),
    reason: optional(text), now: optional(count),
  }),
  // Only a proposal is the hub's own.
  event: (value) => (anyMap(value)["what"] === "proposal" ? byHub(value) : byDevice(value)),
  welcome: shape<WelcomePush>({ kind: oneOf("welcome"), conversation: uuid, seq: count, welcome: bytes }),
  "group.commit_due": shape({ kind: oneOf("group.commit_due"), conversation: uuid, epoch: count }),
  "group.forked": shape({ kind: oneOf("group.forked"), conversation: uuid, epoch: count }),
  conversation: shape({ kind: oneOf("conversation"), conversation: summary }),
  cursor: shape({ kind: oneOf("cursor"), conversation: uuid, person: uuid, delivered: count, read: count }),
  key_packages: shape({ kind: oneOf("key_packages"), person: uuid }),
  "key_packages.low": shape({ kind: oneOf("key_packages.low"), left: count }),
  call: shape({ kind: oneOf("call"), call }),
  signal: shape<SignalPush>({ kind: oneOf("signal"), conversation: uuid, person: uuid, device: uuid, body: bytes }),
  ...CARE_READERS,
  reconnect: shape({ kind: oneOf("reconnect"), after: count }),
}

function isKnown(kind: unknown): kind is ServerFrame["kind"] {
  return typeof kind === "string" && Object.hasOwn(READERS, kind)
}

/** Encode one request; `id` comes back in its answer. */
export function encodeRequest(id: string, request: Request): Uint8Array {
  return encode({ ...request, id })
}

/** Decode what the hub sent; null for a kind this client does not know; throws `BadShape`. */
export function decodeServerFrame(data: Uint8Array): ServerFrame | null {
  const value = anyMap(decodeValue(data))
  return isKnown(value["kind"]) ? READERS[value["kind"]](value) : null
}

function decodeValue(data: Uint8Array): unknown {
  if (data.length > MAX_FRAME_BYTES) throw new BadShape("a frame beyond every bound")
  try {
    return decode(data)
  } catch {
    throw new BadShape("not MessagePack")
  }
}

export const readWelcomed: Check<Welcomed> = shape<Welcomed>({
  person: uuid, name: text, role, device: uuid, new_device: flag, other_devices: count,
  pharmacy: shape<Welcomed["pharmacy"]>({ finess: text, name: text, phone: text }),
  key_packages_left: count, deployment: text, hub_key: key, authority: key, identity: statement, device_certificate: statement,
  staff: statement, owner: statement, logs: textMap(text), checkpoint: text, conversations: list(summary), calls: list(call),
  delegations: list(delegation),
})

export const readPatients = shape<{ patients: readonly { person: string; name: string; reachable: boolean }[] }>({
  patients: list(shape<{ person: string; name: string; reachable: boolean }>({ person: uuid, name: text, reachable: flag })),
})

export interface ClaimedPackage {
  readonly person: string
  readonly device: string
  readonly key_package: string
  readonly bytes: Uint8Array
}

export const readClaimed = shape<{ packages: readonly ClaimedPackage[] }>({
  packages: list(shape<ClaimedPackage>({ person: uuid, device: uuid, key_package: text, bytes })),
})

export const readFounded = shape<{ conversation: Summary }>({ conversation: summary })
export const readSent = shape<{ seq: number; ts: number }>({ seq: count, ts: count })
export const readCommitted = shape<{ seq: number; epoch: number }>({ seq: count, epoch: count })
export const readStuck = shape<{ resync: boolean }>({ resync: flag })

export interface ToldGroup {
  readonly epoch: number
  readonly generation: number
  readonly group_info: Uint8Array
}

export const readGroupInfo: Check<ToldGroup> = shape<ToldGroup>({ epoch: count, generation: groupGeneration, group_info: bytes })
export const readSucceeded = shape<{ seq: number; generation: number }>({ seq: count, generation: groupGeneration })

/** The answer to `call.open`, `call.ring` and their like tells the call as it is now. */
export const readCall = shape<{ call: CallView }>({ call })

// A browser takes no other for a relay, and would throw.
const relayUrl: Check<string> = (value) => {
  const url = text(value)
  if (!/^turns?:[\x21-\x7e]{1,250}$/.test(url)) throw new BadShape("expected the URL of a relay")
  return url
}

export const readTurn: Check<TurnCredentials> = shape<TurnCredentials>({
  urls: list(relayUrl, 8), username: text, credential: text, expires_at: count, renew_at: count,
})

export interface AuditedSummary {
  readonly id: string
  readonly conversation_kind: string
  readonly motive: string
  readonly created_at: number
  readonly people: readonly string[]
  readonly entries: number
}

export const readAudited = shape<{ conversations: readonly AuditedSummary[] }>({
  conversations: list(shape<AuditedSummary>({
    id: uuid, conversation_kind: text, motive: text, created_at: count, people: list(text), entries: count,
  })),
})

export interface TimelineLook {
  readonly look: string
  readonly total: number
  readonly logs: Readonly<Record<string, string>>
  readonly checkpoint: string
  readonly size: number
  readonly people: Readonly<Record<string, { readonly name: string; readonly role: string }>>
}

export const readTimelineLook = shape<TimelineLook>({
  look: uuid, total: count, logs: textMap(text), checkpoint: text, size: count,
  people: textMap(shape<{ name: string; role: string }>({ name: text, role: text })),
})

export interface LogLook {
  readonly log: string
  readonly vkey: string
  readonly checkpoint: string
  readonly size: number
}

export const readLogsLook = shape<{ look: string; logs: readonly LogLook[] }>({
  look: uuid, logs: list(shape<LogLook>({ log: text, vkey: text, checkpoint: text, size: count })),
})

export interface PageRow {
  readonly index: number
  readonly entry: Uint8Array | null
  readonly leaf: Uint8Array
  readonly proof: readonly Uint8Array[] | null
}

export const readPage = shape<{ rows: readonly PageRow[]; next: number | null }>({
  rows: list(shape<PageRow>({ index: count, entry: optional(bytes), leaf: bytes, proof: optional(list(bytes)) })),
  next: optional(count),
})
