/**
 * The life of one message that a person wrote, from the outbox to the hub's durable answer.
 * `waiting` has no ciphertext that the hub could still accept; `sealed` has one, kept until answered,
 * so that a lost answer is asked for again with the same bytes.
 */
import { fault } from "./faults"
import type { Trouble } from "./model"

export type OutboxState =
  /** `epoch`: do not encrypt below it (the group has moved; its commits are on their way). */
  | { readonly kind: "waiting"; readonly epoch: number; readonly retimed?: boolean }
  /** `epoch`: the one it was encrypted in. */
  | { readonly kind: "sealed"; readonly notBefore: number; readonly epoch: number; readonly retimed?: boolean }
  | { readonly kind: "failed"; readonly trouble: Trouble }
  | { readonly kind: "done" }

export type OutboxInput =
  | { readonly kind: "encrypted"; readonly epoch: number }
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly code: string; readonly text: string; readonly retry: string; readonly epoch: number | null; readonly retryAfter: number | null; readonly at: number }
  /** « Renvoyer ». */
  | { readonly kind: "again" }
  /** A successor group took the place of the one it was written in: its epochs begin again. */
  | { readonly kind: "regrouped" }

export const WRITTEN: OutboxState = { kind: "waiting", epoch: 0 }
/** Of a group that is over: any epoch that the hub tells is past it. */
const FORMER_GROUP = -1
const PAUSE_MS = 1_000
const SHORTEST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 3_600_000

/** How long to wait after a refusal: as the hub says, within reason. Timers take no more than 2^31 ms. */
export function pauseAfter(retryAfter: number | null): number {
  return Math.min(Math.max(retryAfter ?? PAUSE_MS, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS)
}

/** An epoch that is not past the one tried would be tried without end: that hub makes no sense. */
function inEpoch(told: number, tried: number): OutboxState {
  return told > tried ? { kind: "waiting", epoch: told } : { kind: "failed", trouble: fault("C_SERVER") }
}

function afterRefusal(state: OutboxState, input: Extract<OutboxInput, { kind: "refused" }>): OutboxState {
  if (state.kind !== "sealed") return state
  if (input.code === "E_EPOCH") return inEpoch(input.epoch ?? 0, state.epoch)
  // Whoever is to be removed has this epoch's keys: it is encrypted anew in the next one.
  if (input.code === "E_REMOVE_PENDING") return { kind: "waiting", epoch: Math.max(state.epoch, 0) + 1 }
  // What it says about its time is too old, or too new: it is encrypted anew, once, by the hub's clock.
  if (input.code === "E_CLOCK" && state.retimed !== true) return { kind: "waiting", epoch: Math.max(state.epoch, 0), retimed: true }
  if (input.retry === "later") return { ...state, notBefore: input.at + pauseAfter(input.retryAfter) }
  return { kind: "failed", trouble: { code: input.code, text: input.text } }
}

/** What was sealed goes out once more as it is: the hub may have it, and its receipt is of these bytes. */
function inNewGroup(state: OutboxState): OutboxState {
  if (state.kind === "waiting") return WRITTEN
  return state.kind === "sealed" ? { ...state, epoch: FORMER_GROUP } : state
}

export function next(state: OutboxState, input: OutboxInput): OutboxState {
  switch (input.kind) {
    case "encrypted":
      return state.kind === "waiting" ? { ...state, kind: "sealed", notBefore: 0, epoch: input.epoch } : state
    case "accepted":
      return state.kind === "sealed" ? { kind: "done" } : state
    case "refused":
      return afterRefusal(state, input)
    case "again":
      return state.kind === "failed" ? WRITTEN : state
    case "regrouped":
      return inNewGroup(state)
  }
}
