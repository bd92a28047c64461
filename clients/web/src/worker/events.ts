/**
 * The conversation's ordered events and Welcomes. Each is applied once, in order, and made durable
 * with what it yields (group state, history, cursor) in one transaction: a crash before it means
 * that the event comes again, a crash after it that it is ignored.
 */
import { equal } from "../core/bytes"
import { next, type Entry } from "../core/conversation"
import { fault, type FaultCode } from "../core/faults"
import type { ConversationEvent, WelcomePush } from "../core/wire"
import type { Doubt } from "./believing"
import { HIDDEN, openContent, type Opened } from "./content"
import { identityOf, keepRoom, putWritten, type Context } from "./context"
import { demandKnownKeys, entered, forgetLate, generationOf, vouching } from "./epochs"
import { demandWhole, followed, proposed, type InGroup } from "./following"
import { openingOf } from "./late"
import { leave, outside, putAll, regrouped, takeAll } from "./leaving"
import { MlsFault, type Member } from "./mls"
import { stateIn } from "./standing"
import { newKeyOf, succeeded, successionIn } from "./succeeding"
import type { Change, PendingCommit, RoomRecord } from "./vault"

export type EventOutcome =
  | { readonly kind: "ignored" }
  | { readonly kind: "gap" }
  | { readonly kind: "message"; readonly entry: Entry; readonly checkpoint: string }
  | { readonly kind: "commit" }
  /** It brings somebody whose certificate is not known to be in the log: nothing is changed yet. */
  | { readonly kind: "unproven" } & Doubt
  /** A step that this device cannot follow, or one after it. */
  | { readonly kind: "stuck" }
  /** A removal waits for a commit. */
  | { readonly kind: "proposal" }
  /** Nothing follows from it but that it was. */
  | { readonly kind: "passed" }

export async function takeEvent(context: Context, event: ConversationEvent): Promise<EventOutcome> {
  const record = context.rooms.get(event.conversation)
  if (record === undefined || record.state === null || event.seq <= record.room.cursor) return { kind: "ignored" }
  if (event.seq !== record.room.cursor + 1) return comesBack(record) ? { kind: "ignored" } : { kind: "gap" }
  const inGroup = { ...record, state: record.state }
  switch (event.what) {
    case "commit":
      return takeCommit(context, inGroup, event)
    case "proposal":
      return takeProposal(context, inGroup, event)
    case "succession":
      return takeSuccession(context, inGroup, event)
    case "message":
      return takeMessage(context, record, event)
  }
}

/** Its own commit brings this device to a later step: what lies between is not for it. */
function comesBack({ pending, succession }: RoomRecord): boolean {
  return pending?.rejoins === true || succession !== null
}

function passed<R extends RoomRecord>(record: R, event: ConversationEvent): R {
  return { ...record, room: next(record.room, { kind: "passed", seq: event.seq }) }
}

async function takeCommit(context: Context, record: InGroup, event: ConversationEvent): Promise<EventOutcome> {
  const { pending } = record
  const ours = event.device === context.device.device && pending !== null && equal(pending.commit, event.body)
  if (ours) return takeUp(context, entered(context, passed(record, event), pending.state, { by: "commit", removed: pending.removes, atUs: pending.atUs }))
  if (record.stuck !== null) return stayStuck(context, record, event)
  try {
    const step = await followed(context, record, event)
    if ("unproven" in step) return { kind: "unproven", members: step.unproven }
    const { state, removed, atUs } = step
    if (state !== null) return await takeUp(context, entered(context, passed(record, event), state, { by: "commit", removed, atUs }))
    return await leftBy(context, passed(record, event))
  } catch (error) {
    if (error instanceof MlsFault) return getStuck(context, record, event, error.code)
    throw error
  }
}

/** This device's leaf goes: a carer's, with everything that was read here. */
async function leftBy(context: Context, record: RoomRecord): Promise<EventOutcome> {
  await leave(context, record)
  return { kind: "passed" }
}

async function takeUp(context: Context, record: RoomRecord): Promise<EventOutcome> {
  // Ours was ordered, or another's came first and ours can never be: in both cases it is over.
  await keepRoom(context, record)
  forgetLate(context, record)
  return { kind: "commit" }
}

async function getStuck(context: Context, record: InGroup, event: ConversationEvent, reason: string): Promise<EventOutcome> {
  const { epoch } = context.mls.facts(record.state)
  const room = next(passed(record, event).room, { kind: "broke" })
  await keepRoom(context, { ...record, room, pending: null, previous: null, receipt: null, stuck: { epoch: epoch + 1, reason } })
  return { kind: "stuck" }
}

