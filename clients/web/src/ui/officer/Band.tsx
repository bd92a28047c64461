import { useMemo } from "preact/hooks"
import type { AuditRow } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { formatInstant } from "../format"
import { binEntries, type Bin } from "./band"

const STEP = 10
const HEIGHT = 40
const FLOOR = 44

/** The entries over time. A refusal is a diamond above its bar: told by shape, not by colour alone. */
export function Band({ rows }: { readonly rows: readonly AuditRow[] }) {
  const bins = useMemo(() => binEntries(rows), [rows])
  const first = rows[0]
  const last = rows.at(-1)
  if (first === undefined || last === undefined) return null
  const tallest = Math.max(...bins.map(({ permitted, denied }) => permitted + denied))
  const denied = rows.filter(({ decision }) => decision === "deny").length
  const label = t("band-label", { count: rows.length, denied, from: formatInstant(first.at, locale.value), to: formatInstant(last.at, locale.value) })
  return (
    <figure class="band">
      <svg viewBox={`0 0 ${bins.length * STEP} 58`} role="img" aria-label={label} preserveAspectRatio="none">
        <path class="band-floor" d={`M0 ${FLOOR + 12}H${bins.length * STEP}`} />
        {bins.map((bin, at) => <BinBar key={at} bin={bin} x={at * STEP} tallest={tallest} />)}
      </svg>
      <figcaption class="soft">{label}</figcaption>
    </figure>
  )
}

function BinBar({ bin, x, tallest }: { readonly bin: Bin; readonly x: number; readonly tallest: number }) {
  const count = bin.permitted + bin.denied
  if (count === 0) return null
  const height = Math.max(5, (count / tallest) * HEIGHT)
  const top = FLOOR + 12 - height
  return (
    <>
      <rect class="band-bar" x={x + 2} y={top} width={STEP - 4} height={height} />
      {bin.denied > 0 && <path class="band-denied" d={`M${x + STEP / 2} ${top - 10}l4 4-4 4-4-4z`} />}
    </>
  )
}
