import { useId, useState } from "preact/hooks"
import type { CarerChoice } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"

interface CarerFieldProps {
  readonly carers: readonly CarerChoice[]
  readonly chosen: string | null
  readonly choose: (person: string) => void
  /** The patient may add somebody by their code; the pharmacy may not. */
  readonly linkable?: boolean
}

/** Whom to name: those the pharmacy knows, in the order told, or who gave their code. */
export function CarerField({ carers, chosen, choose, linkable = false }: CarerFieldProps) {
  return (
    <>
      {carers.length === 0 && <p>{t(linkable ? "delegate-nobody" : "paper-no-carer")}</p>}
      <div class="choices">
        {carers.map(({ person, name, ready }) => (
          <label class="choice" key={person}>
            <input type="radio" name="carer" checked={person === chosen} disabled={!ready} onChange={() => choose(person)} />
            <span>{name}</span>
            {!ready && <span class="soft">{t("delegate-not-ready")}</span>}
          </label>
        ))}
      </div>
      {linkable && <Code open={carers.length === 0} />}
    </>
  )
}

/** Grouped or not, in either case: the code is heard over the telephone. */
export const cleanCode = (typed: string): string => typed.toUpperCase().replaceAll(/[\s.]/g, "")

function Code({ open }: { readonly open: boolean }) {
  const engine = useEngine()
  const id = useId()
  const [typed, setTyped] = useState("")
  const { busy, trouble, ask } = useOutcome()
  const add = async () => {
    if (await ask(() => engine.linkCarer(cleanCode(typed)))) setTyped("")
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return
    event.preventDefault()
    void add()
  }
  return (
    <details class="fold" open={open}>
      <summary>{t("code-have")}</summary>
      <label class="field-label" for={id}>{t("code-of-carer")}</label>
      <div class="row">
        <input
          id={id} class="code" autocomplete="off" autocapitalize="characters" spellcheck={false} maxLength={16} value={typed}
          aria-describedby={`${id}-help`} onInput={(event) => setTyped(event.currentTarget.value)} onKeyDown={onKeyDown}
        />
        <button type="button" class="button" disabled={busy || cleanCode(typed).length < 8} onClick={add}>{t("code-add")}</button>
      </div>
      <p id={`${id}-help`} class="soft">{t("code-of-carer-help")}</p>
      <TroubleNotice trouble={trouble} />
    </details>
  )
}
