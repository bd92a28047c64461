/**
 * The conversation's ordered events and Welcomes. Each is applied once, in order, and made durable
 * with what it yields (group state, history, cursor) in one transaction: a crash before it means
 * that the event comes again, a crash after it that it is ignored.
 */
import { next, type Entry, type Room } from "../core/conversation"
import type { ConversationEvent, WelcomePush } from "../core/wire"
import { uuidBytes } from "../core/uuid"
import { openContent, type Opened } from "./content"
import { identityOf, keepRoom, leavesOf, putWritten, type Context } from "./context"
import { MlsFault } from "./mls"
import type { Change, RoomRecord } from "./vault"

export type EventOutcome =
  | { readonly kind: "ignored" }
  | { readonly kind: "gap" }
  | { readonly kind: "message"; readonly entry: Entry; readonly checkpoint: string }
  | { readonly kind: "commit" }

export async function takeEvent(context: Context, event: ConversationEvent): Promise<EventOutcome> {
  const record = context.rooms.get(event.conversation)
  if (record === undefined || record.state === null || event.seq <= record.room.cursor) return { kind: "ignored" }
  if (event.seq !== record.room.cursor + 1) return { kind: "gap" }
  return event.what === "commit" ? takeCommit(context, record, event) : takeMessage(context, record, event)
}

async function takeCommit(context: Context, record: RoomRecord, event: ConversationEvent): Promise<EventOutcome> {
  const state = await stateAfter(context, record, event)
  const passed = next(record.room, { kind: "passed", seq: event.seq })
  if (state === null) {
    await keepRoom(context, { ...record, pending: null, room: next(passed, { kind: "broke" }) })
  } else {
    const facts = context.mls.facts(state)
    const room = next(passed, { kind: "group", epoch: facts.epoch, leaves: leavesOf(facts) })
    // Ours was ordered, or another's came first and ours can never be: in both cases it is over.
    await keepRoom(context, { ...record, state, pending: null, room })
  }
  return { kind: "commit" }
}

async function stateAfter(context: Context, record: RoomRecord, event: ConversationEvent): Promise<Uint8Array | null> {
  if (record.room.broken || record.state === null) return null
  const ours = event.device === context.device.device && record.pending !== null && same(record.pending.commit, event.body)
  if (ours) return record.pending.state
  try {
    return await context.mls.apply(record.state, event.body, identityOf(event.person, event.device))
  } catch (error) {
    if (error instanceof MlsFault) return null
    throw error
  }
}

async function takeMessage(context: Context, record: RoomRecord, event: ConversationEvent): Promise<EventOutcome> {
  const opened = event.device === context.device.device ? ownText(context, event) : await othersText(context, record, event)
  const entry = entryOf(event, opened.text)
  const room = next(record.room, { kind: "entry", entry, mine: event.person === context.me?.person })
  const echo = echoOf(context, event)
  await keepRoom(context, { ...record, room, state: opened.state ?? record.state }, [putEntry(entry), ...echo])
  return { kind: "message", entry, checkpoint: opened.checkpoint }
}

function othersText(context: Context, record: RoomRecord, event: ConversationEvent): Promise<Opened> {
  const hidden: Opened = { state: null, text: null, checkpoint: "" }
  if (record.state === null || record.room.broken) return Promise.resolve(hidden)
  return openContent(context.mls, record.state, event)
}

/** MLS does not open one's own messages; what was written here is in the outbox until its echo. */
function ownText(context: Context, event: ConversationEvent): Opened {
  const record = context.outbox.get(event.message ?? "")
  // Once, and under one's own name: the hub could else repeat it, or hang another's name on it.
  const ours = event.person === context.me?.person && record?.written.conversation === event.conversation && !record.written.echoed
  const sent = ours && record.body !== null && same(record.body, event.body)
  return { state: null, text: sent ? record.written.text : null, checkpoint: "" }
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

function entryOf(event: ConversationEvent, text: string | null): Entry {
  return {
    conversation: event.conversation, seq: event.seq, id: event.message ?? `${event.conversation}/${event.seq}`,
    person: event.person, device: event.device, at: event.ts / 1000, text,
  }
}

function putEntry(entry: Entry): Change {
  return { store: "messages", key: `${entry.conversation}/${entry.seq}`, group: entry.conversation, order: entry.seq, value: entry }
}

/** Join the group that a Welcome opens; the key package it used is destroyed in the same step. */
export async function takeWelcome(context: Context, push: WelcomePush): Promise<void> {
  const record = context.rooms.get(push.conversation)
  if (record === undefined || record.state !== null) return
  const joined = await joinedBy(context, push)
  if (joined === null) {
    await keepRoom(context, { ...record, room: next(record.room, { kind: "broke" }) })
    return
  }
  const room: Room = next(record.room, { kind: "joined", seq: push.seq, epoch: joined.epoch, leaves: joined.leaves })
  await keepRoom(context, { ...record, state: joined.state, room }, [{ store: "key_packages", key: joined.ref, value: null }])
}

type Joined = Pick<Extract<Parameters<typeof next>[1], { kind: "joined" }>, "epoch" | "leaves"> & {
  readonly state: Uint8Array
  readonly ref: string
}

async function joinedBy(context: Context, push: WelcomePush): Promise<Joined | null> {
  try {
    for (const ref of context.mls.welcomed(push.welcome)) {
      const kept = await context.vault.read("key_packages", ref)
      if (kept !== null) return checked(context, push, ref, await context.mls.join(push.welcome, kept.secret))
    }
    return null
  } catch (error) {
    if (error instanceof MlsFault) return null
    throw error
  }
}

function checked(context: Context, push: WelcomePush, ref: string, state: Uint8Array): Joined {
  const facts = context.mls.facts(state)
  if (!same(facts.id, uuidBytes(push.conversation))) throw new MlsFault("the Welcome of another conversation")
  return { state, ref, epoch: facts.epoch, leaves: leavesOf(facts) }
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
