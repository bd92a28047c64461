import { useId, useState } from "preact/hooks"
import type { Member } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { SentIcon } from "../icons"
import { Notice, TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"
import { Digits } from "./Digits"
import { OwnIdentity } from "./OwnIdentity"

/** Two people make sure of each other: the same digits by eye, or what the other's screen shows, read in. */
export function Compare({ member: { person, name, digits, compared } }: { readonly member: Member }) {
  const engine = useEngine()
  const id = useId()
  const [text, setText] = useState("")
  const { busy, trouble, ask } = useOutcome()
  const compare = (event: Event) => {
    event.preventDefault()
    void ask(() => engine.comparePerson(person, text))
  }
  if (compared) return <div role="status"><Notice icon={SentIcon} tone="good"><p>{t("compare-done")}</p></Notice></div>
  return (
    <div class="compare">
      <p class="soft">{t("compare-lead")}</p>
      {digits !== "" && (
        <>
          <p>{t("compare-eyes", { name })}</p>
          <Digits digits={digits} />
          <button type="button" class="button primary" disabled={busy} onClick={() => void ask(() => engine.markCompared(person))}>{t("compare-same")}</button>
        </>
      )}
      <form class="note-field" onSubmit={compare}>
        <label class="field-label" for={id}>{t("compare-field")}</label>
        <div class="row">
          <input id={id} class="grow" autocomplete="off" spellcheck={false} maxLength={400} value={text} onInput={(event) => setText(event.currentTarget.value)} />
          <button type="submit" class="button" disabled={busy || text.trim() === ""}>{t("compare-act")}</button>
        </div>
      </form>
      <TroubleNotice trouble={trouble} />
      <details class="fold"><summary>{t("own-title")}</summary><OwnIdentity /></details>
    </div>
  )
}
