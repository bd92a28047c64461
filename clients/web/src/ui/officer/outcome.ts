/** What an entry of a call says beyond its type, read from its canonical JSON: text that others wrote, so nothing is taken for granted. */
import type { AuditRow } from "../../core/model"
import { has, t } from "../../strings/strings"
import { codeKey, slug } from "../words"

type Json = Readonly<Record<string, unknown>>

const isMap = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)
const mapIn = (map: Json, key: string): Json => (isMap(map[key]) ? map[key] : {})
const textIn = (map: Json, key: string): string => (typeof map[key] === "string" ? map[key] : "")

/** An altered entry may be no JSON at all: then it says nothing more. */
function entryOf({ raw }: Pick<AuditRow, "raw">): Json {
  try {
    const read: unknown = JSON.parse(raw)
    return isMap(read) ? read : {}
  } catch {
    return {}
  }
}

export type Names = ReadonlyMap<string, string>

/** Who is who, by what each did in this conversation: a person and a device to a name. */
export function namesOf(rows: readonly AuditRow[]): Names {
  return new Map(rows.flatMap((row) => {
    if (!row.type.startsWith("call.") || row.name === "") return []
    const actor = mapIn(entryOf(row), "actor")
    return [textIn(actor, "person"), textIn(actor, "device")].filter((id) => id !== "").map((id) => [id, row.name] as const)
  }))
}

/** The key of the entry's name: to ask for the telephone is not to refuse. */
export function actOf(row: AuditRow): string {
  return row.type === "call.declined" && textIn(mapIn(entryOf(row), "outcome"), "how") === "call_me" ? "call.call_me" : row.type
}

function sentence(key: string): readonly string[] {
  return has(key) ? [t(key)] : []
}

/** Of a carer's act: for whom, and under which delegation; of what anybody does in their own name, nothing. */
export function actingWords(row: Pick<AuditRow, "raw">): string | null {
  const acting = mapIn(entryOf(row), "acting_for")
  const [delegation, version] = [textIn(acting, "delegation"), acting["version"]]
  return delegation === "" ? null : t("entry-acting", { delegation, version: typeof version === "number" ? version : 0 })
}

/** What else there is to say of an entry of a call: whom it is about, why, and which code. */
export function outcomeWords(row: AuditRow, names: Names): readonly string[] {
  if (!row.type.startsWith("call.")) return []
  const outcome = mapIn(entryOf(row), "outcome")
  const [person, why, code] = [textIn(outcome, "person"), textIn(outcome, "why"), textIn(outcome, "code")]
  const name = names.get(person) ?? names.get(textIn(outcome, "device")) ?? names.get(textIn(outcome, "peer"))
  return [
    ...(name === undefined ? [] : [t(row.role === "hub" ? "outcome-whose" : "outcome-with", { name })]),
    ...(why === "" ? [] : sentence(`outcome-why-${slug(why)}`)),
    ...(code === "" ? [] : sentence(codeKey(code))),
  ]
}