/** The group goes on without this device. Its way back may begin at a later step: only the hub's answer ends that. */
async function stayStuck(context: Context, record: InGroup, event: ConversationEvent): Promise<EventOutcome> {
  const stuck = { epoch: (record.stuck?.epoch ?? 0) + 1, reason: record.stuck?.reason ?? "" }
  await keepRoom(context, { ...passed(record, event), stuck })
  return { kind: "stuck" }
}

/** A removal that nobody of the person's justified is no proposal here, and everybody is told. */
async function takeProposal(context: Context, record: InGroup, event: ConversationEvent): Promise<EventOutcome> {
  const after = passed(record, event)
  try {
    if (record.stuck !== null) return await pass(context, after)
    const { state, removal } = await proposed(context, record, event)
    if (removal.identity === identityOf(context.me?.person ?? "", context.device.device)) return await leftBy(context, after)
    await keepRoom(context, { ...after, state, removing: [...record.removing.filter(({ identity }) => identity !== removal.identity), removal] })
    return { kind: "proposal" }
  } catch (error) {
    return refuse(context, after, error, "C_REMOVE_UNJUSTIFIED")
  }
}

/** Whoever is not the founder waits to be let in again. */
async function takeSuccession(context: Context, record: InGroup, event: ConversationEvent): Promise<EventOutcome> {
  const own = record.succession
  if (own !== null && event.device === context.device.device && equal(own.groupInfo, event.body)) {
    await takeOwnSuccession(context, event.conversation, event.seq)
    return { kind: "commit" }
  }
  try {
    const shown = await context.mls.shown(event.body)
    const unproven = context.believing.worthAsking(shown.members)
    if (unproven.length > 0) return { kind: "unproven", members: unproven }
    const said = successionIn(context, record, shown)
    const claims = newKeyOf(said).filter((one) => context.believing.isWorthAsking(one))
    if (claims.length > 0) return { kind: "unproven", members: [], claims }
    const generation = succeeded(context, record, event, shown, said)
    const written = regrouped(context, event.conversation)
    await keepRoom(context, outside(passed(record, event), { kind: "succeeded" }, generation), putAll(written))
    takeAll(context, written)
    return { kind: "passed" }
  } catch (error) {
    return refuse(context, passed(record, event), error, "C_GROUP_REFUSED")
  }
}

/** The successor group that this device founded stands, as the step `seq`. */
export async function takeOwnSuccession(context: Context, conversation: string, seq: number): Promise<void> {
  const record = context.rooms.get(conversation)
  if (record?.succession == null) return
  const { state, generation } = record.succession
  const written = regrouped(context, conversation)
  await keepRoom(context, { ...entered(context, record, state, { by: "rejoined", seq, atUs: 0 }), generation }, putAll(written))
  takeAll(context, written)
}

/** This device is back, as the step `seq`: by its own commit, which the hub accepted. */
export async function takeRejoined(context: Context, conversation: string, accepted: PendingCommit, seq: number): Promise<void> {
  const record = context.rooms.get(conversation)
  // Its step may have been shown meanwhile, and then it is done.
  if (record?.pending == null || !equal(record.pending.commit, accepted.commit)) return
  await keepRoom(context, entered(context, record, record.pending.state, { by: "rejoined", seq, atUs: record.pending.atUs }))
}

/** What the hub wanted is not done; the step is passed, and an alarm says so. */
async function refuse(context: Context, record: RoomRecord, error: unknown, code: FaultCode): Promise<EventOutcome> {
  if (!(error instanceof MlsFault)) throw error
  context.alarm(fault(code))
  return pass(context, record)
}

async function pass(context: Context, record: RoomRecord): Promise<EventOutcome> {
  await keepRoom(context, record)
  return { kind: "passed" }
}

async function takeMessage(context: Context, record: RoomRecord, event: ConversationEvent): Promise<EventOutcome> {
  const { opened, after } = event.device === context.device.device
    ? { opened: ownText(context, event), after: record }
    : await othersText(context, record, event)
  const entry = entryOf(event, opened)
  const room = next(record.room, { kind: "entry", entry, mine: event.person === context.me?.person })
  const echo = echoOf(context, event)
  await keepRoom(context, { ...after, room }, [putEntry(entry), ...echo])
  return { kind: "message", entry, checkpoint: opened.checkpoint }
}

async function othersText(context: Context, record: RoomRecord, event: ConversationEvent): Promise<{ opened: Opened; after: RoomRecord }> {
  const opening = openingOf(context, record, event.body)
  if (opening === null) return { opened: HIDDEN, after: record }
  const opened = await openContent(context, opening, event)
  return { opened, after: opened.state === null ? record : opening.turned(opened.state) }
}

