/**
 * A conversation's group as policy sees it: whose its leaves are by certificates that hold and are proven,
 * which delegations are in force by what was signed, and who ended. Verified once for each epoch.
 */
import { equal } from "../core/bytes"
import type { Carer, GroupView, Room } from "../core/conversation"
import { externalSendersExtension, EXTERNAL_SENDERS, findExtension } from "../core/mls/extensions"
import { hubSender, readExtensions, type ConversationPolicy, type Delegations } from "../core/policy/conversation"
import type { Refused, Verdict } from "../core/policy/decision"
import type { InForce } from "../core/policy/delegation"
import { leafOf as findLeaf, stateOf, type State } from "../core/policy/state"
import type { Certified } from "../core/policy/identity"
import type { LegalBasis } from "../core/model"
import { uuidBytes, uuidText } from "../core/uuid"
import { leafOf, leavesOf, type Context } from "./context"
import { MlsFault, type GroupFacts, type PublicFacts } from "./mls"
import { verified } from "./people"
import type { RoomRecord } from "./vault"

/** The present epoch, and the one before for what comes late. */
const KEPT = 2

export class Standings {
  readonly #kept = new Map<string, { readonly key: string; readonly state: State }[]>()

  constructor(private readonly context: Context) {}

  /** Of the epoch that this device is in. */
  of(record: RoomRecord & { readonly state: Uint8Array }): State {
    return this.#known(record, record.room.group?.epoch ?? 0) ?? this.enter(record, this.context.mls.facts(record.state))
  }

  /** Of the epoch before, whose state is `state`. */
  before(record: RoomRecord, state: Uint8Array): State {
    return this.#known(record, (record.room.group?.epoch ?? 0) - 1) ?? stateIn(this.context, record.room, this.context.mls.facts(state), null)
  }

  /** Verify a group that this device is in, or enters, and remember it. */
  enter({ room, generation }: Pick<RoomRecord, "room" | "generation">, facts: PublicFacts, known: State | null = null): State {
    const state = stateIn(this.context, room, facts, known)
    const key = `${generation}/${facts.epoch}`
    const others = (this.#kept.get(room.id) ?? []).filter((one) => one.key !== key)
    this.#kept.set(room.id, [{ key, state }, ...others].slice(0, KEPT))
    return state
  }

  #known({ room, generation }: RoomRecord, epoch: number): State | null {
    return this.#kept.get(room.id)?.find(({ key }) => key === `${generation}/${epoch}`)?.state ?? null
  }
}

/** What a group says of itself, all of it verified; throws `MlsFault` at the first thing that does not hold. */
export function stateIn(context: Context, room: Room, facts: PublicFacts, known: State | null): State {
  demandHub(context, facts)
  const { policy, delegations } = extensionsIn(facts)
  demandPolicy(context, room, policy)
  if (context.people.unproven(facts.members).length > 0) throw new MlsFault("unproven_identity")
  const leaves = facts.members.map((member) => context.people.certified(member, policy, null))
  context.people.demandPinned(leaves)
  return taken(stateOf({ policy, trust: context.people.trust }, delegations, leaves, known))
}

export function extensionsIn({ extensions }: Pick<PublicFacts, "extensions">): { readonly policy: ConversationPolicy; readonly delegations: Delegations } {
  try {
    return verified(() => readExtensions(extensions))
  } catch (error) {
    if (error instanceof MlsFault) throw new MlsFault("wrong_extensions")
    throw error
  }
}

/** Only the hub that this device knows may propose from outside. */
export function demandHub(context: Context, { extensions }: Pick<PublicFacts, "extensions">): void {
  const pinned = context.me?.hub_key
  const senders = findExtension(extensions, EXTERNAL_SENDERS)
  const ours = pinned === undefined ? null : externalSendersExtension([hubSender(pinned)]).data
  if (senders === null || ours === null || !equal(senders, ours)) throw new MlsFault("wrong_extensions")
}

/** The group is of this very conversation, patient and pharmacy, as they were when it began, and of the owner that is known. */
function demandPolicy(context: Context, { id, summary }: Room, policy: ConversationPolicy): void {
  const same = equal(policy.conversation, uuidBytes(id)) && policy.kind === summary.conversation_kind && equal(policy.patient, uuidBytes(summary.patient))
  if (!same || policy.pharmacy !== context.me?.pharmacy.finess) throw new MlsFault("wrong_policy")
  if (!context.people.isOwner(policy.ownerAik)) throw new MlsFault("wrong_owner")
}

/** What policy grants; its refusal is a fault of whoever asked for it. */
export function taken<T>(verdict: Verdict<T>): T {
  if ("refused" in verdict) throw faultOf(verdict)
  return verdict.granted
}

export function faultOf({ refused, breach }: Refused): MlsFault {
  return new MlsFault(breach ?? refused.toLowerCase())
}

/** The leaf of a device in a group; throws where it has none. */
export function leafIn(state: State, identity: string): Certified {
  const leaf = findLeaf(state, leafOf(identity))
  if (leaf === undefined) throw new MlsFault("unknown_leaf")
  return leaf
}

export function viewOf(facts: Pick<GroupFacts, "epoch" | "members">, state: State): GroupView {
  return { epoch: facts.epoch, leaves: leavesOf(facts), carers: state.inForce.map(carerOf) }
}

function carerOf({ delegation }: InForce): Carer {
  return {
    person: uuidText(delegation.grantee), delegation: uuidText(delegation.delegation), until: delegation.notAfterUs / 1000,
    basis: delegation.legalBasis as LegalBasis,
  }
}
