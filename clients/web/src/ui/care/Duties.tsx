import type { ComponentChildren } from "preact"
import { useState } from "preact/hooks"
import type { Delegation } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatInstant } from "../format"
import { ClockIcon } from "../icons"
import { Ask } from "../parts/Ask"
import { Heading } from "../parts/Heading"
import { Notice, TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"
import { MandateTag } from "./MandateTag"
import { dutiesText, periodWords, scopeNames } from "./words"

interface DutiesProps {
  readonly delegation: Delegation
  readonly back: ComponentChildren
}

/** What a carer is asked to do, what it binds them to; then, once accepted, what comes next. */
export function Duties({ delegation, back }: DutiesProps) {
  return (
    <div class="plain">
      {back}
      <Heading of="conversation">{t("duties-title", { patient: delegation.grantorName })}</Heading>
      <DutiesBody delegation={delegation} />
    </div>
  )
}

export function DutiesBody({ delegation }: Pick<DutiesProps, "delegation">) {
  const { grantorName: patient, scopes, notBefore, notAfter, state, mandate } = delegation
  const [now] = useState(Date.now)
  return (
    <>
      <p>{t("duties-what", { scopes: scopeNames(scopes, "they"), until: periodWords(notBefore > now ? notBefore : undefined, notAfter, now) })}<MandateTag mandate={mandate} /></p>
      <p><strong>{t("duties-lead")}</strong></p>
      <ol class="duties">{dutiesText(patient).split("\n").map((duty) => <li key={duty}>{duty}</li>)}</ol>
      <div role="status">{state === "accepted" && <Notice icon={ClockIcon}><p>{waiting(delegation, Date.now())}</p></Notice>}</div>
      {state === "confirmed" && <Answer delegation={delegation} />}
    </>
  )
}

function waiting({ grantorName: patient, notBefore }: Delegation, now: number): string {
  return notBefore > now ? t("duties-later", { at: formatInstant(notBefore, locale.value) }) : t("duties-waiting", { patient })
}

function Answer({ delegation: { id, grantorName: patient } }: Pick<DutiesProps, "delegation">) {
  const engine = useEngine()
  const [refusing, setRefusing] = useState(false)
  const { busy, trouble, ask } = useOutcome()
  return (
    <>
      <TroubleNotice trouble={trouble} />
      <div class="row">
        <button type="button" class="button primary" disabled={busy} onClick={() => void ask(() => engine.acceptDelegation(id, dutiesText(patient)))}>{t("duties-accept")}</button>
        <button type="button" class="button" onClick={() => setRefusing(true)}>{t("duties-refuse")}</button>
      </div>
      {refusing && (
        <Ask
          title={t("resign-title")} body={t("resign-body", { patient })} confirm={t("resign-confirm")}
          act={() => engine.resignDelegation(id)} onClose={() => setRefusing(false)}
        />
      )}
    </>
  )
}
