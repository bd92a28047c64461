/**
 * An offer, an answer or candidates between two devices: what travels encrypted, and what a receiver
 * checks of it. The members' own identities are MLS's; the rules of one connection are here.
 */
import { decode, encode } from "./msgpack"
import { sha256 } from "@noble/hashes/sha2.js"
import { encodeUtf8, equal } from "./bytes"
import { BadShape, anyMap, bytes, count, list, oneOf, optional, shape, text, uuid, type Check } from "./checks"
import { VerificationError } from "./errors"
import type { SignalType } from "./mls/authenticatedData"
import { MAX_CANDIDATES, fingerprintOf, fits, isCandidate, isOrdinary, type Candidate } from "./sdp"
import type { IncidentCode } from "./wire"

const VERSION = 1
/** What the hub passes on of one generation, each way; a hub that counts to no end is not followed. */
export const MAX_SIGNALS = 50
const KIND = "signal"

export interface Signal {
  readonly call: string
  readonly from: string
  readonly to: string
  readonly generation: number
  readonly type: SignalType
  readonly sdp: string | null
  readonly candidates: readonly Candidate[] | null
  /** SHA-256 of the offer's description: which offer an answer or candidates belong to. */
  readonly offer: Uint8Array | null
}

const candidate: Check<Candidate> = shape<Candidate>({ candidate: text, sdpMid: optional(text), sdpMLineIndex: optional(count) })

const readSignal: Check<Signal> = shape<Signal>({
  call: uuid, from: uuid, to: uuid, generation: count, type: oneOf("offer", "answer", "candidates"),
  sdp: optional(text), candidates: optional(list(candidate)), offer: optional(bytes),
})

export function encodeSignal(signal: Signal): Uint8Array {
  return encode({ v: VERSION, kind: KIND, ...signal })
}

export function decodeSignal(content: Uint8Array): Signal {
  const map = anyMap(decodeValue(content))
  if (map["v"] !== VERSION || map["kind"] !== KIND) throw new BadShape("another kind of content")
  return readSignal(map)
}

function decodeValue(content: Uint8Array): unknown {
  try {
    return decode(content)
  } catch {
    throw new BadShape("not MessagePack")
  }
}

export function offerHash(sdp: string): Uint8Array {
  return sha256(encodeUtf8(sdp))
}

/** One generation of one pair, as this device knows it from the hub's roster. */
export interface Expected {
  readonly call: string
  readonly me: string
  readonly peer: string
  readonly generation: number
  readonly offerer: string
}

/** What was said in this generation so far. */
export interface Exchange {
  readonly generation: number
  /** Of the offer, mine or theirs. */
  readonly offer: Uint8Array | null
  /** Of the peer's certificate. */
  readonly fingerprint: string | null
  /** Hash of the peer's description: it may come again where an acknowledgement was lost. */
  readonly taken: Uint8Array | null
  /** Signals of the peer so far. */
  readonly heard: number
}

export type Verdict =
  | { readonly kind: "accepted"; readonly exchange: Exchange }
  /** Word for word what was accepted before. */
  | { readonly kind: "repeated" }
  | { readonly kind: "refused"; readonly code: IncidentCode }

export function begun(generation: number): Exchange {
  return { generation, offer: null, fingerprint: null, taken: null, heard: 0 }
}

/** Judge a signal whose sender MLS has proven to be `expected.peer`. */
export function accept(before: Exchange, expected: Expected, signal: Signal): Verdict {
  const code = misdirected(expected, signal) ?? oversized(signal)
  if (code !== null) return { kind: "refused", code }
  const exchange = before.generation === expected.generation ? before : begun(expected.generation)
  if (exchange.heard >= MAX_SIGNALS) return { kind: "refused", code: "call.too_large" }
  const heard = { ...exchange, heard: exchange.heard + 1 }
  return signal.type === "candidates" ? candidates(heard, signal) : description(heard, signal)
}

/** Remember an offer of one's own: the answer must name it. */
export function sent(before: Exchange, { type, generation, sdp }: Signal): Exchange {
  const exchange = before.generation === generation ? before : begun(generation)
  return type === "offer" && sdp !== null ? { ...exchange, offer: offerHash(sdp) } : exchange
}

function misdirected({ call, me, peer, generation, offerer }: Expected, signal: Signal): IncidentCode | null {
  if (signal.from !== peer) return "call.identity_changed"
  if (signal.call !== call || signal.to !== me) return "call.wrong_state"
  if (signal.generation !== generation) return "call.stale_generation"
  const theirs = offerer === peer ? "offer" : "answer"
  return signal.type === "candidates" || signal.type === theirs ? null : "call.wrong_role"
}

function oversized({ sdp, candidates }: Signal): IncidentCode | null {
  const tooLong = sdp !== null && !fits(sdp)
  return tooLong || (candidates?.length ?? 0) > MAX_CANDIDATES ? "call.too_large" : null
}

function description(before: Exchange, signal: Signal): Verdict {
  const fingerprint = fingerprintIn(signal.sdp)
  // A second certificate in one generation is somebody else stepping in between.
  if (fingerprint === null || signal.sdp === null || (before.fingerprint !== null && before.fingerprint !== fingerprint)) return MISMATCH
  const taken = offerHash(signal.sdp)
  if (before.taken !== null) return equal(before.taken, taken) ? { kind: "repeated" } : WRONG_STATE
  if (signal.candidates !== null || !isOrdinary(signal.sdp)) return WRONG_STATE
  const exchange = { ...before, fingerprint, taken }
  if (signal.type === "answer") return namesOffer(before, signal.offer) ? { kind: "accepted", exchange } : MISMATCH
  return signal.offer === null ? { kind: "accepted", exchange: { ...exchange, offer: taken } } : WRONG_STATE
}

function candidates(exchange: Exchange, signal: Signal): Verdict {
  const whole = signal.candidates !== null && signal.sdp === null && signal.candidates.every(isCandidate)
  if (!whole || exchange.offer === null) return WRONG_STATE
  return namesOffer(exchange, signal.offer) ? { kind: "accepted", exchange } : MISMATCH
}

function namesOffer(exchange: Exchange, offer: Uint8Array | null): boolean {
  return exchange.offer !== null && offer !== null && equal(exchange.offer, offer)
}

function fingerprintIn(sdp: string | null): string | null {
  try {
    return sdp === null ? null : fingerprintOf(sdp)
  } catch (error) {
    if (error instanceof BadShape || error instanceof VerificationError) return null
    throw error
  }
}

const WRONG_STATE: Verdict = { kind: "refused", code: "call.wrong_state" }
const MISMATCH: Verdict = { kind: "refused", code: "call.fingerprint_mismatch" }
