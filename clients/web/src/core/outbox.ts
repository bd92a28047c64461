/**
 * The life of one message that a person wrote, from the outbox to the hub's durable answer.
 * `waiting` has no ciphertext that the hub could still accept; `sealed` has one, kept until answered,
 * so that a lost answer is asked for again with the same bytes.
 */
import type { Trouble } from "./model"

export type OutboxState =
  /** `epoch`: do not encrypt below it (the group has moved; its commits are on their way). */
  | { readonly kind: "waiting"; readonly epoch: number }
  | { readonly kind: "sealed"; readonly notBefore: number }
  | { readonly kind: "failed"; readonly trouble: Trouble }
  | { readonly kind: "done" }

export type OutboxInput =
  | { readonly kind: "encrypted" }
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly code: string; readonly text: string; readonly retry: string; readonly epoch: number | null; readonly retryAfter: number | null; readonly at: number }
  /** « Renvoyer ». */
  | { readonly kind: "again" }

export const WRITTEN: OutboxState = { kind: "waiting", epoch: 0 }
const PAUSE_MS = 1_000

function afterRefusal(state: OutboxState, input: Extract<OutboxInput, { kind: "refused" }>): OutboxState {
  if (state.kind !== "sealed") return state
  if (input.code === "E_EPOCH") return { kind: "waiting", epoch: input.epoch ?? 0 }
  if (input.retry === "later") return { ...state, notBefore: input.at + (input.retryAfter ?? PAUSE_MS) }
  return { kind: "failed", trouble: { code: input.code, text: input.text } }
}

export function next(state: OutboxState, input: OutboxInput): OutboxState {
  switch (input.kind) {
    case "encrypted":
      return state.kind === "waiting" ? { kind: "sealed", notBefore: 0 } : state
    case "accepted":
      return state.kind === "sealed" ? { kind: "done" } : state
    case "refused":
      return afterRefusal(state, input)
    case "again":
      return state.kind === "failed" ? WRITTEN : state
  }
}
