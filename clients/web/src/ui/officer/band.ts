import type { AuditRow } from "../../core/model"

export const BINS = 72

export interface Bin {
  readonly permitted: number
  readonly denied: number
}

/** How many entries fell in each equal slice of the conversation's time. */
export function binEntries(rows: readonly Pick<AuditRow, "at" | "decision">[]): readonly Bin[] {
  const bins = Array.from({ length: BINS }, () => ({ permitted: 0, denied: 0 }))
  const first = Math.min(...rows.map(({ at }) => at))
  const span = Math.max(1, Math.max(...rows.map(({ at }) => at)) - first)
  for (const { at, decision } of rows) {
    const bin = bins[Math.min(BINS - 1, Math.floor(((at - first) / span) * BINS))]
    if (bin === undefined) continue
    if (decision === "permit") bin.permitted += 1
    else bin.denied += 1
  }
  return bins
}
