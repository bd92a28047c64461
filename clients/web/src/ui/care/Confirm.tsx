import { useId, useState } from "preact/hooks"
import type { Delegation } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { CarersIcon } from "../icons"
import { TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"
import { hrefOf } from "../route"
import { untilWords } from "../words"
import { Suspend } from "./Suspend"
import { scopeNames } from "./words"

/** A pharmacist confirms who the carer is, and nothing more: what was signed cannot be widened here. */
export function Confirm({ delegation }: { readonly delegation: Delegation }) {
  const engine = useEngine()
  const heading = useId()
  const [identity, setIdentity] = useState(false)
  const [heardAlone, setHeardAlone] = useState(false)
  const [refusing, setRefusing] = useState(false)
  const { busy, trouble, ask } = useOutcome()
  const { id, granteeName: name, grantorName: patient, scopes, notAfter, mandate, mayEnd } = delegation
  return (
    <section class="strip confirm" aria-labelledby={heading}>
      <h3 id={heading} class="with-icon"><CarersIcon />{t("confirm-title", { name })}</h3>
      <p>{t("confirm-what", { patient, name, scopes: scopeNames(scopes, "they"), until: untilWords(notAfter, Date.now()) })}</p>
      <p class="soft">{mandate === "device" ? t("confirm-limits") : t("confirm-paper", { mandate: t(`mandate-${mandate}`) })}</p>
      <Tick on={identity} set={setIdentity} label={t("confirm-identity", { name })} />
      <Tick on={heardAlone} set={setHeardAlone} label={t("confirm-alone", { patient, name })} />
      <TroubleNotice trouble={trouble} />
      <div class="row">
        <button type="button" class="button primary" disabled={busy || !identity} onClick={() => void ask(() => engine.confirmDelegation(id, { heardAlone }))}>{t("confirm-act")}</button>
        {mayEnd && <button type="button" class="button" onClick={() => setRefusing(true)}>{t("confirm-not")}</button>}
        {mandate !== "device" && <a class="button quiet" href={hrefOf({ kind: "trace", id })}>{t("trace")}</a>}
      </div>
      {refusing && <Suspend delegation={delegation} onClose={() => setRefusing(false)} />}
    </section>
  )
}

interface TickProps {
  readonly on: boolean
  readonly set: (on: boolean) => void
  readonly label: string
}

export function Tick({ on, set, label }: TickProps) {
  return <label class="choice inline"><input type="checkbox" checked={on} onChange={(event) => set(event.currentTarget.checked)} /><span>{label}</span></label>
}
