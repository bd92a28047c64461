import { useState } from "preact/hooks"
import type { CallStage, Conversation, Me, Outcome, Trouble } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { MessagesIcon, PhoneIcon } from "../icons"
import { CallPharmacy } from "../parts/Emergency"
import { Notice, TroubleNotice } from "../parts/Notice"
import { nameOf, troubleText } from "../words"
import { AskConsent } from "./Consent"
import { Frame, writeInstead } from "./Frame"
import { CameraIcon, DoorIcon } from "./icons"
import { atHome, endedTitle } from "./states"
import { formatDuration } from "./time"

type Stage = Extract<CallStage, { readonly kind: "ended" }>

interface EndedProps {
  readonly stage: Stage
  readonly me: Me
  readonly conversation: Conversation
}

/** How it ended, how long it lasted, and how to go on. */
export function Ended({ stage, me, conversation }: EndedProps) {
  const { calls } = useEngine()
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const [asking, setAsking] = useState(false)
  const said = (outcome: Outcome) => setTrouble(outcome.ok ? null : outcome.trouble)
  const again = async () => said(await calls.callAgain())
  // Who cannot call waits to be called, as at the door of the conversation.
  const waits = !stage.mayCallAgain && atHome(me.role) && conversation.kind === "remote_dispensation" && stage.reason !== "call.taken"
  const wait = async () => said(await calls.prepare(conversation.id))
  const write = () => {
    calls.dismiss()
    writeInstead()
  }
  const name = nameOf(conversation.members, conversation.patient)
  return (
    <Frame kind="ended" title={t(`call-ended-${endedTitle(stage.reason, me.role)}`)} unread={conversation.unread}>
      <div class="call-body ended" tabIndex={0}>
        <p>{reasonWords(stage, me)}</p>
        {stage.lasted > 0 && <p>{t("call-lasted", { time: formatDuration(stage.lasted, locale.value) })}</p>}
        {stage.callMe && <Notice icon={PhoneIcon}><p>{t("call-rather-telephoned", { name })}</p></Notice>}
        {me.role !== "pharmacist" && <CallPharmacy phone={me.pharmacy.phone} />}
      </div>
      <div class="call-foot">
        <TroubleNotice trouble={trouble} />
        {stage.mayCallAgain && <button type="button" class="button primary big" onClick={again}><CameraIcon /><span>{t("call-again")}</span></button>}
        {waits && <button type="button" class="button primary big" onClick={() => setAsking(true)}><DoorIcon /><span>{t("call-door-wait")}</span></button>}
        <button type="button" class="button big" onClick={write}><MessagesIcon /><span>{t("call-by-message")}</span></button>
        <button type="button" class="button quiet big" onClick={() => calls.dismiss()}>{t("close")}</button>
      </div>
      {asking && <AskConsent pharmacy={me.pharmacy} accept={wait} onClose={() => setAsking(false)} />}
    </Frame>
  )
}

function reasonWords({ reason, callMe }: Stage, { role }: Me): string {
  if (reason === "hung_up") return t("call-hung-up")
  if (reason === "call.timeout") return t(role === "pharmacist" ? "call-unanswered" : "call-missed")
  if (reason === "call.declined" && callMe) return t("call-declined-call-me")
  return troubleText({ code: reason, text: "" })
}
