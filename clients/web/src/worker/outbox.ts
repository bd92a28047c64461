/**
 * Messages on their way out. In each conversation they leave one after the other, in the order they
 * were written; each keeps its id, counter, salt and tag at every try, and its ciphertext until answered.
 */
import { WRITTEN, next, type OutboxInput } from "../core/outbox"
import { hasReaders } from "../core/conversation"
import { readSent, type Answer } from "../core/wire"
import { uuidFrom } from "../core/uuid"
import { actedUnder, actingOf, authenticatedData, newPayload } from "./content"
import { dropWritten, hubNowUs, identityOf, inBackground, keepRoom, keepWritten, putWritten, type Context } from "./context"
import { isHeldBack } from "./holding"
import { leave } from "./leaving"
import type { Receipts } from "./receipts"
import { Disconnected } from "./requests"
import { delegationOf } from "../core/policy/state"
import { leafIn } from "./standing"
import type { Change, RoomRecord, WrittenRecord } from "./vault"

const SALT_BYTES = 32
const OVER: readonly string[] = ["E_DELEGATION_EXPIRED", "E_DELEGATION_REVOKED", "E_DELEGATION_SUSPENDED", "E_DELEGATION_RESIGNED"]

/** The rows to write for a new message; the room's counter moves with it. */
export function written(context: Context, record: RoomRecord, text: string, checkpoint: string): { room: RoomRecord; message: WrittenRecord } {
  const counter = record.counter + 1
  const at = context.clock.now()
  const { payload, tag } = newPayload(context.random(SALT_BYTES), text, checkpoint)
  const id = uuidFrom(context.random(16))
  const message: WrittenRecord = {
    written: { id, conversation: record.room.id, order: counter, at, text, state: WRITTEN, echoed: false },
    payload, tag, counter, body: null,
  }
  return { message, room: { ...record, counter } }
}

export class Outbox {
  readonly #running = new Set<string>()

  constructor(private readonly context: Context, private readonly receipts: Receipts) {}

  /** Durable when it returns; sent when it can be. */
  async write(conversation: string, text: string): Promise<boolean> {
    const done = await this.context.line(async () => {
      const record = this.context.rooms.get(conversation)
      if (record?.state == null) return false
      const { room, message } = written(this.context, record, text, this.receipts.checkpoint)
      await keepRoom(this.context, { ...room, room: { ...room.room, draft: "" } }, [putWritten(message)])
      this.context.outbox.set(message.written.id, message)
      return true
    })
    this.kick(conversation)
    return done
  }

  async again(id: string): Promise<void> {
    const conversation = await this.context.line(async () => {
      const record = this.context.outbox.get(id)
      if (record === undefined) return null
      await keepWritten(this.context, changed(record, { kind: "again" }))
      return record.written.conversation
    })
    if (conversation !== null) this.kick(conversation)
  }

  /** Only what the hub cannot have: a message it may hold stays until it answers. */
  discard(id: string): Promise<void> {
    return this.context.line(async () => {
      const kind = this.context.outbox.get(id)?.written.state.kind
      if (kind === "failed" || kind === "waiting") await dropWritten(this.context, id)
    })
  }

  kickAll(): void {
    for (const conversation of this.context.rooms.keys()) this.kick(conversation)
  }

