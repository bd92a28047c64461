import { useId, useState } from "preact/hooks"
import type { Conversation, Delegation, Scope } from "../../core/model"
import { t } from "../../strings/strings"
import { Composer } from "../conversation/Composer"
import { mayWrite } from "../conversation/ReadinessNote"
import { useEngine } from "../engine"
import { CarersIcon, SentIcon, StopIcon } from "../icons"
import { Ask } from "../parts/Ask"
import { Dialog } from "../parts/Dialog"
import { untilWords } from "../words"
import { DutiesBody } from "./Duties"
import { MandateTag } from "./MandateTag"
import { inOrder, lacking } from "./scopes"
import { scopeName } from "./words"

interface ActingProps {
  readonly conversation: Conversation
  readonly under: Delegation
}

/** Where a carer writes: never without the words that say for whom, and until when. */
export function Acting({ conversation, under: { scopes, grantorName: name, notAfter, mandate } }: ActingProps) {
  const writes = scopes.includes("conversation.send")
  const until = untilWords(notAfter, Date.now())
  return (
    <div class="acting">
      <p class="acting-chip"><CarersIcon /><span><strong>{t(writes ? "acting-chip" : "acting-reading", { name, until })}</strong><MandateTag mandate={mandate} /></span></p>
      {!writes && <p class="acting-only">{t("acting-read-only")}</p>}
      {writes && mayWrite(conversation) && <Composer key={conversation.id} conversation={conversation} />}
    </div>
  )
}

/** A renewal is accepted while the authorisation before it still runs. */
function Renewal({ renewal }: { readonly renewal: Delegation }) {
  const [open, setOpen] = useState(false)
  const title = t("duties-title", { patient: renewal.grantorName })
  return (
    <div class="strip">
      <CarersIcon />
      <p>{title}</p>
      <button type="button" class="button" aria-haspopup="dialog" onClick={() => setOpen(true)}>{t("duties-renewal")}</button>
      {open && <Dialog title={title} onClose={() => setOpen(false)}><div class="reader-list"><DutiesBody delegation={renewal} /></div></Dialog>}
    </div>
  )
}

/** What this authorisation allows and what it does not, in words, and the way out of it. */
export function ActingStrip({ under }: { readonly under: Delegation }) {
  const engine = useEngine()
  const [asking, setAsking] = useState(false)
  const { id, grantorName: patient, scopes, mayEnd } = under
  const renewal = engine.delegations.value.find((each) => each.side === "grantee" && each.conversation === under.conversation && each.state === "confirmed")
  return (
    <div class="strips">
      {renewal !== undefined && <Renewal renewal={renewal} />}
      <details class="strip limits">
        <summary>{t("acting-limits")}</summary>
        <Limits title={t("acting-may")} icon={SentIcon} scopes={inOrder(scopes)} />
        <Limits title={t("acting-may-not")} icon={StopIcon} scopes={lacking(scopes)} />
        {mayEnd && <button type="button" class="button danger" onClick={() => setAsking(true)}>{t("resign")}</button>}
      </details>
      {asking && (
        <Ask
          title={t("resign-title")} body={t("resign-body", { patient })} confirm={t("resign-confirm")}
          act={() => engine.resignDelegation(id)} onClose={() => setAsking(false)}
        />
      )}
    </div>
  )
}

interface LimitsProps {
  readonly title: string
  readonly icon: typeof SentIcon
  readonly scopes: readonly Scope[]
}

function Limits({ title, icon: Icon, scopes }: LimitsProps) {
  const id = useId()
  if (scopes.length === 0) return null
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <ul class="scopes">{scopes.map((scope) => <li key={scope}><Icon /><span>{scopeName(scope, "they")}</span></li>)}</ul>
    </section>
  )
}
