/**
 * How a conversation begins and people enter its group. Every step is a durable intention before it is
 * a frame, and every frame may be sent again: a crash between any two steps is picked up at the next hello.
 */
import { equal } from "../core/bytes"
import { admissible, inGroup, next } from "../core/conversation"
import type { Motive, Trouble } from "../core/model"
import { isStaff } from "../core/membership"
import { pauseAfter } from "../core/outbox"
import { uuidFrom } from "../core/uuid"
import { readClaimed, readCommitted, readFounded, type Answer, type ClaimedPackage, type Summary } from "../core/wire"
import { identityOf, inBackground, keepRoom, leafOf, leavesOf, newRecord, putWritten, type Context } from "./context"
import { groupIdOf, withKnown } from "./epochs"
import { takeRejoined } from "./events"
import { MlsFault, type NewCommit } from "./mls"
import { written } from "./outbox"
import type { Receipts } from "./receipts"
import { Disconnected } from "./requests"
import type { PendingCommit, RoomRecord } from "./vault"

// The founder's device goes first; a colleague's takes over when it is not there.
const COLLEAGUE_PAUSE_MS = 2_000

export class Admission {
  readonly #admitting = new Set<string>()
  readonly #submitting = new Set<string>()

  /** `entered`: a commit of this device's was accepted. */
  constructor(private readonly context: Context, private readonly receipts: Receipts, private readonly entered: (conversation: string) => void) {}

