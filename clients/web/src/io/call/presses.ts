/**
 * The call that this person entered by a press, in this tab. The hub says who is in a call; that alone
 * turns no camera on. Kept over a reload, and not much longer.
 */
import type { CallView } from "../../core/wire"
import { CALL_KEY } from "./memory"

/** What was on. */
export interface Switches {
  readonly cameraOn: boolean
  readonly microphoneOn: boolean
}

interface Kept extends Switches {
  readonly conversation: string
  readonly call: string
  /** When the page was left (ms). */
  readonly at: number
}

// A page is back within seconds. Who comes later is asked.
const FRESH_MS = 60_000

export class Presses {
  /** By conversation; null: whichever call the hub begins there now. */
  readonly #calls = new Map<string, string | null>()
  #kept: Kept | null

  constructor(private readonly switches: () => Switches) {
    this.#kept = read()
    if (this.#kept !== null) this.#calls.set(this.#kept.conversation, this.#kept.call)
    addEventListener("pagehide", () => { this.keep() })
  }

  /** What was on before the page was reloaded; null where it was not. */
  takeSwitches(): Switches | null {
    const kept = this.#kept
    this.#kept = null
    return kept === null ? null : switchesOf(kept)
  }

  give(conversation: string, call: string | null): void {
    this.#calls.set(conversation, call)
    this.keep()
  }

  /** Whether this person wanted to be in it; once there is one, it is no other. */
  covers({ conversation, id }: CallView): boolean {
    const call = this.#calls.get(conversation)
    if (call === null) this.give(conversation, id)
    return call === null || call === id
  }

  /** `call`: only if it was for this one. */
  takeBack(conversation: string, call?: string): void {
    if (call !== undefined && this.#calls.get(conversation) !== call) return
    this.#calls.delete(conversation)
    this.keep()
  }

  areFor(conversation: string): boolean {
    return this.#calls.has(conversation)
  }

  clear(): void {
    this.#calls.clear()
    this.keep()
  }

  /** As it is now: a page may end without a word. */
  keep(): void {
    const [last] = [...this.#calls].filter(([, call]) => call !== null).slice(-1)
    if (last === undefined) { sessionStorage.removeItem(CALL_KEY); return; }
    const [conversation, call] = last
    sessionStorage.setItem(CALL_KEY, JSON.stringify({ conversation, call, at: Date.now(), ...(this.#kept === null ? this.switches() : switchesOf(this.#kept)) }))
  }
}

function switchesOf({ cameraOn, microphoneOn }: Switches): Switches {
  return { cameraOn, microphoneOn }
}

function read(): Kept | null {
  const kept = parsed(sessionStorage.getItem(CALL_KEY)) as Partial<Kept> | null
  if (typeof kept?.conversation !== "string" || typeof kept.call !== "string" || typeof kept.at !== "number") return null
  const age = Date.now() - kept.at
  const { conversation, call, at, cameraOn = false, microphoneOn = false } = kept
  return age >= 0 && age <= FRESH_MS ? { conversation, call, at, cameraOn, microphoneOn } : null
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}
