import { useId, useState } from "preact/hooks"
import type { AuditedConversation } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { foldForSearch, formatInstant, formatNames } from "../format"
import { hrefOf } from "../route"
import { Loading } from "../screens/Plain"
import { kindName, motiveName } from "../words"

const PAGE = 50

export function AuditedConversations({ open }: { readonly open: string | null }) {
  const engine = useEngine()
  const { conversations, trouble } = engine.audit.value
  return (
    <section class="audited" aria-label={t("conversations")}>
      <h2>{t("conversations")}</h2>
      {conversations === null && trouble === null && <Loading />}
      {conversations?.length === 0 && <p class="empty soft">{t("control-empty")}</p>}
      {conversations !== null && conversations.length > 0 && <Searchable conversations={conversations} open={open} />}
    </section>
  )
}

interface SearchableProps {
  readonly conversations: readonly AuditedConversation[]
  readonly open: string | null
}

function Searchable({ conversations, open }: SearchableProps) {
  const id = useId()
  const [filter, setFilter] = useState("")
  const [shown, setShown] = useState(PAGE)
  const wanted = foldForSearch(filter)
  const found = conversations.filter(({ people }) => people.some((name) => foldForSearch(name).includes(wanted)))
  return (
    <>
      <label class="field-label" for={id}>{t("control-filter")}</label>
      <input id={id} type="search" autocomplete="off" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
      <ul class="conversation-list">
        {found.slice(0, shown).map((each) => <li key={each.id}><Case conversation={each} open={each.id === open} /></li>)}
      </ul>
      {found.length > shown && <button type="button" class="button wide" onClick={() => setShown(shown + PAGE)}>{t("show-more", { count: found.length - shown })}</button>}
    </>
  )
}

function Case({ conversation, open }: { readonly conversation: AuditedConversation; readonly open: boolean }) {
  const { id, kind, motive, createdAt, people, entries } = conversation
  return (
    <a class="line" href={hrefOf({ kind: "conversation", id })} aria-current={open ? "page" : undefined}>
      <span class="line-words">
        <strong>{formatNames(people, locale.value)}</strong>
        <span class="soft">{t("kind-and-motive", { kind: kindName(kind), motive: motiveName(motive) })}</span>
        <span class="soft">{formatInstant(createdAt, locale.value)}, {t("entries", { count: entries })}</span>
      </span>
    </a>
  )
}
