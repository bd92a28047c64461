/**
 * Following the group: another's commit, the hub's proposal, a successor. The hub has checked each; here
 * all of it is checked again, and what only a member can see. What does not hold throws `MlsFault`.
 */
import { equal } from "../core/bytes"
import { VerificationError } from "../core/errors"
import { breachOf, type Change } from "../core/membership"
import { verifyRemoval } from "../core/removal"
import type { ConversationEvent } from "../core/wire"
import { identityOf, leafOf, type Context } from "./context"
import { demandHub, demandKnownKeys, generationOf, vouching } from "./epochs"
import { MlsFault, type AppliedCommit } from "./mls"
import type { RoomRecord } from "./vault"

/** A group that this device is in. */
export type InGroup = RoomRecord & { readonly state: Uint8Array }

export interface Followed {
  /** Null where the commit removed this device. */
  readonly state: Uint8Array | null
  readonly removed: boolean
}

export async function followed(context: Context, record: InGroup, event: ConversationEvent): Promise<Followed> {
  const applied = await context.mls.apply(record.state, event.body, identityOf(event.person, event.device))
  judge(record, event, applied)
  if (applied.state !== null) demandKnownKeys(context.mls.facts(applied.state), record.known)
  return { state: applied.state, removed: applied.removed.length > 0 }
}

function judge(record: RoomRecord, event: ConversationEvent, applied: AppliedCommit): void {
  const breach = breachOf(changeOf(record, event, applied))
  if (breach !== null) throw new MlsFault(breach)
  // From outside comes a device in its own place, and cannot commit what it has not seen.
  if (!applied.external && !applied.complete) throw new MlsFault("missing_remove")
}

function changeOf({ room, removing }: RoomRecord, event: ConversationEvent, applied: AppliedCommit): Change {
  const due = applied.due.map(leafOf)
  const role = room.summary.members.find(({ person }) => person === event.person)?.role ?? ""
  return {
    committer: { person: event.person, device: event.device }, role, external: applied.external,
    before: (room.group?.leaves ?? []).filter(({ person, device }) => !removing.includes(identityOf(person, device))), added: applied.added.map(leafOf), removed: applied.removed.map(leafOf), due,
    sameExtensions: applied.sameExtensions, knownProposals: applied.knownProposals,
  }
}

export interface Proposed {
  /** The same epoch, with the proposal in it. */
  readonly state: Uint8Array
  readonly removed: string
}

/** The hub's proposal to remove a device, with the word of its person that justifies it. */
export async function proposed(context: Context, record: InGroup, event: ConversationEvent): Promise<Proposed> {
  const { state, removed, authenticatedData } = await context.mls.proposed(record.state, event.body)
  const { confirmedTranscriptHash, members } = context.mls.facts(record.state)
  try {
    verifyRemoval(authenticatedData, leafOf(removed), {
      deployment: context.me?.deployment ?? "", conversation: record.room.id, confirmedTranscriptHash,
      members: members.map(({ identity, signatureKey }) => ({ ...leafOf(identity), signatureKey })),
    })
  } catch (error) {
    if (error instanceof VerificationError) throw new MlsFault("unjustified")
    throw error
  }
  return { state, removed }
}

/** The generation of a group that takes this one's place: founded by a pharmacist's device that was in it, alone. */
export async function succeeded(context: Context, record: RoomRecord, event: ConversationEvent): Promise<number> {
  const shown = await context.mls.shown(event.body)
  const [founder, ...others] = shown.members
  const generation = generationOf(record.room.id, shown.id)
  const role = record.room.summary.members.find(({ person }) => person === event.person)?.role
  if (generation <= record.generation) throw new MlsFault("wrong_group")
  if (shown.epoch !== 0 || founder === undefined || others.length > 0) throw new MlsFault("wrong_epoch")
  if (founder.identity !== identityOf(event.person, event.device) || role !== "pharmacist") throw new MlsFault("wrong_signer")
  const known = vouching(record)[founder.identity]
  if (known === undefined || !equal(known, founder.signatureKey)) throw new MlsFault("wrong_signer")
  demandHub(context, shown)
  return generation
}
