/** Which conversation a call belongs to, and whether its screen is in sight. Small: it comes with the first screen. */
import { signal } from "@preact/signals"
import type { CallNotice, CallStage, Engine } from "../../core/model"

/** The conversation of what this tab is doing about a call; a ring is a screen of its own. */
export function conversationOf(stage: CallStage): string | null {
  switch (stage.kind) {
    case "none":
    case "incoming":
      return null
    case "lobby":
    case "ended":
      return stage.conversation
    case "calling":
    case "in_call":
      return stage.call.conversation
  }
}

export function noticeOf(notices: readonly CallNotice[], conversation: string): CallNotice | null {
  return notices.find((notice) => notice.conversation === conversation) ?? null
}

/** The conversation whose page is shown: the call's screen stands beside its messages there. */
export const shown = signal<string | null>(null)

/** On a telephone the call or the messages have the room. */
export const messagesFirst = signal(false)

/** « Quitter » was pressed during a call: what that means is asked first, in the layer of calls. */
export const leaving = signal(false)

/** Sign out; from a call or a place in the waiting room, only after the question. */
export function leave(engine: Engine): void {
  const stage = engine.calls.stage.peek()
  const held = stage.kind === "in_call" || stage.kind === "calling" || (stage.kind === "lobby" && stage.entered)
  if (held) leaving.value = true
  else void engine.signOut()
}
