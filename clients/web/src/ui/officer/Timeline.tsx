import type { ComponentChildren } from "preact"
import { useMemo, useState } from "preact/hooks"
import type { Audit, AuditRow, Integrity, IntegrityFault, Trouble } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatExact } from "../format"
import { BrokenIcon, SentIcon, WarningIcon } from "../icons"
import { closeAround, Dialog } from "../parts/Dialog"
import { Notice, TroubleNotice } from "../parts/Notice"
import { Loading } from "../screens/Plain"
import { entryName, logName, roleName, ruleSentence, slug } from "../words"
import { Band } from "./Band"
import { actingWords, actOf, namesOf, outcomeWords, type Names } from "./outcome"

const PAGE = 100

interface TimelineProps {
  readonly id: string
  readonly timeline: Audit["timeline"]
  readonly refused: Trouble | null
  readonly back: ComponentChildren
  readonly onTampered: () => void
}

export function Timeline({ id, timeline, refused, back, onTampered }: TimelineProps) {
  const engine = useEngine()
  return (
    <section class="timeline" aria-label={t("timeline-title")}>
      <div class="timeline-head">
        <h2 tabIndex={-1} data-arrival="conversation">{t("timeline-title")}</h2>
        {engine.demo.value && timeline !== null && <Tamper id={id} onTampered={onTampered} />}
      </div>
      <TroubleNotice trouble={refused} />
      {refused !== null && <div class="row">{back}</div>}
      {timeline !== null && <Entries timeline={timeline} />}
      {timeline === null && refused === null && <Loading />}
    </section>
  )
}

/** Where the link from the verdict arrives. */
export const entryId = (log: string, index: number): string => `entry-${log}-${index}`

/** What this device found wrong with an entry: as it was read, or in the whole log since. */
function faultOf({ log, index, fault }: AuditRow, integrity: Integrity): IntegrityFault | null {
  const named = integrity.kind === "broken" && integrity.log === log && integrity.index === index
  return fault ?? (named ? integrity.fault : null)
}

function Entries({ timeline }: { readonly timeline: NonNullable<Audit["timeline"]> }) {
  const { integrity } = useEngine().audit.value
  const { rows, complete, numbered } = timeline
  const [shown, setShown] = useState(PAGE)
  const [deniedOnly, setDeniedOnly] = useState(false)
  const names = useMemo(() => namesOf(rows), [rows])
  const judged = rows.map((row) => ({ row, fault: faultOf(row, integrity) }))
  // No filter and no page hides an entry that does not hold.
  const wanted = judged.filter(({ row, fault }) => !deniedOnly || row.decision === "deny" || fault !== null)
  const onPage = wanted.filter(({ fault }, at) => at < shown || fault !== null)
  return (
    <>
      <Band rows={rows} />
      <Numbering complete={complete} numbered={numbered} count={rows.length} />
      <label class="choice inline"><input type="checkbox" checked={deniedOnly} onChange={(event) => setDeniedOnly(event.currentTarget.checked)} /><span>{t("timeline-denied-only")}</span></label>
      {wanted.length === 0 && complete && <p class="empty soft">{t("timeline-nothing")}</p>}
      <ol class="entries">{onPage.map(({ row, fault }) => <Entry key={entryId(row.log, row.index)} row={row} fault={fault} names={names} />)}</ol>
      {wanted.length > onPage.length && <button type="button" class="button wide" onClick={() => setShown(shown + PAGE)}>{t("show-more", { count: wanted.length - onPage.length })}</button>}
    </>
  )
}

function Numbering({ complete, numbered, count }: { readonly complete: boolean; readonly numbered: boolean; readonly count: number }) {
  if (!complete) return <p class="soft" role="status">{t("timeline-loading", { count })}</p>
  if (numbered) return <p class="soft with-icon" role="status"><SentIcon />{t("timeline-numbered", { count })}</p>
  return <div role="status"><Notice icon={BrokenIcon} tone="bad"><p>{t("timeline-gap")}</p></Notice></div>
}

interface EntryProps {
  readonly row: AuditRow
  readonly fault: IntegrityFault | null
  readonly names: Names
}

function Entry({ row, fault, names }: EntryProps) {
  const { index, log, at, type, decision, raw } = row
  const label = t(fault === null ? "entry-raw" : "entry-raw-altered", { index, log: logName(log) })
  return (
    <li id={entryId(log, index)} tabIndex={-1} class={`entry ${fault === null ? `entry-${decision}` : "entry-altered"}`}>
      <div class="entry-head">
        {type === "" ? <span /> : <time dateTime={new Date(at).toISOString()}>{formatExact(at, locale.value)}</time>}
        <Decision row={row} fault={fault} />
      </div>
      {fault !== null && <p class="entry-fault">{fault === "entry_altered" ? t("entry-altered") : t("entry-doubtful", { fault: t(`fault-${slug(fault)}`) })}</p>}
      {type !== "" && <Act row={row} names={names} />}
      <details>
        <summary>{label}</summary>
        <pre tabIndex={0} aria-label={label}><code>{raw}</code></pre>
      </details>
    </li>
  )
}

/** An entry that does not hold permits and refuses nothing. */
function Decision({ row: { decision }, fault }: Omit<EntryProps, "names">) {
  if (fault !== null) return <span class="decision decision-altered"><BrokenIcon />{t("decision-altered")}</span>
  return <span class={`decision decision-${decision}`}>{decision === "permit" ? <SentIcon /> : <WarningIcon />}{t(`decision-${decision}`)}</span>
}

function Act({ row, names }: { readonly row: AuditRow; readonly names: Names }) {
  const { name, role, rule } = row
  const acting = actingWords(row)
  return (
    <>
      <p class="entry-act"><strong>{entryName(actOf(row))}</strong></p>
      <p>{role === "hub" ? roleName(role) : t("entry-who", { name, role: roleName(role) })}</p>
      {acting !== null && <p>{acting}</p>}
      {outcomeWords(row, names).map((words) => <p key={words}>{words}</p>)}
      <p class="soft">{ruleSentence(rule) ?? t("entry-rule", { rule })}</p>
    </>
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
