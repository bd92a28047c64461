/** What every part of the worker shares: the keys, the memory, the hub, and one line of changes. */
import { newRoom, type Leaf } from "../core/conversation"
import type { Trouble } from "../core/model"
import type { Summary, Welcomed } from "../core/wire"
import type { Line } from "./line"
import type { Account } from "./account"
import type { GroupFacts, Mls } from "./mls"
import type { Believing } from "./believing"
import type { People } from "./people"
import type { Standings } from "./standing"
import { Disconnected, RefusedByHub, type Requests } from "./requests"
import type { Change, DeviceRecord, RoomRecord, Vault, WrittenRecord } from "./vault"

export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly after: (ms: number, work: () => void) => void
}

export interface Context {
  readonly vault: Vault
  readonly mls: Mls
  readonly requests: Requests
  readonly line: Line
  readonly clock: Clock
  readonly random: (size: number) => Uint8Array
  readonly device: DeviceRecord
  /** What the vault holds, read once at start and kept equal to it. */
  readonly rooms: Map<string, RoomRecord>
  readonly outbox: Map<string, WrittenRecord>
  /** Null until the first `hello` of this run was answered; its hub's key, authority and deployment are the pinned ones. */
  me: Welcomed | null
  /** The hub's clock less this device's, in microseconds, as last told. */
  skewUs: number
  readonly people: People
  readonly believing: Believing
  readonly standings: Standings
  readonly account: Account
  /** The screens' values may differ now. */
  changed: () => void
  readonly alarm: (trouble: Trouble) => void
  /** Leave this connection and come back: something was missed. */
  readonly reconnect: () => void
  /** This carer's authorisation in a conversation ended: nothing of it is shown any more. */
  closed: (conversation: string) => void
  /** A failure that nothing here can mend (the disk). */
  readonly fail: (error: unknown) => void
}

/** Hub time, by which a commit, a message and a period are judged: microseconds since 1970. */
export function hubNowUs({ clock, skewUs }: Pick<Context, "clock" | "skewUs">): number {
  return clock.now() * 1000 + skewUs
}

const NOTHING_SEEN: RoomRecord["highest"] = { epoch: 0, number: 0, atUs: 0 }
/** Before any epoch. */
export const NOWHERE: RoomRecord["confirmed"] = { generation: -1, epoch: 0 }

/** A conversation of whose group this device holds nothing yet. */
export function newRecord(summary: Summary): RoomRecord {
  return {
    room: newRoom(summary), state: null, pending: null, founding: null, counter: 0,
    generation: summary.generation, known: {}, removing: [], previous: null, receipt: null, stuck: null, succession: null,
    highest: NOTHING_SEEN, ended: {}, ending: [], confirmed: NOWHERE,
  }
}

export function putRoom(record: RoomRecord): Change {
  return { store: "rooms", key: record.room.id, value: record }
}

export function putWritten(record: WrittenRecord): Change {
  const { id, conversation, order } = record.written
  return { store: "outbox", key: id, group: conversation, order, value: record }
}

/** Make a change durable, then let this run see it. */
export async function keepRoom(context: Context, record: RoomRecord, also: readonly Change[] = []): Promise<void> {
  await context.vault.write([putRoom(record), ...also])
  context.rooms.set(record.room.id, record)
  context.changed()
}

export async function keepWritten(context: Context, record: WrittenRecord, also: readonly Change[] = []): Promise<void> {
  await context.vault.write([putWritten(record), ...also])
  context.outbox.set(record.written.id, record)
  context.changed()
}

export async function dropWritten(context: Context, id: string, also: readonly Change[] = []): Promise<void> {
  await context.vault.write([{ store: "outbox", key: id, value: null }, ...also])
  context.outbox.delete(id)
  context.changed()
}

export function identityOf(person: string, device: string): string {
  return `${person}/${device}`
}

export function leafOf(identity: string): Leaf {
  const [person = "", device = ""] = identity.split("/")
  return { person, device }
}

export function leavesOf(facts: Pick<GroupFacts, "members">): readonly Leaf[] {
  return facts.members.map(({ identity }) => leafOf(identity))
}

/** Run in the background; a lost connection or a refusal ends it, anything else is a failure to show. */
export function inBackground(context: Context, work: () => Promise<void>): void {
  work().catch((error: unknown) => {
    if (!(error instanceof Disconnected) && !(error instanceof RefusedByHub)) context.fail(error)
  })
}
