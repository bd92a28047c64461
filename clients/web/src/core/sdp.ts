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
// Empty: no more candidates.
const CANDIDATE = /^(?:candidate:[\x20-\x7e]+)?$/

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

/** Tell whether this is one candidate line, and nothing that ends it early. */
export function isCandidate({ candidate, sdpMid, sdpMLineIndex }: Candidate): boolean {
  const line = candidate.length <= MAX_CANDIDATE_LENGTH && CANDIDATE.test(candidate)
  const mid = sdpMid === null || (sdpMid.length <= MAX_MID_LENGTH && /^[\x21-\x7e]*$/.test(sdpMid))
  return line && mid && (sdpMLineIndex === null || (Number.isInteger(sdpMLineIndex) && sdpMLineIndex >= 0 && sdpMLineIndex < 16))
}
