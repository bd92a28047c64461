/** « Caméra de démonstration »: a drawn picture with a name, a clock and something that moves, and a silent microphone. */

const WIDTH = 640
const HEIGHT = 480
const FRAMES_PER_SECOND = 15
const DOT = 26

export interface DemoCamera {
  readonly video: MediaStreamTrack
  readonly stop: () => void
}

function draw(context: CanvasRenderingContext2D, name: string, at: Date): void {
  const turn = (at.getTime() % 6_000) / 6_000
  const hue = Math.round(turn * 360)
  context.fillStyle = "#12323a"
  context.fillRect(0, 0, WIDTH, HEIGHT)
  context.fillStyle = `hsl(${hue} 60% 60%)`
  context.beginPath()
  context.arc(WIDTH / 2 + 230 * Math.cos(2 * Math.PI * turn), HEIGHT / 2 + 160 * Math.sin(2 * Math.PI * turn), DOT, 0, 2 * Math.PI)
  context.fill()
  context.fillStyle = "#ffffff"
  context.textAlign = "center"
  context.font = "600 44px system-ui, sans-serif"
  context.fillText(name, WIDTH / 2, HEIGHT / 2 - 8, WIDTH - 80)
  context.font = "32px system-ui, sans-serif"
  context.fillText(at.toLocaleTimeString("fr-FR"), WIDTH / 2, HEIGHT / 2 + 44)
}

/** Draw for `name` until stopped; null where this browser cannot. */
export function openDemoCamera(name: string): DemoCamera | null {
  const canvas = document.createElement("canvas")
  canvas.width = WIDTH
  canvas.height = HEIGHT
  const context = canvas.getContext("2d")
  if (context === null || !("captureStream" in canvas)) return null
  draw(context, name, new Date())
  const [video] = canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks()
  if (video === undefined) return null
  const timer = setInterval(() => { draw(context, name, new Date()) }, 1_000 / FRAMES_PER_SECOND)
  return { video, stop: () => { clearInterval(timer); video.stop() } }
}

/** A microphone in which nobody speaks: it sends packets all the same. */
export function openSilence(audio: AudioContext): MediaStreamTrack | null {
  const source = audio.createConstantSource()
  const quiet = audio.createGain()
  quiet.gain.value = 0
  const out = audio.createMediaStreamDestination()
  source.connect(quiet).connect(out)
  source.start()
  return out.stream.getAudioTracks()[0] ?? null
}
