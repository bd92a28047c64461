/**
 * The video call's door, always there and small: what lies behind it is fetched when the first call
 * is told of, or prepared. Until then nothing rings, and there is nothing to show.
 */
import { signal } from "@preact/signals-core"
import type { CallNotice, Calls, CallStage, LineTest, Media } from "../core/model"
import type { CallDesk, CallMessage, World } from "./call/calls"
import { forgetCall } from "./call/memory"
import { NO_MEDIA } from "./noMedia"

/** What a person may do: each is the desk's to carry out. */
type Act = keyof CallDesk & keyof Calls

// Nobody waits longer to be signed out.
const QUIT_MS = 1_000

export class CallsDoor implements Calls {
  readonly notices = signal<readonly CallNotice[]>([])
  readonly stage = signal<CallStage>({ kind: "none" })
  readonly media = signal<Media>(NO_MEDIA)
  readonly lineTest = signal<LineTest>({ kind: "idle" })
  #desk: Promise<CallDesk> | null = null

  readonly prepare = this.#act("prepare")
  readonly ring = this.#act("ring")
  readonly enter = this.#act("enter")
  readonly delay = this.#act("delay")
  readonly accept = this.#act("accept")
  readonly decline = this.#act("decline")
  readonly hangUp = this.#act("hangUp")
  readonly dismiss = this.#act("dismiss")
  readonly callAgain = this.#act("callAgain")
  readonly setCamera = this.#act("setCamera")
  readonly setMicrophone = this.#act("setMicrophone")
  readonly choose = this.#act("choose")
  readonly askAgain = this.#act("askAgain")
  readonly useDemoCamera = this.#act("useDemoCamera")
  readonly setVolume = this.#act("setVolume")
  readonly setBigText = this.#act("setBigText")
  readonly playTest = this.#act("playTest")
  readonly unblockSound = this.#act("unblockSound")
  readonly testLine = this.#act("testLine")
  readonly cutNetwork = this.#act("cutNetwork")

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

  /** Before the person signs out: the others are told, if the hub takes it soon. */
  async quit(): Promise<void> {
    const desk = await this.#desk
    if (desk === null) return
    await Promise.race([desk.quit(), new Promise((resolve) => { setTimeout(resolve, QUIT_MS) })])
  }

  /** Whoever comes next to this tab has pressed nothing; also where no call was told of since the page was loaded. */
  forget(): void {
    forgetCall()
  }

  leave(): void {
    this.notices.value = []
    void this.#desk?.then((desk) => { desk.leave() })
  }

  #open(): Promise<CallDesk> {
    this.#desk ??= import("./call/calls").then(({ CallDesk: Desk }) => (
      new Desk({ ...this.world, stage: this.stage, media: this.media, lineTest: this.lineTest })))
    return this.#desk
  }

  #act<N extends Act>(name: N): Calls[N] {
    // The same arguments to the same act; its answer comes once the desk is there.
    const act = async (...args: Parameters<CallDesk[N]>): Promise<unknown> => {
      const desk = await this.#open()
      return (desk[name] as (...given: Parameters<CallDesk[N]>) => unknown).apply(desk, args)
    }
    return act as Calls[N]
  }
}
