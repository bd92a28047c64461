import type { ComponentChildren } from "preact"
import { useState } from "preact/hooks"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { Heading } from "../parts/Heading"
import { TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"

/** « Mon code d’aidant »: told to the patient, who can then name this person. */
export function MyCode({ back }: { readonly back: ComponentChildren }) {
  const engine = useEngine()
  const [code, setCode] = useState("")
  const { busy, trouble, ask } = useOutcome()
  const show = () => ask(async () => {
    const outcome = await engine.loadCarerCode()
    if (outcome.ok) setCode(outcome.code)
    return outcome
  })
  return (
    <section class="plain">
      {back}
      <Heading of="code">{t("code-title")}</Heading>
      <p>{t("code-lead")}</p>
      <div role="status">{code !== "" && <p class="big-code"><span class="visually-hidden">{t("code-mine")} </span><strong>{code}</strong></p>}</div>
      <TroubleNotice trouble={trouble} />
      {code === "" && <button type="button" class="button primary" disabled={busy} onClick={show}>{t("code-show")}</button>}
    </section>
  )
}
