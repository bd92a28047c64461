/**
 * How a connection is, in one word, and what is sent over it. The sound comes first: the picture gets
 * smaller, then stops, and comes back by itself. Instants are milliseconds.
 */
import type { Tile } from "./model"

export type Quality = Tile["quality"]

/** What was measured over the last second or so. Null: not known (yet). */
export interface Measured {
  /** Of the packets that should have come, 0 to 1. */
  readonly loss: number | null
  /** Seconds. */
  readonly jitter: number | null
  readonly roundTrip: number | null
  readonly framesPerSecond: number | null
}

export function qualityOf({ loss, jitter, roundTrip, framesPerSecond }: Measured): Quality {
  if (loss === null && roundTrip === null) return "unknown"
  const over = (value: number | null, bound: number): boolean => value !== null && value > bound
  const under = (value: number | null, bound: number): boolean => value !== null && value < bound
  if (over(loss, 0.08) || over(jitter, 0.1) || over(roundTrip, 0.6) || under(framesPerSecond, 5)) return "poor"
  if (over(loss, 0.02) || over(jitter, 0.04) || over(roundTrip, 0.3) || under(framesPerSecond, 10)) return "fair"
  return "good"
}

/** How much picture is sent. */
export type Picture = "full" | "small" | "none"

export interface Sending {
  readonly picture: Picture
  /** Since when the network could carry more, or less; null while it is as it should be. */
  readonly since: number | null
}

/** What the sender's side of a connection can carry: bits per second, and the share the peer lost. */
export interface Room {
  readonly available: number | null
  readonly lost: number | null
}

export const SENDING: Sending = { picture: "full", since: null }
const LADDER: readonly Picture[] = ["none", "small", "full"]
// A picture of 640x480 is legible from 250 kbit/s; sound alone needs 40.
const SMALL_BELOW = 350_000
const NONE_BELOW = 110_000
const LOSSY = 0.12
const LESS_AFTER_MS = 2_000
const MORE_AFTER_MS = 8_000

/** Change what is sent only after the network has been so for a while. */
export function adapt(sending: Sending, room: Room, at: number): Sending {
  const wanted = wantedPicture(sending.picture, room)
  if (wanted === sending.picture) return sending.since === null ? sending : { ...sending, since: null }
  if (sending.since === null) return { ...sending, since: at }
  const less = LADDER.indexOf(wanted) < LADDER.indexOf(sending.picture)
  const after = less ? LESS_AFTER_MS : MORE_AFTER_MS
  return at - sending.since >= after ? { picture: wanted, since: null } : sending
}

function wantedPicture(now: Picture, { available, lost }: Room): Picture {
  const step = LADDER.indexOf(now)
  const down = LADDER[Math.max(0, step - 1)] ?? now
  const up = LADDER[Math.min(LADDER.length - 1, step + 1)] ?? now
  if (lost !== null && lost > LOSSY) return down
  if (available === null) return now
  // Without a picture nothing shows what the network could carry: it is tried again.
  if (now === "none") return up
  if (available < (now === "full" ? SMALL_BELOW : NONE_BELOW)) return down
  return now === "small" && available > 2 * SMALL_BELOW ? up : now
}