  kick(conversation: string): void {
    if (this.#running.has(conversation)) return
    this.#running.add(conversation)
    inBackground(this.context, async () => {
      try {
        while (await this.#step(conversation));
      } finally {
        this.#running.delete(conversation)
      }
    })
  }

  #first(conversation: string): WrittenRecord | undefined {
    return [...this.context.outbox.values()]
      .filter(({ written: one }) => one.conversation === conversation && (one.state.kind === "waiting" || one.state.kind === "sealed"))
      .sort((a, b) => a.written.order - b.written.order)[0]
  }

  /** One message, one try. False: nothing to do until something changes. */
  async #step(conversation: string): Promise<boolean> {
    const ready = await this.context.line(() => this.#sealed(conversation))
    if (ready === null || !this.context.requests.open) return false
    if (this.#held(ready)) return false
    try {
      const answer = await this.context.requests.ask({ kind: "message.send", conversation, body: ready.body })
      await this.context.line(() => this.#answered(ready.record.written.id, answer))
      return true
    } catch (error) {
      if (error instanceof Disconnected) return false
      throw error
    }
  }

  #held({ record }: { readonly record: WrittenRecord }): boolean {
    const { state, conversation } = record.written
    const pause = state.kind === "sealed" ? state.notBefore - this.context.clock.now() : 0
    if (pause > 0) this.context.clock.after(pause, () => { this.kick(conversation) })
    return pause > 0
  }

  async #sealed(conversation: string): Promise<{ record: WrittenRecord; body: Uint8Array } | null> {
    const record = this.#first(conversation)
    const room = this.context.rooms.get(conversation)
    if (record === undefined || room?.state == null || !this.context.requests.open) return null
    if (record.written.state.kind === "sealed" && record.body !== null) return { record, body: record.body }
    return this.#encrypt(room, record)
  }

  /** The group's next state and the ciphertext are durable together, before a byte leaves. */
  async #encrypt(room: RoomRecord, record: WrittenRecord): Promise<{ record: WrittenRecord; body: Uint8Array } | null> {
    if (!this.#canEncrypt(room, record) || room.state === null) return null
    const { data, acting } = this.#as({ ...room, state: room.state }, record)
    const { state, message } = await this.context.mls.encrypt(room.state, record.payload, data)
    const sealed = { ...changed(record, { kind: "encrypted", epoch: this.context.mls.facts(state).epoch }), body: message, ...(acting === undefined ? {} : { acting }) }
    await keepRoom(this.context, { ...room, state }, [putWritten(sealed)])
    this.context.outbox.set(sealed.written.id, sealed)
    return { record: sealed, body: message }
  }

  /** As whom it is sent, in this epoch. */
  #as(room: RoomRecord & { readonly state: Uint8Array }, record: WrittenRecord): { data: Uint8Array; acting: WrittenRecord["acting"] } {
    const standing = this.context.standings.of(room)
    const own = leafIn(standing, identityOf(this.context.me?.person ?? "", this.context.device.device))
    const data = authenticatedData(record, Math.floor(hubNowUs(this.context) / 1000), actingOf(own, standing))
    return { data, acting: actedUnder(delegationOf(standing, own) ?? null, standing) }
  }

  #canEncrypt(record: RoomRecord, { written: { state } }: WrittenRecord): boolean {
    const { room, founding } = record
    // Whoever is about to be removed could read it: it waits for the epoch without them.
    const known = room.group !== null && room.trouble === null && founding === null && !isHeldBack(this.context, record)
    // Nobody added later can read what is encrypted now: it waits for the first reader.
    return known && state.kind === "waiting" && room.group.epoch >= state.epoch && hasReaders(room, this.context.me?.person ?? "")
  }

  async #answered(id: string, answer: Answer): Promise<void> {
    const record = this.context.outbox.get(id)
    if (record === undefined) return
    if (answer.kind === "ok") await this.#accepted(record, answer)
    else {
      const { code, text, retry, epoch, retry_after: retryAfter } = answer
      if (OVER.includes(code)) return this.#close(record.written.conversation)
      await keepWritten(this.context, changed(record, { kind: "refused", code, text, retry, epoch, retryAfter, at: this.context.clock.now() }))
    }
  }

  /** This carer's authorisation ended: the refusal may come before any other word of it. */
  async #close(conversation: string): Promise<void> {
    const room = this.context.rooms.get(conversation)
    if (room !== undefined) await leave(this.context, room)
  }

  async #accepted(record: WrittenRecord, answer: Extract<Answer, { kind: "ok" }>): Promise<void> {
    readSent(answer.result)
    const proof: readonly Change[] = await this.receipts.changes(answer, {
      type: "message.sent", conversation: record.written.conversation, message: { id: record.written.id, body: record.body, tag: record.tag },
    })
    const done = changed(record, { kind: "accepted" })
    // Before its echo the text is kept here: the history row is made where the order is known.
    if (record.written.echoed) await dropWritten(this.context, record.written.id, proof)
    else await keepWritten(this.context, done, proof)
  }
}

function changed(record: WrittenRecord, input: OutboxInput): WrittenRecord {
  return { ...record, written: { ...record.written, state: next(record.written.state, input) } }
}
