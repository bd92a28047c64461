/**
 * Signals between this device and its peers: sealed as MLS messages of kind `signal`, opened with
 * every check that stands before a browser sees a description. The group's next state is durable
 * before a byte leaves; what opening one uses up is written a moment later, for nothing leaves by it.
 */
import { BadShape } from "../core/checks"
import { encodeHex, equal } from "../core/bytes"
import { VerificationError } from "../core/errors"
import { decodeAuthenticatedData, encodeAuthenticatedData, type Acting, type AuthenticatedData, type SignalHeader } from "../core/mls/authenticatedData"
import { decodePayload, encodePayload, frankingTag, verifyFrankingTag } from "../core/mls/franking"
import { accept, begun, decodeSignal, encodeSignal, sent, type Exchange, type Expected, type Signal } from "../core/signal"
import { uuidBytes, uuidText } from "../core/uuid"
import type { OutgoingSignal } from "../core/rpc"
import type { IncidentCode, SignalPush } from "../core/wire"
import { actingOf, maySend } from "./content"
import { hubNowUs, identityOf, keepRoom, type Context } from "./context"
import { isHeldBack } from "./holding"
import { openingOf } from "./late"
import { MlsFault } from "./mls"
import { leafIn } from "./standing"
import type { RoomRecord } from "./vault"

const KIND = "signal"
const SALT_BYTES = 32
const FLUSH_MS = 100
const MAX_EXCHANGES = 64
// What the hub passes on: 16 kB of description, with padding and headers.
const MAX_BODY_BYTES = 18 * 1024

/** What the roster says of the connection a signal is for; null: there is none. */
export type Roster = (call: string, peer: string) => { readonly conversation: string; readonly person: string; readonly expected: Expected } | null

export type Opened =
  | { readonly kind: "opened"; readonly signal: Signal }
  /** It was here before: its sender had not heard so. */
  | { readonly kind: "repeated" }
  /** Its epoch is on its way here, or is no epoch. */
  | { readonly kind: "early"; readonly refused: Refusal }
  | Refusal

export interface Refusal {
  readonly kind: "refused"
  readonly call: string | null
  readonly generation: number
  readonly code: IncidentCode
  /** By MLS, to be the peer's own. Whatever is not may be anybody's, and breaks nothing. */
  readonly proven: boolean
}

class Refused extends Error {
  override readonly name = "Refused"
  constructor(readonly code: IncidentCode, readonly proven: boolean) {
    super(code)
  }
}

export class Signals {
  readonly #exchanges = new Map<string, Exchange>()

  constructor(private readonly context: Context, private readonly roster: Roster) {}

  /** Encrypt for one device; null where there is no such connection (any more), or no group. */
  async seal(conversation: string, signal: OutgoingSignal): Promise<Uint8Array | null> {
    const place = this.roster(signal.call, signal.to)
    const record = this.context.rooms.get(conversation)
    const current = place?.conversation === conversation && place.expected.generation === signal.generation
    if (!current || record?.state == null || record.room.trouble !== null || isHeldBack(this.context, record) || record.room.group === null) return null
    const whole = this.#complete(signal)
    const count = sealedIn(record) + 1
    const { payload, data } = this.#written(whole, count, this.#acting({ ...record, state: record.state }))
    const { state, message } = await this.context.mls.encrypt(record.state, payload, data)
    await keepRoom(this.context, { ...record, state, signals: { epoch: record.room.group.epoch, count } })
    this.#remember(signal.call, signal.to, sent(this.#exchange(signal.call, signal.to, signal.generation), whole))
    return message
  }

  async open(push: SignalPush): Promise<Opened> {
    if (push.body.length > MAX_BODY_BYTES) return { ...UNREADABLE, code: "call.too_large" }
    const header = this.#header(push)
    if (header === null) return UNREADABLE
    const call = uuidText(header.signal.call)
    const refused = (code: IncidentCode, proven = false): Refusal => ({ kind: "refused", call, generation: header.signal.generation, code, proven })
    const place = this.roster(call, push.device)
    if (place?.conversation !== push.conversation || !equal(header.signal.to, uuidBytes(this.context.device.device))) return refused("call.wrong_state")
    if (header.signal.generation !== place.expected.generation) return refused("call.stale_generation")
    const record = this.context.rooms.get(push.conversation)
    if (record?.state == null || record.room.group === null) return refused("call.wrong_state")
    if (header.epoch > record.room.group.epoch) return { kind: "early", refused: refused("call.identity_changed") }
    try {
      const signal = await this.#proven(push, record, place.person, place.expected)
      return signal === null ? { kind: "repeated" } : { kind: "opened", signal }
    } catch (error) {
      const { code, proven } = refusalOf(error)
      return refused(code, proven)
    }
  }

