/**
 * One conversation as this device keeps it (`Room`), and what the screens see of it.
 * `Room` changes by `next(room, input)`; the views are computed, never stored.
 */
import type { Conversation, Delivery, LegalBasis, Member, Message, Readiness, Reader, Role, Thread } from "./model"
import type { OutboxState } from "./outbox"
import type { Summary } from "./wire"

/** A message in its place; `text` is null where it is hidden. */
export interface Entry {
  readonly conversation: string
  readonly seq: number
  readonly id: string
  readonly person: string
  readonly device: string
  /** Milliseconds, the hub's clock. */
  readonly at: number
  readonly text: string | null
  /** Where it is hidden: its proofs did not hold, or its sender might not write it. */
  readonly why?: "proofs" | "unauthorised"
  /** A carer's: for whom, and until when (ms) they may. */
  readonly acting?: Acting
}

/** For whom somebody writes, and until when (ms). */
export interface Acting {
  readonly person: string
  readonly until: number
}

/** A carer of the group, by the delegation in force there. */
export interface Carer {
  readonly person: string
  /** The delegation's id. */
  readonly delegation: string
  /** Milliseconds. */
  readonly until: number
  readonly basis: LegalBasis
}

/** What this device knows of somebody's account key. */
export interface Acquaintance {
  readonly compared: boolean
  readonly digits: string
}

/** A message that this device wrote and the hub has not answered yet. */
export interface Written {
  readonly id: string
  readonly conversation: string
  readonly order: number
  readonly at: number
  readonly text: string
  readonly state: OutboxState
  /** It came back in the conversation's order, so the hub has it; only its receipt is missing. */
  readonly echoed: boolean
}

export interface Leaf {
  readonly person: string
  readonly device: string
}

export type RoomTrouble =
  /** The group could not be followed: this device finds its way back, or waits for a new group. */
  | "broken"
  /** What the hub offered is not this conversation's group. */
  | "refused"
  /** This device was taken out of the group. */
  | "removed"

export interface Room {
  readonly id: string
  readonly summary: Summary
  /** Of the MLS group held here; null before the Welcome. */
  readonly group: GroupView | null
  /** This carer's authorisation here has ended: nothing of it is shown any more. */
  readonly over?: boolean
  /** Why nothing is read or written here now; null: all is well. */
  readonly trouble: RoomTrouble | null
  /** Last `seq` applied. */
  readonly cursor: number
  readonly read: number
  readonly delivered: number
  readonly last: { readonly at: number; readonly line: string } | null
  /** `seq` of others' messages not read yet. */
  readonly unread: readonly number[]
  readonly draft: string
}

export interface GroupView {
  readonly epoch: number
  readonly leaves: readonly Leaf[]
  readonly carers: readonly Carer[]
}

export type RoomInput =
  | { readonly kind: "summary"; readonly summary: Summary }
  | { readonly kind: "group" } & GroupView
  | { readonly kind: "joined"; readonly seq: number } & GroupView
  | { readonly kind: "broke" }
  | { readonly kind: "refused" }
  /** Back in the group by a commit of its own, as the step `seq`. */
  | { readonly kind: "rejoined"; readonly seq: number } & GroupView
  | { readonly kind: "removed" }
  /** This carer's authorisation ended. */
  | { readonly kind: "over" }
  /** The group of before is over for this device, which is let in anew. */
  | { readonly kind: "left" }
  /** A new group took the place of this one; this device is not in it yet. */
  | { readonly kind: "succeeded" }
  | { readonly kind: "passed"; readonly seq: number }
  | { readonly kind: "entry"; readonly entry: Entry; readonly mine: boolean }
  | { readonly kind: "read" }
  | { readonly kind: "cursor"; readonly person: string; readonly delivered: number; readonly read: number }
  | { readonly kind: "draft"; readonly text: string }

const LINE_LENGTH = 120

