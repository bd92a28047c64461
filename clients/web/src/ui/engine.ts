import { createContext } from "preact"
import { useContext } from "preact/hooks"
import type { Engine } from "../core/model"

export const EngineContext = createContext<Engine | null>(null)

export function useEngine(): Engine {
  const engine = useContext(EngineContext)
  if (engine === null) throw new Error("a screen stands outside its engine")
  return engine
}
