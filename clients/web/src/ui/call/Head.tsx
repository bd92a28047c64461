import { useState } from "preact/hooks"
import type { Conversation, Me, Outcome, Trouble } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { allows } from "../care/standing"
import { useEngine } from "../engine"
import { formatTime } from "../format"
import { TroubleNotice } from "../parts/Notice"
import { AskConsent } from "./Consent"
import { CameraIcon, DoorIcon } from "./icons"
import { noticeWords } from "./Line"
import { atHome, doorOf, type Door } from "./states"
import { useNow } from "./time"
import { conversationOf, noticeOf } from "./where"

/** In the head of a conversation: the way into its call. */
export function CallHead({ conversation }: { readonly conversation: Conversation }) {
  const { app, calls } = useEngine()
  const docked = conversationOf(calls.stage.value) === conversation.id
  if (docked || app.value.kind !== "ready") return null
  return <Doorway key={conversation.id} me={app.value.me} conversation={conversation} />
}

function Doorway({ me, conversation }: { readonly me: Me; readonly conversation: Conversation }) {
  const { calls, delegations } = useEngine()
  const [asking, setAsking] = useState(false)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const now = useNow(15_000)
  const notice = noticeOf(calls.notices.value, conversation.id)
  const door = doorOf(me, conversation, notice, allows(delegations.value, conversation, me.role, "call.join"))
  if (door === null) return null
  const late = me.role === "pharmacist" || notice?.state !== "lobby" ? null : notice.delayedUntil
  const said = (outcome: Outcome) => setTrouble(outcome.ok ? null : outcome.trouble)
  const enter = async () => said(await calls.prepare(conversation.id))
  // The camera of who is at home is not asked for before they have agreed.
  const press = atHome(me.role) ? () => setAsking(true) : enter
  return (
    <div class="call-door">
      {late !== null && <p class="call-door-words" role="status">{t("call-line-late", { at: formatTime(late, locale.value) })}</p>}
      {notice !== null && door !== "return" && <p class="call-door-words">{noticeWords(notice, now)}</p>}
      <DoorButton door={door} press={press} />
      <TroubleNotice trouble={trouble} />
      {asking && <AskConsent pharmacy={me.pharmacy} accept={enter} onClose={() => setAsking(false)} />}
    </div>
  )
}

function DoorButton({ door, press }: { readonly door: Exclude<Door, null>; readonly press: () => void }) {
  if (door === "elsewhere") return <p class="call-door-words">{t("call-elsewhere")}</p>
  return (
    <button type="button" class={`button ${door === "wait" ? "" : "primary"}`} onClick={press}>
      {door === "wait" ? <DoorIcon /> : <CameraIcon />}<span>{t(`call-door-${door}`)}</span>
    </button>
  )
}
