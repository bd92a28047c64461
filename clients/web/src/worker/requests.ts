/** Requests on their way to the hub, each waiting for the answer that repeats its id. */
import { encodeRequest, type Answer, type Ok, type Refused, type Request } from "../core/wire"
import type { Trouble } from "../core/model"

/** The connection went before the answer came: the act may or may not have taken effect. */
export class Disconnected extends Error {
  override readonly name = "Disconnected"
}

export class RefusedByHub extends Error {
  override readonly name = "RefusedByHub"
  constructor(readonly answer: Refused) {
    super(answer.code)
  }

  get trouble(): Trouble {
    return { code: this.answer.code, text: this.answer.text }
  }
}

/** Work that belongs to the answer's own place in the order of frames, before anything behind it. */
type InPlace = (answer: Answer) => Promise<void>

interface Waiting {
  readonly answered: (answer: Answer) => void
  readonly inPlace: InPlace | null
  readonly cut: () => void
}

export class Requests {
  readonly #waiting = new Map<string, Waiting>()
  #count = 0
  #open = false

  /** `told`: the hub's clock, in microseconds, whenever it says it. */
  constructor(private readonly transmit: (frame: Uint8Array) => void, private readonly told: (now: number) => void = () => undefined) {}

  get open(): boolean {
    return this.#open
  }

  connected(): void {
    this.#open = true
  }

  disconnected(): void {
    this.#open = false
    const cut = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const one of cut) one.cut()
  }

  /** Send and wait; rejects with `Disconnected` when the connection goes first. */
  ask(request: Request, inPlace: InPlace | null = null): Promise<Answer> {
    if (!this.#open) return Promise.reject(new Disconnected())
    this.#count += 1
    const id = `c${this.#count}`
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { answered: resolve, inPlace, cut: () => { reject(new Disconnected()) } })
      this.transmit(encodeRequest(id, request))
    })
  }

  /** As `ask`, for requests whose refusal ends the matter. */
  async must(request: Request): Promise<Ok> {
    const answer = await this.ask(request)
    if (answer.kind === "refused") throw new RefusedByHub(answer)
    return answer
  }

  async answered(answer: Answer): Promise<void> {
    if (answer.now !== null) this.told(answer.now)
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    await waiting?.inPlace?.(answer)
    waiting?.answered(answer)
  }
}
