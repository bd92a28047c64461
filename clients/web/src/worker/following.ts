/**
 * Following the group: another's commit, the hub's proposal, a successor. The hub has checked each; here
 * all of it is checked again, and what only a member can see. What does not hold throws `MlsFault`.
 */
import { decodeCommitData, sameOthers, type CommitData } from "../core/policy/conversation"
import { checkCommit, checkState } from "../core/policy/membership"
import { checkRemoval, decodeJustification, type Justified } from "../core/policy/removal"
import type { State } from "../core/policy/state"
import { uuidBytes, uuidText } from "../core/uuid"
import type { ConversationEvent } from "../core/wire"
import { hubNowUs, identityOf, leafOf, type Context } from "./context"
import { demandKnownKeys } from "./epochs"
import { MlsFault, type AppliedCommit, type Member } from "./mls"
import { verified } from "./people"
import { leafIn, stateIn, taken } from "./standing"
import type { PendingRemoval, RoomRecord } from "./vault"

/** A group that this device is in. */
export type InGroup = RoomRecord & { readonly state: Uint8Array }

/** A step that brings somebody whose certificate is not known to be in the log: it waits for that. */
export interface Unproven {
  readonly unproven: readonly Member[]
}

export interface Followed {
  /** Null where the commit removed this device. */
  readonly state: Uint8Array | null
  readonly removed: boolean
  readonly atUs: number
}

export async function followed(context: Context, record: InGroup, event: ConversationEvent): Promise<Followed | Unproven> {
  const applied = await context.mls.apply(record.state, event.body, identityOf(event.person, event.device))
  const unproven = context.believing.worthAsking(applied.after.members)
  if (unproven.length > 0) return { unproven }
  const data = judge(context, record, applied)
  if (applied.state !== null) demandKnownKeys(context.mls.facts(applied.state), record.known)
  return { state: applied.state, removed: applied.removed.length > 0, atUs: data.atUs }
}

function judge(context: Context, record: InGroup, applied: AppliedCommit): CommitData {
  const before = context.standings.of(record)
  const after = stateIn(context, record.room, applied.after, before)
  const data = verified(() => decodeCommitData(applied.authenticatedData))
  const { epoch } = applied.before
  taken(checkCommit(before, {
    committer: leafIn(applied.external ? after : before, applied.committer.identity), external: applied.external,
    added: applied.added.map(({ identity }) => leafOf(identity)), removed: applied.removed.map(({ identity }) => leafOf(identity)),
    due: record.removing.filter((one) => one.epoch === epoch).map(justifiedOf),
    barred: record.removing.filter((one) => one.epoch !== epoch).map(({ identity }) => leafOf(identity)),
    // Also of a group before this one, and what this person ended and nobody carried out yet.
    ended: [...Object.keys(record.ended), ...record.ending].map(uuidBytes),
    statements: data.statements, knownProposals: applied.knownProposals,
    sameOtherExtensions: sameOthers(applied.before.extensions, applied.after.extensions),
  }, after, { atUs: data.atUs, notBelowUs: record.highest.atUs, nowUs: hubNowUs(context), catchingUp: true }))
  // From outside comes a device in its own place, and cannot commit what it has not seen.
  if (!applied.external && !applied.complete) throw new MlsFault("missing_remove")
  return data
}

function justifiedOf({ identity, why, ends }: PendingRemoval): Justified {
  return { target: leafOf(identity), why, ends }
}

export interface Proposed {
  /** The same epoch, with the proposal in it. */
  readonly state: Uint8Array
  readonly removal: PendingRemoval
}

/** The hub's proposal to remove a device, with the signed word, or the period, that justifies it. */
export async function proposed(context: Context, record: InGroup, event: ConversationEvent): Promise<Proposed> {
  const { state, removed, authenticatedData } = await context.mls.proposed(record.state, event.body)
  const { confirmedTranscriptHash, epoch } = context.mls.facts(record.state)
  const standing = context.standings.of(record)
  const said = unjustified(() => verified(() => decodeJustification(authenticatedData)))
  const { why, ends } = unjustified(() => taken(checkRemoval(said, {
    target: leafIn(standing, removed.identity), state: standing, transcript: confirmedTranscriptHash, nowUs: context.clock.now() * 1000,
  })))
  return { state, removal: { identity: removed.identity, epoch, why, ends } }
}

function unjustified<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof MlsFault) throw new MlsFault("unjustified")
    throw error
  }
}

/** A group that this device is let into, or comes back to: as it may be, and not behind what was seen of it. */
export function demandWhole(record: RoomRecord, standing: State, epoch: number): void {
  taken(checkState(standing, null))
  if (epoch < record.highest.epoch) throw new MlsFault("wrong_epoch")
  if (standing.number < record.highest.number) throw new MlsFault("wrong_number")
  const over = Object.keys(record.ended)
  if (standing.inForce.some(({ delegation }) => over.includes(uuidText(delegation.delegation)))) throw new MlsFault("brought_back")
}
