import { useState } from "preact/hooks"
import type { CallStage, Conversation, Me } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatNames, initials } from "../format"
import { CameraControl, Control, MicrophoneControl } from "./Controls"
import { MediaTrouble } from "./Devices"
import { Frame } from "./Frame"
import { HangUpIcon } from "./icons"
import { Self } from "./Self"
import { formatDuration, useNow } from "./time"
import { useMedia } from "./useMedia"

interface CallingProps {
  readonly stage: Extract<CallStage, { readonly kind: "calling" }>
  readonly me: Me
  readonly conversation: Conversation
}

/** It rings at the others; nobody has answered yet. */
export function Calling({ stage, conversation }: CallingProps) {
  const { calls } = useEngine()
  const [alright, setAlright] = useState(false)
  const ringing = stage.call.people.filter(({ state }) => state === "ringing")
  const names = formatNames(ringing.map(({ name }) => name), locale.value)
  return (
    <Frame kind="calling" title={t("call-calling", { names })} unread={conversation.unread}>
      <div class="call-body calling" tabIndex={0}>
        <div class="row">{ringing.map(({ person, name }) => <span key={person} class="avatar huge" aria-hidden="true">{initials(name)}</span>)}</div>
        <Ringing since={Math.min(...ringing.map(({ since }) => since))} until={stage.until} />
        <p class="soft">{t("call-ringing-patience")}</p>
        {!alright && <MediaTrouble inside how without={() => setAlright(true)} />}
        <div class="mirror-picture small"><Self media={useMedia()} /></div>
      </div>
      <div class="call-controls" role="group" aria-label={t("call-controls")}>
        <MicrophoneControl />
        <CameraControl />
        <Control icon={HangUpIcon} look="danger" onClick={() => void calls.hangUp()}>{t("call-cancel")}</Control>
      </div>
    </Frame>
  )
}

function Ringing({ since, until }: { readonly since: number; readonly until: number }) {
  const now = useNow()
  const last = (ms: number) => formatDuration(ms, locale.value)
  return <p>{t("call-ringing", { since: last(Number.isFinite(since) ? Math.max(1000, now - since) : 1000), left: last(until - now) })}</p>
}
