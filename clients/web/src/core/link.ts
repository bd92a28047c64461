/**
 * The life of the connection to the hub: when to try again, and when never to.
 * Instants are milliseconds; `jitter` is a number in [0, 1) that the caller draws.
 */

export type LinkState =
  | { readonly kind: "stopped"; readonly why: "not_started" | "expired" | "other_tab" | "forbidden" | "malformed" }
  | { readonly kind: "connecting"; readonly attempt: number }
  | { readonly kind: "online" }
  | { readonly kind: "waiting"; readonly attempt: number; readonly retryAt: number; readonly restarting: boolean }

export type LinkInput =
  | { readonly kind: "start" }
  | { readonly kind: "opened" }
  | { readonly kind: "closed"; readonly code: number; readonly at: number; readonly jitter: number; readonly urgent: boolean }
  | { readonly kind: "restart"; readonly after: number; readonly at: number }
  | { readonly kind: "due"; readonly at: number }
  /** The network is back, the tab is visible again, or the person asked. */
  | { readonly kind: "hurry" }
  | { readonly kind: "stop"; readonly why: "not_started" | "other_tab" }

export const NOT_STARTED: LinkState = { kind: "stopped", why: "not_started" }

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 10_000
// In a call the hub is waited for: its restart must not be what the patient notices.
const LONGEST_URGENT_PAUSE_MS = 1_000
// A restart takes seconds; timers take no more than 2^31 ms, and a wait beyond it never ends.
const LONGEST_RESTART_MS = 60_000
const MALFORMED = 4400
const SESSION = 4401
const SUPERSEDED = 4409
// The library's own answer to a frame beyond every bound: the same frame would meet it again.
const TOO_BIG = 1009

/** Full jitter: a storm of clients that a restart cut off does not come back as one. */
export function pause(attempt: number, jitter: number, urgent: boolean): number {
  const ceiling = Math.min(urgent ? LONGEST_URGENT_PAUSE_MS : LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt)
  return Math.round(ceiling / 2 + (ceiling / 2) * jitter)
}

function stopped(code: number): LinkState | null {
  if (code === SESSION) return { kind: "stopped", why: "expired" }
  if (code === SUPERSEDED) return { kind: "stopped", why: "other_tab" }
  if (code === TOO_BIG || code === MALFORMED) return { kind: "stopped", why: "malformed" }
  return code > MALFORMED && code <= 4499 ? { kind: "stopped", why: "forbidden" } : null
}

function afterClose(state: LinkState, input: Extract<LinkInput, { kind: "closed" }>): LinkState {
  // A planned restart closes the socket too: its own pause stands.
  if (state.kind === "stopped" || state.kind === "waiting") return state
  const attempt = state.kind === "connecting" ? state.attempt : 0
  return stopped(input.code) ?? {
    kind: "waiting", attempt: attempt + 1, retryAt: input.at + pause(attempt, input.jitter, input.urgent), restarting: false,
  }
}

function tryNow(state: LinkState): LinkState {
  return state.kind === "waiting" ? { kind: "connecting", attempt: state.attempt } : state
}

export function next(state: LinkState, input: LinkInput): LinkState {
  switch (input.kind) {
    case "start":
      return state.kind === "stopped" ? { kind: "connecting", attempt: 0 } : state
    case "opened":
      return state.kind === "connecting" ? { kind: "online" } : state
    case "closed":
      return afterClose(state, input)
    case "restart":
      return state.kind === "stopped" ? state
        : { kind: "waiting", attempt: 0, retryAt: input.at + Math.min(input.after, LONGEST_RESTART_MS), restarting: true }
    case "due":
      return state.kind === "waiting" && input.at >= state.retryAt ? tryNow(state) : state
    case "hurry":
      return tryNow(state)
    case "stop":
      return { kind: "stopped", why: input.why }
  }
}
