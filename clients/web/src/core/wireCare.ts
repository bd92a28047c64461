/**
 * Identities and delegations on the wire (`signaling/frames.py`): what a device asks about them, and what it
 * is told. Bytes are signed statements, bounded here and believed nowhere before `core/policy` verified them.
 */
import { BadShape, bytes, count, flag, list, oneOf, optional, shape, text, uuid, type Check } from "./checks"
import type { Role } from "./model"

/** A delegation, the longest of the signed statements, is under 900 bytes with its signature. */
export const MAX_STATEMENT_BYTES = 2048
const MAX_PERSONS = 200
const MAX_ROWS = 100
const MAX_STATEMENTS = 32
const MAX_PROOF_HASHES = 64
/** A signature, two more, and the statement they are of. */
const MAX_COSIGNED_BYTES = 8192
const MAX_TEXT = 1024

/** What a device asks and says of people's keys and of delegations. */
export type CareRequest =
  | { readonly kind: "identity.enrol"; readonly statement: Uint8Array }
  | { readonly kind: "identity.list"; readonly persons: readonly string[] }
  | { readonly kind: "device.certify"; readonly certificate: Uint8Array; readonly sealed: Uint8Array }
  | { readonly kind: "device.list" }
  | { readonly kind: "device.link"; readonly init_key: Uint8Array }
  | { readonly kind: "device.retire"; readonly statement: Uint8Array }
  | { readonly kind: "recovery.keep"; readonly blob: Uint8Array }
  | { readonly kind: "recovery.ask" }
  | { readonly kind: "staff.list" }
  | { readonly kind: "staff.certify"; readonly certificate: Uint8Array }
  | { readonly kind: "account.revoke"; readonly statement: Uint8Array }
  | { readonly kind: "account.revocations" }
  | { readonly kind: "carers.list"; readonly patient: string | null }
  | { readonly kind: "carers.link"; readonly code: string }
  | { readonly kind: "carers.code" }
  | { readonly kind: "delegation.propose"; readonly conversation: string; readonly delegation: Uint8Array }
  | { readonly kind: "delegation.confirm"; readonly conversation: string; readonly delegation: string; readonly confirmation: Uint8Array }
  | { readonly kind: "delegation.accept"; readonly conversation: string; readonly delegation: string; readonly acceptance: Uint8Array }
  | { readonly kind: "delegation.end"; readonly conversation: string; readonly what: EndingWord; readonly statement: Uint8Array }
  | { readonly kind: "access.list"; readonly before: number | null; readonly limit: number }
  | { readonly kind: "log.consistency"; readonly first: number; readonly second: number }

export type EndingWord = "revocation" | "resignation" | "suspension"

/** Proof that an act is in the log: the entry and its inclusion (c2sp.org/tlog-proof@v1). */
export interface Receipt {
  readonly log: string
  readonly index: number
  readonly entry: Uint8Array
  readonly proof: string
}

/** A person's certificates. `staff`, `revoked`: empty where there is none. */
export interface IdentityView {
  readonly person: string
  readonly name: string
  readonly role: Role
  readonly certificate: Uint8Array
  readonly receipt: Receipt
  readonly staff: Uint8Array
  readonly revoked: Uint8Array
}

export interface StaffView {
  readonly person: string
  readonly name: string
  readonly role: Role
  readonly profession: string
  readonly certificate: Uint8Array
  readonly staff: Uint8Array
}

/** Instants in microseconds. */
export interface DeviceView {
  readonly device: string
  readonly number: number
  readonly registered_at: number
  readonly certified: boolean
  readonly asks: boolean
  readonly retired_at: number | null
}

export interface CarerView {
  readonly person: string
  readonly name: string
  readonly certificate: Uint8Array
}

export type DelegationWord = "proposed" | "confirmed" | "active" | "revoked" | "suspended" | "expired" | "resigned" | "contested"

/** One delegation, as the hub tells it to this person; to the carer of one that is over: id, state, place and instants alone. */
export interface DelegationView {
  readonly id: string
  readonly conversation: string
  readonly grantor: string
  readonly grantor_name: string
  readonly grantee: string
  readonly grantee_name: string
  readonly state: DelegationWord
  readonly delegation: Uint8Array
  readonly confirmations: readonly Uint8Array[]
  readonly staff: readonly Uint8Array[]
  readonly acceptance: Uint8Array
  readonly revocations: readonly Uint8Array[]
  readonly proposed_at: number
  readonly not_before: number
  readonly not_after: number
  readonly ended_at: number | null
  readonly ended: Uint8Array
  readonly ending: boolean
}

/** One line of « Qui a vu quoi ». */
export interface AccessRow {
  readonly log: string
  readonly index: number
  readonly name: string
  readonly entry: Uint8Array
}

