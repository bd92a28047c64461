/** A device in a test: a keeper with its own IndexedDB, joined to a fake hub by a wire one can cut. */
import "fake-indexeddb/auto"
import { IDBFactory } from "fake-indexeddb"
import type { Integrity, Message } from "../../src/core/model"
import type { Call, CallName, Calls, FromWorker, KnownCall, Pace, Views } from "../../src/core/rpc"
import type { Signal } from "../../src/core/signal"
import { Keeper } from "../../src/worker/keeper"
import { Vault } from "../../src/worker/vault"
import { anMls } from "./anMls"
import { hasIdentity, seedOf, type Person } from "./aPerson"
import type { Connection, FakeHub } from "./fakeHub"

export { CLAIRE, HUGO, JEAN, LEA, SOPHIE } from "./aPerson"

export type Disk = IDBFactory

export function aDisk(): Disk {
  return new IDBFactory()
}

/** Let what is under way finish: until `check` holds and goes on holding for some turns. */
export async function settled(check: () => boolean = () => true): Promise<void> {
  const deadline = Date.now() + 4_000
  for (let calm = 0; calm < 12; calm = check() ? calm + 1 : 0) {
    if (Date.now() > deadline) throw new Error("it did not come to pass")
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

// A browser keeps fifty key packages in the directory: making them would be most of a test's time.
const FEW = 4

export class Device {
  readonly said: FromWorker[] = []
  views: Partial<Views> = {}
  connection: Connection | null = null
  calls: readonly KnownCall[] = []
  pace: Pace = "idle"
  /** How far this machine's clock goes ahead of the true time, in milliseconds. */
  ahead = 0
  readonly #answers = new Map<number, (answer: Calls[CallName]["answer"]) => void>()
  #calls = 0

  private constructor(readonly keeper: Keeper, readonly who: Person, private readonly late: (() => void)[]) {}

  /** `anew`: without the person's account key, as a browser is that was never used before. */
  static async on(disk: Disk, who: Person, stock = FEW, anew = false): Promise<Device> {
    globalThis.indexedDB = disk
    if (!anew) await giveKey(who)
    const late: (() => void)[] = []
    let device: Device | null = null
    const keeper = await Keeper.open(who.person, {
      mls: anMls(),
      // Pauses of seconds end when the test says so; the short ones at the next turn.
      clock: { now: () => Date.now() + (device?.ahead ?? 0), after: (ms, work) => { if (ms < 1_000) setImmediate(work); else late.push(work) } },
      random: (size) => crypto.getRandomValues(new Uint8Array(size)),
      post: (message) => { device?.hear(message) },
      stock,
    })
    device = new Device(keeper, who, late)
    return device
  }

  /** So much time passes, for this device. */
  later(ms: number): void {
    this.ahead += ms
    this.timePasses()
  }

  /** Time passes: whatever waited for it happens now. */
  timePasses(): void {
    for (const work of this.late.splice(0)) work()
  }

  connect(hub: FakeHub): void {
    const connection = hub.connect(this.who, (data) => {
      if (this.connection === connection) this.keeper.take({ kind: "frame", data })
    })
    this.connection = connection
    this.keeper.take({ kind: "connected" })
  }

  cut(): void {
    if (this.connection !== null) this.connection.hub.connections.delete(this.connection)
    this.connection = null
    this.keeper.take({ kind: "disconnected" })
  }

  /** The process dies: nothing more is done, said or written. */
  crash(): void {
    this.cut()
    this.keeper.close()
  }

  hear(message: FromWorker): void {
    this.said.push(message)
    if (message.kind === "send") this.connection?.receive(Uint8Array.from(message.data))
    if (message.kind === "views") this.views = { ...this.views, ...message.views }
    if (message.kind === "calls") { this.calls = message.calls; this.pace = message.pace; }
    if (message.kind === "answer") this.#answers.get(message.id)?.(message.answer)
  }

  call<N extends keyof Calls>(name: N, ...args: Calls[N]["args"]): Promise<Calls[N]["answer"]> {
    this.#calls += 1
    const id = this.#calls
    return new Promise((resolve) => {
      this.#answers.set(id, (answer) => { resolve(answer) })
      this.keeper.take({ kind: "call", id, name, args } as unknown as Call)
    })
  }

  get messages(): readonly Message[] {
    return this.views.thread?.messages ?? []
  }

  get texts(): readonly string[] {
    return this.messages.map((one) => (one.content.kind === "text" ? one.content.text : "(hidden)"))
  }

  get integrity(): Integrity | undefined {
    return this.views.audit?.integrity
  }

  /** The signals this device took as its peer's, and the codes of those it refused. */
  get signals(): readonly Signal[] {
    return this.said.flatMap((one) => (one.kind === "signal" ? [one.signal] : []))
  }

  get refusals(): readonly string[] {
    return this.said.flatMap((one) => (one.kind === "signal_refused" ? [one.code] : []))
  }

  count(kind: FromWorker["kind"]): number {
    return this.said.filter((one) => one.kind === kind).length
  }
}

/** As if it had been linked: the person's account key is in its memory. */
async function giveKey(who: Person): Promise<void> {
  const vault = await Vault.open(`colloque:${who.person}`)
  const has = (await vault.keys("seed")).length > 0
  if (!has && hasIdentity(who)) await vault.write([{ store: "seed", key: "this", value: { seed: seedOf(who) } }])
  vault.close()
}

export async function aConnectedDevice(hub: FakeHub, who: Person, disk: Disk = aDisk(), stock = FEW): Promise<Device> {
  const device = await Device.on(disk, who, stock)
  device.connect(hub)
  await settled(() => device.count("welcomed") > 0 && (!hasIdentity(who) || (hub.stock.get(device.connection?.device ?? "")?.length ?? 0) > 0))
  return device
}
