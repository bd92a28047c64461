import { useId, useState } from "preact/hooks"
import type { Me } from "../../core/model"
import { t } from "../../strings/strings"
import { leave } from "../call/where"
import { useEngine } from "../engine"
import { DevicesIcon, LeaveIcon } from "../icons"
import { Banners } from "../parts/Banners"
import { TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"
import { PlainPage } from "../screens/Plain"
import { Digits } from "./Digits"

/** The person has an account, and this device no part in it yet: another device, or the code on paper. */
export function NeedsLink({ me }: { readonly me: Me }) {
  const engine = useEngine()
  const identity = engine.identity.value
  const { busy, trouble, ask } = useOutcome()
  const digits = identity.kind === "needs_link" ? identity.digits : null
  return (
    <>
      <Banners />
      <PlainPage title={t("link-title")} role={me.role}>
        <p>{t("link-lead")}</p>
        <div role="status">
          {digits !== null && (
            <>
              <p>{t("link-compare")}</p>
              <Digits digits={digits} size={4} />
              <p>{t("link-then")}</p>
            </>
          )}
        </div>
        <TroubleNotice trouble={trouble} />
        {digits === null && <button type="button" class="button primary" disabled={busy} onClick={() => void ask(() => engine.askLink())}><DevicesIcon /><span>{t("link-ask")}</span></button>}
        {identity.kind === "needs_link" && identity.recovery && <Code />}
        <p class="soft">{t("link-neither")}</p>
        <button type="button" class="button quiet" onClick={() => leave(engine)}><LeaveIcon /><span>{t("sign-out")}</span></button>
      </PlainPage>
    </>
  )
}

function Code() {
  const engine = useEngine()
  const id = useId()
  const [typed, setTyped] = useState("")
  const { busy, trouble, ask } = useOutcome()
  const use = (event: Event) => {
    event.preventDefault()
    void ask(() => engine.useRecoveryCode(typed))
  }
  return (
    <details class="fold">
      <summary>{t("link-recovery")}</summary>
      <form class="note-field" onSubmit={use}>
        <label class="field-label" for={id}>{t("link-code")}</label>
        <input id={id} class="code" autocomplete="off" autocapitalize="characters" spellcheck={false} maxLength={60} value={typed} aria-describedby={`${id}-help`} onInput={(event) => setTyped(event.currentTarget.value)} />
        <p id={`${id}-help`} class="soft">{t("link-code-help")}</p>
        <div class="row"><button type="submit" class="button" disabled={busy || typed.replaceAll(/[\s-]/g, "").length < 26}>{t("link-code-use")}</button></div>
        <TroubleNotice trouble={trouble} />
      </form>
    </details>
  )
}
