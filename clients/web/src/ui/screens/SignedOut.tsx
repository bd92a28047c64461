import { useState } from "preact/hooks"
import type { AppState } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { TroubleNotice } from "../parts/Notice"
import { readerOf, roleName, type Reader } from "../words"
import { PlainPage } from "./Plain"

type SignedOutState = Extract<AppState, { kind: "signed_out" }>

export function SignedOut({ state }: { readonly state: SignedOutState }) {
  const { persona, reason, trouble } = state
  return (
    <PlainPage title={t(`signed-out-${reason}-title`)} role={persona?.role}>
      {persona !== null && <p>{bodyOf(reason, readerOf(persona.role))}</p>}
      {persona === null ? <p>{t("signed-out-nobody")}</p> : (
        <>
          <p class="who-am-i"><strong>{persona.name}</strong><span class="soft">{roleName(persona.role)}, {persona.pharmacy}</span></p>
          <Continue name={persona.name} />
        </>
      )}
      <TroubleNotice trouble={trouble} />
    </PlainPage>
  )
}

function bodyOf(reason: SignedOutState["reason"], reader: Reader): string {
  return t(reader === "patient" ? `signed-out-${reason}-body` : `signed-out-${reason}-${reader}-body`)
}

function Continue({ name }: { readonly name: string }) {
  const engine = useEngine()
  const [busy, setBusy] = useState(false)
  const signIn = async () => {
    setBusy(true)
    await engine.signIn()
    setBusy(false)
  }
  return (
    <button type="button" class="button primary" disabled={busy} onClick={signIn}>
      {t("continue-as", { name })}
    </button>
  )
}
