import { useComputed } from "@preact/signals"
import { useRef } from "preact/hooks"
import type { Media } from "../../core/model"
import { useEngine } from "../engine"

/** My camera and microphone; the level, which moves ten times a second, is the meter's alone. */
export function useMedia(): Media {
  const { media } = useEngine().calls
  const kept = useRef<Media | null>(null)
  const settled = useComputed(() => {
    const now = { ...media.value, level: 0 }
    const before: Readonly<Record<string, unknown>> = { ...kept.current }
    const same = Object.entries(now).every(([key, value]) => before[key] === value)
    if (kept.current === null || !same) kept.current = now
    return kept.current
  })
  return settled.value
}
