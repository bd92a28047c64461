/**
 * The words of care: the twin of `crypto/policy/vocabulary.py`. Values travel on the wire and stand in
 * the audit log: they are never renamed and never reused.
 */
/** What a pharmacist is in their pharmacy; empty for everybody else. */
export const PROFESSIONS = ["", "owner", "deputy", "locum"] as const
export type Profession = (typeof PROFESSIONS)[number]

/** What a carer may do inside one conversation, on behalf of the patient. */
export const SCOPES = [
  "conversation.read", "conversation.send", "document.send", "document.read", "call.join", "appointment.manage",
  "dispensation.request", "prescription.present", "delivery.receive", "sensitive.read", "decide.assist", "decide.final",
] as const
export type Scope = (typeof SCOPES)[number]

/** By whose hand a delegation was given: the patient's key, or what pharmacists attest. */
export type Mandate = "device" | "paper" | "evidence"

export const ENDED = ["revoked", "suspended", "expired", "resigned", "contested"] as const
/** How a delegation ended. */
export type EndedState = (typeof ENDED)[number]

export const SUSPENSION_REASONS = ["telephone", "abuse", "death", "contest"] as const
export type SuspensionReason = (typeof SUSPENSION_REASONS)[number]

const STAFF = ["pharmacist", "technician"] as const
/** Those who may hold a leaf in a group. A courier and the auditors never do. */
export const PARTICIPANTS = ["patient", "carer", ...STAFF] as const
export type Participant = (typeof PARTICIPANTS)[number]

export function isOneOf<W extends string>(words: readonly W[], word: string): word is W {
  return (words as readonly string[]).includes(word)
}

export function isStaff(role: string): boolean {
  return isOneOf(STAFF, role)
}

interface KindRules {
  readonly founders: readonly Participant[]
  readonly members: readonly Participant[]
}

const BY_EITHER: readonly Participant[] = ["pharmacist", "patient"]
/** Who may found a conversation of a kind, and who may be a member. Only what has a carer among them is delegable. */
export const KINDS: Readonly<Record<string, KindRules>> = {
  care_thread: { founders: BY_EITHER, members: PARTICIPANTS },
  remote_dispensation: { founders: ["pharmacist"], members: PARTICIPANTS },
  private_aside: { founders: BY_EITHER, members: PARTICIPANTS.filter((role) => role !== "carer") },
}

interface BasisRules {
  readonly scopes: readonly Scope[]
  readonly mandates: readonly Mandate[]
}

const NO_DECISION = SCOPES.filter((scope) => scope !== "decide.final")
const BY_PATIENT: readonly Mandate[] = ["device", "paper"]
const REPRESENTS: BasisRules = { scopes: SCOPES, mandates: ["evidence"] }
const ASSISTS: BasisRules = { scopes: NO_DECISION, mandates: ["evidence"] }

/** In whose name a carer acts, in law: what that allows, and by whose hand it is given. */
export const LEGAL_BASES = {
  patient_mandate: { scopes: NO_DECISION, mandates: BY_PATIENT },
  trusted_person: { scopes: NO_DECISION.filter((scope) => scope !== "decide.assist"), mandates: BY_PATIENT },
  parental_authority: REPRESENTS,
  guardianship_person: REPRESENTS,
  family_habilitation_representation: REPRESENTS,
  family_habilitation_assistance: ASSISTS,
  curatorship: ASSISTS,
  future_protection_mandate: REPRESENTS,
  // Gives information by telephone or at the counter, and reads nothing: no place in a group.
  de_facto_carer: { scopes: [], mandates: BY_PATIENT },
} as const satisfies Readonly<Record<string, BasisRules>>
export type LegalBasis = keyof typeof LEGAL_BASES

/** Why policy says no: the codes of the wire and of the audit log. */
export type Refusal =
  | "E_POLICY" | "E_IDENTITY" | "E_ROLE" | "E_KIND" | "E_SCOPE" | "E_CAPACITY" | "E_ACTING_FOR" | "E_NO_DELEGATION"
  | "E_DELEGATION_EXPIRED" | "E_DELEGATION_REVOKED" | "E_DELEGATION_SUSPENDED" | "E_DELEGATION_RESIGNED"
  | "E_LEGAL_BASIS" | "E_EVIDENCE" | "E_SELF_DELEGATION" | "E_SUB_DELEGATION" | "E_STAFF_GRANTEE" | "E_PERIOD"
  | "E_PERIOD_TOO_LONG" | "E_UNKNOWN_SCOPE" | "E_DUPLICATE_DELEGATION" | "E_SIGNATURE" | "E_STALE_CONFIRMATION"
  | "E_NOT_CONFIRMED" | "E_NOT_ACCEPTED" | "E_FOUR_EYES" | "E_ALREADY_ENDED" | "E_CLOCK"

export const MAX_DELEGATION_DAYS = 365
export const DEFAULT_DELEGATION_DAYS = 31
/** How far two clocks may disagree. */
export const CLOCK_TOLERANCE_US = 120_000_000
export const DAY_US = 24 * 3600 * 1_000_000
/** What one pharmacist alone attests begins no sooner than a day later. */
export const LONE_PHARMACIST_DELAY_US = DAY_US
