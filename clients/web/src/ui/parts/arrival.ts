import { useEffect } from "preact/hooks"
import { route } from "../route"

/**
 * After one has gone elsewhere the focus follows, but only when what held it has left the screen:
 * an incoming message or a list that stays beside never loses it.
 */
export function useArrival(): void {
  const here = route.value
  useEffect(() => {
    const held = document.activeElement
    const gone = held === null || held === document.body || !held.checkVisibility()
    if (!gone || here.kind === "home") return
    const visible = [...document.querySelectorAll<HTMLElement>("[data-arrival]")].find((each) => each.checkVisibility())
    visible?.focus({ preventScroll: true })
  }, [here])
}
