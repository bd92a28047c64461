/** Where the delegations of a conversation stand. Small and pure: it comes with the first screen. */
import type { Conversation, Delegation, DelegationState, Scope } from "../../core/model"

const OVER: readonly DelegationState[] = ["ending", "revoked", "suspended", "expired", "resigned", "contested"]

export const isOver = ({ state }: Delegation): boolean => OVER.includes(state)

export const liveIn = (delegations: readonly Delegation[], conversation: string): readonly Delegation[] =>
  delegations.filter((each) => each.conversation === conversation && !isOver(each))

/** Under what the reader acts for a patient here, or null: they speak for themselves. */
export function actingUnder(delegations: readonly Delegation[], conversation: string): Delegation | null {
  return liveIn(delegations, conversation).find(({ side, state }) => side === "grantee" && state === "active") ?? null
}

/** Who speaks for themselves may; a carer only what was ticked. */
export function allows(delegations: readonly Delegation[], { id }: Conversation, role: string, scope: Scope): boolean {
  return role !== "carer" || actingUnder(delegations, id)?.scopes.includes(scope) === true
}

/** The carers of earlier conversations whom the patient may ask into this one with one press, each once: the latest word counts. */
export function mayTakePart(delegations: readonly Delegation[], { id, kind, readiness }: Conversation): readonly Delegation[] {
  if (kind !== "remote_dispensation" || readiness !== "ready") return []
  const here = new Set(delegations.filter(({ conversation }) => conversation === id).map(({ grantee }) => grantee))
  const latest = new Map<string, Delegation>()
  for (const each of delegations) {
    const known = latest.get(each.grantee)
    if (each.side === "grantor" && (known === undefined || known.proposedAt < each.proposedAt)) latest.set(each.grantee, each)
  }
  return [...latest.values()].filter(({ grantee, mandate, state }) => mandate === "device" && !here.has(grantee) && (state === "active" || state === "expired"))
}

/** Where a carer stands in one conversation. */
export type Standing =
  | { readonly kind: "none" }
  /** Confirmed by the pharmacy: to be accepted, or accepted and about to begin. */
  | { readonly kind: "asked"; readonly under: Delegation }
  | { readonly kind: "active"; readonly under: Delegation }
  | { readonly kind: "over" }

/** `over`: the client's own word that the authorisation has ended; a new one counts more. */
export function standingIn(own: readonly Delegation[], conversation: string, over: boolean): Standing {
  const live = liveIn(own, conversation)
  const active = live.find(({ state }) => state === "active")
  if (active !== undefined && !over) return { kind: "active", under: active }
  const asked = live.find(({ state }) => state === "confirmed" || state === "accepted")
  if (asked !== undefined) return { kind: "asked", under: asked }
  return over || own.some((each) => each.conversation === conversation && isOver(each)) ? { kind: "over" } : { kind: "none" }
}
