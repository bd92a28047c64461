/** The worker's door: messages in, messages out. Keys never pass it. */
import type { FromWorker, ToWorker } from "../core/rpc"
import { openMls } from "./coreMls"
import { Keeper } from "./keeper"
import { STOCK } from "./keyPackages"

declare const self: DedicatedWorkerGlobalScope

const post = (message: FromWorker): void => { self.postMessage(message) }
let keeper: Keeper | null = null

async function start(owner: string): Promise<void> {
  const random = (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size))
  keeper = await Keeper.open(owner, {
    mls: openMls(() => Math.floor(Date.now() / 1000), random), post, random, stock: STOCK,
    clock: { now: () => Date.now(), after: (ms, work) => { setTimeout(work, ms) } },
  })
  post({ kind: "started" })
}

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind !== "start") keeper?.take(data)
  else start(data.owner).catch(() => { post({ kind: "failed", fault: "storage" }) })
})
