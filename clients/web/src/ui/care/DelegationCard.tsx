import { useId, useState } from "preact/hooks"
import type { Delegation, Scope } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatDate } from "../format"
import { SentIcon, StopIcon } from "../icons"
import { Ask } from "../parts/Ask"
import { hrefOf } from "../route"
import { MandateTag } from "./MandateTag"
import { inOrder, READING } from "./scopes"
import { isOver } from "./standing"
import { scopeName, scopeNames, stateWords, whichConversation } from "./words"

interface CardProps {
  readonly delegation: Delegation
  /** It is being ended from this card: to be kept in sight. */
  readonly watch: (id: string) => void
}

/** One delegation in the patient's words, with what the patient may do about it. */
export function DelegationCard({ delegation, watch }: CardProps) {
  const engine = useEngine()
  const heading = useId()
  const { id, conversation, granteeName: name, state, mandate, notBefore, notAfter, endedAt, mayEnd } = delegation
  // The whole of it, one scope, or nothing is asked about.
  const [asking, setAsking] = useState<Scope | "all" | null>(null)
  const open = engine.conversations.value.find((each) => each.id === conversation)
  const from = formatDate(notBefore, locale.value)
  const to = formatDate(endedAt ?? notAfter, locale.value)
  return (
    <article class="card delegation" aria-labelledby={heading}>
      <div class="card-line">
        <h2 id={heading}>{name}</h2>
        <State delegation={delegation} />
      </div>
      <p class="soft">{t("carers-in", { conversation: whichConversation(open, "you") })}</p>
      <p class="soft">{t("carers-since", { from, to })}</p>
      {mandate !== "device" && <p><MandateTag mandate={mandate} /></p>}
      <Scopes delegation={delegation} withdraw={setAsking} />
      <p role="status" class="soft">{news(delegation)}</p>
      <div class="row">
        {(state === "active" || isOver(delegation)) && state !== "ending" && mandate === "device" && <a class="button" href={hrefOf({ kind: "renew", id })}>{t("carers-renew")}</a>}
        {mayEnd && <button type="button" class="button danger" onClick={() => setAsking("all")}><StopIcon /><span>{t("withdraw", { name })}</span></button>}
      </div>
      {asking !== null && <Withdraw delegation={delegation} scope={asking} watch={watch} onClose={() => setAsking(null)} />}
    </article>
  )
}

function news({ state, granteeName: name }: Delegation): string {
  if (state === "ending") return t("withdraw-under-way", { name })
  return state === "revoked" ? t("withdraw-done", { name }) : ""
}

/** In words beside a mark, never by colour alone. */
export function State({ delegation }: { readonly delegation: Delegation }) {
  return <span class={`state state-${isOver(delegation) ? "over" : delegation.state}`}>{stateWords(delegation, Date.now())}</span>
}

interface ScopesProps {
  readonly delegation: Delegation
  readonly withdraw: (scope: Scope) => void
}

function Scopes({ delegation, withdraw }: ScopesProps) {
  const { scopes, withdrawn, mayEnd, granteeName, state } = delegation
  if (isOver(delegation)) return <p class="soft">{t("carers-was", { scopes: scopeNames(scopes, "you") })}</p>
  const each = mayEnd && state === "active"
  return (
    <>
      <ul class="scopes">
        {inOrder(scopes).map((scope) => (
          <li key={scope}>
            <SentIcon /><span>{scopeName(scope, "you")}</span>
            {each && scope !== READING && (
              <button type="button" class="button quiet" onClick={() => withdraw(scope)}>
                {t("carers-withdraw-scope")}<span class="visually-hidden">{` : ${scopeName(scope, "you")} (${granteeName})`}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      {withdrawn.length > 0 && <p class="soft">{t("carers-gone", { scopes: scopeNames(withdrawn, "you", false) })}</p>}
    </>
  )
}

interface WithdrawProps extends CardProps {
  readonly scope: Scope | "all"
  readonly onClose: () => void
}

function Withdraw({ delegation: { id, granteeName: name }, scope, watch, onClose }: WithdrawProps) {
  const engine = useEngine()
  const all = scope === "all"
  const act = async () => {
    const outcome = await engine.withdrawDelegation(id, all ? [] : [scope])
    if (outcome.ok && all) watch(id)
    return outcome
  }
  return (
    <Ask
      title={all ? t("withdraw-title", { name }) : t("withdraw-scope-title", { name, scope: scopeName(scope, "you") })}
      body={t(all ? "withdraw-body" : "withdraw-scope-body", { name })} confirm={t("withdraw-confirm")} act={act} onClose={onClose}
    />
  )
}
