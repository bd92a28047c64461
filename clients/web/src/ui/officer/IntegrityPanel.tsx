import type { Integrity } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatCount } from "../format"
import { BrokenIcon, ShieldIcon, WarningIcon } from "../icons"
import { Notice } from "../parts/Notice"
import { logName, slug } from "../words"
import { entryId } from "./Timeline"

interface PanelProps {
  readonly tampered: boolean
  readonly verified: () => void
}

/** The whole log, recomputed in this browser: the server's word is not needed. */
export function IntegrityPanel({ tampered, verified }: PanelProps) {
  const engine = useEngine()
  const { integrity } = engine.audit.value
  const verify = () => {
    verified()
    void engine.verifyIntegrity()
  }
  return (
    <section class="integrity" aria-label={t("integrity-title")}>
      <div class="integrity-ask">
        <div>
          <h2>{t("integrity-title")}</h2>
          <p class="soft">{t("integrity-lead")}</p>
        </div>
        <button type="button" class="button primary" disabled={integrity.kind === "running"} onClick={verify}><ShieldIcon /><span>{t("integrity-verify")}</span></button>
      </div>
      <div role="status">
        {tampered && <Notice icon={WarningIcon}><p>{t("tampered")}</p>{integrity.kind === "intact" && <p>{t("integrity-outdated")}</p>}</Notice>}
        {!(tampered && integrity.kind === "intact") && <Answer integrity={integrity} />}
      </div>
      {integrity.kind === "running" && <Progress done={integrity.done} total={integrity.total} />}
    </section>
  )
}

/** Outside the live region, which says only what came of it. */
function Progress({ done, total }: { readonly done: number; readonly total: number }) {
  const args = { done: formatCount(done, locale.value), total: formatCount(total, locale.value) }
  return (
    <div class="progress">
      <progress max={Math.max(1, total)} value={done} aria-label={t("integrity-running")} />
      <span class="soft">{t("integrity-progress", args)}</span>
    </div>
  )
}

function Answer({ integrity }: { readonly integrity: Integrity }) {
  switch (integrity.kind) {
    case "idle":
      return null
    case "running":
      return <p class="visually-hidden">{t("integrity-running")}</p>
    case "intact":
      return <Intact integrity={integrity} />
    case "broken":
      return <Broken integrity={integrity} />
  }
}

function Intact({ integrity }: { readonly integrity: Extract<Integrity, { kind: "intact" }> }) {
  const entries = integrity.logs.reduce((sum, { size }) => sum + size, 0)
  return (
    <Notice icon={ShieldIcon} tone="good">
      <p class="verdict-line">{t("integrity-intact", { count: entries })}</p>
      <ul class="roots">
        {integrity.logs.map(({ log, size, root }) => (
          <li key={log}>{t("integrity-log", { log: logName(log), count: size })} <code>{root}</code>, {t("integrity-signed")}</li>
        ))}
      </ul>
      <p>{t("integrity-where", { seconds: (integrity.ms / 1000).toLocaleString(locale.value, { maximumFractionDigits: 1 }) })}</p>
    </Notice>
  )
}

function Broken({ integrity: { log, index, fault } }: { readonly integrity: Extract<Integrity, { kind: "broken" }> }) {
  const place = index === null ? t("integrity-broken", { log: logName(log) }) : t("integrity-broken-at", { log: logName(log), index })
  return (
    <Notice icon={BrokenIcon} tone="bad">
      <p class="verdict-line">{place}</p>
      <p>{t(`fault-${slug(fault)}`)}</p>
      <ToEntry log={log} index={index} />
      <p>{t("integrity-what-to-do")}</p>
    </Notice>
  )
}

/** Only where the named entry is one of the open conversation's. */
function ToEntry({ log, index }: { readonly log: string; readonly index: number | null }) {
  const engine = useEngine()
  const { timeline } = engine.audit.value
  if (index === null || timeline?.rows.some((row) => row.log === log && row.index === index) !== true) return null
  return (
    <div class="row">
      <button type="button" class="button" onClick={() => document.getElementById(entryId(log, index))?.focus()}>{t("integrity-to-entry", { index })}</button>
    </div>
  )
}
