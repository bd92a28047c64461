import { waitingFirst } from "../call/states"
import { useEffect } from "preact/hooks"
import { useEngine } from "../engine"
import { isSingle, writes } from "../parts/keys"
import { conversationAt, go, route } from "../route"

interface Commands {
  readonly begin: (() => void) | undefined
  readonly help: () => void
}

/** The neighbour `step` away from the open one; from nothing, the first. */
export function neighbour(ids: readonly string[], open: string | null, step: 1 | -1): string | null {
  const at = open === null ? -1 : ids.indexOf(open)
  if (at === -1) return ids[0] ?? null
  return ids[at + step] ?? null
}

const inList = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.closest("[data-line]") !== null

function stepOf({ key, target }: KeyboardEvent): 1 | -1 | null {
  if (key === "j" || (key === "ArrowDown" && inList(target))) return 1
  return key === "k" || (key === "ArrowUp" && inList(target)) ? -1 : null
}

const focusLine = (id: string): void => document.querySelector<HTMLElement>(`[data-line="${id}"]`)?.focus()

const openId = (): string | null => conversationAt(route.value)

/** From writing back to the list; from the conversation back home. */
function escape(target: EventTarget | null): void {
  const here = openId()
  if (here === null) return
  if (writes(target)) focusLine(here)
  else go({ kind: "home" })
}

/** Single keys, and only where nobody is writing and no dialog is open. */
export function useShortcuts({ begin, help }: Commands): void {
  const engine = useEngine()
  useEffect(() => {
    const move = (step: 1 | -1) => {
      const next = neighbour(waitingFirst(engine.conversations.value, engine.calls.notices.value).map(({ id }) => id), openId(), step)
      if (next === null) return
      go({ kind: "conversation", id: next })
      focusLine(next)
    }
    const commandOf = (event: KeyboardEvent): (() => void) | undefined => {
      if (event.key === "Escape") return () => escape(event.target)
      if (writes(event.target)) return undefined
      const step = stepOf(event)
      if (step !== null) return () => move(step)
      return { n: begin, "?": help }[event.key]
    }
    const onKey = (event: KeyboardEvent) => {
      if (!isSingle(event)) return
      const command = commandOf(event)
      if (command === undefined) return
      event.preventDefault()
      command()
    }
    addEventListener("keydown", onKey)
    return () => removeEventListener("keydown", onKey)
  }, [begin !== undefined])
}
