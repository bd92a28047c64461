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
  /** Who acts here for the patient, and what is asked about it. */
  readonly strip?: ComponentChildren
  /** Where one writes, when it is more than the composer. */
  readonly write?: ComponentChildren
  readonly fromNow?: boolean
}

export function ConversationView({ thread, title, subtitle, before, after, strip, write, fromNow = false }: ConversationProps) {
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
        {strip}
        <MessageLog messages={messages} end={end} fromNow={fromNow} />
        <ReadinessNote conversation={conversation} />
        {write !== undefined ? write : mayWrite(conversation) && <Composer key={conversation.id} conversation={conversation} />}
      </section>
    </WithCall>
  )
}
