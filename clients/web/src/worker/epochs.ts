/**
 * A device enters an epoch: what it takes up, what it lets go of, and its signed word that it is there.
 * The word is durable with the epoch itself, and told until the hub has it.
 */
import { equal } from "../core/bytes"
import { next, type RoomInput } from "../core/conversation"
import { pauseAfter } from "../core/outbox"
import type { State } from "../core/policy/state"
import { EPOCH_RECEIPT, signStatement } from "../core/policy/statements"
import { uuidBytes, uuidText } from "../core/uuid"
import { MAX_GROUP_GENERATION, type Answer } from "../core/wire"
import { inBackground, keepRoom, type Context } from "./context"
import { MlsFault, type GroupFacts, type KnownKeys, type PublicFacts } from "./mls"
import type { Receipts } from "./receipts"
import { Disconnected } from "./requests"
import { viewOf } from "./standing"
import type { Place, RoomRecord } from "./vault"

/** How long what was under way when an epoch ended may still arrive. */
export const LATE_MS = 10_000

/** How this device came into an epoch. `atUs`: hub time of the step, 0 where it does not say. */
export type Entering = { readonly atUs: number } & (
  | { readonly by: "commit"; readonly removed: boolean }
  /** By a Welcome, or from outside: the step that let it in is its first. */
  | { readonly by: "joined" | "rejoined"; readonly seq: number }
)

/** The record with this device in the epoch of `state`; throws where that is not a group as it may be. */
export function entered(context: Context, record: RoomRecord, state: Uint8Array, entering: Entering): RoomRecord {
  const facts = context.mls.facts(state)
  const before = standingBefore(context, record, facts)
  const standing = context.standings.enter({ ...record, generation: generationOf(record.room.id, facts.id) }, facts, before)
  const { gone, removing } = whoIsLeft(context, record, facts)
  const late = entering.by === "commit" && !entering.removed && record.state !== null
  const here: Place = { generation: generationOf(record.room.id, facts.id), epoch: facts.epoch }
  return {
    ...record, state, pending: null, removing, stuck: null, succession: null, ...delegationsAfter(record, facts, before, standing),
    room: next(record.room, inputOf(entering, facts, standing)),
    known: withKnown(without(record.known, gone), facts), receipt: receiptOf(context, record.room.id, facts),
    previous: late ? { state: record.state, until: context.clock.now() + LATE_MS } : null,
    // A pharmacy's own device is one that follows.
    confirmed: context.me?.role === "pharmacist" ? here : record.confirmed,
    highest: { epoch: facts.epoch, number: standing.number, atUs: Math.max(entering.atUs, record.highest.atUs) },
  }
}

/** What was verified of the epoch that this one follows, if it is of the same group. */
function standingBefore(context: Context, record: RoomRecord, { id }: GroupFacts): State | null {
  if (record.state === null) return null
  const same = equal(context.mls.facts(record.state).id, id)
  return same ? context.standings.of({ ...record, state: record.state }) : null
}

/** Which delegations are over from this epoch on; of what this person ended, what the group has still to carry out. */
function delegationsAfter(record: RoomRecord, { id, epoch }: GroupFacts, before: State | null, after: State): Pick<RoomRecord, "ended" | "ending"> {
  const place: Place = { generation: generationOf(record.room.id, id), epoch }
  const inForce = after.inForce.map(({ delegation }) => uuidText(delegation.delegation))
  const were = before?.inForce.map(({ delegation }) => uuidText(delegation.delegation)) ?? record.room.group?.carers.map(({ delegation }) => delegation) ?? []
  const over = [...were, ...record.ending].filter((one) => !inForce.includes(one) && !(one in record.ended))
  return {
    ended: { ...record.ended, ...Object.fromEntries(over.map((one) => [one, place])) },
    ending: record.ending.filter((one) => inForce.includes(one)),
  }
}

/**
 * Whoever left a group leads nobody into one any more: the key may be a thief's. And whom its person gave up
 * stays given up, whether or not the hub says so again: an external commit takes no proposals along.
 */
function whoIsLeft(context: Context, record: RoomRecord, { id, members }: GroupFacts): Pick<RoomRecord, "removing"> & { readonly gone: readonly string[] } {
  const before = record.state === null ? null : context.mls.facts(record.state)
  const same = before !== null && equal(before.id, id)
  const here = (one: string): boolean => members.some(({ identity }) => identity === one)
  const left = same ? before.members.map(({ identity }) => identity).filter((one) => !here(one)) : []
  const named = record.removing.map(({ identity }) => identity)
  return { gone: [...left, ...named.filter((one) => !here(one))], removing: same ? record.removing.filter(({ identity }) => here(identity)) : [] }
}

/** Who may lead this device into a group: whom it knows of the last one, and nobody that is to leave it. */
export function vouching({ known, removing }: Pick<RoomRecord, "known" | "removing">): KnownKeys {
  return without(known, removing.map(({ identity }) => identity))
}

