/**
 * What stands in a commit of this device's: the hub time, whoever comes, and every delegation that begins,
 * narrows or ends with it. A delegation that is over ends in whatever commit comes first.
 */
import { encodeHex, equal } from "../core/bytes"
import { changed, encodeCommitData, extensionsOf, hubSender, type DelegationRecord, type EndingStatement } from "../core/policy/conversation"
import { leavesUnder, type State } from "../core/policy/state"
import type { EndedState } from "../core/policy/vocabulary"
import { hubNowUs, identityOf, type Context } from "./context"
import { extensionsIn } from "./standing"
import type { InGroup } from "./following"
import type { Extension, Plan } from "./mls"

/** What a commit is for, beside what is due. */
export interface Wanted {
  readonly adds?: readonly Uint8Array[]
  readonly admitted?: readonly DelegationRecord[]
  /** Signed partial revocations. */
  readonly narrowed?: readonly Uint8Array[]
  /** The patient's account key, as their first device comes. */
  readonly patientAik?: Uint8Array | null
  /** Endings that this commit itself says, and those it says end. */
  readonly statements?: readonly EndingStatement[]
  readonly ended?: readonly End[]
}

export interface End {
  readonly delegation: Uint8Array
  readonly state: EndedState
}

export interface Draft extends Plan {
  readonly atUs: number
  /** Somebody's leaf goes with it. */
  readonly removing: boolean
}

export function drafted(context: Context, record: InGroup, wanted: Wanted = {}): Draft {
  const atUs = Math.max(hubNowUs(context), record.highest.atUs)
  const standing = context.standings.of(record)
  const due = record.removing.filter(({ epoch }) => epoch === record.room.group?.epoch)
  // A carer's commit carries out what is due, and nothing else.
  const over = context.me?.role === "carer" ? [] : [...(wanted.ended ?? []), ...expired(standing, atUs)]
  const ends = once([...due.flatMap((one) => one.ends), ...over])
  const gone = due.map(({ identity }) => identity)
  const removes = leavesOfEnded(standing, over).filter((one) => !gone.includes(one))
  return {
    atUs, adds: wanted.adds ?? [], removes, removing: gone.length + removes.length > 0,
    extensions: extensionsAfter(context, record, wanted, ends, atUs),
    authenticatedData: encodeCommitData({ atUs, statements: [...(wanted.statements ?? [])] }),
  }
}

/** Those whose time is over end here, whether or not the hub has said so. */
function expired({ inForce }: State, atUs: number): readonly End[] {
  return inForce
    .filter(({ delegation }) => delegation.notAfterUs <= atUs)
    .map(({ delegation }) => ({ delegation: delegation.delegation, state: "expired" }))
}

/** A delegation ends once: by what is due before what only time says. */
function once(ends: readonly End[]): readonly End[] {
  const byId = new Map<string, End>()
  for (const end of ends) {
    const id = encodeHex(end.delegation)
    if (!byId.has(id)) byId.set(id, end)
  }
  return [...byId.values()]
}

function leavesOfEnded(standing: State, ends: readonly End[]): readonly string[] {
  return standing.inForce
    .filter(({ delegation }) => ends.some((end) => equal(end.delegation, delegation.delegation)))
    .flatMap((found) => leavesUnder(standing, found).map(({ identity: { person, device } }) => identityOf(person, device)))
}

/** The group context's extensions after it, where they change; null where they stay. */
function extensionsAfter(
  context: Context, record: InGroup, { admitted = [], narrowed = [], patientAik = null }: Wanted, ends: readonly End[], atUs: number,
): readonly Extension[] | null {
  const here = extensionsIn(context.mls.facts(record.state))
  const over = ends.filter(({ delegation }) => context.standings.of(record).inForce.some((one) => equal(one.delegation.delegation, delegation)))
  if (admitted.length + narrowed.length + over.length === 0 && patientAik === null) return null
  const policy = patientAik === null ? here.policy : { ...here.policy, patientAik }
  const delegations = changed(here.delegations, { admitted, narrowed, ended: over.map((end) => [end.delegation, end.state] as const), atUs })
  return extensionsOf(policy, delegations, hubSender(context.me?.hub_key ?? new Uint8Array()))
}
