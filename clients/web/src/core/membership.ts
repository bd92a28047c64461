/**
 * Who may change a group how: the twin of `crypto/policy/membership.py`, run again on each commit that
 * the hub let through. What a commit does the MLS core establishes; here stands only whether its sender
 * may. Deny is the default: what no line below allows is a breach.
 */
import type { Leaf } from "./conversation"

/** Never renamed or reused: Python's words, which stand in the audit log. */
export type Breach =
  /** A newcomer by external commit: whose device has no leaf in the group. */
  | "stranger"
  /** An external commit that does more than bring its own device (again). */
  | "external_change"
  /** Only the staff adds other people's devices. */
  | "adds_another"
  /** Nobody removes another person's device, but for a removal that is due. */
  | "removes_another"
  /** The group context's extensions stay as the group was founded. */
  | "changes_extensions"
  /** No proposal but Add, Remove and, of an external commit, ExternalInit. */
  | "foreign_proposal"

/** What a commit does to a group, and by whom. */
export interface Change {
  readonly committer: Leaf
  readonly role: string
  readonly external: boolean
  /** The group before it, without those whose removal is due. */
  readonly before: readonly Leaf[]
  readonly added: readonly Leaf[]
  readonly removed: readonly Leaf[]
  /** Whom the hub has proposed to remove. */
  readonly due: readonly Leaf[]
  readonly sameExtensions: boolean
  /** It holds no other proposals than those that the three fields above tell. */
  readonly knownProposals: boolean
}

const STAFF: readonly string[] = ["pharmacist", "technician"]

export function isStaff(role: string): boolean {
  return STAFF.includes(role)
}

/** Why a commit may not be made; null where it may. */
export function breachOf(change: Change): Breach | null {
  if (!change.knownProposals) return "foreign_proposal"
  if (!change.sameExtensions) return "changes_extensions"
  return change.external ? externalBreach(change) : memberBreach(change)
}

/** A device rejoins in place of itself. A new one is brought by a member: only the hub could vouch for it. */
function externalBreach({ committer, before, added, removed }: Change): Breach | null {
  if (added.length > 0 || !removed.every((one) => sameLeaf(one, committer))) return "external_change"
  if (!before.some((one) => sameLeaf(one, committer))) return "stranger"
  return removed.length > 0 ? null : "external_change"
}

/** Own devices come and go; the staff adds others; what is due goes by anyone's hand. */
function memberBreach({ committer, role, added, removed, due }: Change): Breach | null {
  if (!isStaff(role) && !added.every(({ person }) => person === committer.person)) return "adds_another"
  const undue = removed.filter((one) => !due.some((other) => sameLeaf(one, other)))
  return undue.every(({ person }) => person === committer.person) ? null : "removes_another"
}

export function sameLeaf(a: Leaf, b: Leaf): boolean {
  return a.person === b.person && a.device === b.device
}
