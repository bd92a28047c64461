import { useComputed } from "@preact/signals"
import { useEffect, useId, useState } from "preact/hooks"
import type { DeviceChoice, LineTest } from "../../core/model"
import { has, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { SentIcon, WarningIcon } from "../icons"
import { Notice } from "../parts/Notice"
import { slug, troubleText } from "../words"
import { CameraIcon, LineIcon, SpeakerIcon } from "./icons"
import { useMedia } from "./useMedia"

const BARS = 12
/** Above it somebody speaks. */
const HEARD = 0.1

/** Which camera, microphone and speaker, where there is something to choose. */
export function Devices() {
  const { cameras, microphones, speakers, camera, microphone, speaker } = useMedia()
  return (
    <>
      <DeviceField kind="camera" choices={cameras} chosen={camera} />
      <DeviceField kind="microphone" choices={microphones} chosen={microphone} />
      <DeviceField kind="speaker" choices={speakers} chosen={speaker} />
    </>
  )
}

interface DeviceFieldProps {
  readonly kind: "camera" | "microphone" | "speaker"
  readonly choices: readonly DeviceChoice[]
  readonly chosen: string | null
}

function DeviceField({ kind, choices, chosen }: DeviceFieldProps) {
  const { calls } = useEngine()
  const id = useId()
  if (choices.length === 0) return null
  const known = chosen !== null && choices.some((choice) => choice.id === chosen)
  return (
    <div>
      <label class="field-label" for={id}>{t(`call-device-${kind}`)}</label>
      <select id={id} value={known ? chosen : ""} onChange={(event) => void calls.choose(kind, event.currentTarget.value)}>
        {!known && <option value="">{t("call-device-default")}</option>}
        {choices.map(({ id: device, label }, at) => <option key={device} value={device}>{label === "" ? `${t(`call-device-${kind}`)} ${at + 1}` : label}</option>)}
      </select>
    </div>
  )
}

/** Whether the microphone hears: in bars, and once it has heard in words. */
export function Level() {
  const { media } = useEngine().calls
  const lit = useComputed(() => Math.round(Math.min(1, media.value.level) * BARS)).value
  const [heard, setHeard] = useState(false)
  useEffect(() => {
    if (lit >= HEARD * BARS) setHeard(true)
  }, [lit])
  return (
    <div class="level">
      <div class="level-bars" role="meter" aria-label={t("call-level")} aria-valuemin={0} aria-valuemax={BARS} aria-valuenow={lit}>
        {Array.from({ length: BARS }, (_, at) => <span key={at} class={at < lit ? "lit" : ""} />)}
      </div>
      <p role="status">{t(heard ? "call-level-heard" : "call-level-speak")}</p>
    </div>
  )
}

export function SoundTest() {
  const { calls } = useEngine()
  const [played, setPlayed] = useState(false)
  const play = () => {
    calls.playTest()
    setPlayed(true)
  }
  return (
    <div class="test">
      <button type="button" class="button" onClick={play}><SpeakerIcon /><span>{t("call-hear")}</span></button>
      <p role="status">{played ? t("call-hear-hint") : ""}</p>
    </div>
  )
}

export function ConnectionTest() {
  const { calls } = useEngine()
  const test = calls.lineTest.value
  return (
    <div class="test">
      <button type="button" class="button" disabled={test.kind === "running"} onClick={() => void calls.testLine()}><LineIcon /><span>{t("call-test")}</span></button>
      <div role="status">{test.kind !== "idle" && <Verdict test={test} />}</div>
    </div>
  )
}

const STEPS = ["udp", "tcp", "tls", "echo"] as const

function Verdict({ test }: { readonly test: Exclude<LineTest, { readonly kind: "idle" }> }) {
  if (test.kind === "running") return <p>{t("call-test-running", { step: STEPS.indexOf(test.step) + 1 })}</p>
  const good = test.verdict === "good" || test.verdict === "relay_only"
  return (
    <Notice icon={good ? SentIcon : WarningIcon} tone={good ? "good" : "plain"}>
      <p>{t(`call-verdict-${slug(test.verdict)}`)}</p>
      {test.trouble !== null && <p>{troubleText(test.trouble)}</p>}
    </Notice>
  )
}

/** The drawn camera, where two people share one computer. */
export function DemoCamera() {
  const { calls, demo } = useEngine()
  if (!demo.value || useMedia().demoCamera) return null
  return <button type="button" class="button quiet" onClick={() => void calls.useDemoCamera()}><CameraIcon /><span>{t("call-demo-camera")}</span></button>
}

interface MediaTroubleProps {
  /** One is in already: to go on is not to enter. */
  readonly inside?: boolean
  /** There is room to say how it is allowed. */
  readonly how?: boolean
  readonly without?: () => void
}

/** What the browser refused or did not find: in words, with the way out. */
export function MediaTrouble({ inside = false, how = false, without }: MediaTroubleProps) {
  const { calls } = useEngine()
  const { trouble } = useMedia()
  if (trouble === null) return null
  const said = `call-inside-${slug(trouble.code)}`
  const steps = `call-how-${slug(trouble.code)}`
  return (
    <Notice>
      <p>{inside && has(said) ? t(said) : troubleText(trouble)}</p>
      {how && has(steps) && <p>{t(steps)}</p>}
      <div class="row">
        <button type="button" class="button" onClick={() => void calls.askAgain()}>{t("call-ask-again")}</button>
        {without !== undefined && <button type="button" class="button" onClick={without}>{t(inside ? "call-go-on-without" : "call-without")}</button>}
        <DemoCamera />
      </div>
    </Notice>
  )
}
