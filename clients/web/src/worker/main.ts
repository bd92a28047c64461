/** The worker's door: messages in, messages out. Keys never pass it. */
import type { FromWorker, ToWorker } from "../core/rpc"
import { Keeper } from "./keeper"
import { STOCK } from "./keyPackages"
import { openTsMls } from "./tsMls"

declare const self: DedicatedWorkerGlobalScope

const post = (message: FromWorker): void => { self.postMessage(message) }
let keeper: Keeper | null = null

async function start(owner: string): Promise<void> {
  const mls = await openTsMls(() => Math.floor(Date.now() / 1000))
  keeper = await Keeper.open(owner, {
    mls, post, stock: STOCK,
    clock: { now: () => Date.now(), after: (ms, work) => { setTimeout(work, ms) } },
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
  })
  post({ kind: "started" })
}

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind !== "start") keeper?.take(data)
  else start(data.owner).catch(() => { post({ kind: "failed", fault: "storage" }) })
})
