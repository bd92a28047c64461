import type { JSX } from "preact"
import type { Delivery, Message } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatTime } from "../format"
import { ClockIcon, DeliveredIcon, HiddenIcon, ReadIcon, SentIcon, WarningIcon } from "../icons"
import { troubleText, untilWords } from "../words"

const ICONS: Readonly<Record<Delivery, () => JSX.Element>> = {
  waiting: ClockIcon, sent: SentIcon, delivered: DeliveredIcon, read: ReadIcon, failed: WarningIcon,
}

export function MessageItem({ message }: { readonly message: Message }) {
  const { name, mine, at, content, delivery } = message
  const State = ICONS[delivery]
  return (
    <article class={`message ${mine ? "mine" : "theirs"} message-${delivery}`}>
      <p class="message-head">
        <span><strong>{name}</strong>{message.actingFor !== null && <ActingFor acting={message.actingFor} />}</span>
        {" "}<time dateTime={new Date(at).toISOString()}>{formatTime(at, locale.value)}</time>
      </p>
      {content.kind === "text" ? <p class="message-text">{content.text}</p> : <p class="message-hidden"><HiddenIcon />{t(content.why === "proofs" ? "message-hidden" : "message-unauthorised")}</p>}
      {mine && <p class="message-state"><State />{t(`delivery-${delivery}`)}</p>}
      {delivery === "failed" && <Failed message={message} />}
    </article>
  )
}

/** On every message of a carer, on every screen and on paper: for whom, and until when. */
function ActingFor({ acting: { name, until } }: { readonly acting: NonNullable<Message["actingFor"]> }) {
  return <>{", "}{t("acting-for", { patient: name, until: untilWords(until, Date.now()) })}</>
}

function Failed({ message }: { readonly message: Message }) {
  const engine = useEngine()
  return (
    <div class="message-trouble">
      {message.trouble !== null && <p>{troubleText(message.trouble)}</p>}
      <div class="row">
        <button type="button" class="button" onClick={() => void engine.resend(message.id)}>{t("resend")}</button>
        <button type="button" class="button quiet" onClick={() => void engine.discard(message.id)}>{t("discard")}</button>
      </div>
    </div>
  )
}
