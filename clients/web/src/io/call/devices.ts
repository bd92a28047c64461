/**
 * My own camera and microphone: had with whatever fallback is needed, chosen, switched, shown.
 * A camera that is off is let go, so that its light goes out; a microphone that is off sends silence.
 */
import type { Signal } from "@preact/signals-core"
import type { DeviceChoice, Media, Trouble } from "../../core/model"
import { audioContext, wakeAudio } from "./audio"
import { NO_MEDIA } from "../noMedia"
import { openDemoCamera, openSilence, type DemoCamera } from "./demoCamera"

const LEVEL_MS = 100
const SAMPLES = 1024

type Kind = "audio" | "video"
type Denial = "call.device_denied" | "call.no_device"

interface Asked {
  readonly tracks: readonly MediaStreamTrack[]
  readonly denial: Denial | null
}

// Legible on four tiles, and what four people's computers can encode three times over.
const PICTURE: MediaTrackConstraints = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24, max: 30 } }
const VOICE: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }

async function ask(wanted: { readonly audio?: MediaTrackConstraints; readonly video?: MediaTrackConstraints }): Promise<Asked> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia(wanted)
    return { tracks: stream.getTracks(), denial: null }
  } catch (error) {
    const name = error instanceof DOMException ? error.name : ""
    return { tracks: [], denial: name === "NotAllowedError" || name === "SecurityError" ? "call.device_denied" : "call.no_device" }
  }
}

/** Both, or else each by itself: a missing camera must not cost the voice. */
async function askBoth(audio: MediaTrackConstraints, video: MediaTrackConstraints): Promise<Asked> {
  const both = await ask({ audio, video })
  if (both.denial === null) return both
  const [ear, eye] = both.denial === "call.device_denied" ? [await permission("microphone"), await permission("camera")] : [null, null]
  // A question that was waved away is not put twice.
  const voice = isWorthAsking(ear, eye) ? await ask({ audio }) : both
  const picture = isWorthAsking(eye, ear) ? await ask({ video }) : both
  return { tracks: [...voice.tracks, ...picture.tracks], denial: voice.denial ?? picture.denial }
}

/** Null where the browser does not tell. */
async function permission(name: "camera" | "microphone"): Promise<PermissionState | null> {
  try {
    return (await navigator.permissions.query({ name })).state
  } catch {
    return null
  }
}

function isWorthAsking(one: PermissionState | null, other: PermissionState | null): boolean {
  return one === null || one === "granted" || (one === "prompt" && other === "denied")
}

export class Devices {
  #audio: MediaStreamTrack | null = null
  #video: MediaStreamTrack | null = null
  #demo: DemoCamera | null = null
  #wantsDemo = false
  /** What was pressed; the controls show what is had of it. */
  #wanted = { audio: true, video: true }
  /** Questions to the browser that wait for an answer. */
  readonly #asking = { audio: 0, video: 0 }
  #meter: { readonly stop: () => void } | null = null
  #run = 0

