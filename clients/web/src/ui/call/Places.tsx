/** The places that a call takes on other screens. What stands there is fetched apart, when it is needed. */
import type { ComponentChildren } from "preact"
import { useEffect, useState } from "preact/hooks"
import type { Conversation, Me } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { later } from "../parts/later"
import { Notice } from "../parts/Notice"
import { Loading } from "../screens/Plain"
import { conversationOf, messagesFirst, shown } from "./where"

/** After the first screen has settled: a ring must find its words here. */
const SOON_MS = 1500

async function screens() {
  const loaded = await import("./screens")
  await loaded.learnCalls()
  return loaded
}

const nothing = () => null
export const CallHead = later(async () => (await screens()).CallHead, { waiting: nothing, failed: nothing })
const Dock = later(async () => (await screens()).CallDock, { waiting: Loading, failed: () => <Notice><p>{t("failed-code-body")}</p></Notice> })
const Layer = later(async () => (await screens()).CallLayer, { waiting: nothing, failed: nothing })
const Line = later(async () => (await screens()).CallLine, { waiting: nothing, failed: nothing })

/** The conversation, and beside it the call that belongs to it. */
export function WithCall({ conversation, children }: { readonly conversation: Conversation; readonly children: ComponentChildren }) {
  const { id } = conversation
  const docked = conversationOf(useEngine().calls.stage.value) === id
  useEffect(() => {
    shown.value = id
    return () => {
      if (shown.peek() === id) shown.value = null
    }
  }, [id])
  useEffect(() => {
    messagesFirst.value = false
  }, [docked])
  const room = docked ? (messagesFirst.value ? "docked messages-first" : "docked") : ""
  return <div class={`talk ${room}`}>{docked && <Dock conversation={conversation} />}{children}</div>
}

/** What shows wherever one is: the ring, and the way back to a call. */
export function CallEverywhere({ me }: { readonly me: Me }) {
  const begun = useEngine().calls.stage.value.kind !== "none"
  const [wanted, setWanted] = useState(begun)
  useEffect(() => {
    const timer = setTimeout(() => setWanted(true), begun ? 0 : SOON_MS)
    return () => clearTimeout(timer)
  }, [begun])
  return wanted ? <Layer me={me} /> : null
}

/** In a list, what a live call of this conversation is doing; `otherwise` where there is none. */
export function CallOr({ id, otherwise }: { readonly id: string; readonly otherwise: ComponentChildren }) {
  const { notices } = useEngine().calls
  const live = notices.value.some(({ conversation }) => conversation === id)
  return <>{live ? <Line id={id} /> : otherwise}</>
}
