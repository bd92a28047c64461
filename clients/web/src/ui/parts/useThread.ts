import { useEffect } from "preact/hooks"
import type { Thread } from "../../core/model"
import { useEngine } from "../engine"

/** Keep the engine's open conversation the one of the address. */
export function useThread(id: string | null): Thread | null {
  const engine = useEngine()
  useEffect(() => engine.open(id), [id])
  const thread = engine.thread.value
  return thread?.conversation.id === id ? thread : null
}
