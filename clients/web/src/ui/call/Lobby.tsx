import { useState } from "preact/hooks"
import type { CallNotice, CallStage, Conversation, Me, Member, Outcome, Trouble } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatNames, formatTime } from "../format"
import { ClockIcon, SentIcon } from "../icons"
import { Notice, TroubleNotice } from "../parts/Notice"
import { roleName } from "../words"
import { CameraControl, MicrophoneControl } from "./Controls"
import { ConnectionTest, DemoCamera, Devices, Level, MediaTrouble, SoundTest } from "./Devices"
import { Frame } from "./Frame"
import { CameraIcon, DoorIcon } from "./icons"
import { Self } from "./Self"
import { lobbyAct, named, sendsMicrophone, whereIs } from "./states"
import { formatSince, nowOr, useNow } from "./time"
import { useMedia } from "./useMedia"

type Stage = Extract<CallStage, { readonly kind: "lobby" }>

interface LobbyProps {
  readonly stage: Stage
  readonly me: Me
  readonly conversation: Conversation
}

/** Before the call: how one looks and sounds, and who is there. */
export function Lobby({ stage, me, conversation }: LobbyProps) {
  const { calls } = useEngine()
  const [alright, setAlright] = useState(false)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const others = conversation.members.filter(({ person }) => person !== me.person)
  const act = lobbyAct(stage.as, stage.call)
  const go = async () => {
    const asked: Readonly<Record<typeof act, () => Promise<Outcome>>> = {
      ring: () => calls.ring(), admit: () => calls.ring(), enter: () => calls.enter(), come_back: () => calls.accept(),
    }
    const outcome = await asked[act]()
    setTrouble(outcome.ok ? null : outcome.trouble)
  }
  const caller = stage.as === "caller"
  const enters = act === "enter" && !stage.entered
  const without = () => {
    calls.setCamera(false)
    calls.setMicrophone(false)
    setAlright(true)
    // Who waits only comes in; who calls would ring at somebody.
    if (enters) void go()
  }
  return (
    <Frame kind={stage.entered ? "waiting" : "lobby"} title={t(`call-lobby-${stage.as}`)} unread={conversation.unread}>
      <div class="call-body lobby">
        {caller ? <People others={others} call={stage.call} /> : <Waiting stage={stage} />}
        {!alright && <MediaTrouble inside={!enters} how without={without} />}
        <Mirror />
        {caller && (stage.call === null || stage.call.state === "lobby") && <Delay until={stage.call?.delayedUntil ?? null} />}
        <Settings />
      </div>
      <div class="call-foot">
        <TroubleNotice trouble={trouble ?? stage.trouble} />
        {!stage.entered && (
          <button type="button" class="button primary big" disabled={act === "ring" && named(others, null).length === 0} onClick={go}>
            {act === "enter" ? <DoorIcon /> : <CameraIcon />}
            <span>{t(`call-act-${act.replace("_", "-")}`, { names: formatNames(named(others, stage.call), locale.value) })}</span>
          </button>
        )}
        <button type="button" class="button big" onClick={() => void calls.hangUp()}>{t(stage.entered ? "call-leave-room" : "close")}</button>
      </div>
    </Frame>
  )
}

function Mirror() {
  const media = useMedia()
  return (
    <div class="mirror">
      <div class="mirror-picture"><Self media={media} /></div>
      <div class="mirror-controls"><MicrophoneControl /><CameraControl /></div>
      {sendsMicrophone(media) ? <Level /> : <p>{t("call-without-microphone")}</p>}
      {!media.cameraOn && <p>{t("call-without-camera")}</p>}
      {media.trouble === null && <DemoCamera />}
    </div>
  )
}

function Settings() {
  return (
    <details class="fold">
      <summary>{t("call-settings")}</summary>
      <div class="settings"><Devices /><SoundTest /><ConnectionTest /></div>
    </details>
  )
}

function People({ others, call }: { readonly others: readonly Member[]; readonly call: CallNotice | null }) {
  const now = useNow()
  return (
    <ul class="people">
      {others.map((member) => <PersonLine key={member.person} member={member} call={call} now={now} />)}
    </ul>
  )
}

interface PersonLineProps {
  readonly member: Member
  readonly call: CallNotice | null
  readonly now: number
}

function PersonLine({ member, call, now }: PersonLineProps) {
  const person = call?.people.find((each) => each.person === member.person)
  const where = whereIs(member, person)
  const lasts = now - (person?.since ?? now)
  const time = formatSince(lasts, locale.value)
  const since = where === "waiting" || where === "away" ? nowOr(lasts) : ""
  return (
    <li class={`person-${where.replace("_", "-")}`}>
      <span><strong>{member.name}</strong> <span class="soft">{roleName(member.role)}</span></span>
      <span class="with-icon">{where === "waiting" ? <DoorIcon /> : <ClockIcon />}{t(`call-where-${where.replace("_", "-")}${since}`, { time })}</span>
    </li>
  )
}

const DELAYS = [5, 10, 15] as const

function Delay({ until }: { readonly until: number | null }) {
  const { calls } = useEngine()
  return (
    <div class="delay" role="group" aria-label={t("call-delay-title")}>
      <p class="soft">{until === null ? t("call-delay-title") : t("call-delay-told", { at: formatTime(until, locale.value) })}</p>
      <div class="row">
        {DELAYS.map((minutes) => <button key={minutes} type="button" class="button" onClick={() => void calls.delay(minutes)}>{t("call-delay", { minutes })}</button>)}
      </div>
    </div>
  )
}

function Waiting({ stage }: { readonly stage: Stage }) {
  const until = stage.call?.delayedUntil ?? null
  return (
    <div class="lobby-people" role="status">
      {stage.entered ? (
        <Notice icon={SentIcon} tone="good">
          <p><strong>{t("call-entered")}</strong></p>
          <p>{t("call-place-kept")}</p>
        </Notice>
      ) : <p>{t("call-before-entering")}</p>}
      {until !== null && <Notice icon={ClockIcon}><p>{t("call-delayed", { at: formatTime(until, locale.value) })}</p></Notice>}
      <p class="soft">{t("call-no-recording")}</p>
    </div>
  )
}
