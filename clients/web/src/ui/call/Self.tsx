import type { Media } from "../../core/model"
import { t } from "../../strings/strings"
import { CameraOffIcon } from "./icons"
import { Picture } from "./Picture"

/** Myself, as in a mirror; the drawn camera of the demonstration holds words, which a mirror would turn. */
export function Self({ media }: { readonly media: Media }) {
  const { preview, cameraOn, demoCamera, state } = media
  if (preview !== null && cameraOn) return <Picture stream={preview} person="me" label={t("call-picture-mine")} mirrored={!demoCamera} />
  return <p class="no-picture"><CameraOffIcon />{t(state === "asking" ? "call-asking" : "call-camera-off")}</p>
}
