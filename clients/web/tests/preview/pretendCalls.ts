/** A video call without cameras and without a hub: canvases that move, and answers as the real one would give. */
import { signal } from "@preact/signals"
import type { CallNotice, Calls, CallStage, LineTest, Media, Outcome, Stream, Tile } from "../../src/core/model"

export interface CallScene {
  readonly notices?: readonly CallNotice[]
  readonly stage?: CallStage
  readonly media?: Partial<Media>
  readonly lineTest?: LineTest
  readonly refuses?: boolean
}

export interface PretendedCalls extends Calls {
  /** Change the tile of the first other person, as the line would. */
  alter(changes: Partial<Tile>): void
  show(stage: CallStage): void
}

const SIZE = { wide: [640, 480], tall: [480, 640] } as const
const OK: Outcome = { ok: true }
const NO: Outcome = { ok: false, trouble: { code: "call.busy", text: "" } }

/** A person drawn before a wall: enough to see what is cut, mirrored or covered. */
export function drawnStream(skin: string, wall: string, shape: keyof typeof SIZE = "wide"): Stream {
  const canvas = document.createElement("canvas")
  const [width, height] = SIZE[shape]
  canvas.width = width
  canvas.height = height
  const brush = canvas.getContext("2d")
  const disc = (x: number, y: number, radius: number, colour: string) => {
    if (brush === null) return
    brush.fillStyle = colour
    brush.beginPath()
    brush.arc(x, y, radius, 0, 7)
    brush.fill()
  }
  let beat = 0
  const draw = () => {
    if (brush === null) return
    beat += 1
    const [middle, sway] = [width / 2, Math.sin(beat / 8) * 6]
    brush.fillStyle = wall
    brush.fillRect(0, 0, width, height)
    brush.fillStyle = "rgb(255 255 255 / 0.35)"
    brush.fillRect(width * 0.08, height * 0.08, width * 0.2, height * 0.3)
    disc(middle + sway, height + 40, width * 0.34, "#46566b")
    disc(middle + sway, height * 0.46, height * 0.2, skin)
    disc(middle + sway - 30, height * 0.43, 7, "#2a2420")
    disc(middle + sway + 30, height * 0.43, 7, "#2a2420")
  }
  draw()
  setInterval(draw, 100)
  return canvas.captureStream(10)
}

export const mine = (): Stream => drawnStream("#e2b996", "#7b8f83")
export const theirs = (): Stream => drawnStream("#d9a883", "#8c8273")

export function aMedia(changes: Partial<Media> = {}): Media {
  return {
    state: "ready", trouble: null, preview: changes.cameraOn === false ? null : mine(),
    cameras: [{ id: "front", label: "Caméra avant" }, { id: "back", label: "Caméra arrière" }],
    microphones: [{ id: "built-in", label: "Microphone intégré" }], speakers: [{ id: "default", label: "Haut-parleur par défaut" }],
    camera: "front", microphone: "built-in", speaker: "default", cameraOn: true, microphoneOn: true,
    level: 0.45, demoCamera: false, volume: 1, bigText: "", ...changes,
  }
}

const NONE: CallStage = { kind: "none" }

export function pretendCalls(scene: CallScene): PretendedCalls {
  const stage = signal<CallStage>(scene.stage ?? NONE)
  const notices = signal(scene.notices ?? [])
  const media = signal(scene.media === undefined && scene.stage === undefined ? aMedia({ preview: null, state: "off" }) : aMedia(scene.media))
  const lineTest = signal(scene.lineTest ?? { kind: "idle" as const })
  const answer = (then: () => void): Promise<Outcome> => {
    if (scene.refuses === true) return Promise.resolve(NO)
    then()
    return Promise.resolve(OK)
  }
  const change = (changes: Partial<Media>) => {
    media.value = { ...media.value, ...changes }
  }
  const live = (): CallNotice | null => {
    const now = stage.value
    if ("call" in now) return now.call
    return notices.value[0] ?? null
  }
  const conversation = (): string => {
    const now = stage.value
    return "conversation" in now ? now.conversation : (live()?.conversation ?? "")
  }
  const enterCall = () => {
    const call = live()
    if (call === null) return
    const tiles = call.people.filter(({ me }) => !me).map(({ person, name, role }): Tile => (
      { person, name, role, stream: theirs(), link: "connected", quality: "good", microphone: true, camera: true, bigText: "" }))
    stage.value = { kind: "in_call", call, since: Date.now(), tiles, code: null, alone: false, soundBlocked: false }
  }
  const end = (reason: string) => {
    stage.value = { kind: "ended", conversation: conversation(), reason, lasted: 0, callMe: false, mayCallAgain: true }
  }
  return {
    stage, notices, media, lineTest,
    alter: (changes) => {
      const now = stage.value
      if (now.kind === "in_call") stage.value = { ...now, tiles: now.tiles.map((tile, at) => (at === 0 ? { ...tile, ...changes } : tile)) }
    },
    show: (next) => {
      stage.value = next
    },
    prepare: (id) => answer(() => {
      stage.value = { kind: "lobby", conversation: id, as: "caller", call: live(), entered: false, trouble: null }
      change({ state: "ready", preview: mine() })
    }),
    ring: () => answer(() => {
      const call = live()
      if (call !== null) stage.value = { kind: "calling", call, until: Date.now() + 120_000 }
    }),
    enter: () => answer(() => {
      const now = stage.value
      if (now.kind === "lobby") stage.value = { ...now, entered: true }
    }),
    delay: () => answer(() => undefined),
    accept: () => answer(enterCall),
    decline: () => answer(() => {
      stage.value = NONE
    }),
    hangUp: () => {
      if (stage.value.kind === "lobby") stage.value = NONE
      else end("hung_up")
      return Promise.resolve()
    },
    dismiss: () => {
      stage.value = NONE
    },
    callAgain: () => answer(() => undefined),
    setCamera: (cameraOn) => change({ cameraOn }),
    setMicrophone: (microphoneOn) => change({ microphoneOn }),
    choose: (kind, id) => {
      change({ [kind]: id })
      return Promise.resolve()
    },
    askAgain: () => {
      change({ trouble: null, state: "ready", preview: mine(), cameraOn: true, microphoneOn: true })
      return Promise.resolve()
    },
    useDemoCamera: () => {
      change({ demoCamera: true, trouble: null, state: "ready", cameraOn: true, preview: mine() })
      return Promise.resolve()
    },
    setVolume: (volume) => change({ volume }),
    setBigText: (bigText) => change({ bigText }),
    playTest: () => undefined,
    unblockSound: () => {
      const now = stage.value
      if (now.kind === "in_call") stage.value = { ...now, soundBlocked: false }
    },
    testLine: () => {
      lineTest.value = { kind: "done", verdict: "good", trouble: null }
      return Promise.resolve()
    },
    cutNetwork: () => {
      const now = stage.value
      if (now.kind === "in_call") stage.value = { ...now, tiles: now.tiles.map((tile) => ({ ...tile, link: "reconnecting" })) }
    },
  }
}
