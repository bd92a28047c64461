/** Delegations in the words of who reads them. */
import type { Conversation, Delegation, DelegationDraft, Mandate, Scope } from "../../core/model"
import { locale, t, type Language } from "../../strings/strings"
import { formatDate, formatNames } from "../format"
import { kindName, nameOf, slug, untilWords } from "../words"
import { inOrder, READING } from "./scopes"

/** Whether the words speak to the patient, or about the patient. */
export type Voice = "you" | "they"

export const scopeName = (scope: Scope, voice: Voice): string => t(`scope-${slug(scope)}`, { voice })

/** Those named, as one says them, `reading` first where it is meant to be among them. */
export const scopeNames = (scopes: Iterable<Scope>, voice: Voice, reading = true): string =>
  formatNames(inOrder(scopes).filter((scope) => reading || scope !== READING).map((scope) => scopeName(scope, voice)), locale.value)

/** Which conversation, in words that tell it from another. */
export function whichConversation(conversation: Conversation | undefined, voice: Voice): string {
  if (conversation === undefined) return t("which-unknown")
  const { kind, createdAt, founder, members } = conversation
  return t("which-conversation", { kind: voice === "you" ? t(`patient-kind-${slug(kind)}`) : kindName(kind), date: formatDate(createdAt, locale.value), name: nameOf(members, founder) })
}

export interface Summed {
  readonly carer: string
  readonly patient: string
  readonly conversation: Conversation | undefined
  readonly scopes: Iterable<Scope>
  /** A renewal's beginning; else it begins once everybody has agreed. */
  readonly from?: number
  readonly until: number
  readonly mandate: Mandate
}

/** « jusqu’au … », or for what begins later « du … jusqu’au … ». */
export const periodWords = (from: number | undefined, until: number, now: number): string =>
  from === undefined ? untilWords(until, now) : t("period-later", { from: formatDate(from, locale.value), until: untilWords(until, now) })

/** The sentence that is read before signing: its hash is signed with the rest. */
export function summaryOf({ carer, patient, conversation, scopes, from, until, mandate }: Summed, now: number): string {
  const voice = mandate === "device" ? "you" : "they"
  return t("delegation-summary", {
    voice, name: carer, patient, scopes: scopeNames(scopes, voice), conversation: whichConversation(conversation, voice), until: periodWords(from, until, now),
  })
}

/** Waiting ones differ by what they wait for. */
export function stateWords({ state, mandate, needs, notBefore }: Delegation, now: number): string {
  if (state === "proposed" && mandate !== "device" && needs > 0) return t("delegation-second")
  if ((state === "confirmed" || state === "accepted") && notBefore > now) return t("delegation-later", { at: formatDate(notBefore, locale.value) })
  return t(`delegation-${state}`)
}

/** What a carer must agree to; its hash is signed as it was shown. */
export const dutiesText = (patient: string): string =>
  ["duties-1", "duties-2", "duties-3", "duties-4"].map((key) => t(key, { patient })).join("\n")

/** In which language and level a text was shown: that is signed with its hash. */
export function shownIn(spoken: Language): Pick<DelegationDraft, "language" | "level"> {
  return { language: spoken === "en" ? "en" : "fr", level: spoken === "fr-simple" ? "simple" : "standard" }
}
