/**
 * The video call's door, always there and small: what lies behind it is fetched when the first call
 * is told of, or prepared. Until then nothing rings, and there is nothing to show.
 */
import { signal } from "@preact/signals-core"
import type { CallNotice, Calls, CallStage, LineTest, Media, Outcome } from "../core/model"
import type { CallDesk, CallMessage, World } from "./call/calls"

const NO_MEDIA: Media = {
  state: "off", trouble: null, preview: null, cameras: [], microphones: [], speakers: [], camera: null, microphone: null, speaker: null,
  cameraOn: true, microphoneOn: true, level: 0, demoCamera: false, volume: 1, bigText: "",
}

export class CallsDoor implements Calls {
  readonly notices = signal<readonly CallNotice[]>([])
  readonly stage = signal<CallStage>({ kind: "none" })
  readonly media = signal<Media>(NO_MEDIA)
  readonly lineTest = signal<LineTest>({ kind: "idle" })
  #desk: Promise<CallDesk> | null = null

  constructor(private readonly world: Omit<World, "stage" | "media" | "lineTest">, private readonly urgent: (urgent: boolean) => void) {}

  hear(message: CallMessage): void {
    if (message.kind === "calls") {
      this.urgent(message.pace === "call")
      this.notices.value = message.calls.flatMap(({ notice }) => (notice === null ? [] : [notice]))
      if (message.calls.length === 0 && this.#desk === null) return
    }
    void this.#open().then((desk) => { desk.hear(message) })
  }

  linked(online: boolean): void {
    void this.#desk?.then((desk) => { desk.linked(online) })
  }

  leave(): void {
    this.notices.value = []
    void this.#desk?.then((desk) => { desk.leave() })
  }

  prepare = (conversation: string): Promise<Outcome> => this.#open().then((desk) => desk.prepare(conversation))
  ring = (): Promise<Outcome> => this.#open().then((desk) => desk.ring())
  enter = (): Promise<Outcome> => this.#open().then((desk) => desk.enter())
  delay = (minutes: number): Promise<Outcome> => this.#open().then((desk) => desk.delay(minutes))
  accept = (): Promise<Outcome> => this.#open().then((desk) => desk.accept())
  decline = (how: "declined" | "call_me"): Promise<Outcome> => this.#open().then((desk) => desk.decline(how))
  hangUp = (): Promise<void> => this.#open().then((desk) => desk.hangUp())
  dismiss = (): void => { this.#tell((desk) => { desk.dismiss() }) }
  callAgain = (): Promise<Outcome> => this.#open().then((desk) => desk.callAgain())
  setCamera = (on: boolean): void => { this.#tell((desk) => { desk.setCamera(on) }) }
  setMicrophone = (on: boolean): void => { this.#tell((desk) => { desk.setMicrophone(on) }) }
  choose = (kind: "camera" | "microphone" | "speaker", id: string): Promise<void> => this.#open().then((desk) => desk.choose(kind, id))
  askAgain = (): Promise<void> => this.#open().then((desk) => desk.askAgain())
  useDemoCamera = (): Promise<void> => this.#open().then((desk) => desk.useDemoCamera())
  setVolume = (volume: number): void => { this.#tell((desk) => { desk.setVolume(volume) }) }
  setBigText = (text: string): void => { this.#tell((desk) => { desk.setBigText(text) }) }
  playTest = (): void => { this.#tell((desk) => { desk.playTest() }) }
  unblockSound = (): void => { this.#tell((desk) => { desk.unblockSound() }) }
  testLine = (): Promise<void> => this.#open().then((desk) => desk.testLine())
  cutNetwork = (): void => { this.#tell((desk) => { desk.cutNetwork() }) }

  #open(): Promise<CallDesk> {
    this.#desk ??= import("./call/calls").then(({ CallDesk: Desk }) => (
      new Desk({ ...this.world, stage: this.stage, media: this.media, lineTest: this.lineTest })))
    return this.#desk
  }

  #tell(work: (desk: CallDesk) => void): void {
    void this.#open().then(work)
  }
}
