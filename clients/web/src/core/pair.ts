/**
 * One connection to one other device, as a life with three states. A connection that is lost is not
 * repaired: it is told to the hub, which begins the next generation (measured: back in 1.5 s, where
 * an ICE restart takes 6 to 9). Instants are milliseconds.
 */
import type { PairLoss } from "./wire"

export type PairState =
  | { readonly kind: "connecting"; readonly generation: number; readonly since: number }
  /** `heard`: when something last came from the peer. */
  | { readonly kind: "connected"; readonly generation: number; readonly heard: number }
  /** `notBefore`: when the hub is told, or told again. */
  | { readonly kind: "lost"; readonly generation: number; readonly why: PairLoss; readonly at: number; readonly notBefore: number }

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
// The hub took the report: the next generation is on its way, or the report is made again.
export const TOLD_PAUSE_MS = 3_000
/** The hub could not be asked. */
export const UNHEARD_PAUSE_MS = 300

export function begin(generation: number, at: number): PairState {
  return { kind: "connecting", generation, since: at }
}

export function next(state: PairState, input: PairInput): PairState {
  switch (input.kind) {
    case "generation":
      return input.generation > state.generation ? begin(input.generation, input.at) : state
    case "heard":
      return state.kind === "lost" ? state : { kind: "connected", generation: state.generation, heard: input.at }
    case "tick":
      return overdue(state, input.at, input.patience)
    case "lost":
      return state.kind === "lost" ? state : lose(state, input.why, input.at)
    case "told":
      return state.kind === "lost" ? { ...state, notBefore: input.at + input.pause } : state
  }
}

function overdue(state: PairState, at: number, patience: number): PairState {
  if (state.kind === "connecting" && at - state.since >= SLOW_MS) return lose(state, "slow", at)
  if (state.kind === "connected" && at - state.heard >= patience) return lose(state, "stalled", at)
  return state
}

function lose({ generation }: PairState, why: PairLoss, at: number): PairState {
  return { kind: "lost", generation, why, at, notBefore: at }
}

/** Half the patience is over: whether the hub still answers tells a dead network from a dead peer. */
export function isDoubtful(state: PairState, at: number, patience: number): boolean {
  return state.kind === "connected" && at - state.heard >= patience / 2
}

export function mustTell(state: PairState, at: number): boolean {
  return state.kind === "lost" && at >= state.notBefore
}
