import type { ComponentChildren } from "preact"
import { useEffect, useState } from "preact/hooks"
import type { Access } from "../../core/model"
import { has, locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatInstant } from "../format"
import { StopIcon } from "../icons"
import { Heading } from "../parts/Heading"
import { TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"
import { Loading } from "../screens/Plain"
import { entryName, roleName, slug } from "../words"

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
  const { at, name, role, type, permit } = row
  const where = useWhere(row.conversation)
  return (
    <>
      <div class="entry-head">
        <time dateTime={new Date(at).toISOString()}>{formatInstant(at, locale.value)}</time>
        {!permit && <span class="decision decision-deny"><StopIcon />{t("decision-deny")}</span>}
      </div>
      <p><strong>{role === "hub" ? roleName(role) : t("entry-who", { name, role: roleName(role) })}</strong></p>
      <p>{[entryName(type), detailWords(row.detail)].filter((words) => words !== "").join(t("accesses-colon"))}</p>
      {!permit && <p>{whyNot(row)}</p>}
      {where !== "" && <p class="soft">{where}</p>}
    </>
  )
}

function useWhere(conversation: string | null): string {
  const found = useEngine().conversations.value.find(({ id }) => id === conversation)
  return found === undefined ? "" : t("accesses-in", { kind: t(`patient-kind-${slug(found.kind)}`) })
}

/** Why it was refused, said to who watches and not to who tried. */
export function whyNot({ rule }: Pick<Access, "rule">): string {
  if (rule === "E_SCOPE" || rule === "E_NO_DELEGATION") return t("accesses-why-scope")
  if (rule.startsWith("E_DELEGATION_")) return t("accesses-why-over")
  return t("accesses-why-other", { rule })
}

/** A word of the vocabulary is said in words, another is not said. */
function detailWords(detail: string): string {
  const key = [`scope-${slug(detail)}`, `suspension-${slug(detail)}`].find(has)
  return key === undefined ? "" : t(key, { voice: "you" })
}
