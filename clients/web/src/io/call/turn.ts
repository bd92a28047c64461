/** TURN credentials of one call: asked for inside it, renewed at half time. */
import type { TurnAnswer } from "../../core/rpc"

// A hub that is slow to answer must not keep the connection waiting: the next generation has them.
const WAIT_MS = 400
const SHORTEST_MS = 5_000
const RETRY_MS = 15_000

export class Turn {
  #servers: readonly RTCIceServer[] = []
  #first: Promise<readonly RTCIceServer[]> | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(
    private readonly ask: () => Promise<TurnAnswer>, private readonly renewed: (servers: readonly RTCIceServer[]) => void,
    private readonly unavailable: () => void,
  ) {}

  servers(): Promise<readonly RTCIceServer[]> {
    this.#first ??= this.#fetch()
    if (this.#servers.length > 0) return Promise.resolve(this.#servers)
    return Promise.race([this.#first, new Promise<readonly RTCIceServer[]>((resolve) => { setTimeout(() => { resolve(this.#servers) }, WAIT_MS) })])
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  async #fetch(): Promise<readonly RTCIceServer[]> {
    const answer = await this.ask()
    clearTimeout(this.#timer)
    // The call was left meanwhile: asking goes on for nobody.
    if (this.#closed) return []
    if (!answer.ok) {
      if (answer.trouble.code === "call.turn_unavailable") this.unavailable()
      this.#timer = setTimeout(() => { void this.#fetch() }, RETRY_MS)
      return this.#servers
    }
    const { urls, username, credential, renew_at: renewAt } = answer.turn
    this.#servers = [{ urls: [...urls], username, credential }]
    this.renewed(this.#servers)
    this.#timer = setTimeout(() => { void this.#fetch() }, Math.max(SHORTEST_MS, renewAt / 1000 - Date.now()))
    return this.#servers
  }
}
