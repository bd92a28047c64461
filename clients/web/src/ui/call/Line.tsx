import type { CallNotice, CallPerson } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { CameraIcon, DoorIcon } from "./icons"
import { formatSince, nowOr, useNow } from "./time"
import { noticeOf } from "./where"

/** In a list: who waits and since when, or that the call is on. */
export function CallLine({ id }: { readonly id: string }) {
  const now = useNow(15_000)
  const notice = noticeOf(useEngine().calls.notices.value, id)
  if (notice === null) return null
  const waits = notice.state === "lobby"
  return <span class="card-preview call-line">{waits ? <DoorIcon /> : <CameraIcon />}{noticeWords(notice, now)}</span>
}

export function noticeWords(notice: CallNotice, now: number): string {
  if (notice.state === "ringing") return t("call-line-ringing")
  if (notice.state !== "lobby") return t("call-line-on")
  const waiting = notice.people.filter(({ state }) => state === "waiting")
  const other = waiting.find(({ me }) => !me)
  if (other !== undefined) return waitingWords(other, now)
  return t(waiting.some(({ role }) => role === "pharmacist") ? "call-line-preparing" : "call-line-mine")
}

function waitingWords({ role, away, since, name }: CallPerson, now: number): string {
  if (role === "pharmacist") return t("call-line-prepared", { name })
  return t(`call-line-${away ? "away" : "waits"}${nowOr(now - since)}`, { time: formatSince(now - since, locale.value) })
}
