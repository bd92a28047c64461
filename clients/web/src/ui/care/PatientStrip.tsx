import { useState } from "preact/hooks"
import type { Conversation, Delegation, Scope } from "../../core/model"
import { language, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { CarersIcon } from "../icons"
import { TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"
import { isSetAside, setAside } from "../preferences"
import { hrefOf } from "../route"
import { untilWords } from "../words"
import { State } from "./DelegationCard"
import { MandateTag } from "./MandateTag"
import { daysFrom, endOf } from "./period"
import { ScopeBox } from "./ScopeFields"
import { FIRST, READING } from "./scopes"
import { liveIn, mayTakePart } from "./standing"
import { shownIn, summaryOf } from "./words"

/** Above the patient's messages: who acts for them here, and who is asked to. */
export function PatientStrip({ conversation }: { readonly conversation: Conversation }) {
  const delegations = useEngine().delegations.value
  const live = liveIn(delegations, conversation.id)
  const asked = mayTakePart(delegations, conversation)
  return (
    <div class="strips">
      {live.map((each) => <Line key={each.id} delegation={each} />)}
      {asked.map((each) => <TakesPart key={each.grantee} before={each} conversation={conversation} />)}
    </div>
  )
}

function Line({ delegation }: { readonly delegation: Delegation }) {
  const { granteeName: name, notAfter, state, mandate } = delegation
  return (
    <div class="strip">
      <CarersIcon />
      <p>{t("strip-carer", { name, until: untilWords(notAfter, Date.now()) })}<MandateTag mandate={mandate} /></p>
      {state !== "active" && <State delegation={delegation} />}
      <a class="button quiet" href={hrefOf({ kind: "carers" })}>{t("strip-manage")}<span class="visually-hidden">{` : ${name}`}</span></a>
    </div>
  )
}

interface TakesPartProps {
  readonly before: Delegation
  readonly conversation: Conversation
}

/** « … participe à cette dispensation ? »: who helped before; one press is a new delegation. */
function TakesPart({ before: { grantee, granteeName: name, grantorName: patient }, conversation }: TakesPartProps) {
  const engine = useEngine()
  const [now] = useState(Date.now)
  const [scopes, setScopes] = useState<readonly Scope[]>([])
  const { busy, trouble, ask } = useOutcome()
  const aside = `part.${conversation.id}.${grantee}`
  const [gone, setGone] = useState(() => isSetAside(aside))
  const until = endOf(daysFrom(now).chosen, now)
  if (gone || until === null) return null
  const text = summaryOf({ carer: name, patient, conversation, scopes, until, mandate: "device" }, now)
  const draft = { conversation: conversation.id, carer: grantee, scopes: [READING, ...scopes], notAfter: until, text, ...shownIn(language.value) }
  const refuse = () => {
    setAside(aside)
    setGone(true)
  }
  return (
    <fieldset class="strip asks-part">
      <legend class="visually-hidden">{t("part-title", { name })}</legend>
      <p aria-hidden="true"><strong>{t("part-title", { name })}</strong></p>
      <div class="row">{FIRST.map((scope) => <ScopeBox key={scope} scope={scope} chosen={scopes} choose={setScopes} label={t(`part-${scope.replaceAll(".", "-")}`)} />)}</div>
      <p class="small" aria-live="polite">{text}</p>
      <TroubleNotice trouble={trouble} />
      <div class="row">
        <button type="button" class="button primary" disabled={busy} onClick={() => void ask(() => engine.proposeDelegation(draft))}>{t("part-yes", { name })}</button>
        <button type="button" class="button" onClick={refuse}>{t("part-no")}</button>
      </div>
    </fieldset>
  )
}
