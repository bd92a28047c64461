import { useEffect } from "preact/hooks"
import { route, travel } from "../route"

/**
 * After one has gone elsewhere the focus follows, but only when what held it has left the screen:
 * an incoming message or a list that stays beside never loses it. A screen whose content comes
 * later calls again when it is there.
 */
export function arrive(): void {
  if (!travel.underway) return
  const held = document.activeElement
  if (held !== null && held !== document.body && held.checkVisibility()) {
    travel.underway = false
    return
  }
  const visible = [...document.querySelectorAll<HTMLElement>("[data-arrival]")].filter((each) => each.checkVisibility())
  const heading = visible.find((each) => each.dataset["arrival"] === route.value.kind) ?? visible[0]
  if (heading === undefined) return
  travel.underway = false
  heading.focus({ preventScroll: true })
}

export function useArrival(): void {
  const here = route.value
  useEffect(arrive, [here])
}
