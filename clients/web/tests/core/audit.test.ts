import { describe, expect, test } from "vitest"
import { verifyLog, verifyTimeline, withBadRow, type Seen } from "../../src/core/audit"
import { leafHash, rootHash } from "../../src/core/log/tree"
import type { LogLook, PageRow, TimelineLook } from "../../src/core/wire"
import { FakeLog } from "../worker/fakeLog"

const PERSON = "c1a14e00-0000-4000-8000-000000000001"
const SIZE = 13

function aLog(entries = SIZE): FakeLog {
  const log = new FakeLog("colloque.test/care")
  for (let i = 0; i < entries; i += 1) {
    log.append({
      type: "message.sent", ts: 1_700_000_000_000_000 + i, class: "care", actor: { person: PERSON, role: "pharmacist", device: null },
      conversation: PERSON, conversation_entry: i + 1, decision: { effect: "permit", rule: "message.send" }, object: null,
    })
  }
  return log
}

function lookAt(log: FakeLog, checkpoint = log.checkpoint()): LogLook {
  return { log: "care", vkey: log.vkey, checkpoint, size: log.entries.length }
}

function flipped(bytes: Uint8Array | null, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes ?? [])
  const at = bit >> 3
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7))
  return copy
}

const replaced = (rows: readonly PageRow[], at: number, part: Partial<PageRow>): PageRow[] =>
  rows.map((row, i) => (i === at ? { ...row, ...part } : row))

describe("« Vérifier l’intégrité »", () => {
  test("an honest log is intact, with its size and root", () => {
    const log = aLog()

    const result = verifyLog(lookAt(log), log.rows(), log.vkey, [])

    expect(result).toMatchObject({ kind: "intact", log: "care", size: SIZE })
  })

  test("an empty log is intact", () => {
    const log = aLog(0)

    expect(verifyLog(lookAt(log), [], log.vkey, []).kind).toBe("intact")
  })

  test("one flipped bit anywhere in any entry is found, and the entry named", () => {
    const log = aLog()
    const rows = log.rows()
    for (let index = 0; index < SIZE; index += 1) {
      for (const bit of [0, 77, 8 * (rows[index]?.entry?.length ?? 1) - 1]) {
        const bad = replaced(rows, index, { entry: flipped(rows[index]?.entry ?? null, bit) })
        expect(verifyLog(lookAt(log), bad, log.vkey, [])).toMatchObject({ kind: "broken", index, fault: "entry_altered" })
      }
    }
  })

  test.each<[string, (rows: readonly PageRow[]) => readonly PageRow[], number | null, string]>([
    ["an entry emptied", (rows) => replaced(rows, 4, { entry: null }), 4, "entry_missing"],
    ["an entry withheld", (rows) => rows.filter((_, i) => i !== 4), 4, "entry_missing"],
    ["the last entries cut off", (rows) => rows.slice(0, -2), SIZE - 2, "entry_missing"],
    ["an entry inserted", (rows) => [...rows.slice(0, 4), ...rows.slice(3)], 4, "entry_missing"],
    ["two entries swapped", (rows) => rows.map((row, i) => (i === 4 ? { ...row, ...rows[5], index: 4 } : i === 5 ? { ...row, ...rows[4], index: 5 } : row)), 4, "entry_altered"],
    ["an entry added at the end", (rows) => [...rows, { ...(rows[0] ?? { leaf: new Uint8Array(), entry: null, proof: null }), index: SIZE }], SIZE, "entry_altered"],
    ["a leaf changed with its entry", (rows) => {
      const entry = new TextEncoder().encode(new TextDecoder().decode(rows[4]?.entry ?? new Uint8Array()).replace("permit", "deny"))
      return replaced(rows, 4, { entry, leaf: leafHash(entry) })
    }, null, "tree_altered"],
  ])("%s is found", (_, mutate, index, fault) => {
    const log = aLog()

    expect(verifyLog(lookAt(log), mutate(log.rows()), log.vkey, [])).toMatchObject({ kind: "broken", index, fault })
  })

  test("a checkpoint that the log's key did not sign is no checkpoint", () => {
    const log = aLog()
    const other = aLog()

    expect(verifyLog({ ...lookAt(log, other.checkpoint()) }, log.rows(), log.vkey, [])).toMatchObject({ fault: "signature" })
    expect(verifyLog({ ...lookAt(log), checkpoint: "nonsense" }, log.rows(), log.vkey, [])).toMatchObject({ fault: "signature" })
    expect(verifyLog({ ...lookAt(log), size: SIZE - 1 }, log.rows().slice(0, -1), log.vkey, [])).toMatchObject({ fault: "signature" })
  })

  test("another key than the pinned one is named before anything else", () => {
    const log = aLog()

    expect(verifyLog(lookAt(log), log.rows(), aLog().vkey, [])).toMatchObject({ fault: "log_key_changed", index: null })
  })

  test("a log that shrank or forked since this device last saw it is found, though it signs well", () => {
    const log = aLog()
    const seen = (size: number, root: Uint8Array): readonly Seen[] => [{ size, root }]

    expect(verifyLog(lookAt(log), log.rows(), log.vkey, seen(9, rootHash(log.leaves.slice(0, 9)))).kind).toBe("intact")
    expect(verifyLog(lookAt(log), log.rows(), log.vkey, seen(SIZE + 1, new Uint8Array(32)))).toMatchObject({ fault: "shrunk" })
    expect(verifyLog(lookAt(log), log.rows(), log.vkey, seen(9, new Uint8Array(32)))).toMatchObject({ fault: "forked" })
  })
})

