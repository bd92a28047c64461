import type { ComponentType } from "preact"
import { signal } from "@preact/signals"
import { Failure, Loading } from "../screens/Plain"

type Loaded<P> = { readonly kind: "waiting" | "failed" } | { readonly kind: "here"; readonly component: ComponentType<P> }

/** A screen whose code is fetched when it is first shown: a patient does not download the counter. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
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
    if (now.kind !== "here") return now.kind === "waiting" ? <Loading /> : <Failure fault="code" />
    const Screen = now.component
    return <Screen {...props} />
  }
}