  #complete(signal: OutgoingSignal): Signal {
    const { offer } = this.#exchange(signal.call, signal.to, signal.generation)
    return { ...signal, from: this.context.device.device, offer: signal.type === "offer" ? null : offer }
  }

  #acting(record: RoomRecord & { readonly state: Uint8Array }): Acting | undefined {
    const standing = this.context.standings.of(record)
    return actingOf(leafIn(standing, identityOf(this.context.me?.person ?? "", this.context.device.device)), standing)
  }

  #written(signal: Signal, counter: number, acting: Acting | undefined): { payload: Uint8Array; data: Uint8Array } {
    const content = encodeSignal(signal)
    const salt = this.context.random(SALT_BYTES)
    const data: AuthenticatedData = {
      id: this.context.random(16), kind: KIND, counter, sentAt: Math.floor(hubNowUs(this.context) / 1000), frankingTag: frankingTag(salt, content),
      ...(acting === undefined ? {} : { acting }),
      signal: { call: uuidBytes(signal.call), to: uuidBytes(signal.to), generation: signal.generation, type: signal.type },
    }
    return { payload: encodePayload(salt, content), data: encodeAuthenticatedData(data) }
  }

  /** In the clear, so only to find the connection: what it says is held against the content later. */
  #header(push: SignalPush): { epoch: number; signal: SignalHeader } | null {
    try {
      const { epoch, authenticatedData } = this.context.mls.header(push.body)
      const { signal } = decodeAuthenticatedData(authenticatedData)
      return signal === null ? null : { epoch, signal }
    } catch (error) {
      if (error instanceof MlsFault || error instanceof VerificationError) return null
      throw error
    }
  }

  async #proven(push: SignalPush, record: RoomRecord, person: string, expected: Expected): Promise<Signal | null> {
    const opening = openingOf(this.context, record, push.body)
    if (opening === null) throw new Refused("call.identity_changed", false)
    const opened = await this.context.mls.decrypt(opening.state, push.body)
    this.#turned(opening.turned(opened.state))
    if (opened.sender !== identityOf(person, expected.peer) || push.person !== person) throw new Refused("call.identity_changed", false)
    const data = decodeAuthenticatedData(opened.authenticatedData)
    // Whoever may not take part in calls here is no peer, whatever the hub connects.
    const may = maySend(leafIn(opening.standing, opened.sender), data, opening.standing, Math.max(hubNowUs(this.context), data.sentAt * 1000))
    if ("refused" in may) throw new Refused("call.identity_changed", false)
    const signal = readContent(data, opened.payload)
    const verdict = accept(this.#exchange(expected.call, expected.peer, expected.generation), expected, signal)
    if (verdict.kind === "refused") throw new Refused(verdict.code, true)
    if (verdict.kind === "repeated") return null
    this.#remember(expected.call, expected.peer, verdict.exchange)
    return signal
  }

  /**
   * The ratchet turned in memory; the disk follows. A crash in between would let the same ciphertext
   * open again here, in a generation that is then over.
   */
  #turned(record: RoomRecord): void {
    const { room: { id }, state, previous } = record
    this.context.rooms.set(id, record)
    this.context.clock.after(FLUSH_MS, () => {
      this.context.line(async () => {
        const now = this.context.rooms.get(id)
        // Any write of the room since then took these states, or later ones, with it.
        if (now !== undefined && now.state === state && now.previous === previous) await keepRoom(this.context, now)
      }).catch((error: unknown) => { this.context.fail(error) })
    })
  }

  #exchange(call: string, peer: string, generation: number): Exchange {
    const known = this.#exchanges.get(`${call}/${peer}`)
    return known?.generation === generation ? known : begun(generation)
  }

  #remember(call: string, peer: string, exchange: Exchange): void {
    this.#exchanges.delete(`${call}/${peer}`)
    this.#exchanges.set(`${call}/${peer}`, exchange)
    const [oldest] = this.#exchanges.keys()
    if (this.#exchanges.size > MAX_EXCHANGES && oldest !== undefined) this.#exchanges.delete(oldest)
  }
}

/** Signals that this device encrypted in the group's present epoch. */
export function sealedIn({ signals, room }: RoomRecord): number {
  return signals !== undefined && signals.epoch === room.group?.epoch ? signals.count : 0
}

function isSame({ signal: header }: AuthenticatedData, signal: Signal): boolean {
  return header !== null && header.type === signal.type && header.generation === signal.generation
    && uuidText(header.call) === signal.call && encodeHex(header.to) === encodeHex(uuidBytes(signal.to))
}

/** What the peer itself sealed: whatever is wrong from here on is the peer's own doing. */
function readContent(data: AuthenticatedData, payload: Uint8Array): Signal {
  try {
    const signal = decodeSignal(verifyFrankingTag(data.frankingTag, decodePayload(payload)))
    if (isSame(data, signal)) return signal
  } catch (error) {
    if (!(error instanceof VerificationError) && !(error instanceof BadShape)) throw error
  }
  throw new Refused("call.wrong_state", true)
}

function refusalOf(error: unknown): Refused {
  if (error instanceof Refused) return error
  // It does not open with this group's keys, or not any more: nobody of the call sealed it for now.
  if (error instanceof MlsFault) return new Refused("call.identity_changed", false)
  if (error instanceof VerificationError) return new Refused("call.wrong_state", false)
  throw error
}

const UNREADABLE: Refusal = { kind: "refused", call: null, generation: 0, code: "call.wrong_state", proven: false }
