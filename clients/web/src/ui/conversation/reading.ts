import type { RefObject } from "preact"
import { useEffect, useRef } from "preact/hooks"
import type { Thread } from "../../core/model"
import { useEngine } from "../engine"

/** What the browser last saw of the end of the log, and whether anybody can be looking. */
export interface Sight {
  readonly inView: boolean
  readonly visibility: DocumentVisibilityState
}

/** « Lu » is a word given to somebody: only where the end of the log is in the window, in a tab that is shown. */
export const mayBeRead = ({ inView, visibility }: Sight): boolean => inView && visibility === "visible"

/** Tell that the thread was read once the mark that it returns, put after the last message, is in sight. */
export function useReading({ conversation, messages }: Thread): RefObject<HTMLDivElement | null> {
  const engine = useEngine()
  const end = useRef<HTMLDivElement>(null)
  const { id, unread } = conversation
  useEffect(() => {
    const mark = end.current
    if (mark === null || unread === 0) return
    // The window is the root: the log may be cut by its own scroll, by the page's, or by a column that is not shown.
    const watch = new IntersectionObserver((seen) => {
      const inView = seen.at(-1)?.isIntersecting === true
      if (mayBeRead({ inView, visibility: document.visibilityState })) engine.markRead(id)
    })
    // An observation begun again is answered at the next frame, with what is on screen by then.
    const look = () => {
      watch.unobserve(mark)
      watch.observe(mark)
    }
    look()
    document.addEventListener("visibilitychange", look)
    return () => {
      document.removeEventListener("visibilitychange", look)
      watch.disconnect()
    }
  }, [id, unread, messages])
  return end
}
