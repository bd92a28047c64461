/** Neither camera nor microphone, as before a call. */
import type { Media } from "../core/model"

export const NO_MEDIA: Media = {
  state: "off", trouble: null, preview: null, cameras: [], microphones: [], speakers: [], camera: null, microphone: null, speaker: null,
  cameraOn: true, microphoneOn: true, level: 0, demoCamera: false, volume: 1, bigText: "",
}
