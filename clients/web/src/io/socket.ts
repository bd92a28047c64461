/** The WebSocket and its life: when it opens, is left and comes back (core/link.ts decides). */
import { NOT_STARTED, next, type LinkInput, type LinkState } from "../core/link"
import { SUBPROTOCOL } from "../core/wire"

export interface SocketEvents {
  readonly connected: () => void
  readonly disconnected: () => void
  readonly frame: (data: Uint8Array) => void
  readonly state: (state: LinkState) => void
}

// A connection whose hello is not answered by then is none.
const OPENING_MS = 10_000
const URGENT_OPENING_MS = 2_000
const LEFT = 1006

export class Socket {
  #state: LinkState = NOT_STARTED
  #socket: WebSocket | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  /** In a call the hub is waited for: tries follow each other closely. */
  urgent = false

  constructor(private readonly url: string, private readonly events: SocketEvents) {}

  start(): void {
    this.#take({ kind: "start" })
  }

  stop(why: "not_started" | "other_tab"): void {
    this.#leave()
    this.#take({ kind: "stop", why })
  }

  send(data: Uint8Array): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(Uint8Array.from(data))
  }

  /** The hub answered the hello. */
  welcomed(): void {
    this.#take({ kind: "opened" })
  }

  hurry(): void {
    this.#take({ kind: "hurry" })
  }

  /** Leave this connection; another follows after its pause. */
  drop(): void {
    if (this.#socket === null) return
    this.#leave()
    this.#closed(LEFT)
  }

  restart(after: number): void {
    this.#leave()
    this.#take({ kind: "restart", after, at: Date.now() })
  }

  #closed(code: number): void {
    this.#take({ kind: "closed", code, at: Date.now(), jitter: Math.random(), urgent: this.urgent })
  }

  #take(input: LinkInput): void {
    const before = this.#state
    this.#state = next(before, input)
    if (this.#state === before) return
    clearTimeout(this.#timer)
    if (this.#state.kind === "connecting") this.#open()
    if (this.#state.kind === "waiting") this.#later(this.#state.retryAt - Date.now(), () => this.#take({ kind: "due", at: Date.now() }))
    this.events.state(this.#state)
  }

  #later(ms: number, work: () => void): void {
    this.#timer = setTimeout(work, Math.max(0, ms))
  }

  #open(): void {
    this.#leave()
    const socket = new WebSocket(this.url, [SUBPROTOCOL])
    socket.binaryType = "arraybuffer"
    this.#socket = socket
    this.#later(this.urgent ? URGENT_OPENING_MS : OPENING_MS, () => { this.drop() })
    socket.addEventListener("open", () => { if (this.#socket === socket) this.events.connected() })
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (this.#socket === socket && data instanceof ArrayBuffer) this.events.frame(new Uint8Array(data))
    })
    socket.addEventListener("close", ({ code }) => {
      if (this.#socket !== socket) return
      this.#socket = null
      this.events.disconnected()
      this.#closed(code)
    })
  }

  /** Nothing that the old socket still says is heard. */
  #leave(): void {
    const socket = this.#socket
    this.#socket = null
    if (socket === null) return
    socket.close()
    this.events.disconnected()
  }
}
