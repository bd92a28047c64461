import type { ComponentType } from "preact"
import { signal } from "@preact/signals"

type Loaded<P> = { readonly kind: "waiting" | "failed" } | { readonly kind: "here"; readonly component: ComponentType<P> }

interface Meanwhile {
  readonly waiting: ComponentType
  readonly failed: ComponentType
}

/** A screen whose code is fetched when it is first shown: a patient does not download the counter. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>, meanwhile: Meanwhile): ComponentType<P> {
  const state = signal<Loaded<P>>({ kind: "waiting" })
  let asked = false
  const ask = () => {
    asked = true
    load().then(
      (component) => (state.value = { kind: "here", component }),
      () => (state.value = { kind: "failed" }),
    )
  }
  return function Later(props: P) {
    if (!asked) ask()
    const now = state.value
    if (now.kind === "here") return <now.component {...props} />
    return now.kind === "waiting" ? <meanwhile.waiting /> : <meanwhile.failed />
  }
}
