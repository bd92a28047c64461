/** Where one is, kept in the address: the browser's own back button and a reload stay true. */
import { signal } from "@preact/signals"

export type Route =
  | { readonly kind: "home" }
  | { readonly kind: "conversation"; readonly id: string }
  | { readonly kind: "details"; readonly id: string }
  | { readonly kind: "proofs" }

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function parseRoute(hash: string): Route {
  const [kind, id] = hash.replace(/^#/, "").split("/")
  if (kind === "proofs") return { kind: "proofs" }
  if ((kind === "conversation" || kind === "details") && id !== undefined && UUID.test(id)) return { kind, id }
  return { kind: "home" }
}

export function hrefOf(route: Route): string {
  return "id" in route ? `#${route.kind}/${route.id}` : `#${route.kind}`
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
