import { useEffect, useState } from "preact/hooks"
import type { CallStage, Conversation, Me, Media, Role, Tile } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { OfflineIcon } from "../icons"
import { isSingle, writes } from "../parts/keys"
import { Notice } from "../parts/Notice"
import { BigTextField, Captions, SpokenCaptions } from "./BigText"
import { CameraControl, Control, MicrophoneControl } from "./Controls"
import { MediaTrouble } from "./Devices"
import { Frame, writeInstead } from "./Frame"
import { BigTextIcon, HangUpIcon, MicrophoneOffIcon, MoreIcon, SpeakerIcon } from "./icons"
import { More } from "./More"
import { Self } from "./Self"
import { newsOf, type News, sendsCamera, sendsMicrophone } from "./states"
import { callTitle, Tiles } from "./Tiles"
import { formatClock, useNow } from "./time"
import { useMedia } from "./useMedia"

type Stage = Extract<CallStage, { readonly kind: "in_call" }>

interface InCallProps {
  readonly stage: Stage
  readonly me: Me
  readonly conversation: Conversation
}

const STAFF: readonly Role[] = ["pharmacist", "technician"]

export function InCall({ stage, me, conversation }: InCallProps) {
  const { calls } = useEngine()
  const media = useMedia()
  const [writing, setWriting] = useState(false)
  const [more, setMore] = useState(false)
  const { tiles } = stage
  useCallKeys(STAFF.includes(me.role), { toggleWriting: () => setWriting(!writing) })
  const self = <Mine media={media} />
  const captioned = media.bigText !== "" || tiles.some(({ bigText }) => bigText !== "")
  return (
    <Frame kind="in-call" title={callTitle(tiles)} clock={<Clock since={stage.since} />} actions={<MoreButton open={() => setMore(true)} />} unread={conversation.unread}>
      <Announcer tiles={tiles} />
      <Banners stage={stage} />
      <div class={captioned ? "call-stage call-captioned" : "call-stage"}>
        <div class="call-pictures">
          <Tiles tiles={tiles} last={tiles.length > 2 && self} />
          {tiles.length <= 2 && self}
        </div>
        {captioned && <Captions tiles={tiles} mine={media.bigText} />}
        <SpokenCaptions tiles={tiles} />
      </div>
      {writing && <BigTextField close={() => setWriting(false)} />}
      <div class="call-controls" role="group" aria-label={t("call-controls")}>
        <MicrophoneControl />
        <CameraControl />
        <Control icon={BigTextIcon} look={writing ? "off" : "on"} onClick={() => setWriting(!writing)}>{t("call-big-text")}</Control>
        <Control icon={HangUpIcon} look="danger" onClick={() => void calls.hangUp()}>{t("call-hang-up")}</Control>
      </div>
      {more && <More code={stage.code} onClose={() => setMore(false)} />}
    </Frame>
  )
}

function Clock({ since }: { readonly since: number | null }) {
  const now = useNow()
  return since === null ? null : <p class="call-clock soft" role="timer">{formatClock(now - since)}</p>
}

function MoreButton({ open }: { readonly open: () => void }) {
  return <button type="button" class="button quiet" aria-haspopup="dialog" onClick={open}><MoreIcon /><span>{t("call-adjust")}</span></button>
}

/** Myself, small in a corner, or beside three others as large as they are. */
function Mine({ media }: { readonly media: Media }) {
  return (
    <figure class="self">
      <div class="self-picture"><Self media={media} /></div>
      <figcaption>{t("call-me")}{!sendsMicrophone(media) && <><MicrophoneOffIcon /><span class="visually-hidden">{t("call-microphone-off")}</span></>}</figcaption>
    </figure>
  )
}

/** What is wrong with the call, and what one can do meanwhile. */
function Banners({ stage }: { readonly stage: Stage }) {
  const { calls, link } = useEngine()
  const [alright, setAlright] = useState(false)
  // That this device is offline, the banner of the whole screen says already: it is not the server.
  const alone = stage.alone && (link.value.kind !== "offline" || navigator.onLine)
  const { tiles, soundBlocked } = stage
  const lost = tiles.some(({ link }) => link === "reconnecting")
  return (
    <div class="call-banners">
      {lost && (
        <Notice icon={OfflineIcon}>
          <p><strong>{t("call-interrupted")}</strong></p>
          <button type="button" class="button" onClick={writeInstead}>{t("composer-placeholder")}</button>
        </Notice>
      )}
      <div role="status">{alone && <Notice icon={OfflineIcon}><p>{t("call-alone")}</p></Notice>}</div>
      {soundBlocked && <button type="button" class="button primary big wide" onClick={() => calls.unblockSound()}><SpeakerIcon /><span>{t("call-unblock")}</span></button>}
      {!alright && <MediaTrouble inside how without={() => setAlright(true)} />}
    </div>
  )
}

/** Who came, went, was lost and is back: aloud, once. */
function Announcer({ tiles }: { readonly tiles: readonly Tile[] }) {
  const [before, setBefore] = useState(tiles)
  const [said, setSaid] = useState<readonly News[]>([])
  useEffect(() => {
    const news = newsOf(before, tiles)
    setBefore(tiles)
    if (news.length > 0) setSaid(news)
  }, [tiles])
  return <p class="visually-hidden" role="status">{said.map(({ what, name }) => t(`call-news-${what.replace("_", "-")}`, { name })).join(" ")}</p>
}

/** Single keys, at the counter only: a patient who rests a hand on the keyboard goes on being heard. */
function useCallKeys(active: boolean, { toggleWriting }: { readonly toggleWriting: () => void }): void {
  const { calls } = useEngine()
  useEffect(() => {
    if (!active) return
    const commands: Readonly<Record<string, () => void>> = {
      m: () => calls.setMicrophone(!sendsMicrophone(calls.media.peek())),
      c: () => calls.setCamera(!sendsCamera(calls.media.peek())),
      e: toggleWriting,
    }
    const onKey = (event: KeyboardEvent) => {
      const command = isSingle(event) && !writes(event.target) ? commands[event.key] : undefined
      if (command === undefined) return
      event.preventDefault()
      command()
    }
    addEventListener("keydown", onKey)
    return () => removeEventListener("keydown", onKey)
  })
}
