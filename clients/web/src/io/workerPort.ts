/** The page's end of the worker: calls with answers one way, what the worker says the other. */
import workerUrl from "../worker/main?worker&url"
import { fault } from "../core/faults"
import type { Outcome } from "../core/model"
import type { Call, CallName, Calls, FromWorker, ToWorker } from "../core/rpc"

interface ScriptPolicy {
  createScriptURL(url: string): string
}

/** The types of the platform do not know Trusted Types everywhere; this is the part used here. */
interface TrustedTypes {
  createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy
}

declare global {
  interface Window {
    readonly trustedTypes?: TrustedTypes
  }
}

const RULES: ScriptPolicy = {
  createScriptURL: (url) => {
    if (url !== workerUrl) throw new TypeError("not the worker of this application")
    return url
  },
}

let policy: ScriptPolicy | null = null

/** A policy of one name may be made once in a page. */
function scriptUrl(): string {
  policy ??= window.trustedTypes?.createPolicy("colloque-worker", RULES) ?? RULES
  return policy.createScriptURL(workerUrl)
}

type Answer = (answer: Calls[CallName]["answer"]) => void

export class WorkerPort {
  readonly #worker: Worker
  readonly #answers = new Map<number, Answer>()
  #calls = 0

  constructor(hear: (message: Exclude<FromWorker, { kind: "answer" }>) => void, broken: () => void) {
    this.#worker = new Worker(scriptUrl(), { type: "module", name: "colloque" })
    this.#worker.addEventListener("error", broken)
    this.#worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind !== "answer") { hear(data); return; }
      this.#answers.get(data.id)?.(data.answer)
      this.#answers.delete(data.id)
    })
  }

  tell(message: Exclude<ToWorker, Call>): void {
    this.#worker.postMessage(message)
  }

  call<N extends CallName>(name: N, ...args: Calls[N]["args"]): Promise<Calls[N]["answer"]> {
    this.#calls += 1
    const id = this.#calls
    return new Promise((resolve) => {
      this.#answers.set(id, resolve)
      this.#worker.postMessage({ kind: "call", id, name, args })
    })
  }

  /** End the worker; whoever still waits is told that nothing came. */
  close(): void {
    this.#worker.terminate()
    const gone: Outcome = { ok: false, trouble: fault("C_OFFLINE") }
    for (const answer of this.#answers.values()) answer(gone)
    this.#answers.clear()
  }
}
