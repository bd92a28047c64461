import type { ComponentChildren } from "preact"
import { useEffect } from "preact/hooks"
import type { Thread } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { Heading } from "../parts/Heading"
import { Composer } from "./Composer"
import { MessageLog } from "./MessageLog"
import { mayWrite, ReadinessNote } from "./ReadinessNote"
import { ReadersLine } from "./Readers"

interface ConversationProps {
  readonly thread: Thread
  readonly title: string
  readonly subtitle: string
  readonly before?: ComponentChildren
  readonly after?: ComponentChildren
}

export function ConversationView({ thread, title, subtitle, before, after }: ConversationProps) {
  const { conversation, messages } = thread
  useReading(thread)
  return (
    <section class="conversation" aria-label={t("conversation-with", { name: title })} key={conversation.id}>
      <header class="conversation-head">
        {before}
        <div class="conversation-title">
          <Heading of="conversation">{title}</Heading>
          <p class="soft">{subtitle}</p>
        </div>
        {after}
      </header>
      <ReadersLine thread={thread} />
      <MessageLog messages={messages} />
      <ReadinessNote conversation={conversation} />
      {mayWrite(conversation) && <Composer key={conversation.id} conversation={conversation} />}
    </section>
  )
}

/** What is on screen in a visible tab has been read. */
function useReading({ conversation, messages }: Thread): void {
  const engine = useEngine()
  const { id, unread } = conversation
  useEffect(() => {
    const read = () => {
      if (unread > 0 && document.visibilityState === "visible") engine.markRead(id)
    }
    read()
    document.addEventListener("visibilitychange", read)
    return () => document.removeEventListener("visibilitychange", read)
  }, [id, unread, messages])
}
