/** The connections of one call this device is in: one pair for each other device, all fed by the same media. */
import type { Role, Tile } from "../../core/model"
import type { Calls as Asked, CallName, KnownCall } from "../../core/rpc"
import type { Beat } from "../../core/beat"
import type { Signal } from "../../core/signal"
import { Budget } from "./budget"
import { Pair } from "./pair"
import { Peer, type Tracks } from "./peer"
import type { Sound } from "./sound"
import { Turn } from "./turn"

export interface RoomSurroundings {
  readonly call: <N extends CallName>(name: N, ...args: Asked[N]["args"]) => Promise<Asked[N]["answer"]>
  readonly tracks: () => Tracks
  readonly beat: () => Omit<Beat, "lean">
  readonly sound: Sound
  /** The hub answers no more, and neither does a peer. */
  readonly dead: () => void
  readonly changed: () => void
}

const TICK_MS = 125
const BEAT_MS = 400

export class Room {
  readonly #pairs = new Map<string, Pair>()
  readonly #budget = new Budget(() => performance.now())
  readonly #turn: Turn
  readonly #timers: readonly ReturnType<typeof setInterval>[]
  #known: KnownCall
  #prepared: Peer | null = null
  #preparing = false
  #closed = false
  #probing = false
  #connectedAt: number | null = null
  /** Pairs that were there before this page: their connections went with the page before. */
  #inherits: boolean

  constructor(known: KnownCall, private readonly around: RoomSurroundings, readonly resumed: boolean) {
    this.#known = known
    this.#inherits = resumed
    const { conversation, id } = known.view
    this.#turn = new Turn(
      () => around.call("turn", conversation, id), (servers) => { for (const pair of this.#pairs.values()) pair.renew(servers) },
      () => { void around.call("control", { kind: "call.incident", conversation, call: id, code: "call.turn_unavailable", peer: null, generation: 0 }) })
    this.#timers = [
      setInterval(() => { this.#tick() }, TICK_MS),
      setInterval(() => { for (const pair of this.#pairs.values()) pair.sendBeat() }, BEAT_MS),
    ]
    this.update(known)
  }

  get id(): string {
    return this.#known.view.id
  }

  /** When a picture or a voice first came (ms). */
  get connectedAt(): number | null {
    return this.#connectedAt
  }

  /** When the second of those who are in it came, by the hub (ms). */
  get metAt(): number | null {
    const came = this.#known.view.legs.filter(({ state }) => state === "joined").map(({ since }) => since / 1000)
    return came.sort((one, other) => one - other)[1] ?? null
  }

  /** Somebody is seen or heard now. */
  get isConnected(): boolean {
    return [...this.#pairs.values()].some((pair) => pair.isConnected)
  }

  update(known: KnownCall): void {
    this.#known = known
    const gone = [...this.#pairs.keys()].filter((device) => known.peerings.every((one) => one.device !== device))
    for (const device of gone) this.#drop(device)
    for (const peering of known.peerings) {
      const pair = this.#pairs.get(peering.device)
      if (pair === undefined) this.#pairs.set(peering.device, new Pair(peering, this.#aroundPair(peering.device), this.#inherits))
      else pair.update(peering)
    }
    this.#inherits = false
    // Whoever is here first offers: it is made ready while the others decide.
    if (known.peerings.length === 0 && known.view.state !== "ended") void this.#prepare()
  }

  take({ from, generation, type, sdp, candidates }: Signal): void {
    this.#pairs.get(from)?.take(generation, { type, sdp, candidates })
  }

  refused(peer: string, generation: number): void {
    this.#pairs.get(peer)?.refused(generation)
  }

  /** The hub can be told again. */
  online(): void {
    for (const pair of this.#pairs.values()) pair.online()
  }

  networkChanged(): void {
    for (const pair of this.#pairs.values()) pair.networkChanged()
  }

  sendTracks(): void {
    this.#prepared?.send(this.around.tracks())
    for (const pair of this.#pairs.values()) pair.sendTracks()
  }

  sendBeats(): void {
    for (const pair of this.#pairs.values()) pair.sendBeat()
  }

  cut(): void {
    for (const pair of this.#pairs.values()) pair.cut()
  }

  servers(): Promise<readonly RTCIceServer[]> {
    return this.#known.view.turn ? this.#turn.servers() : Promise.resolve([])
  }

  tiles(): readonly Tile[] {
    return [...this.#pairs.values()].map((pair) => {
      const person = this.#personOf(pair.device)
      return pair.tile(person.name, person.role)
    })
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#turn.close()
    this.#prepared?.close()
    for (const device of [...this.#pairs.keys()]) this.#drop(device)
  }

  #drop(device: string): void {
    this.#pairs.get(device)?.close()
    this.#pairs.delete(device)
    this.around.sound.silence(device)
  }

  #personOf(device: string): { readonly name: string; readonly role: Role } {
    const person = this.#known.peerings.find((one) => one.device === device)?.person
    return this.#known.notice?.people.find((one) => one.person === person) ?? { name: "", role: "patient" }
  }

  async #prepare(): Promise<void> {
    if (this.#preparing) return
    this.#preparing = true
    const servers = await this.servers()
    if (this.#pairs.size > 0 || this.#closed || !this.#budget.spend()) return
    const peer = new Peer({ stage: "all", servers, tracks: this.around.tracks() })
    this.#prepared = peer
    peer.prepare().catch(() => { if (this.#prepared === peer) this.#prepared = null })
  }

  #takePrepared(): Peer | null {
    const peer = this.#prepared
    this.#prepared = null
    this.#preparing = false
    return peer
  }

  #aroundPair(device: string): ConstructorParameters<typeof Pair>[1] {
    const { conversation, id: call } = this.#known.view
    return {
      now: () => performance.now(),
      mayConnect: () => this.#budget.spend(),
      servers: () => this.servers(),
      prepared: () => this.#takePrepared(),
      tracks: () => this.around.tracks(),
      beat: () => this.around.beat(),
      send: (generation, description) => this.around.call("signal", { call, to: device, generation, ...description }),
      lost: (generation, why) => this.around.call("control", { kind: "call.pair_lost", conversation, call, peer: device, generation, why }),
      connected: (generation, relay) => {
        if (this.#connectedAt === null) {
          this.#connectedAt = Date.now()
          this.around.changed()
        }
        return this.around.call("control", { kind: "call.connected", conversation, call, peer: device, generation, relay })
      },
      doubt: () => { void this.#probe() },
      hear: (track) => { this.around.sound.hear(device, track) },
      changed: () => { this.around.changed() },
    }
  }

  #tick(): void {
    for (const pair of this.#pairs.values()) void pair.tick()
  }

  /** Media stopped: if the hub is silent too, it is this device's network, and its socket is as dead. */
  async #probe(): Promise<void> {
    if (this.#probing) return
    this.#probing = true
    let answered = false
    setTimeout(() => { if (!answered && !this.#closed) this.around.dead() }, PROBE_MS)
    await this.around.call("probe")
    answered = true
    setTimeout(() => { this.#probing = false }, PROBE_MS)
  }
}

const PROBE_MS = 400
