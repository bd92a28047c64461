/**
 * How a conversation begins and people enter its group. Every step is a durable intention before it is
 * a frame, and every frame may be sent again: a crash between any two steps is picked up at the next hello.
 */
import { equal } from "../core/bytes"
import { admissible, inGroup, next } from "../core/conversation"
import { fault } from "../core/faults"
import type { Motive, Trouble } from "../core/model"
import { pauseAfter } from "../core/outbox"
import { NO_DELEGATIONS, extensionsOf, hubSender, type DelegationRecord } from "../core/policy/conversation"
import type { Certified } from "../core/policy/identity"
import { uuidBytes, uuidFrom } from "../core/uuid"
import { readClaimed, readCommitted, readFounded, type Answer, type ClaimedPackage, type Summary } from "../core/wire"
import { hubNowUs, identityOf, inBackground, keepRoom, leafOf, newRecord, putWritten, type Context } from "./context"
import { delegationIn, type Delegations } from "./delegations"
import { drafted, type Wanted } from "./drafting"
import { groupIdOf, withKnown } from "./epochs"
import { takeRejoined } from "./events"
import type { InGroup } from "./following"
import { MlsFault, type Member, type NewCommit } from "./mls"
import { written } from "./outbox"
import { verified } from "./people"
import type { Receipts } from "./receipts"
import { Disconnected } from "./requests"
import { viewOf } from "./standing"
import type { PendingCommit, RoomRecord } from "./vault"

/** A claimed key package, and whose certificates it holds. */
interface Candidate {
  readonly claimed: ClaimedPackage
  readonly leaf: Certified
}

/** What a group waits for and this device may do. */
interface Work {
  readonly people: readonly string[]
  readonly records: readonly DelegationRecord[]
  readonly narrowed: readonly Uint8Array[]
}

const SUITE_FLOOR = 1
const NO_WORK: Work = { people: [], records: [], narrowed: [] }
/** What a commit may have led to, in the log. */
const COMMITTED = ["group.committed", "delegation.activated", "delegation.narrowed"] as const

// The founder's device goes first; a colleague's takes over when it is not there.
const COLLEAGUE_PAUSE_MS = 2_000

export class Admission {
  readonly #admitting = new Set<string>()
  readonly #submitting = new Set<string>()

  /** `entered`: a commit of this device's was accepted. */
  constructor(
    private readonly context: Context, private readonly receipts: Receipts, private readonly delegations: Delegations,
    private readonly entered: (conversation: string) => void,
  ) {}

