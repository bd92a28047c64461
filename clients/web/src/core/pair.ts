/**
 * One connection to one other device, as a life with three states. A connection that is lost is not
 * repaired: it is told to the hub, which begins the next generation (measured: back in 1.5 s, where
 * an ICE restart takes 6 to 9). Instants are milliseconds.
 */
import type { PairLoss } from "./wire"

/** `tries`: the generations that did not connect, since one did. */
export type PairState =
  | { readonly kind: "connecting"; readonly generation: number; readonly since: number; readonly tries: number }
  /** `heard`: when something last came from the peer. */
  | { readonly kind: "connected"; readonly generation: number; readonly heard: number }
  /** `notBefore`: when the hub is told, or told again. */
  | { readonly kind: "lost"; readonly generation: number; readonly why: PairLoss; readonly at: number; readonly notBefore: number; readonly tries: number }

export type PairInput =
  | { readonly kind: "generation"; readonly generation: number; readonly at: number }
  /** A packet, a decoded frame or a heartbeat came. */
  | { readonly kind: "heard"; readonly at: number }
  | { readonly kind: "tick"; readonly at: number; readonly patience: number }
  | { readonly kind: "lost"; readonly why: PairLoss; readonly at: number }
  /** The hub took the report, or said when to come again. */
  | { readonly kind: "told"; readonly at: number; readonly pause: number }

/** Without an inbound packet for so long, a connection that carries media is dead. */
export const MEDIA_PATIENCE_MS = 1_200
/** Where the peer has neither camera nor microphone, only heartbeats come, and one may be late. */
export const BEAT_PATIENCE_MS = 3_000
const SLOW_MS = 3_000
// Where two did not come about, the other is away: less often, though before the hub's own 8 s.
const PATIENT_TRIES = 2
const PATIENT_MS = 6_000
// The hub took the report: the next generation is on its way, or the report is made again.
export const TOLD_PAUSE_MS = 3_000
/** The hub could not be asked. */
export const UNHEARD_PAUSE_MS = 300

export function begin(generation: number, at: number, tries = 0): PairState {
  return { kind: "connecting", generation, since: at, tries }
}

export function next(state: PairState, input: PairInput): PairState {
  switch (input.kind) {
    case "generation":
      return input.generation > state.generation ? begin(input.generation, input.at, triesAfter(state)) : state
    case "heard":
      return heard(state, input.at)
    case "tick":
      return overdue(state, input.at, input.patience)
    case "lost":
      return state.kind === "lost" ? state : lose(state, input.why, input.at)
    case "told":
      return state.kind === "lost" ? { ...state, notBefore: input.at + input.pause } : state
  }
}

function heard(state: PairState, at: number): PairState {
  if (state.kind === "lost") return state
  // What was counted late may be older than a heartbeat that was seen at once.
  return { kind: "connected", generation: state.generation, heard: state.kind === "connected" ? Math.max(state.heard, at) : at }
}

function overdue(state: PairState, at: number, patience: number): PairState {
  if (state.kind === "connecting" && at - state.since >= (state.tries < PATIENT_TRIES ? SLOW_MS : PATIENT_MS)) return lose(state, "slow", at)
  if (state.kind === "connected" && at - state.heard >= patience) return lose(state, "stalled", at)
  return state
}

function lose(state: PairState, why: PairLoss, at: number): PairState {
  return { kind: "lost", generation: state.generation, why, at, notBefore: at, tries: why === "network" || why === "reload" ? 0 : triesAfter(state) }
}

function triesAfter(state: PairState): number {
  switch (state.kind) {
    case "connecting": return state.tries + 1
    case "connected": return 0
    case "lost": return state.tries
  }
}

/** Half the patience is over: whether the hub still answers tells a dead network from a dead peer. */
export function isDoubtful(state: PairState, at: number, patience: number): boolean {
  return state.kind === "connected" && at - state.heard >= patience / 2
}

export function mustTell(state: PairState, at: number): boolean {
  return state.kind === "lost" && at >= state.notBefore
}
