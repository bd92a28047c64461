import { useState } from "preact/hooks"
import type { Audit, AuditRow, Trouble } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatExact } from "../format"
import { BrokenIcon, SentIcon, WarningIcon } from "../icons"
import { closeAround, Dialog } from "../parts/Dialog"
import { Notice, TroubleNotice } from "../parts/Notice"
import { Loading } from "../screens/Plain"
import { entryName, logName, roleName, ruleSentence } from "../words"
import { Band } from "./Band"

const PAGE = 100

interface TimelineProps {
  readonly id: string
  readonly timeline: Audit["timeline"]
  readonly onTampered: () => void
}

export function Timeline({ id, timeline, onTampered }: TimelineProps) {
  const engine = useEngine()
  return (
    <section class="timeline" aria-label={t("timeline-title")}>
      <div class="timeline-head">
        <h2 tabIndex={-1} data-arrival="conversation">{t("timeline-title")}</h2>
        {engine.demo.value && <Tamper id={id} onTampered={onTampered} />}
      </div>
      {timeline === null ? <Waiting /> : <Entries timeline={timeline} />}
    </section>
  )
}

function Waiting() {
  const engine = useEngine()
  return engine.audit.value.trouble === null ? <Loading /> : null
}

function Entries({ timeline }: { readonly timeline: NonNullable<Audit["timeline"]> }) {
  const { rows, complete, numbered } = timeline
  const [shown, setShown] = useState(PAGE)
  const [deniedOnly, setDeniedOnly] = useState(false)
  const wanted = deniedOnly ? rows.filter(({ decision }) => decision === "deny") : rows
  return (
    <>
      <Band rows={rows} />
      <Numbering complete={complete} numbered={numbered} count={rows.length} />
      <label class="choice inline"><input type="checkbox" checked={deniedOnly} onChange={(event) => setDeniedOnly(event.currentTarget.checked)} /><span>{t("timeline-denied-only")}</span></label>
      {wanted.length === 0 && complete && <p class="empty soft">{t("timeline-nothing")}</p>}
      <ol class="entries">{wanted.slice(0, shown).map((row) => <Entry key={`${row.log}/${row.index}`} row={row} />)}</ol>
      {wanted.length > shown && <button type="button" class="button wide" onClick={() => setShown(shown + PAGE)}>{t("show-more", { count: wanted.length - shown })}</button>}
    </>
  )
}

function Numbering({ complete, numbered, count }: { readonly complete: boolean; readonly numbered: boolean; readonly count: number }) {
  if (!complete) return <p class="soft" role="status">{t("timeline-loading", { count })}</p>
  if (numbered) return <p class="soft with-icon" role="status"><SentIcon />{t("timeline-numbered", { count })}</p>
  return <div role="status"><Notice icon={BrokenIcon} tone="bad"><p>{t("timeline-gap")}</p></Notice></div>
}

function Entry({ row }: { readonly row: AuditRow }) {
  const { index, log, at, type, name, role, decision, rule, raw } = row
  const sentence = ruleSentence(rule)
  return (
    <li class={`entry entry-${decision}`}>
      <div class="entry-head">
        <time dateTime={new Date(at).toISOString()}>{formatExact(at, locale.value)}</time>
        <span class={`decision decision-${decision}`}>{decision === "permit" ? <SentIcon /> : <WarningIcon />}{t(`decision-${decision}`)}</span>
      </div>
      <p class="entry-act"><strong>{entryName(type)}</strong></p>
      <p>{t("entry-who", { name, role: roleName(role) })}</p>
      <p class="soft">{sentence ?? t("entry-rule", { rule })}</p>
      <details>
        <summary>{t("entry-raw", { index, log: logName(log) })}</summary>
        <pre tabIndex={0} aria-label={t("entry-raw", { index, log: logName(log) })}><code>{raw}</code></pre>
      </details>
    </li>
  )
}

/** The demonstration's intruder, who has the database and not the log's key. */
function Tamper({ id, onTampered }: { readonly id: string; readonly onTampered: () => void }) {
  const engine = useEngine()
  const [asking, setAsking] = useState(false)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const tamper = async (event: { readonly currentTarget: Element }) => {
    closeAround(event)
    const outcome = await engine.tamper(id)
    setTrouble(outcome.ok ? null : outcome.trouble)
    if (outcome.ok) onTampered()
  }
  return (
    <div class="tamper">
      <button type="button" class="button danger" onClick={() => setAsking(true)}>{t("tamper")}</button>
      <TroubleNotice trouble={trouble} />
      {asking && (
        <Dialog title={t("tamper-title")} onClose={() => setAsking(false)}>
          <p>{t("tamper-body")}</p>
          <div class="dialog-foot">
            <button type="button" class="button" onClick={closeAround}>{t("cancel")}</button>
            <button type="button" class="button danger solid" onClick={tamper}>{t("tamper-confirm")}</button>
          </div>
        </Dialog>
      )}
    </div>
  )
}
