/**
 * `colloque.v1` as a client speaks it (signaling/frames.py is the other side): one MessagePack map
 * per WebSocket message, tagged by `kind`. What the hub sends is checked here, field by field.
 */
import { decode, encode } from "@msgpack/msgpack"
import { BadShape, anyMap, bytes, count, flag, list, oneOf, optional, shape, text, textMap, uuid, type Check } from "./checks"
import type { Motive, Role } from "./model"

export const SUBPROTOCOL = "colloque.v1"
/** What is taken from the hub: its answer to a hello tells every conversation of a person. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024

/** One device that a commit adds, by the package claimed for it. */
export interface Added {
  readonly person: string
  readonly device: string
  readonly key_package: string
}

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
      readonly conversation_kind: "remote_dispensation" | "care_thread"
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
  | { readonly kind: "message.send"; readonly conversation: string; readonly body: Uint8Array }
  | { readonly kind: "cursor.advance"; readonly conversation: string; readonly delivered: number; readonly read: number }
  | { readonly kind: "audit.conversations" }
  | { readonly kind: "audit.timeline"; readonly conversation: string }
  | { readonly kind: "audit.verify" }
  | { readonly kind: "audit.page"; readonly look: string; readonly log: string; readonly after: number }

export interface Receipt {
  readonly log: string
  readonly index: number
  readonly entry: Uint8Array
  readonly proof: string
}

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
}

export interface ConversationEvent {
  readonly kind: "event"
  readonly conversation: string
  readonly seq: number
  readonly ts: number
  readonly what: "message" | "commit"
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
  readonly conversation_kind: "remote_dispensation" | "care_thread"
  readonly motive: Motive
  readonly created_at: number
  readonly founder: string
  readonly patient: string
  readonly epoch: number
  readonly last_seq: number
  readonly joined: boolean
  readonly since: number
  readonly members: readonly MemberState[]
}

export type Push =
  | ConversationEvent
  | WelcomePush
  | { readonly kind: "conversation"; readonly conversation: Summary }
  | { readonly kind: "cursor"; readonly conversation: string; readonly person: string; readonly delivered: number; readonly read: number }
  | { readonly kind: "key_packages"; readonly person: string }
  | { readonly kind: "key_packages.low"; readonly left: number }
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
  readonly logs: Readonly<Record<string, string>>
  readonly checkpoint: string
  readonly conversations: readonly Summary[]
}

const role: Check<Role> = oneOf(
  "patient", "carer", "pharmacist", "technician", "courier", "compliance_officer", "second_reviewer")
const motive: Check<Motive> = oneOf("health", "age", "location", "other")
const receipt: Check<Receipt> = shape<Receipt>({ log: text, index: count, entry: bytes, proof: text })

const member: Check<MemberState> = shape<MemberState>({
  person: uuid, name: text, role, state: oneOf("invited", "joined"), delivered: count, read: count, key_packages: flag,
})

const summary: Check<Summary> = shape<Summary>({
  id: uuid,
  conversation_kind: oneOf("remote_dispensation", "care_thread"),
  motive, created_at: count, founder: uuid, patient: uuid, epoch: count, last_seq: count,
  joined: flag, since: count, members: list(member),
})

const READERS: { readonly [K in ServerFrame["kind"]]: Check<Extract<ServerFrame, { kind: K }>> } = {
  ok: shape<Ok>({ kind: oneOf("ok"), id: text, now: count, receipt: optional(receipt), result: optional(anyMap) }),
  refused: shape<Refused>({
    kind: oneOf("refused"), id: text, code: text, text, retry: text, epoch: optional(count), retry_after: optional(count),
  }),
  event: shape<ConversationEvent>({
    kind: oneOf("event"), conversation: uuid, seq: count, ts: count, what: oneOf("message", "commit"),
    person: uuid, device: uuid, body: bytes, message: optional(uuid),
  }),
  welcome: shape<WelcomePush>({ kind: oneOf("welcome"), conversation: uuid, seq: count, welcome: bytes }),
  conversation: shape({ kind: oneOf("conversation"), conversation: summary }),
  cursor: shape({ kind: oneOf("cursor"), conversation: uuid, person: uuid, delivered: count, read: count }),
  key_packages: shape({ kind: oneOf("key_packages"), person: uuid }),
  "key_packages.low": shape({ kind: oneOf("key_packages.low"), left: count }),
  reconnect: shape({ kind: oneOf("reconnect"), after: count }),
}

function isKnown(kind: unknown): kind is ServerFrame["kind"] {
  return typeof kind === "string" && Object.hasOwn(READERS, kind)
}

/** Encode one request; `id` comes back in its answer. */
export function encodeRequest(id: string, request: Request): Uint8Array {
  return encode({ ...request, id }, { ignoreUndefined: true })
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
  key_packages_left: count, logs: textMap(text), checkpoint: text, conversations: list(summary),
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