  /** Begin a conversation with `patient`; returns its id once the hub has it, or the refusal. */
  async found(patient: { readonly person: string; readonly name: string }, motive: Motive, note: string): Promise<{ id: string } | { trouble: Trouble }> {
    if (this.context.account.credential === null || this.context.people.ownerAik === null) return { trouble: fault("C_STAFF_WAITING") }
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
    const fresh = newRecord(this.#summary(id, patient, motive))
    const created = await this.context.mls.create(groupIdOf(id, 0), this.#credential(), this.context.device, this.#extensions(fresh.room.summary))
    const facts = this.context.mls.facts(created.state)
    const standing = this.context.standings.enter(fresh, facts)
    const room = next(fresh.room, { kind: "group", ...viewOf(facts, standing) })
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

  #credential(): Member["credential"] {
    const { credential } = this.context.account
    if (credential === null) throw new Disconnected()
    return credential
  }

  /** Whose conversation it is; the patient's own key follows with their first device. */
  #extensions({ id, conversation_kind: kind, patient }: Summary): ReturnType<typeof extensionsOf> {
    const me = this.#me()
    const nobody = new Uint8Array()
    return extensionsOf({
      conversation: uuidBytes(id), kind, pharmacy: me.pharmacy.finess, ownerAik: this.context.people.ownerAik ?? nobody,
      patient: uuidBytes(patient), patientAik: nobody, suiteFloor: SUITE_FLOOR,
    }, NO_DELEGATIONS, hubSender(me.hub_key))
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
  async admit(id: string, asked = false): Promise<void> {
    if (this.#admitting.has(id) || !this.#mayAdmit(id)) return
    this.#admitting.add(id)
    try {
      if (!asked && this.context.rooms.get(id)?.room.summary.founder !== this.context.me?.person) await this.#pause(COLLEAGUE_PAUSE_MS)
      if (this.#mayAdmit(id)) await this.#claimAndCommit(id)
    } finally {
      this.#admitting.delete(id)
    }
  }

  #mayAdmit(id: string): boolean {
    const record = this.#free(id)
    return record !== null && this.context.requests.open && this.context.account.credential !== null && isSome(this.#workIn(record))
  }

  /** A group in which this device can commit now. */
  #free(id: string): InGroup | null {
    const record = this.context.rooms.get(id)
    if (record?.state == null || record.founding !== null || record.pending !== null || record.room.trouble !== null) return null
    return { ...record, state: record.state }
  }

  /** Into a successor group come all who were in the one before. A carer comes with a delegation, or not at all. */
  #workIn(record: InGroup): Work {
    const role = this.context.me?.role
    if (role !== "pharmacist" && role !== "technician" && role !== "patient") return NO_WORK
    const before = record.generation > 0 ? Object.keys(record.known).map((identity) => leafOf(identity).person) : []
    const carers = record.room.summary.members.filter((one) => one.role === "carer").map(({ person }) => person)
    return {
      people: role === "pharmacist" ? admissible(record.room, before).filter((person) => !carers.includes(person)) : [],
      records: this.delegations.admissible(record), narrowed: this.delegations.narrowing(record),
    }
  }

  async #claimAndCommit(id: string): Promise<void> {
    const record = this.#free(id)
    if (record === null) return
    const { people, records, narrowed } = this.#workIn(record)
    const claimed: Candidate[] = []
    for (const person of [...people, ...records.map((one) => delegationIn(one).grantee)]) claimed.push(...await this.#claim(record, person))
    if (claimed.length + narrowed.length === 0) return
    if (claimed.length > 0) claimed.push(...await this.#claimOwn(record))
    const intended = await this.context.line(() => this.#commit(id, claimed, records, narrowed))
    if (intended) await this.#submit(id)
  }

  async #claim(record: InGroup, person: string): Promise<readonly Candidate[]> {
    const conversation = record.room.id
    const answer = await this.#tryAsk({ kind: "key_packages.claim", conversation, person })
    if (answer === null) return []
    if (answer.kind === "refused") {
      await this.context.line(async () => {
        const now = this.context.rooms.get(conversation)
        if (now !== undefined && answer.code === "E_NO_KEY_PACKAGE") await this.#mark(now, person, false)
      })
      return []
    }
    await this.receipts.take(answer, { type: "key_package.claimed", conversation })
    return this.#believed(record, readClaimed(answer.result).packages.filter((one) => one.person === person))
  }

  /** My other devices read along from the first commit on. */
  async #claimOwn(record: InGroup): Promise<readonly Candidate[]> {
    const me = this.#me()
    const alone = record.room.group?.leaves.length === 1 && (record.room.summary.founder === me.person || record.generation > 0)
    return alone && me.other_devices > 0 ? this.#claim(record, me.person) : []
  }

  /** Those that are whose the hub says, by certificates that are in the log, and by the key where the device was here before. */
  async #believed(record: InGroup, packages: readonly ClaimedPackage[]): Promise<readonly Candidate[]> {
    const read = packages.flatMap((claimed) => {
      const member = this.#memberOf(claimed)
      return member === null ? [] : [{ claimed, member }]
    })
    await this.context.believing.prove(read.map(({ member }) => member))
    return read.flatMap(({ claimed, member }) => {
      const leaf = this.#certified(record, member)
      return leaf === null ? [] : [{ claimed, leaf }]
    })
  }

  #memberOf(claimed: ClaimedPackage): Member | null {
    try {
      const member = this.context.mls.memberOf(claimed.bytes)
      return member.identity === identityOf(claimed.person, claimed.device) ? member : null
    } catch (error) {
      if (error instanceof MlsFault) return null
      throw error
    }
  }

