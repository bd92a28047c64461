/** Where one is, kept in the address: the browser's own back button and a reload stay true. */
import { signal } from "@preact/signals"

/** Pages of their own; what follows `renew` and `trace` is a delegation. */
const PAGES = ["proofs", "carers", "delegate", "accesses", "devices", "code", "team"] as const
const ABOUT = ["conversation", "details", "renew", "trace"] as const

type Page = (typeof PAGES)[number]
type About = (typeof ABOUT)[number]

export type Route = { readonly kind: "home" | Page } | { readonly kind: About; readonly id: string }

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function parseRoute(hash: string): Route {
  const [word, id = ""] = hash.replace(/^#/, "").split("/")
  const page = PAGES.find((each) => each === word)
  const about = ABOUT.find((each) => each === word)
  if (page !== undefined) return { kind: page }
  return about !== undefined && UUID.test(id) ? { kind: about, id } : { kind: "home" }
}

export function hrefOf(route: Route): string {
  return "id" in route ? `#${route.kind}/${route.id}` : `#${route.kind}`
}

/** The conversation that a route shows, beside its details or not. */
export function conversationAt(route: Route): string | null {
  return route.kind === "conversation" || route.kind === "details" ? route.id : null
}

export const route = signal<Route>({ kind: "home" })

/** True from a change of address until the focus has arrived. */
export const travel = { underway: false }

export function followAddress(): void {
  route.value = parseRoute(location.hash)
  addEventListener("hashchange", () => {
    travel.underway = true
    route.value = parseRoute(location.hash)
  })
}

export function go(to: Route): void {
  location.hash = hrefOf(to)
}
