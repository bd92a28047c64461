/** The vocabulary of the wire in the words of the person: each table is total by its type or by test. */
import type { Integrity, Member, Motive, Role, Trouble } from "../core/model"
import { has, locale, t } from "../strings/strings"
import { dayKey, formatDate, formatTime } from "./format"

export const ROLES: readonly Role[] = [
  "patient", "carer", "pharmacist", "technician", "courier", "compliance_officer", "second_reviewer",
]
export const MOTIVES: readonly Motive[] = ["health", "age", "location", "other"]
export const ENTRY_TYPES = [
  "dispensation.started", "thread.started", "key_package.claimed", "group.committed", "message.sent", "act.refused",
  "audit.conversations_listed", "audit.timeline_read", "audit.logs_verified",
  "session.opened", "session.closed", "device.registered", "connection.opened", "key_packages.published",
  "call.opened", "call.rang", "call.accepted", "call.declined", "call.missed", "call.delayed", "call.connected",
  "call.pair_lost", "call.socket_lost", "call.socket_back", "call.incident", "call.turn_issued", "call.left", "call.ended",
  "group.info_told", "group.confirmed", "group.forked", "group.stuck", "group.succeeded", "group.remove_proposed", "device.retired",
  "identity.issued", "staff.certified", "device.certified", "device.link_asked", "recovery.kept", "recovery.asked",
  "account.revocation_proposed", "account.revoked", "carer.linked", "carer.code_made", "aside.started",
  "delegation.proposed", "delegation.confirmed", "delegation.accepted", "delegation.activated", "delegation.narrowed",
  "delegation.revoked", "delegation.resigned", "delegation.suspended", "delegation.expired",
] as const

/** Fluent identifiers have no dot and no underscore at the start; ours have neither. */
export const slug = (word: string): string => word.replaceAll(/[._]/g, "-")

export type Reader = "patient" | "counter" | "control"

/** To whom a screen without a session speaks; who is not known may be a patient. */
export function readerOf(role: string | null): Reader {
  switch (role) {
    case "pharmacist":
    case "technician":
    case "courier":
      return "counter"
    case "compliance_officer":
    case "second_reviewer":
      return "control"
    default:
      return "patient"
  }
}

function wordOr(key: string, otherwise: string): string {
  return has(key) ? t(key) : otherwise
}

export const roleName = (role: string): string => wordOr(`role-${slug(role)}`, role)
export const motiveName = (motive: string): string => wordOr(`motive-${slug(motive)}`, motive)
export const kindName = (kind: string): string => wordOr(`kind-${slug(kind)}`, kind)
export const entryName = (type: string): string => wordOr(`entry-${slug(type)}`, type)
/** A receipt names its log by its origin, of which the last part is the log's own name. */
export const logName = (log: string): string => wordOr(`log-${slug(log.split("/").at(-1) ?? log)}`, log)
/** The codes of a call are words with a dot; the others are Fluent identifiers already. */
export const codeKey = (code: string): string => `code-${code.startsWith("call.") ? slug(code) : code}`
export const ruleSentence = (rule: string): string | null => {
  const key = [codeKey(rule), `rule-${slug(rule)}`].find(has)
  return key === undefined ? null : t(key)
}
export const missingName = (feature: string): string => wordOr(`missing-${slug(feature)}`, feature)

/** What a fault says in the language of the screen; a code we do not know keeps its own sentence. */
export function troubleText({ code, text }: Trouble): string {
  return wordOr(codeKey(code), text === "" ? t("code-unknown", { code }) : text)
}

export type BrokenFault = Extract<Integrity, { kind: "broken" }>["fault"]

export function nameOf(members: readonly Member[], person: string): string {
  return members.find((member) => member.person === person)?.name ?? t("someone")
}

/** « jusqu’au 12 mai 2026 », on its last day with the hour. */
export function untilWords(at: number, now: number): string {
  const date = formatDate(at, locale.value)
  return dayKey(at) === dayKey(now) ? t("until-time", { date, time: formatTime(at, locale.value) }) : t("until-day", { date })
}