describe("the timeline of a conversation", () => {
  const look = (log: FakeLog, total = SIZE): TimelineLook => ({
    look: PERSON, total, logs: { care: log.vkey }, checkpoint: log.checkpoint(), size: log.entries.length,
    people: { [PERSON]: { name: "Claire Morel", role: "pharmacist" } },
  })

  test("names who did what, and proves each entry under the look's checkpoint", () => {
    const log = aLog()

    const timeline = verifyTimeline(PERSON, look(log), log.rows(), log.vkey, [])

    expect(timeline).toMatchObject({ numbered: true, broken: null })
    expect(timeline.rows[2]).toMatchObject({ index: 2, name: "Claire Morel", type: "message.sent", decision: "permit" })
  })

  test("an altered entry is marked, and no other", () => {
    const log = aLog()
    const bad = replaced(log.rows(), 2, { entry: flipped(log.rows()[2]?.entry ?? null, 77) })

    const { rows } = verifyTimeline(PERSON, look(log), bad, log.vkey, [])

    expect(rows.map(({ fault }) => fault ?? null)).toEqual(bad.map((_, i) => (i === 2 ? "entry_altered" : null)))
  })

  test("read before it was altered, an entry takes the bytes found bad since", () => {
    const log = aLog()
    const { rows } = verifyTimeline(PERSON, look(log), log.rows(), log.vkey, [])
    const bad = replaced(log.rows(), 2, { entry: new TextEncoder().encode("autre chose") })[2]

    const marked = bad === undefined ? [] : withBadRow(rows, look(log), bad, "entry_altered")

    expect(marked[2]).toMatchObject({ index: 2, fault: "entry_altered" })
    expect(marked[2]?.raw).not.toBe(rows[2]?.raw)
    expect(marked.filter((_, i) => i !== 2)).toEqual(rows.filter((_, i) => i !== 2))
  })

  test("an entry withheld shows in the numbering", () => {
    const log = aLog()

    expect(verifyTimeline(PERSON, look(log), log.rows().filter((_, i) => i !== 5), log.vkey, []).numbered).toBe(false)
    expect(verifyTimeline(PERSON, look(log, SIZE), log.rows().slice(0, -1), log.vkey, []).numbered).toBe(false)
  })

  test("a proof of something else, or none, is found", () => {
    const log = aLog()

    expect(verifyTimeline(PERSON, look(log), replaced(log.rows(), 3, { proof: log.rows()[4]?.proof ?? null }), log.vkey, []).broken)
      .toMatchObject({ index: 3, fault: "tree_altered" })
    expect(verifyTimeline(PERSON, look(log), replaced(log.rows(), 3, { proof: null }), log.vkey, []).broken).toMatchObject({ index: 3 })
  })

  test("an altered entry is shown as it stands, and named", () => {
    const log = aLog()
    const entry = flipped(log.rows()[3]?.entry ?? null, 7)

    const timeline = verifyTimeline(PERSON, look(log), replaced(log.rows(), 3, { entry }), log.vkey, [])

    expect(timeline.broken).toMatchObject({ index: 3, fault: "entry_altered" })
    expect(timeline.rows).toHaveLength(SIZE)
  })
})