function without(known: KnownKeys, gone: readonly string[]): KnownKeys {
  return Object.fromEntries(Object.entries(known).filter(([identity]) => !gone.includes(identity)))
}

function inputOf(entering: Entering, facts: GroupFacts, standing: State): RoomInput {
  const place = viewOf(facts, standing)
  return entering.by === "commit" ? { kind: "group", ...place } : { kind: entering.by, seq: entering.seq, ...place }
}

/** Whoever founds a group is alone in its first epoch: there is nobody to tell. */
function receiptOf({ device, me }: Context, conversation: string, facts: GroupFacts): Uint8Array | null {
  if (facts.epoch === 0) return null
  return signStatement(EPOCH_RECEIPT, {
    deployment: me?.deployment ?? "", conversation: uuidBytes(conversation), groupId: facts.id, epoch: facts.epoch,
    confirmedTranscriptHash: facts.confirmedTranscriptHash, authenticatorHash: facts.authenticatorHash, device: uuidBytes(device.device),
  }, device.privateKey)
}

export function withKnown(known: KnownKeys, { members }: PublicFacts): KnownKeys {
  return { ...known, ...Object.fromEntries(members.map(({ identity, signatureKey }) => [identity, signatureKey])) }
}

/** A device's key never changes: another leaf under its name is not it. */
export function demandKnownKeys({ members }: PublicFacts, known: KnownKeys): void {
  const other = members.some(({ identity, signatureKey }) => known[identity] !== undefined && !equal(known[identity], signatureKey))
  if (other) throw new MlsFault("other_key")
}

/** The MLS id of a conversation's group: its UUID, and a byte for a successor. */
export function groupIdOf(conversation: string, generation: number): Uint8Array {
  return Uint8Array.of(...uuidBytes(conversation), ...(generation > 0 ? [generation] : []))
}

/** How many groups came before the one of this id; throws where it is none of this conversation's. */
export function generationOf(conversation: string, id: Uint8Array): number {
  const generation = id.length === 17 ? id[16] ?? 0 : 0
  if (generation > MAX_GROUP_GENERATION || !equal(id, groupIdOf(conversation, generation))) throw new MlsFault("wrong_group")
  return generation
}

/** The keys of the epoch before are gone from here when it is over for good. */
export function forgetLate(context: Context, { room: { id }, previous }: RoomRecord): void {
  if (previous === null) return
  context.clock.after(Math.max(previous.until - context.clock.now(), 0), () => {
    inBackground(context, () => context.line(async () => {
      const record = context.rooms.get(id)
      if (record?.previous?.until === previous.until) await keepRoom(context, { ...record, previous: null })
    }))
  })
}

/** Telling the hub which epochs this device is in. */
export class Epochs {
  readonly #telling = new Set<string>()

  constructor(private readonly context: Context, private readonly receipts: Receipts) {}

  tellAll(): void {
    for (const id of this.context.rooms.keys()) this.tell(id)
  }

  tell(conversation: string): void {
    if (this.#telling.has(conversation)) return
    this.#telling.add(conversation)
    inBackground(this.context, async () => {
      try {
        while (await this.#step(conversation));
      } finally {
        this.#telling.delete(conversation)
      }
    })
  }

  /** One receipt, told once. False: there is none to tell, or not now. */
  async #step(conversation: string): Promise<boolean> {
    const record = this.context.rooms.get(conversation)
    const receipt = record?.receipt ?? null
    if (record === undefined || receipt === null || !this.context.requests.open) return false
    // Of a group that another has taken the place of, the hub knows nothing any more: it would call the word false.
    if (record.room.summary.generation !== record.generation) return false
    const answer = await this.#ask(conversation, receipt)
    if (answer === null) return false
    if (answer.kind === "refused" && answer.retry === "later") {
      this.context.clock.after(pauseAfter(answer.retry_after), () => { this.tell(conversation) })
      return false
    }
    await this.context.line(() => this.#told(conversation, receipt, answer))
    return true
  }

  async #ask(conversation: string, receipt: Uint8Array): Promise<Answer | null> {
    try {
      return await this.context.requests.ask({ kind: "group.receipt", conversation, receipt })
    } catch (error) {
      if (error instanceof Disconnected) return null
      throw error
    }
  }

  /** A word that the hub has, or will never take, is not said again. That it calls it false is an alarm. */
  async #told(conversation: string, receipt: Uint8Array, answer: Answer): Promise<void> {
    if (answer.kind === "refused" && answer.code === "E_RECEIPT") this.context.alarm({ code: answer.code, text: answer.text })
    // What was so already leaves no entry, and so no receipt.
    if (answer.kind === "ok" && answer.receipt !== null) await this.receipts.takeConfirmation(answer, conversation)
    const record = this.context.rooms.get(conversation)
    if (record?.receipt != null && equal(record.receipt, receipt)) await keepRoom(this.context, { ...record, receipt: null })
  }
}