export function newRoom(summary: Summary): Room {
  return {
    id: summary.id, summary, group: null, trouble: null, cursor: 0, read: 0, delivered: 0, last: null, unread: [], draft: "",
  }
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim()
  return line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH - 1)}…` : line
}

function withEntry(room: Room, entry: Entry, mine: boolean): Room {
  const counts = !mine && entry.seq > room.read
  return {
    ...room,
    cursor: entry.seq,
    delivered: entry.seq,
    last: { at: entry.at, line: entry.text === null ? "" : oneLine(entry.text) },
    unread: counts ? [...room.unread, entry.seq] : room.unread,
  }
}

function withCursor(room: Room, person: string, delivered: number, read: number): Room {
  const members = room.summary.members.map((member) => member.person !== person ? member : {
    ...member, delivered: Math.max(member.delivered, delivered), read: Math.max(member.read, read),
  })
  return { ...room, summary: { ...room.summary, members } }
}

/** Whom a conversation is with, and why, was settled when it began: no later word of the hub changes it. */
function begunAs({ conversation_kind, motive, founder, patient }: Summary): Pick<Summary, "conversation_kind" | "motive" | "founder" | "patient"> {
  return { conversation_kind, motive, founder, patient }
}

export function next(room: Room, input: RoomInput): Room {
  switch (input.kind) {
    case "summary":
      return { ...room, summary: { ...input.summary, ...begunAs(room.summary) } }
    case "group":
      return { ...room, group: groupIn(input), trouble: null }
    case "joined":
      return {
        ...room, group: groupIn(input), cursor: input.seq, read: input.seq, delivered: input.seq, trouble: null, over: false,
      }
    case "rejoined":
      return { ...room, group: groupIn(input), cursor: input.seq, delivered: input.seq, trouble: null }
    case "broke":
      return { ...room, trouble: "broken" }
    case "refused":
      return { ...room, trouble: "refused" }
    case "removed":
      return { ...room, group: null, trouble: "removed" }
    case "over":
      return { ...room, group: null, trouble: "removed", over: true, last: null, unread: [], draft: "" }
    case "left":
      return { ...room, group: null, trouble: null }
    case "succeeded":
      return { ...room, group: null, trouble: "broken" }
    case "passed":
      return { ...room, cursor: input.seq, delivered: input.seq }
    case "entry":
      return withEntry(room, input.entry, input.mine)
    case "read":
      return { ...room, read: room.cursor, unread: [] }
    case "cursor":
      return withCursor(room, input.person, input.delivered, input.read)
    case "draft":
      return { ...room, draft: input.text }
  }
}

function groupIn({ epoch, leaves, carers }: GroupView): GroupView {
  return { epoch, leaves, carers }
}

/** Whether anybody but this person could read what is sent now. */
export function hasReaders(room: Room, me: string): boolean {
  return room.group?.leaves.some((leaf) => leaf.person !== me) ?? false
}

export function readiness(room: Room, me: string): Readiness {
  if (room.trouble !== null) return room.trouble
  if (room.group !== null) return patientIsAwaited(room) ? "waiting_for_patient" : "ready"
  const own = room.summary.members.find((member) => member.person === me)
  return own?.state === "joined" && !room.summary.joined ? "before_this_device" : "joining"
}

function patientIsAwaited(room: Room): boolean {
  return room.group?.leaves.every((leaf) => leaf.person !== room.summary.patient) ?? true
}

/**
 * People of the room who have no device in the group yet and have key packages to be added by: the two
 * for whom it was begun, and in a successor group those who were in the one before. A device adds nobody
 * only because the hub lists them.
 */
export function admissible(room: Room, before: readonly string[] = []): readonly string[] {
  const { founder, patient } = room.summary
  return room.summary.members
    .filter(({ person }) => person === founder || person === patient || before.includes(person))
    .filter((member) => member.state === "invited" && member.key_packages && !inGroup(room, member.person))
    .map((member) => member.person)
}

export function inGroup(room: Room, person: string): boolean {
  return room.group?.leaves.some((leaf) => leaf.person === person) ?? false
}

export function conversationView(room: Room, me: string, written: readonly Written[], known: Acquaintances): Conversation {
  const pending = written.filter((one) => !one.echoed).at(-1)
  const createdAt = room.summary.created_at / 1000
  return {
    id: room.id,
    kind: room.summary.conversation_kind,
    motive: room.summary.motive,
    createdAt,
    founder: room.summary.founder,
    patient: room.summary.patient,
    members: room.summary.members.map(({ person, name, role, state }): Member => ({
      person, name, role, state, ...known(person), delegation: delegationOf(room, person),
    })),
    readiness: readiness(room, me),
    lastAt: pending?.at ?? room.last?.at ?? createdAt,
    preview: pending === undefined ? room.last?.line ?? null : oneLine(pending.text),
    unread: room.unread.length,
    draft: room.draft,
    over: room.over === true,
  }
}

export type Acquaintances = (person: string) => Acquaintance

/** By the group's own word, not by the hub's. */
function delegationOf(room: Room, person: string): Member["delegation"] {
  const carer = room.group?.carers.find((one) => one.person === person)
  return carer === undefined ? null : { until: carer.until, basis: carer.basis }
}

function nameOf(room: Room, person: string): string {
  return room.summary.members.find((member) => member.person === person)?.name ?? ""
}

function roleOf(room: Room, person: string): Role | "unknown" {
  return room.summary.members.find((member) => member.person === person)?.role ?? "unknown"
}

/** How far others are: one reader is enough for « lu ». */
export function delivery(room: Room, seq: number, me: string): Delivery {
  // Of those who can read: somebody outside the group has received nothing, whatever the hub says.
  const others = room.summary.members.filter((member) => member.person !== me && inGroup(room, member.person))
  if (others.some((member) => member.read >= seq)) return "read"
  return others.some((member) => member.delivered >= seq) ? "delivered" : "sent"
}

function entryView(room: Room, entry: Entry, me: string): Message {
  const mine = entry.person === me
  return {
    id: entry.id, seq: entry.seq, person: entry.person, name: nameOf(room, entry.person), mine, at: entry.at,
    actingFor: entry.acting === undefined ? null : { name: nameOf(room, entry.acting.person), until: entry.acting.until },
    content: entry.text === null ? { kind: "hidden", why: entry.why ?? "proofs" } : { kind: "text", text: entry.text },
    delivery: mine ? delivery(room, entry.seq, me) : "sent",
    trouble: null,
  }
}

function writtenView(room: Room, one: Written, me: string): Message {
  const carer = room.group?.carers.find(({ person }) => person === me)
  return {
    id: one.id, seq: null, person: me, name: nameOf(room, me), mine: true, at: one.at,
    actingFor: carer === undefined ? null : { name: nameOf(room, room.summary.patient), until: carer.until },
    content: { kind: "text", text: one.text },
    delivery: one.state.kind === "failed" ? "failed" : one.state.kind === "done" ? "sent" : "waiting",
    trouble: one.state.kind === "failed" ? one.state.trouble : null,
  }
}

function readers(room: Room, me: string): readonly Reader[] {
  const people = new Map<string, number>()
  for (const leaf of room.group?.leaves ?? []) people.set(leaf.person, (people.get(leaf.person) ?? 0) + 1)
  return [...people].map(([person, devices]) => ({
    person, devices, name: nameOf(room, person), role: roleOf(room, person), me: person === me,
  }))
}

export function threadView(room: Room, entries: readonly Entry[], written: readonly Written[], me: string, known: Acquaintances): Thread {
  const waiting = written.filter((one) => !one.echoed)
  return {
    conversation: conversationView(room, me, written, known),
    messages: room.over === true ? [] : [...entries.map((entry) => entryView(room, entry, me)), ...waiting.map((one) => writtenView(room, one, me))],
    readers: readers(room, me),
    epoch: room.group?.epoch ?? 0,
  }
}
