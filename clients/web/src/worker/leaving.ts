/**
 * A device that is in a group no more: the keys go in the same step; what was read stays readable. Of the
 * others their public keys stay known, so that nobody leads it back in but one of them: who was to be removed is none of them any more.
 */
import { next as nextWritten } from "../core/outbox"
import { next, type RoomInput } from "../core/conversation"
import { keepRoom, putRoom, putWritten, type Context } from "./context"
import { vouching } from "./epochs"
import type { Change, RoomRecord, WrittenRecord } from "./vault"

/** The record without anything of its group, in the trouble that `input` says. */
export function outside(record: RoomRecord, input: RoomInput, generation = record.generation): RoomRecord {
  return {
    ...record, room: next(record.room, input), generation, known: vouching(record), state: null,
    pending: null, removing: [], previous: null, receipt: null, stuck: null, succession: null,
    // The epochs of another group begin again.
    highest: generation === record.generation ? record.highest : { ...record.highest, epoch: 0 },
  }
}

/** Out of a group, by a step of it or by the hub's word. A carer's authorisation is over with it: what was read here goes, too. */
export async function leave(context: Context, record: RoomRecord): Promise<void> {
  if (context.me?.role !== "carer") return keepRoom(context, outside(record, { kind: "removed" }))
  const { id } = record.room
  const read = await context.vault.keysOf("messages", id)
  const written = [...context.outbox.values()].filter((one) => one.written.conversation === id).map((one) => one.written.id)
  await keepRoom(context, { ...outside(record, { kind: "over" }), known: {} }, [
    ...read.map((key): Change => ({ store: "messages", key, value: null })),
    ...written.map((key): Change => ({ store: "outbox", key, value: null })),
  ])
  for (const key of written) context.outbox.delete(key)
  context.closed(id)
}

/** What was written for the group before a successor is encrypted anew for it: its epochs begin again. */
export function regrouped(context: Context, conversation: string): readonly WrittenRecord[] {
  return [...context.outbox.values()]
    .filter(({ written }) => written.conversation === conversation)
    .map((record) => ({ ...record, written: { ...record.written, state: nextWritten(record.written.state, { kind: "regrouped" }) } }))
}

export function putAll(records: readonly WrittenRecord[]): readonly Change[] {
  return records.map(putWritten)
}

/** Once they are durable. */
export function takeAll(context: Context, records: readonly WrittenRecord[]): void {
  for (const record of records) context.outbox.set(record.written.id, record)
}

/** Out of every group at once, and of those to come. */
export async function forgetGroups(context: Context): Promise<void> {
  const records = [...context.rooms.values()].map((record) => outside(record, { kind: "removed" }))
  const unused = await context.vault.keys("key_packages")
  await context.vault.write([...records.map(putRoom), ...unused.map((key): Change => ({ store: "key_packages", key, value: null }))])
  for (const record of records) context.rooms.set(record.room.id, record)
  context.changed()
}
