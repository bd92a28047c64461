import type { ComponentChildren } from "preact"
import type { Thread } from "../../core/model"
import { t } from "../../strings/strings"
import { CallHead, WithCall } from "../call/Places"
import { Heading } from "../parts/Heading"
import { Composer } from "./Composer"
import { MessageLog } from "./MessageLog"
import { PaperHead } from "./PaperHead"
import { mayWrite, ReadinessNote } from "./ReadinessNote"
import { ReadersLine } from "./Readers"
import { useReading } from "./reading"

interface ConversationProps {
  readonly thread: Thread
  readonly title: string
  readonly subtitle: string
  readonly before?: ComponentChildren
  readonly after?: ComponentChildren
}

export function ConversationView({ thread, title, subtitle, before, after }: ConversationProps) {
  const { conversation, messages } = thread
  const end = useReading(thread)
  return (
    <WithCall conversation={conversation}>
      <section class="conversation" aria-label={t("conversation-with", { name: title })} key={conversation.id}>
        <PaperHead />
        <header class="conversation-head">
          {before}
          <div class="conversation-title">
            <Heading of="conversation">{title}</Heading>
            <p class="soft">{subtitle}</p>
          </div>
          {after}
          <CallHead conversation={conversation} />
        </header>
        <ReadersLine thread={thread} />
        <MessageLog messages={messages} end={end} />
        <ReadinessNote conversation={conversation} />
        {mayWrite(conversation) && <Composer key={conversation.id} conversation={conversation} />}
      </section>
    </WithCall>
  )
}
