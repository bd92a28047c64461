import type { ComponentChildren } from "preact"
import { useEffect, useState } from "preact/hooks"
import type { Access } from "../../core/model"
import { has, locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatExact } from "../format"
import { ReadIcon, StopIcon } from "../icons"
import { Heading } from "../parts/Heading"
import { TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"
import { Loading } from "../screens/Plain"
import { entryName, kindName, roleName, ruleSentence, slug } from "../words"

/** « Qui a vu quoi »: every look, act and refusal around this patient, newest first, live. */
export function Accesses({ back }: { readonly back: ComponentChildren }) {
  const engine = useEngine()
  const { busy, trouble, ask } = useOutcome()
  const [deniedOnly, setDeniedOnly] = useState(false)
  const more = () => ask(() => engine.loadAccesses())
  useEffect(() => {
    if (engine.accesses.peek() === null) void more()
  }, [])
  const accesses = engine.accesses.value
  const rows = accesses?.rows.filter(({ permit }) => !deniedOnly || !permit) ?? []
  return (
    <section class="plain accesses">
      {back}
      <Heading of="accesses">{t("accesses-title")}</Heading>
      <p>{t("accesses-lead")}</p>
      <label class="choice inline"><input type="checkbox" checked={deniedOnly} onChange={(event) => setDeniedOnly(event.currentTarget.checked)} /><span>{t("timeline-denied-only")}</span></label>
      {accesses === null && trouble === null && <Loading />}
      {accesses !== null && rows.length === 0 && <p class="soft">{t("accesses-empty")}</p>}
      <ol class="entries" aria-live="polite" aria-label={t("accesses-title")}>{rows.map((row) => <li key={row.key} class={`entry entry-${row.permit ? "permit" : "deny"}`}><Row row={row} /></li>)}</ol>
      <TroubleNotice trouble={trouble} />
      {accesses?.more === true && <button type="button" class="button wide" disabled={busy} onClick={() => void more()}>{t("accesses-older")}</button>}
    </section>
  )
}

function Row({ row }: { readonly row: Access }) {
  const { at, name, role, type, permit, rule } = row
  const why = permit ? null : ruleSentence(rule)
  const where = useWhere(row.conversation)
  return (
    <>
      <div class="entry-head">
        <time dateTime={new Date(at).toISOString()}>{formatExact(at, locale.value)}</time>
        <span class={`decision decision-${permit ? "permit" : "deny"}`}>{permit ? <ReadIcon /> : <StopIcon />}{t(`decision-${permit ? "permit" : "deny"}`)}</span>
      </div>
      <p><strong>{entryName(type)}</strong></p>
      <p>{role === "hub" ? roleName(role) : t("entry-who", { name, role: roleName(role) })}</p>
      {why !== null && <p>{why}</p>}
      <p class="soft">{[detailWords(row.detail), where].filter((words) => words !== "").join(". ")}</p>
    </>
  )
}

function useWhere(conversation: string | null): string {
  const found = useEngine().conversations.value.find(({ id }) => id === conversation)
  return found === undefined ? "" : t("accesses-in", { kind: kindName(found.kind) })
}

/** A word of the vocabulary is said in words, another is not said. */
function detailWords(detail: string): string {
  const key = [`scope-${slug(detail)}`, `suspension-${slug(detail)}`].find(has)
  return key === undefined ? "" : t(key, { voice: "you" })
}
