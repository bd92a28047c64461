/**
 * What an officer's own device computes: that every entry is what was hashed, that the leaves make the
 * signed root, and that the log only ever grew. The first bad entry is named.
 */
import { encodeHex, equal } from "./bytes"
import { BadShape } from "./checks"
import { entryText, readEntry, type LogEntry } from "./entry"
import { VerificationError } from "./errors"
import { parseCheckpoint, parseVerifierKey, verifyCheckpoint, type Checkpoint } from "./log/checkpoint"
import { leafHash, rootHash, verifyInclusion } from "./log/tree"
import type { AuditRow, IntegrityFault } from "./model"
import type { LogLook, PageRow, TimelineLook } from "./wire"

export interface BrokenLog {
  readonly kind: "broken"
  readonly log: string
  readonly index: number | null
  readonly fault: IntegrityFault
}

export interface IntactLog {
  readonly kind: "intact"
  readonly log: string
  readonly size: number
  readonly root: string
}

/** A checkpoint this device saw before: the log must still begin with it. */
export interface Seen {
  readonly size: number
  readonly root: Uint8Array
}

/** Return the checkpoint if the pinned key signed it, or the fault. */
export function signedBy(pinned: string, checkpoint: string): Checkpoint | null {
  try {
    return verifyCheckpoint(parseCheckpoint(checkpoint), parseVerifierKey(pinned))
  } catch (error) {
    if (error instanceof VerificationError) return null
    throw error
  }
}

export function verifyLog(look: LogLook, rows: readonly PageRow[], pinned: string, seen: readonly Seen[]): IntactLog | BrokenLog {
  const broken = (fault: IntegrityFault, index: number | null = null): BrokenLog => ({ kind: "broken", log: look.log, index, fault })
  if (look.vkey !== pinned) return broken("log_key_changed")
  const checkpoint = signedBy(pinned, look.checkpoint)
  if (checkpoint === null || checkpoint.size !== look.size) return broken("signature")
  const bad = firstBad(rows, checkpoint.size)
  if (bad !== null) return broken(bad.fault, bad.index)
  const leaves = rows.map((row) => row.leaf)
  if (!equal(rootHash(leaves), checkpoint.root)) return broken("tree_altered")
  if (seen.some((one) => one.size > checkpoint.size)) return broken("shrunk")
  if (seen.some((one) => !equal(rootHash(leaves.slice(0, one.size)), one.root))) return broken("forked")
  return { kind: "intact", log: look.log, size: checkpoint.size, root: encodeHex(checkpoint.root) }
}

/** The first entry that is not there, or is not what its leaf says, or says another place. */
function firstBad(rows: readonly PageRow[], size: number): { index: number; fault: IntegrityFault } | null {
  for (let index = 0; index < size; index += 1) {
    const row = rows[index]
    if (row?.index !== index || row.entry === null) return { index, fault: "entry_missing" }
    if (!equal(leafHash(row.entry), row.leaf) || placeOf(row.entry) !== index) return { index, fault: "entry_altered" }
  }
  return rows.length > size ? { index: size, fault: "entry_altered" } : null
}

function placeOf(entry: Uint8Array): number | null {
  try {
    return readEntry(entry).seq
  } catch (error) {
    if (error instanceof BadShape) return null
    throw error
  }
}

export interface Timeline {
  readonly rows: readonly AuditRow[]
  /** `conversation_entry` runs 1, 2, 3… without a gap: nothing is withheld. */
  readonly numbered: boolean
  readonly broken: BrokenLog | null
}

const LOG = "care"

/** Check the entries of one conversation against the checkpoint that the look was opened under. */
export function verifyTimeline(
  conversation: string, look: TimelineLook, rows: readonly PageRow[], pinned: string, seen: readonly Seen[],
): Timeline {
  const entries = rows.map(({ entry }) => (entry === null ? null : legible(entry)))
  // Another conversation's entries, in their own order, would be as true and as whole.
  const isNext = (entry: LogEntry | null, i: number): boolean => entry?.conversation === conversation && entry.conversation_entry === i + 1
  const numbered = rows.length === look.total && entries.every(isNext)
  const checkpoint = signedBy(pinned, look.checkpoint)
  return {
    numbered,
    rows: rows.flatMap((row) => rowView(look, row, rowFault(row, checkpoint))),
    broken: timelineFault(look, rows, pinned, seen),
  }
}

/** `timeline` with the entry that a verification found bad, as the server tells it now: read before, it may have been whole. */
export function withBadRow(timeline: readonly AuditRow[], look: TimelineLook, bad: PageRow, fault: IntegrityFault): readonly AuditRow[] {
  const [view] = rowView(look, bad, fault)
  return timeline.map((row) => (row.log !== LOG || row.index !== bad.index ? row : view ?? { ...row, fault }))
}

function timelineFault(look: TimelineLook, rows: readonly PageRow[], pinned: string, seen: readonly Seen[]): BrokenLog | null {
  const broken = (fault: IntegrityFault, index: number | null = null): BrokenLog => ({ kind: "broken", log: LOG, index, fault })
  if (look.logs[LOG] !== pinned) return broken("log_key_changed")
  const checkpoint = signedBy(pinned, look.checkpoint)
  if (checkpoint === null || checkpoint.size !== look.size) return broken("signature")
  if (seen.some((one) => one.size > checkpoint.size)) return broken("shrunk")
  if (seen.some((one) => one.size === checkpoint.size && !equal(one.root, checkpoint.root))) return broken("forked")
  for (const row of rows) {
    const fault = rowFault(row, checkpoint)
    if (fault !== null) return broken(fault, row.index)
  }
  return null
}

/** What is wrong with this entry itself; without a signed checkpoint its place cannot be judged. */
function rowFault(row: PageRow, checkpoint: Checkpoint | null): IntegrityFault | null {
  if (row.entry === null) return "entry_missing"
  if (!equal(leafHash(row.entry), row.leaf)) return "entry_altered"
  return checkpoint === null || isIncluded(row, checkpoint) ? null : "tree_altered"
}

function isIncluded(row: PageRow, checkpoint: Checkpoint): boolean {
  try {
    verifyInclusion({ leaf: row.leaf, index: row.index, size: checkpoint.size, proof: row.proof ?? [], root: checkpoint.root })
    return true
  } catch (error) {
    if (error instanceof VerificationError) return false
    throw error
  }
}

function legible(entry: Uint8Array): LogEntry | null {
  try {
    return readEntry(entry)
  } catch (error) {
    if (error instanceof BadShape) return null
    throw error
  }
}

/** An altered entry is still shown, as its bytes say; what cannot be read stays empty. */
function rowView(look: TimelineLook, { index, entry: bytes }: PageRow, fault: IntegrityFault | null): readonly AuditRow[] {
  if (bytes === null) return []
  const entry = legible(bytes)
  const person = look.people[entry?.actor.person ?? ""]
  return [{
    index, log: LOG, at: (entry?.ts ?? 0) / 1000, type: entry?.type ?? "", name: person?.name ?? "",
    role: entry?.actor.role ?? "", decision: entry?.decision.effect ?? "permit", rule: entry?.decision.rule ?? "",
    raw: printable(bytes), ...(fault === null ? {} : { fault }),
  }]
}

function printable(bytes: Uint8Array): string {
  try {
    return entryText(bytes)
  } catch (error) {
    if (error instanceof BadShape) return encodeHex(bytes)
    throw error
  }
}
