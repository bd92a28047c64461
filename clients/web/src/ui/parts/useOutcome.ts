import { useState } from "preact/hooks"
import type { Outcome, Trouble } from "../../core/model"

type Refusable = Outcome | { readonly ok: false; readonly trouble: Trouble } | { readonly ok: true }

interface Asking {
  readonly busy: boolean
  readonly trouble: Trouble | null
  /** Ask the engine once at a time; true when it was granted. */
  readonly ask: (act: () => Promise<Refusable>) => Promise<boolean>
}

/** What an act of the engine came to, for the screen that asked. */
export function useOutcome(): Asking {
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const ask = async (act: () => Promise<Refusable>) => {
    if (busy) return false
    setBusy(true)
    const outcome = await act()
    setBusy(false)
    setTrouble(outcome.ok ? null : outcome.trouble)
    return outcome.ok
  }
  return { busy, trouble, ask }
}
