import type { JSX } from "preact"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { CameraIcon, CameraOffIcon, MicrophoneIcon, MicrophoneOffIcon } from "./icons"
import { sendsCamera, sendsMicrophone } from "./states"
import { useMedia } from "./useMedia"

interface ControlProps {
  readonly icon: () => JSX.Element
  readonly look?: "off" | "danger" | "on"
  readonly onClick: () => void
  readonly children: string
  /** What the word alone does not say to who does not see the button. */
  readonly more?: string
}

/** One large button of the call: a picture, and its word beneath. */
export function Control({ icon: Icon, look = "on", onClick, children, more = "" }: ControlProps) {
  return (
    <button type="button" class={`call-control call-control-${look}`} onClick={onClick}>
      <Icon /><span>{children}{more !== "" && <span class="visually-hidden"> {more}</span>}</span>
    </button>
  )
}

export function MicrophoneControl() {
  const { calls } = useEngine()
  const on = sendsMicrophone(useMedia())
  return (
    <Control icon={on ? MicrophoneIcon : MicrophoneOffIcon} look={on ? "on" : "off"} onClick={() => calls.setMicrophone(!on)} more={on ? t("call-is-on") : ""}>
      {t(on ? "call-microphone" : "call-microphone-off")}
    </Control>
  )
}

export function CameraControl() {
  const { calls } = useEngine()
  const on = sendsCamera(useMedia())
  return (
    <Control icon={on ? CameraIcon : CameraOffIcon} look={on ? "on" : "off"} onClick={() => calls.setCamera(!on)} more={on ? t("call-is-on") : ""}>
      {t(on ? "call-camera" : "call-camera-off")}
    </Control>
  )
}