export type CarePush =
  | { readonly kind: "delegation"; readonly delegation: DelegationView }
  /** A person's certificates changed. */
  | { readonly kind: "identity"; readonly person: string }
  /** Another device of this person asks to be let in. */
  | LinkAsked
  /** This device was let in. */
  | { readonly kind: "device.linked"; readonly certificate: Uint8Array; readonly sealed: Uint8Array }
  /** Another device's `EpochReceipt`. */
  | { readonly kind: "group.confirmed"; readonly conversation: string; readonly receipt: Uint8Array }
  | { readonly kind: "access"; readonly row: AccessRow }

export interface LinkAsked {
  readonly kind: "device.asks"
  readonly device: string
  readonly signature_key: Uint8Array
  readonly init_key: Uint8Array
}

export const role: Check<Role> = oneOf(
  "patient", "carer", "pharmacist", "technician", "courier", "compliance_officer", "second_reviewer")
export const receipt: Check<Receipt> = shape<Receipt>({ log: text, index: count, entry: bytes, proof: text })

function bytesUpTo(most: number): Check<Uint8Array> {
  return (value) => {
    const read = bytes(value)
    if (read.length > most) throw new BadShape(`more than ${most} bytes`)
    return read
  }
}

function textUpTo(most: number): Check<string> {
  return (value) => {
    const read = text(value)
    if (read.length > most) throw new BadShape(`more than ${most} characters`)
    return read
  }
}

/** A signed statement, or nothing. */
export const statement = bytesUpTo(MAX_STATEMENT_BYTES)
const name = textUpTo(MAX_TEXT)
/** Of whom is not told: to the carer, of a delegation that is over. */
const uuidOrNone: Check<string> = (value) => (value === "" ? "" : uuid(value))

export const key: Check<Uint8Array> = (value) => {
  const read = bytes(value)
  if (read.length !== 32) throw new BadShape("expected a key of 32 bytes")
  return read
}

export const delegation: Check<DelegationView> = shape<DelegationView>({
  id: uuid, conversation: uuid, grantor: uuidOrNone, grantor_name: name, grantee: uuidOrNone, grantee_name: name,
  state: oneOf("proposed", "confirmed", "active", "revoked", "suspended", "expired", "resigned", "contested"),
  delegation: statement, confirmations: list(statement, MAX_STATEMENTS), staff: list(statement, MAX_STATEMENTS), acceptance: statement,
  revocations: list(statement, MAX_STATEMENTS), proposed_at: count, not_before: count, not_after: count, ended_at: optional(count),
  ended: statement, ending: flag,
})

const accessRow = shape<AccessRow>({ log: name, index: count, name, entry: bytesUpTo(8192) })

export const CARE_READERS: { readonly [K in CarePush["kind"]]: Check<Extract<CarePush, { kind: K }>> } = {
  delegation: shape({ kind: oneOf("delegation"), delegation }),
  identity: shape({ kind: oneOf("identity"), person: uuid }),
  "device.asks": shape<LinkAsked>({ kind: oneOf("device.asks"), device: uuid, signature_key: key, init_key: key }),
  "device.linked": shape({ kind: oneOf("device.linked"), certificate: statement, sealed: bytesUpTo(256) }),
  "group.confirmed": shape({ kind: oneOf("group.confirmed"), conversation: uuid, receipt: statement }),
  access: shape({ kind: oneOf("access"), row: accessRow }),
}

const identity = shape<IdentityView>({
  person: uuid, name, role, certificate: statement, receipt, staff: statement, revoked: bytesUpTo(MAX_COSIGNED_BYTES),
})

export const readEnrolled = shape<{ certificate: Uint8Array }>({ certificate: statement })
export const readIdentities = shape<{ identities: readonly IdentityView[] }>({ identities: list(identity, MAX_PERSONS) })
export const readDevices = shape<{ devices: readonly DeviceView[] }>({
  devices: list(shape<DeviceView>({
    device: uuid, number: count, registered_at: count, certified: flag, asks: flag, retired_at: optional(count),
  }), MAX_PERSONS),
})
export const readRecovery = shape<{ blob: Uint8Array }>({ blob: bytesUpTo(256) })
export const readStaff = shape<{ staff: readonly StaffView[] }>({
  staff: list(shape<StaffView>({ person: uuid, name, role, profession: name, certificate: statement, staff: statement }), MAX_PERSONS),
})
export const readRevocations = shape<{ waiting: readonly Uint8Array[] }>({ waiting: list(statement, MAX_ROWS) })
export const readCarers = shape<{ carers: readonly CarerView[] }>({
  carers: list(shape<CarerView>({ person: uuid, name, certificate: statement }), MAX_PERSONS),
})
export const readCarerCode = shape<{ code: string }>({ code: textUpTo(16) })
export const readDelegation = shape<{ delegation: DelegationView }>({ delegation })
export const readAccesses = shape<{ rows: readonly AccessRow[]; more: boolean }>({ rows: list(accessRow, MAX_ROWS), more: flag })
export const readConsistency = shape<{ proof: readonly Uint8Array[]; checkpoint: string }>({
  proof: list(bytes, MAX_PROOF_HASHES), checkpoint: textUpTo(8192),
})