  /** `changed`: other tracks are to be sent. */
  constructor(
    private readonly media: Signal<Media>, private readonly isDemo: () => boolean, private readonly name: () => string,
    private readonly changed: () => void,
  ) {
    // Absent outside a secure context; the engine refuses to start there.
    navigator.mediaDevices.addEventListener("devicechange", () => { void this.#list() })
  }

  track(kind: Kind): MediaStreamTrack | null {
    const track = kind === "audio" ? this.#audio : this.#video
    return track?.readyState === "live" ? track : null
  }

  get running(): boolean {
    return this.media.value.state !== "off"
  }

  async start(): Promise<void> {
    if (this.running) return
    const { cameraOn, microphoneOn } = this.media.value
    this.#wanted = { audio: microphoneOn, video: cameraOn }
    await this.#ask()
  }

  async askAgain(): Promise<void> {
    this.#letGo("audio")
    this.#letGo("video")
    await this.#ask()
  }

  stop(): void {
    this.#run += 1
    this.#letGo("audio")
    this.#letGo("video")
    this.#meter?.stop()
    this.#meter = null
    this.#wantsDemo = false
    const { cameras, microphones, speakers, camera, microphone, speaker, volume } = this.media.value
    this.media.value = { ...NO_MEDIA, cameras, microphones, speakers, camera, microphone, speaker, volume }
  }

  async setCamera(on: boolean): Promise<void> {
    if (!this.#isNews("video", on)) return
    this.#wanted.video = on
    this.#show({ cameraOn: on })
    if (!on) this.#letGo("video")
    this.#settle(on && this.running ? await this.#openPicture() : null)
  }

  async setMicrophone(on: boolean): Promise<void> {
    const isNews = this.#isNews("audio", on)
    this.#wanted.audio = on
    if (this.#audio !== null) this.#audio.enabled = on
    this.#show({ microphoneOn: on })
    this.changed()
    // Refused or unplugged before: it may be had now.
    if (isNews && on && this.running && this.track("audio") === null) this.#settle(await this.#openVoice())
  }

  /** Not what is wanted already, and had or on its way. */
  #isNews(kind: Kind, on: boolean): boolean {
    const shown = kind === "audio" ? this.media.value.microphoneOn : this.media.value.cameraOn
    if (!this.running) return on !== shown
    return on !== this.#wanted[kind] || (on && this.track(kind) === null && this.#asking[kind] === 0)
  }

  async choose(kind: "camera" | "microphone", id: string): Promise<void> {
    this.#show(kind === "camera" ? { camera: id } : { microphone: id })
    if (!this.running) return
    if (kind === "camera") {
      this.#wantsDemo = false
      this.#letGo("video")
      this.#settle(this.#wanted.video ? await this.#openPicture() : null)
    } else {
      this.#letGo("audio")
      this.#settle(await this.#openVoice())
    }
  }

  async useDemoCamera(): Promise<void> {
    if (!this.isDemo() || !this.running) return
    this.#wantsDemo = true
    this.#wanted.video = true
    this.#show({ cameraOn: true })
    await this.#openPicture()
    if (this.#audio === null) this.#openSilence()
    this.#settle()
  }

  async #ask(): Promise<void> {
    this.#run += 1
    const run = this.#run
    this.#show({ state: "asking", trouble: null, cameraOn: this.#wanted.video, microphoneOn: this.#wanted.audio })
    const wantsPicture = this.#wanted.video && !this.#wantsDemo
    const had = await (wantsPicture
      ? this.#waitFor(["audio", "video"], askBoth(this.#voice(), this.#picture()))
      : this.#waitFor(["audio"], ask({ audio: this.#voice() })))
    this.#keep(had, run)
    if (run !== this.#run) return
    // In the demonstration one camera is shared by two windows: the second one draws its picture.
    if (this.#video === null && this.#wanted.video && this.isDemo() && had.denial !== "call.device_denied") this.#draw()
    if (this.#audio === null && this.#demo !== null) this.#openSilence()
    this.#settle(had.denial)
    void this.#list()
  }

  async #openPicture(): Promise<Denial | null> {
    if (this.#wantsDemo) { this.#draw(); return null; }
    const run = this.#run
    const had = await this.#waitFor(["video"], ask({ video: this.#picture() }))
    this.#keep(had, run)
    if (had.denial === "call.no_device" && this.isDemo() && run === this.#run && this.#wanted.video) this.#draw()
    return had.denial
  }

  async #openVoice(): Promise<Denial | null> {
    const run = this.#run
    const had = await this.#waitFor(["audio"], ask({ audio: this.#voice() }))
    this.#keep(had, run)
    return had.denial
  }

  async #waitFor(kinds: readonly Kind[], asked: Promise<Asked>): Promise<Asked> {
    for (const kind of kinds) this.#asking[kind] += 1
    const had = await asked
    for (const kind of kinds) this.#asking[kind] -= 1
    return had
  }

  #draw(): void {
    this.#letGo("video")
    this.#demo = openDemoCamera(this.name())
    this.#video = this.#demo?.video ?? null
  }

  #openSilence(): void {
    this.#audio = openSilence(audioContext())
    void wakeAudio()
  }

  /** `run`: when it was asked for. What nobody holds any more would stay on, its light too. */
  #keep({ tracks }: Asked, run: number): void {
    for (const track of tracks) {
      const wanted = run === this.#run && (track.kind === "audio" || this.#wanted.video)
      if (!wanted) { track.stop(); continue; }
      this.#letGo(track.kind === "audio" ? "audio" : "video")
      if (track.kind === "audio") this.#audio = track
      else this.#video = track
      // Unplugged, or taken by another program: what it sent ends.
      track.addEventListener("ended", () => {
        if (track === this.#audio || track === this.#video) this.#settle("call.no_device")
      })
    }
    if (this.#audio !== null) this.#audio.enabled = this.#wanted.audio
  }

  #letGo(kind: Kind): void {
    const track = kind === "audio" ? this.#audio : this.#video
    if (kind === "audio") this.#audio = null
    else {
      this.#demo?.stop()
      this.#demo = null
      this.#video = null
    }
    track?.stop()
  }

  /** Say what is had now, and have it sent. */
  #settle(denial: Denial | null = null): void {
    // While the first question waits, nothing is missing yet.
    if (!this.running || (this.media.value.state === "asking" && this.#asking.audio > 0)) return
    const [audio, video] = [this.track("audio"), this.track("video")]
    const { preview } = this.media.value
    const whole = audio !== null && (video !== null || !this.#wanted.video)
    const shown = preview instanceof MediaStream ? preview.getVideoTracks()[0] : undefined
    this.#show({
      state: whole ? "ready" : audio === null && video === null ? "none" : "partial",
      trouble: whole ? null : troubleOf(denial ?? "call.no_device"),
      cameraOn: this.#wanted.video && (video !== null || this.#asking.video > 0),
      microphoneOn: this.#wanted.audio && (audio !== null || this.#asking.audio > 0),
      preview: video === null ? null : shown === video ? preview : new MediaStream([video]),
      demoCamera: this.#demo !== null,
      ...(audio === null ? {} : { microphone: audio.getSettings().deviceId ?? this.media.value.microphone }),
      ...(video === null || this.#demo !== null ? {} : { camera: video.getSettings().deviceId ?? this.media.value.camera }),
    })
    this.#measure(audio)
    this.changed()
  }

  #show(changed: Partial<Media>): void {
    this.media.value = { ...this.media.value, ...changed }
  }

  #voice(): MediaTrackConstraints {
    const { microphone } = this.media.value
    return microphone === null ? VOICE : { ...VOICE, deviceId: { ideal: microphone } }
  }

  #picture(): MediaTrackConstraints {
    const { camera } = this.media.value
    return camera === null ? { ...PICTURE, facingMode: "user" } : { ...PICTURE, deviceId: { ideal: camera } }
  }

  async #list(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices().catch(() => [])
    const of = (kind: MediaDeviceKind): DeviceChoice[] => all
      .filter((one) => one.kind === kind && one.deviceId !== "")
      .map(({ deviceId, label }) => ({ id: deviceId, label }))
    this.#show({ cameras: of("videoinput"), microphones: of("audioinput"), speakers: "setSinkId" in HTMLMediaElement.prototype ? of("audiooutput") : [] })
  }

  #measure(audio: MediaStreamTrack | null): void {
    this.#meter?.stop()
    this.#meter = audio === null ? null : meter(audio, (level) => {
      const shown = this.media.value.microphoneOn ? level : 0
      if (Math.abs(shown - this.media.value.level) > 0.01) this.#show({ level: shown })
    })
    if (audio === null) this.#show({ level: 0 })
  }
}

function troubleOf(code: Denial): Trouble {
  return { code, text: "" }
}

/** Tell how loud a track is, ten times a second, 0 to 1. */
function meter(track: MediaStreamTrack, tell: (level: number) => void): { readonly stop: () => void } {
  const audio = audioContext()
  const source = audio.createMediaStreamSource(new MediaStream([track]))
  const analyser = audio.createAnalyser()
  analyser.fftSize = SAMPLES
  source.connect(analyser)
  void wakeAudio()
  const samples = new Float32Array(SAMPLES)
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    const power = samples.reduce((sum, one) => sum + one * one, 0) / SAMPLES
    // Speech is some -30 dB: on a scale of decibels a voice fills the bar.
    tell(power === 0 ? 0 : Math.min(1, Math.max(0, 1 + Math.log10(power) / 5)))
  }, LEVEL_MS)
  return { stop: () => { clearInterval(timer); source.disconnect() } }
}
