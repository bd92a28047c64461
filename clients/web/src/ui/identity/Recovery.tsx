import { useState } from "preact/hooks"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { PrintIcon } from "../icons"
import { TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"

/** The code that brings an account back: made here, shown once, kept on paper. */
export function Recovery() {
  const engine = useEngine()
  const [code, setCode] = useState("")
  const { busy, trouble, ask } = useOutcome()
  const { app, identity } = engine
  const kept = identity.value.kind === "ready" && identity.value.recoveryKept
  const name = app.value.kind === "ready" ? app.value.me.name : ""
  const make = () => ask(async () => {
    const outcome = await engine.makeRecoveryCode()
    if (outcome.ok) setCode(outcome.code)
    return outcome
  })
  return (
    <section class={`part ${code === "" ? "" : "prints-alone"}`}>
      <h2>{t("recovery-title")}</h2>
      <p class="on-screen">{t("recovery-lead")}</p>
      <TroubleNotice trouble={trouble} />
      {code === "" ? (
        <>
          {kept && <p class="soft">{t("recovery-kept")}</p>}
          <button type="button" class="button" disabled={busy} onClick={make}>{t("recovery-make")}</button>
        </>
      ) : (
        <>
          <p class="on-paper">{t("recovery-paper", { name })}</p>
          <p class="big-code" role="status"><strong>{code}</strong></p>
          <p class="on-screen"><strong>{t("recovery-once")}</strong></p>
          <div class="row on-screen">
            <button type="button" class="button primary" onClick={() => print()}><PrintIcon /><span>{t("recovery-print")}</span></button>
            <button type="button" class="button" onClick={() => setCode("")}>{t("recovery-done")}</button>
          </div>
        </>
      )}
    </section>
  )
}
