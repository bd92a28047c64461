/** The officer's looks: each is a frame (and so an entry) before it shows anything; all is verified here. */
import { verifyLog, verifyTimeline, withBadRow, type BrokenLog, type IntactLog, type Seen } from "../core/audit"
import { decodeHex } from "../core/bytes"
import { BadShape } from "../core/checks"
import { parseCheckpoint } from "../core/log/checkpoint"
import type { Audit, Integrity, Outcome } from "../core/model"
import { readAudited, readLogsLook, readPage, readTimelineLook, type LogLook, type PageRow, type TimelineLook } from "../core/wire"
import type { Context } from "./context"
import { seenText, type Receipts } from "./receipts"

const SEEN = "seen"
const LOGS = ["care", "technical"]
export const NO_AUDIT: Audit = { conversations: null, timeline: null, integrity: { kind: "idle" }, trouble: null }

export class Officer {
  audit: Audit = NO_AUDIT
  #opened: TimelineLook | null = null

  constructor(private readonly context: Context, private readonly receipts: Receipts, private readonly show: (audit: Audit) => void) {}

  async conversations(): Promise<Outcome> {
    const ok = await this.context.requests.must({ kind: "audit.conversations" })
    await this.receipts.take(ok, { type: "audit.conversations_listed", conversation: null })
    const conversations = readAudited(ok.result).conversations.map((one) => ({
      id: one.id, kind: one.conversation_kind, motive: one.motive, createdAt: one.created_at / 1000, people: one.people, entries: one.entries,
    }))
    this.#set({ conversations })
    return { ok: true }
  }

  async timeline(conversation: string | null): Promise<Outcome> {
    if (conversation === null) {
      this.#set({ timeline: null })
      return { ok: true }
    }
    const heard = this.receipts.checkpoint
    const ok = await this.context.requests.must({ kind: "audit.timeline", conversation })
    await this.receipts.take(ok, { type: "audit.timeline_read", conversation })
    const look = readTimelineLook(ok.result)
    const seen = await this.#seen("care", heard)
    this.#showTimeline(conversation, look, [], false, seen)
    const rows = await this.#pages(look.look, { log: "care", size: look.total }, (read) => { this.#showTimeline(conversation, look, read, false, seen) })
    const broken = this.#showTimeline(conversation, look, rows, true, seen)
    if (broken !== null) this.#set({ integrity: broken })
    return { ok: true }
  }

  #showTimeline(conversation: string, look: TimelineLook, read: readonly PageRow[], complete: boolean, seen: readonly Seen[]): BrokenLog | null {
    const { rows, numbered, broken } = verifyTimeline(conversation, look, read, this.receipts.keyOf("care"), seen)
    this.#opened = look
    this.#set({ timeline: { conversation, rows, complete, numbered } })
    return broken
  }

  async verify(): Promise<Outcome> {
    const started = this.context.clock.now()
    // Before the look: its own entry makes the log longer than what the look will show.
    const heard = this.receipts.checkpoint
    const ok = await this.context.requests.must({ kind: "audit.verify" })
    await this.receipts.take(ok, { type: "audit.logs_verified", conversation: null })
    const { look, logs } = readLogsLook(ok.result)
    const names = logs.map((one) => one.log).sort()
    if (names.join() !== LOGS.join()) throw new BadShape("other logs than this pharmacy's two")
    const integrity = await this.#verifyLogs(look, logs, started, heard)
    this.#set({ integrity })
    return { ok: true }
  }

  async #verifyLogs(look: string, logs: readonly LogLook[], started: number, heard: string): Promise<Integrity> {
    const total = logs.reduce((sum, log) => sum + log.size, 0)
    let done = 0
    const intact: IntactLog[] = []
    for (const log of logs) {
      const rows = await this.#pages(look, log, (read) => { this.#progress(done + read.length, total) })
      done += rows.length
      const result = await this.#verifyOne(log, rows, heard)
      if (result.kind === "broken") return result
      intact.push(result)
    }
    const shown = intact.map(({ log, size, root }) => ({ log, size, root, signed: true as const }))
    return { kind: "intact", logs: shown, ms: this.context.clock.now() - started }
  }

  async #verifyOne(log: LogLook, rows: readonly PageRow[], heard: string): Promise<IntactLog | BrokenLog> {
    const seen = await this.#seen(log.log, heard)
    const result = verifyLog(log, rows, this.receipts.keyOf(log.log), seen)
    if (result.kind === "intact") {
      await this.context.vault.write([{ store: "pins", key: `${SEEN}/${log.log}`, value: seenText(result.size, result.root) }])
    } else if (log.log === "care") this.#mark(result, rows)
    return result
  }

  /** The open timeline was read before: the bad entry in it takes the bytes that were just found bad. */
  #mark({ index, fault }: BrokenLog, rows: readonly PageRow[]): void {
    const bad = rows.find((row) => row.index === index)
    const { timeline } = this.audit
    if (bad === undefined || timeline === null || this.#opened === null) return
    this.#set({ timeline: { ...timeline, rows: withBadRow(timeline.rows, this.#opened, bad, fault) } })
  }

  /** What this device found intact before, and the longest care log that it was ever shown signed. */
  async #seen(log: string, heard: string): Promise<readonly Seen[]> {
    const [size, root] = ((await this.context.vault.read("pins", `${SEEN}/${log}`)) ?? "").split(" ")
    const intact = size === undefined || root === undefined ? [] : [{ size: Number(size), root: decodeHex(root) }]
    return log === "care" && heard !== "" ? [...intact, parseCheckpoint(heard).content] : intact
  }

  #progress(done: number, total: number): void {
    this.#set({ integrity: { kind: "running", done, total } })
  }

  async #pages(look: string, { log, size }: Pick<LogLook, "log" | "size">, shown: (rows: readonly PageRow[]) => void): Promise<readonly PageRow[]> {
    const rows: PageRow[] = []
    let after: number | null = -1
    while (after !== null) {
      const ok = await this.context.requests.must({ kind: "audit.page", look, log, after })
      const page = readPage(ok.result)
      rows.push(...page.rows)
      shown(rows)
      // Pages that do not advance, or hold more than was told, would be asked for without end.
      after = page.next !== null && page.next > after && rows.length <= size ? page.next : null
    }
    return rows
  }

  #set(part: Partial<Audit>): void {
    this.audit = { ...this.audit, ...part }
    this.show(this.audit)
  }
}