/** MLS does not open one's own messages; what was written here is in the outbox until its echo. */
function ownText(context: Context, event: ConversationEvent): Opened {
  const record = context.outbox.get(event.message ?? "")
  // Once, and under one's own name: the hub could else repeat it, or hang another's name on it.
  const ours = event.person === context.me?.person && record?.written.conversation === event.conversation && !record.written.echoed
  const sent = ours && record.body !== null && equal(record.body, event.body)
  return sent ? { ...HIDDEN, text: record.written.text, acting: record.acting } : HIDDEN
}

/** The echo of our own message: the outbox keeps it only while its receipt is missing. */
function echoOf(context: Context, event: ConversationEvent): readonly Change[] {
  const record = context.outbox.get(event.message ?? "")
  if (event.device !== context.device.device || record === undefined) return []
  if (record.written.state.kind === "done") {
    context.outbox.delete(record.written.id)
    return [{ store: "outbox", key: record.written.id, value: null }]
  }
  const echoed = { ...record, written: { ...record.written, echoed: true } }
  context.outbox.set(record.written.id, echoed)
  return [putWritten(echoed)]
}

function entryOf(event: ConversationEvent, { text, why, acting }: Opened): Entry {
  return {
    conversation: event.conversation, seq: event.seq, id: event.message ?? `${event.conversation}/${event.seq}`,
    person: event.person, device: event.device, at: event.ts / 1000, text, ...(text === null ? { why } : {}), ...(acting === undefined ? {} : { acting }),
  }
}

function putEntry(entry: Entry): Change {
  return { store: "messages", key: `${entry.conversation}/${entry.seq}`, group: entry.conversation, order: entry.seq, value: entry }
}

/**
 * Join the group that a Welcome opens; the key package it used is destroyed in the same step. A device that
 * was in a group is led only into one that takes its place, and only by somebody who was in it too. Returns
 * whose certificates are still to be found in the log: then nothing is changed yet.
 */
export async function takeWelcome(context: Context, push: WelcomePush): Promise<readonly Member[]> {
  const record = context.rooms.get(push.conversation)
  if (record === undefined || (record.state !== null && record.room.summary.generation <= record.generation)) return []
  try {
    return await join(context, record, push)
  } catch (error) {
    if (!(error instanceof MlsFault)) throw error
    context.alarm(fault("C_GROUP_REFUSED"))
    await turnAway(context, record)
    return []
  }
}

async function turnAway(context: Context, record: RoomRecord): Promise<void> {
  if (record.state === null) await keepRoom(context, { ...record, room: next(record.room, { kind: "refused" }) })
}

async function join(context: Context, record: RoomRecord, push: WelcomePush): Promise<readonly Member[]> {
  const found = await keyPackageFor(context, push)
  if (found === null) {
    await turnAway(context, record)
    return []
  }
  const state = await context.mls.join(push.welcome, found.secret, vouching(record))
  const facts = context.mls.facts(state)
  const unproven = context.believing.worthAsking(facts.members)
  if (unproven.length > 0) return unproven
  if (context.people.owner === null) {
    // Whose staff it is was not told yet: the next hello does.
    context.reconnect()
    return []
  }
  const generation = checked(context, record, state)
  const written = generation > record.generation ? regrouped(context, push.conversation) : []
  const used: Change = { store: "key_packages", key: found.ref, value: null }
  const by = Object.keys(record.known).length === 0 ? "joined" : "rejoined"
  const after = entered(context, { ...record, generation }, state, { by, seq: push.seq, atUs: 0 })
  await keepRoom(context, { ...after, generation }, [used, ...putAll(written)])
  takeAll(context, written)
  return []
}

/** The generation of a group that a Welcome led to: this conversation's, as it may be, with the keys that are known. */
function checked(context: Context, record: RoomRecord, state: Uint8Array): number {
  const facts = context.mls.facts(state)
  const generation = generationOf(record.room.id, facts.id)
  const least = record.state === null ? record.generation : record.generation + 1
  if (generation < least) throw new MlsFault("wrong_group")
  demandKnownKeys(facts, record.known)
  const standing = stateIn(context, record.room, facts, null)
  const former = generation > record.generation ? { ...record, highest: { ...record.highest, epoch: 0 } } : record
  demandWhole(former, standing, facts.epoch)
  return generation
}

async function keyPackageFor(context: Context, push: WelcomePush): Promise<{ readonly ref: string; readonly secret: Uint8Array } | null> {
  for (const ref of context.mls.welcomed(push.welcome)) {
    const kept = await context.vault.read("key_packages", ref)
    if (kept !== null) return { ref, secret: kept.secret }
  }
  return null
}
