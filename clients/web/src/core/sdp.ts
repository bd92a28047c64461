/**
 * What is checked of a session description before a browser sees it: its size, that every reader
 * splits it into the same lines, and the one certificate it names. Nothing that came is repaired.
 */
import { BadShape } from "./checks"

export const MAX_SDP_BYTES = 16 * 1024
export const MAX_CANDIDATES = 40
const MAX_CANDIDATE_LENGTH = 512
const MAX_MID_LENGTH = 16

// A line that one parser ends where another does not could show a second fingerprint to only one of them.
const LINES = /^(?:[a-z]=[\x20-\x7e]*\r\n)+$/
const FINGERPRINT = "a=fingerprint:"
const SHA_256 = /^a=fingerprint:[Ss][Hh][Aa]-256 ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31})$/
const MEDIUM = /^m=(?:(audio|video) \d{1,5} (?:UDP|TCP)\/TLS\/RTP\/SAVPF|(application) \d{1,5} (?:UDP|TCP)\/DTLS\/SCTP) [\x21-\x7e][\x20-\x7e]*$/
// RFC 8839, 5.1. An address is a number or, hidden, a name of this network alone (RFC 8828): any other
// name would have this browser ask for it, wherever the peer likes.
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}|[0-9a-f-]{36}\.local)$/i
const CANDIDATE = /^candidate:[\x21-\x7e]{1,32} [12] (udp|tcp) \d{1,10} ([\x21-\x7e]+) \d{1,5} typ (?:host|srflx|prflx|relay)((?: [\x21-\x7e]+)*) ?$/i

/** What a browser says of one way to reach it. */
export interface Candidate {
  readonly candidate: string
  readonly sdpMid: string | null
  readonly sdpMLineIndex: number | null
}

/** Tell whether a description is no longer than one may be; it is ASCII, or `fingerprintOf` refuses it. */
export function fits(sdp: string): boolean {
  return sdp.length <= MAX_SDP_BYTES
}

/** Return the SHA-256 of the one certificate a description names; throw where there is none, or another. */
export function fingerprintOf(sdp: string): string {
  if (!LINES.test(sdp)) throw new BadShape("not the lines of a session description")
  const lines = sdp.split("\r\n")
  // Keys in the description itself would be another way to encrypt than by the certificates.
  if (lines.some((line) => line.startsWith("a=crypto"))) throw new BadShape("keys in the description")
  const named = new Set(lines.filter((line) => line.toLowerCase().startsWith(FINGERPRINT)).map(readFingerprint))
  const [only, ...others] = named
  if (only === undefined || others.length > 0) throw new BadShape("not exactly one fingerprint")
  return only
}

function readFingerprint(line: string): string {
  const digits = SHA_256.exec(line)?.[1]
  if (digits === undefined) throw new BadShape("a fingerprint that is not of SHA-256")
  return digits.toUpperCase()
}

/** Tell whether a description is of a call of ours: one sound, one picture, one channel, each encrypted. */
export function isOrdinary(sdp: string): boolean {
  const lines = sdp.split("\r\n")
  const media = lines.filter((line) => line.startsWith("m=")).map((line) => MEDIUM.exec(line))
  const kinds = media.map((found) => found?.[1] ?? found?.[2])
  const candidates = lines.filter((line) => /^a=candidate:/i.test(line)).map((line) => line.slice(2))
  return kinds.every((kind) => kind !== undefined) && new Set(kinds).size === kinds.length && candidates.every(isWay)
}

/** Tell whether this is one way to a peer, by an address. */
function isWay(line: string): boolean {
  const [, transport, address, rest] = line.length <= MAX_CANDIDATE_LENGTH ? CANDIDATE.exec(line) ?? [] : []
  if (transport === undefined || address === undefined || rest === undefined || !ADDRESS.test(address)) return false
  const kinds = rest.toLowerCase().split(" tcptype ").slice(1).map((after) => after.split(" ")[0])
  // By TCP a browser only ever calls out (RFC 6544): it is not to knock at whatever listens near it.
  return transport.toLowerCase() === "udp" ? kinds.length === 0 : kinds.join() === "active"
}

/** Tell whether this is one candidate line, and nothing that ends it early; empty: no more candidates. */
export function isCandidate({ candidate, sdpMid, sdpMLineIndex }: Candidate): boolean {
  const line = candidate === "" || isWay(candidate)
  const mid = sdpMid === null || (sdpMid.length <= MAX_MID_LENGTH && /^[\x21-\x7e]*$/.test(sdpMid))
  return line && mid && (sdpMLineIndex === null || (Number.isInteger(sdpMLineIndex) && sdpMLineIndex >= 0 && sdpMLineIndex < 16))
}