  #certified({ state, known, ...record }: InGroup, member: Member): Certified | null {
    try {
      const before = known[member.identity]
      if (before !== undefined && !equal(before, member.signatureKey)) return null
      if (this.context.people.unproven([member]).length > 0) return null
      const { policy } = this.context.standings.of({ ...record, known, state })
      const leaf = this.context.people.certified(member, policy, hubNowUs(this.context))
      this.context.people.demandPinned([leaf])
      return leaf
    } catch (error) {
      if (error instanceof MlsFault) return null
      throw error
    }
  }

  /** The pending commit is durable before it is sent: its echo may come to another run of this device. */
  async #commit(id: string, claimed: readonly Candidate[], records: readonly DelegationRecord[], narrowed: readonly Uint8Array[]): Promise<boolean> {
    const record = this.#free(id)
    if (record === null) return false
    const chosen = this.#chosen(record, claimed, records)
    const me = this.#me().person
    const admitted = records.filter((one) => chosen.some(({ leaf }) => leaf.identity.person === delegationIn(one).grantee))
    if (chosen.every(({ leaf }) => leaf.identity.person === me) && narrowed.length === 0) return false
    const adds = chosen.map(({ claimed: { person, device, key_package } }) => ({ person, device, key_package }))
    return this.#intendCommit(record, {
      adds: chosen.map((one) => one.claimed.bytes), admitted, narrowed, patientAik: this.#patientAik(record, chosen),
    }, adds)
  }

  /** Of what was claimed: who is not there yet, and by the account key under which they may be. */
  #chosen(record: InGroup, claimed: readonly Candidate[], records: readonly DelegationRecord[]): readonly Candidate[] {
    const me = this.#me().person
    const { policy: { patientAik } } = this.context.standings.of(record)
    return claimed.filter(({ leaf: { identity: { person }, role, aik } }) => {
      if (person === me) return true
      if (inGroup(record.room, person)) return false
      if (role === "patient") return person === record.room.summary.patient && (patientAik.length === 0 || equal(aik, patientAik))
      return role !== "carer" || records.some((one) => delegationIn(one).grantee === person && equal(delegationIn(one).granteeAik, aik))
    })
  }

  /** Set once, by the commit that brings the patient's first device. */
  #patientAik(record: InGroup, chosen: readonly Candidate[]): Uint8Array | null {
    if (this.context.standings.of(record).policy.patientAik.length > 0) return null
    return chosen.find(({ leaf }) => leaf.role === "patient")?.leaf.aik ?? null
  }

  async #intendCommit(record: InGroup, wanted: Wanted, adds: PendingCommit["adds"] = []): Promise<boolean> {
    try {
      const { atUs, removing, ...plan } = verified(() => drafted(this.context, record, wanted))
      const made = await this.context.mls.commit(record.state, plan)
      await keepRoom(this.context, { ...record, pending: { ...made, adds, atUs, removes: removing, rejoins: false } })
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
  async renew(id: string, wanted: Wanted = {}): Promise<void> {
    const intended = await this.context.line(async () => {
      const record = this.#free(id)
      return record !== null && this.#intendCommit(record, wanted)
    })
    if (intended) await this.#submit(id)
  }

  /** Say the commit by which this device comes (back) into a group to the hub, until it answers. */
  async rejoin(id: string, record: RoomRecord, made: NewCommit, atUs: number): Promise<void> {
    await keepRoom(this.context, { ...record, pending: { ...made, welcome: null, adds: [], atUs, removes: true, rejoins: true } })
    inBackground(this.context, () => this.#submit(id))
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
      await this.receipts.take(answer, { type: COMMITTED, conversation: id, commit: pending.commit })
      // The step itself may never be shown to a device that was outside until then.
      if (pending.rejoins) await this.context.line(() => takeRejoined(this.context, id, pending, readCommitted(answer.result).seq))
      this.entered(id)
      return
    }
    if (answer.retry === "later") return this.#later(answer.retry_after, () => this.#submit(id))
    await this.context.line(() => this.#drop(id, pending))
    // In the background: this very admission has to end before another may begin.
    if (answer.retry === "changed" || answer.code === "E_CLOCK") inBackground(this.context, () => this.#later(answer.retry_after, () => this.#again(id)))
  }

  /** What is due goes first: nothing else is taken meanwhile. */
  async #again(id: string): Promise<void> {
    if ((this.context.rooms.get(id)?.removing.length ?? 0) > 0) await this.renew(id)
    await this.admit(id)
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


function isSome({ people, records, narrowed }: Work): boolean {
  return people.length + records.length + narrowed.length > 0
}
