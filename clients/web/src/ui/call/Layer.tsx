import { useState } from "preact/hooks"
import type { CallNotice, CallStage, Me, Media, Tile } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { closeAround, Dialog } from "../parts/Dialog"
import { hrefOf } from "../route"
import { CameraControl, MicrophoneControl } from "./Controls"
import { CameraIcon, HangUpIcon } from "./icons"
import { Ring } from "./Ring"
import { endedTitle, sendsCamera, sendsMicrophone, waitsHere } from "./states"
import { callTitle } from "./Tiles"
import { useMedia } from "./useMedia"
import { conversationOf, leaving, shown } from "./where"

/** What a call shows wherever one is. */
export function CallLayer({ me }: { readonly me: Me }) {
  const [promised, setPromised] = useState(false)
  const { calls } = useEngine()
  const stage = calls.stage.value
  const conversation = conversationOf(stage)
  return (
    <>
      {me.role === "pharmacist" && <Knocks notices={calls.notices.value} />}
      {stage.kind === "incoming" && <Ring key={stage.call.id} stage={stage} me={me} onCallMe={() => setPromised(true)} />}
      {promised && <Dialog title={t("call-promised-title")} onClose={() => setPromised(false)}><p>{t("call-promised", { name: me.pharmacy.name })}</p></Dialog>}
      {leaving.value && <Leave waits={stage.kind === "lobby"} />}
      {conversation !== null && conversation !== shown.value && <Bar stage={stage} conversation={conversation} me={me} />}
    </>
  )
}

/** « Quitter » during a call ends more than the session. */
function Leave({ waits }: { readonly waits: boolean }) {
  const engine = useEngine()
  const sure = (event: { readonly currentTarget: Element }) => {
    closeAround(event)
    void engine.signOut()
  }
  return (
    <Dialog title={t("call-leave-title")} onClose={() => (leaving.value = false)}>
      <p>{t(waits ? "call-leave-waiting" : "call-leave-in-call")}</p>
      <div class="dialog-foot">
        <button type="button" class="button" autofocus onClick={closeAround}>{t("call-leave-stay")}</button>
        <button type="button" class="button danger solid" onClick={sure}>{t("sign-out")}</button>
      </div>
    </Dialog>
  )
}

/** Who has come to the waiting room, aloud: the list may be out of sight. */
function Knocks({ notices }: { readonly notices: readonly CallNotice[] }) {
  const waiting = notices.filter(({ state }) => state === "lobby").flatMap(({ people }) => people).filter(waitsHere)
  return <p class="visually-hidden" role="status">{waiting.map(({ name }) => t("call-news-waits", { name })).join(" ")}</p>
}

interface BarProps {
  readonly stage: CallStage
  readonly conversation: string
  readonly me: Me
}

/** The call goes on while one reads something else: the way back, and the way out. */
function Bar({ stage, conversation, me }: BarProps) {
  const { calls } = useEngine()
  const over = stage.kind === "ended"
  return (
    <section class="call-bar" aria-label={t("call")}>
      <CameraIcon />
      <p role="status">{barWords(stage, me, useMedia())}</p>
      {stage.kind === "in_call" && <div class="call-bar-controls"><MicrophoneControl /><CameraControl /></div>}
      <a class="button primary" href={hrefOf({ kind: "conversation", id: conversation })}>{t(over ? "call-bar-see" : "call-bar-return")}</a>
      {over
        ? <button type="button" class="button quiet" onClick={() => calls.dismiss()}>{t("close")}</button>
        : <button type="button" class="button danger solid" onClick={() => void calls.hangUp()}><HangUpIcon /><span>{outWords(stage)}</span></button>}
    </section>
  )
}

/** What the way out means just now: a place is left, a ring is cancelled, a call is hung up. */
function outWords(stage: CallStage): string {
  if (stage.kind === "lobby") return t(stage.entered ? "call-leave-room" : "close")
  return t(stage.kind === "calling" ? "call-cancel" : "call-hang-up")
}

function barWords(stage: CallStage, { role }: Me, media: Media): string {
  switch (stage.kind) {
    case "lobby":
      return t(`call-lobby-${stage.as}`)
    case "calling":
      return t("call-line-ringing")
    case "ended":
      return t(`call-ended-${endedTitle(stage.reason, role)}`)
    case "in_call":
      return inCallWords(stage.tiles, media)
    default:
      return t("call")
  }
}

function inCallWords(tiles: readonly Tile[], media: Media): string {
  const lost = tiles.some(({ link }) => link === "reconnecting")
  const unsent = !sendsCamera(media) && !sendsMicrophone(media)
  return [callTitle(tiles), ...(lost ? [t("call-bar-lost")] : []), ...(unsent ? [t("call-bar-unsent")] : [])].join(" — ")
}