  /** Begin a conversation with `patient`; returns its id once the hub has it, or the refusal. */
  async found(patient: { readonly person: string; readonly name: string }, motive: Motive, note: string): Promise<{ id: string } | { trouble: Trouble }> {
    const id = uuidFrom(this.context.random(16))
    await this.context.line(() => this.#intend(id, patient, motive, note))
    const trouble = await this.#create(id)
    if (trouble !== null) return { trouble }
    inBackground(this.context, () => this.admit(id))
    return { id }
  }

  /** After hello: take up whatever was left unfinished. */
  resume(): void {
    for (const record of [...this.context.rooms.values()]) {
      inBackground(this.context, () => this.#resumeOne(record))
    }
  }

  async #resumeOne({ room, founding, pending }: RoomRecord): Promise<void> {
    if (founding !== null && (await this.#create(room.id)) !== null) return
    if (pending !== null) await this.#submit(room.id)
    await this.admit(room.id)
  }

  /** `person` has key packages now: the rooms that wait for them can go on. */
  async reachable(person: string): Promise<void> {
    const rooms = await this.context.line(async () => {
      const waiting = [...this.context.rooms.values()].filter(({ room }) => room.summary.members.some((m) => m.person === person))
      for (const record of waiting) await this.#mark(record, person, true)
      return waiting
    })
    for (const { room } of rooms) await this.admit(room.id)
  }

  #mark(record: RoomRecord, person: string, key_packages: boolean): Promise<void> {
    const members = record.room.summary.members.map((m) => (m.person === person ? { ...m, key_packages } : m))
    const room = next(record.room, { kind: "summary", summary: { ...record.room.summary, members } })
    return keepRoom(this.context, { ...record, room })
  }

  async #intend(id: string, patient: { readonly person: string; readonly name: string }, motive: Motive, note: string): Promise<void> {
    const me = this.#me()
    const created = await this.context.mls.create(
      groupIdOf(id, 0), identityOf(me.person, this.context.device.device), this.context.device, me.hub_key)
    const facts = this.context.mls.facts(created.state)
    const fresh = newRecord(this.#summary(id, patient, motive))
    const room = next(fresh.room, { kind: "group", epoch: facts.epoch, leaves: leavesOf(facts) })
    const record: RoomRecord = {
      ...fresh, room, state: created.state, founding: { groupInfo: created.groupInfo }, known: withKnown({}, facts),
    }
    if (note.trim() === "") return keepRoom(this.context, record)
    const first = written(this.context, record, note, this.receipts.checkpoint)
    await keepRoom(this.context, first.room, [putWritten(first.message)])
    this.context.outbox.set(first.message.written.id, first.message)
  }

  #summary(id: string, patient: { readonly person: string; readonly name: string }, motive: Motive): Summary {
    const { person, name, role } = this.#me()
    const unseen = { delivered: 0, read: 0, key_packages: false }
    return {
      id, conversation_kind: "remote_dispensation", motive, created_at: this.context.clock.now() * 1000,
      founder: person, patient: patient.person, generation: 0, epoch: 0, last_seq: 0, removing: false, joined: true, since: 0,
      members: [
        { person, name, role, state: "joined", ...unseen },
        { person: patient.person, name: patient.name, role: "patient", state: "invited", ...unseen },
      ],
    }
  }

  /** Say it to the hub until it answers; a final refusal undoes the intention. */
  async #create(id: string): Promise<Trouble | null> {
    const record = this.context.rooms.get(id)
    if (record?.founding == null) return null
    const { motive, patient, conversation_kind } = record.room.summary
    const answer = await this.#tryAsk({
      kind: "conversation.create", conversation: id, conversation_kind, patient, motive, group_info: record.founding.groupInfo,
    })
    if (answer === null) return null
    if (answer.kind === "ok") return this.#founded(id, answer)
    if (answer.retry === "later") return this.#later(answer.retry_after, () => this.#create(id))
    await this.context.line(() => this.#forget(id))
    return { code: answer.code, text: answer.text }
  }

  #founded(id: string, answer: Extract<Answer, { kind: "ok" }>): Promise<null> {
    return this.context.line(async () => {
      const record = this.context.rooms.get(id)
      if (record === undefined) return null
      const proof = await this.receipts.changes(answer, { type: "dispensation.started", conversation: id })
      const room = next(record.room, { kind: "summary", summary: readFounded(answer.result).conversation })
      await keepRoom(this.context, { ...record, founding: null, room }, proof)
      return null
    })
  }

  async #forget(id: string): Promise<void> {
    const mine = [...this.context.outbox.keys()].filter((key) => this.context.outbox.get(key)?.written.conversation === id)
    await this.context.vault.write([
      { store: "rooms", key: id, value: null },
      ...mine.map((key) => ({ store: "outbox" as const, key, value: null })),
    ])
    this.context.rooms.delete(id)
    for (const key of mine) this.context.outbox.delete(key)
    this.context.changed()
  }

  /** Add whoever is invited and reachable. Losing a race to a colleague's device is normal. */
  async admit(id: string): Promise<void> {
    if (this.#admitting.has(id) || !this.#mayAdmit(id)) return
    this.#admitting.add(id)
    try {
      if (this.context.rooms.get(id)?.room.summary.founder !== this.context.me?.person) await this.#pause(COLLEAGUE_PAUSE_MS)
      if (this.#mayAdmit(id)) await this.#claimAndCommit(id)
    } finally {
      this.#admitting.delete(id)
    }
  }

  #mayAdmit(id: string): boolean {
    const record = this.context.rooms.get(id)
    const able = record !== undefined && record.state !== null && record.founding === null && record.pending === null && record.room.trouble === null
    return able && isStaff(this.context.me?.role ?? "") && this.context.requests.open && this.#admissible(record).length > 0
  }

  /** Into a successor group come all who were in the one before. */
  #admissible({ room, generation, known }: RoomRecord): readonly string[] {
    return admissible(room, generation > 0 ? Object.keys(known).map((identity) => leafOf(identity).person) : [])
  }

  async #claimAndCommit(id: string): Promise<void> {
    const record = this.context.rooms.get(id)
    const people = record === undefined ? [] : this.#admissible(record)
    const claimed: ClaimedPackage[] = []
    for (const person of people) claimed.push(...await this.#claim(id, person))
    if (claimed.length === 0) return
    claimed.push(...await this.#claimOwn(id))
    const intended = await this.context.line(() => this.#commit(id, claimed))
    if (intended) await this.#submit(id)
  }

  async #claim(conversation: string, person: string): Promise<readonly ClaimedPackage[]> {
    const answer = await this.#tryAsk({ kind: "key_packages.claim", conversation, person })
    if (answer === null) return []
    if (answer.kind === "refused") {
      await this.context.line(async () => {
        const record = this.context.rooms.get(conversation)
        if (record !== undefined && answer.code === "E_NO_KEY_PACKAGE") await this.#mark(record, person, false)
      })
      return []
    }
    await this.receipts.take(answer, { type: "key_package.claimed", conversation })
    return readClaimed(answer.result).packages.filter((one) => one.person === person && this.#isTheirs(conversation, one))
  }

  /** My other devices read along from the first commit on. */
  async #claimOwn(conversation: string): Promise<readonly ClaimedPackage[]> {
    const me = this.#me()
    const record = this.context.rooms.get(conversation)
    const alone = record?.room.group?.leaves.length === 1 && (record.room.summary.founder === me.person || record.generation > 0)
    return alone && me.other_devices > 0 ? this.#claim(conversation, me.person) : []
  }

  /** By its name, and by its key where this device was in the group before. */
  #isTheirs(conversation: string, claimed: ClaimedPackage): boolean {
    try {
      const { identity, signatureKey } = this.context.mls.memberOf(claimed.bytes)
      const known = this.context.rooms.get(conversation)?.known[identity]
      return identity === identityOf(claimed.person, claimed.device) && (known === undefined || equal(known, signatureKey))
    } catch {
      return false
    }
  }

  /** The pending commit is durable before it is sent: its echo may come to another run of this device. */
  async #commit(id: string, claimed: readonly ClaimedPackage[]): Promise<boolean> {
    const record = this.context.rooms.get(id)
    if (record?.state == null || record.pending !== null) return false
    const me = this.#me().person
    const wanted = claimed.filter((one) => one.person === me || !inGroup(record.room, one.person))
    if (wanted.every((one) => one.person === me)) return false
    try {
      const made = await this.context.mls.add(record.state, wanted.map((one) => one.bytes))
      const adds = wanted.map(({ person, device, key_package }) => ({ person, device, key_package }))
      await keepRoom(this.context, { ...record, pending: { ...made, adds, removes: record.removing.length > 0, rejoins: false } })
      return true
    } catch (error) {
      if (error instanceof MlsFault) return false
      throw error
    }
  }

  /**
   * Renew this device's keys in a group, so that what was encrypted before cannot be opened from here. What
   * the hub proposed goes with it.
   */
  async renew(id: string): Promise<void> {
    const intended = await this.context.line(async () => {
      const record = this.context.rooms.get(id)
      if (record?.state == null || record.pending !== null || record.founding !== null || record.room.trouble !== null) return false
      await this.#keep(record, await this.context.mls.update(record.state), { removes: record.removing.length > 0, rejoins: false })
      return true
    })
    if (intended) await this.#submit(id)
  }

  /** Say the commit by which this device comes back to the hub, until it answers. */
  async rejoin(id: string, record: RoomRecord, made: NewCommit): Promise<void> {
    await this.#keep(record, made, { removes: true, rejoins: true })
    inBackground(this.context, () => this.#submit(id))
  }

  #keep(record: RoomRecord, made: NewCommit, what: Pick<PendingCommit, "removes" | "rejoins">): Promise<void> {
    return keepRoom(this.context, { ...record, pending: { ...made, welcome: null, adds: [], ...what } })
  }

  async #submit(id: string): Promise<void> {
    const pending = this.context.rooms.get(id)?.pending ?? null
    if (pending === null || this.#submitting.has(id)) return
    this.#submitting.add(id)
    const answer = await this.#tryAsk({
      kind: "group.commit", conversation: id, commit: pending.commit, group_info: pending.groupInfo, welcome: pending.welcome, adds: pending.adds,
    }).finally(() => { this.#submitting.delete(id) })
    if (answer !== null) await this.#submitted(id, pending, answer)
  }

  async #submitted(id: string, pending: PendingCommit, answer: Answer): Promise<void> {
    if (answer.kind === "ok") {
      await this.receipts.take(answer, { type: "group.committed", conversation: id, commit: pending.commit })
      // The step itself may never be shown to a device that was outside until then.
      if (pending.rejoins) await this.context.line(() => takeRejoined(this.context, id, pending, readCommitted(answer.result).seq))
      this.entered(id)
      return
    }
    if (answer.retry === "later") return this.#later(answer.retry_after, () => this.#submit(id))
    await this.context.line(() => this.#drop(id, pending))
    // In the background: this very admission has to end before another may begin.
    if (answer.retry === "changed") inBackground(this.context, () => this.#later(answer.retry_after, () => this.admit(id)))
  }

  async #drop(id: string, pending: PendingCommit): Promise<void> {
    const record = this.context.rooms.get(id)
    if (record?.pending === pending) await keepRoom(this.context, { ...record, pending: null })
  }

  async #tryAsk(request: Parameters<Context["requests"]["ask"]>[0]): Promise<Answer | null> {
    try {
      return await this.context.requests.ask(request)
    } catch (error) {
      if (error instanceof Disconnected) return null
      throw error
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => { this.context.clock.after(ms, resolve) })
  }

  async #later<T>(ms: number | null, work: () => Promise<T>): Promise<T> {
    await this.#pause(pauseAfter(ms))
    return work()
  }

  #me(): NonNullable<Context["me"]> {
    if (this.context.me === null) throw new Disconnected()
    return this.context.me
  }
}

