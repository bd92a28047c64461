import type { Conversation, Me } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { CallOr } from "../call/Places"
import { waitingFirst } from "../call/states"
import { useEngine } from "../engine"
import { formatShort, initials } from "../format"
import { PlusIcon } from "../icons"
import { conversationAt, hrefOf, route } from "../route"
import { motiveName, nameOf } from "../words"

interface ListProps {
  readonly me: Me
  readonly begin: (() => void) | undefined
}

export function ConversationList({ me, begin }: ListProps) {
  const engine = useEngine()
  const conversations = engine.conversations.value
  const unread = conversations.reduce((sum, each) => sum + each.unread, 0)
  return (
    <nav class="column-list" aria-label={t("conversations")}>
      <div class="list-head">
        <h2 tabIndex={-1} data-arrival="home">{t("conversations")}</h2>
        {unread > 0 && <span class="badge">{t("unread", { count: unread })}</span>}
      </div>
      {begin !== undefined && <button type="button" class="button primary wide" onClick={begin}><PlusIcon /><span>{t("dispensation-new")}</span></button>}
      {conversations.length === 0 ? <EmptyList me={me} /> : (
        <ul class="conversation-list">
          {waitingFirst(conversations, engine.calls.notices.value).map((each) => <li key={each.id}><Line conversation={each} /></li>)}
        </ul>
      )}
    </nav>
  )
}

function EmptyList({ me }: { readonly me: Me }) {
  return <p class="list-empty soft">{t(`list-empty-${me.role === "pharmacist" ? "pharmacist" : "others"}`)}</p>
}

function Line({ conversation }: { readonly conversation: Conversation }) {
  const { id, members, patient, motive, readiness, lastAt, preview, unread } = conversation
  const here = route.value
  const toConfirm = useEngine().delegations.value.some(({ conversation, mayConfirm }) => conversation === id && mayConfirm)
  const name = nameOf(members, patient)
  return (
    <a class={`line ${unread > 0 ? "line-unread" : ""}`} href={hrefOf({ kind: "conversation", id })} data-line={id} aria-current={conversationAt(here) === id ? "page" : undefined}>
      <span class="avatar" aria-hidden="true">{initials(name)}</span>
      <span class="line-words">
        <span class="card-line"><strong>{name}</strong><time class="soft">{formatShort(lastAt, Date.now(), locale.value)}</time></span>
        <span class="card-line">
          <CallOr id={id} otherwise={<span class={`card-preview ${toConfirm ? "to-confirm" : "soft"}`}>{toConfirm ? t("list-to-confirm") : readiness === "waiting_for_patient" ? t("waiting-for-device") : (preview ?? motiveName(motive))}</span>} />
          {unread > 0 && <span class="badge"><span aria-hidden="true">{unread}</span><span class="visually-hidden">{t("unread", { count: unread })}</span></span>}
        </span>
      </span>
    </a>
  )
}
