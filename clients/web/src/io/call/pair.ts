/** One other person's device in the call: its connection, generation after generation, and what is shown of it. */
import type { Peering } from "../../core/call"
import type { Outcome, Tile } from "../../core/model"
import { BEAT_PATIENCE_MS, MEDIA_PATIENCE_MS, TOLD_PAUSE_MS, UNHEARD_PAUSE_MS, begin, isDoubtful, mustTell, next, type PairInput, type PairState } from "../../core/pair"
import { SENDING, adapt, qualityOf, type Picture, type Quality, type Sending } from "../../core/quality"
import { decodeBeat, encodeBeat, type Beat } from "../../core/beat"
import type { Controlled } from "../../core/rpc"
import type { PairLoss } from "../../core/wire"
import { Meter } from "./measure"
import { Peer, isRelayed, type Counted, type Description, type PeerEvents, type Tracks } from "./peer"

/** What a pair needs of the call it is in. */
export interface Surroundings {
  readonly now: () => number
  /** Whether one more connection may be made in this while. */
  readonly mayConnect: () => boolean
  readonly servers: () => Promise<readonly RTCIceServer[]>
  /** An offer that was made ready while it rang, once. */
  readonly prepared: () => Peer | null
  readonly tracks: () => Tracks
  readonly beat: () => Omit<Beat, "lean">
  readonly send: (generation: number, description: Description) => Promise<Outcome>
  readonly lost: (generation: number, why: PairLoss) => Promise<Controlled>
  readonly connected: (generation: number, relay: boolean) => Promise<Controlled>
  /** Nothing came for a while: does the hub still answer? */
  readonly doubt: () => void
  readonly hear: (track: MediaStreamTrack) => void
  readonly changed: () => void
}

const RTP_RECENT_MS = 600
const NETWORK_SILENCE_MS = 500
const RATE_LIMIT_PAUSE_MS = 5_000
const MEASURE_EVERY = 4
const BEAT_PAUSE_MS = 50
// Connected for so long and no picture: none is sent.
const SHOWN_AFTER_TICKS = 12
const LIMITS: { readonly [P in Exclude<Picture, "none">]: readonly [bitrate: number | null, scale: number] } = {
  full: [1_200_000, 1], small: [200_000, 2],
}

export class Pair {
  #state: PairState
  #peering: Peering
  #peer: Peer | null = null
  #early: Description[] = []
  /** Of this generation: the connection to the hub went before it was acknowledged. */
  #unsent: Description[] = []
  #stream: MediaStream | null = null
  /** Whose picture is shown: of the connection before, until the next one's plays. */
  #shown: Peer | null = null
  #coming: { readonly peer: Peer; readonly track: MediaStreamTrack } | null = null
  #beat: Beat | null = null
  #beatAt = -Infinity
  #quality: Quality = "unknown"
  #sending: Sending = SENDING
  #meter = new Meter()
  #packets = 0
  #rtpAt = 0
  #turns = 0
  #ticks = 0
  #telling = false
  #doubtful = false
  /** The generation whose connection the hub knows of. */
  #reported = 0
  #wasConnected = false
  #closed = false

  /** `reload`: an earlier run of this page had the connection; it is lost with it. */
  constructor(peering: Peering, private readonly around: Surroundings, reload: boolean) {
    this.#peering = peering
    this.#state = begin(peering.pair.generation, around.now())
    if (reload) this.lose("reload")
    else void this.#connect()
  }

  /** The hub told the roster again. */
  update(peering: Peering): void {
    this.#peering = peering
    const before = this.#state.generation
    this.#input({ kind: "generation", generation: peering.pair.generation, at: this.around.now() })
    if (this.#state.generation > before) void this.#connect()
  }

  take(generation: number, description: Description): void {
    if (generation !== this.#state.generation || this.#state.kind === "lost") return
    if (this.#peer === null) { this.#early.push(description); return; }
    // A description this browser cannot take makes no connection: the next generation may.
    this.#peer.take(description).catch(() => { this.lose("failed") })
  }

  refused(generation: number): void {
    if (generation === this.#state.generation && this.#state.kind === "connecting") this.lose("refused")
  }

  lose(why: PairLoss): void {
    this.#input({ kind: "lost", why, at: this.around.now() })
  }

  online(): void {
    if (this.#state.kind === "lost") void this.#tellLost()
    if (this.#state.kind === "connected") void this.#tellConnected()
    for (const description of this.#unsent.splice(0)) void this.#send(this.#state.generation, description)
  }

  /** What still comes does not go by the network that went. */
  networkChanged(): void {
    if (this.#silence(this.around.now()) > NETWORK_SILENCE_MS) this.lose("network")
  }

  /** Count what came, four times a second; twice as often once nothing came for a while. */
  async tick(): Promise<void> {
    this.#turns += 1
    if (this.#turns % 2 === 1 && !this.#doubtful) return
    const peer = this.#peer
    const counted = peer === null ? null : await peer.count()
    if (peer === this.#peer && counted !== null) this.#counted(counted)
    const at = this.around.now()
    const patience = at - this.#rtpAt - this.#silence(at) < RTP_RECENT_MS ? MEDIA_PATIENCE_MS : BEAT_PATIENCE_MS
    this.#input({ kind: "tick", at, patience })
    this.#doubt(isDoubtful(this.#state, at, patience))
    if (mustTell(this.#state, at)) void this.#tellLost()
    if (this.#state.kind === "connected" && this.#reported < this.#state.generation) void this.#tellConnected()
    if (this.#state.kind === "connected" && this.#ticks > SHOWN_AFTER_TICKS) this.#showComing()
  }

  /** A picture that stands still is said to, before it is given up. */
  #doubt(doubtful: boolean): void {
    if (doubtful) this.around.doubt()
    if (doubtful === this.#doubtful) return
    this.#doubtful = doubtful
    this.around.changed()
  }

  sendBeat(): void {
    const lean = this.#sending.picture === "none" || this.#peering.pair.stage === "audio"
    this.#peer?.beat(encodeBeat({ ...this.around.beat(), lean }))
  }

  /** Other tracks of mine. */
  sendTracks(): void {
    this.#peer?.send(this.#allowed())
    this.sendBeat()
  }

  renew(servers: readonly RTCIceServer[]): void {
    this.#peer?.renew(servers)
  }

  cut(): void {
    this.#peer?.cut()
  }

  close(): void {
    this.#closed = true
    this.#peer?.close()
    this.#shown?.close()
    this.#peer = null
    this.#shown = null
    this.#coming = null
  }

  get isConnected(): boolean {
    return this.#state.kind === "connected"
  }

  get device(): string {
    return this.#peering.device
  }

  tile(name: string, role: Tile["role"]): Tile {
    return {
      person: this.#peering.person, name, role, stream: this.#stream, link: this.#link(), quality: this.#quality,
      microphone: this.#beat?.mic ?? true, camera: this.#beat?.cam ?? true, bigText: this.#beat?.text ?? "",
    }
  }

  #link(): Tile["link"] {
    if (this.#state.kind !== "connected") return this.#wasConnected ? "reconnecting" : "connecting"
    if (this.#doubtful) return "reconnecting"
    const lean = this.#beat?.lean === true || this.#peering.pair.stage === "audio"
    return lean ? "audio_only" : "connected"
  }

  #input(input: PairInput): void {
    if (this.#closed) return
    const before = this.#state
    this.#state = next(before, input)
    if (this.#state.kind === before.kind) return
    if (this.#state.kind === "lost") this.#dropPeer()
    if (this.#state.kind === "connected") {
      this.#wasConnected = true
      void this.#tellConnected()
    }
    this.around.changed()
  }

  /** At once: camera and microphone must not be sent into a dead connection. */
  #dropPeer(): void {
    this.#leavePeer()
    this.#quality = "unknown"
    void this.#tellLost()
  }

  #leavePeer(): void {
    if (this.#peer !== null && this.#peer === this.#shown) this.#peer.rest()
    else this.#peer?.close()
    this.#peer = null
    this.#coming = null
  }

  async #connect(): Promise<void> {
    this.#leavePeer()
    this.#early = []
    this.#unsent = []
    const { generation } = this.#state
    const { stage, offerer } = this.#peering.pair
    const offers = offerer !== this.#peering.device
    const ready = offers && generation === 1 && stage === "all" ? this.around.prepared() : null
    const servers = await this.around.servers()
    const wanted = !this.#closed && generation === this.#state.generation && this.#state.kind !== "lost"
    if (!wanted || !this.around.mayConnect()) { ready?.close(); return; }
    const peer = ready ?? new Peer({ stage, servers, tracks: this.#allowed() })
    this.#peer = peer
    this.#packets = 0
    this.#ticks = 0
    this.#rtpAt = 0
    this.#meter = new Meter()
    this.#sending = SENDING
    if (ready !== null) peer.send(this.#allowed())
    if (offers) peer.offer(this.#events(peer, generation)).catch(() => { this.lose("failed") })
    else peer.await(this.#events(peer, generation))
    for (const one of this.#early.splice(0)) this.take(generation, one)
  }

  async #send(generation: number, description: Description): Promise<void> {
    const sent = await this.around.send(generation, description)
    if (!sent.ok && sent.trouble.code === "C_OFFLINE" && generation === this.#state.generation) this.#unsent.push(description)
  }

  #events(peer: Peer, generation: number): PeerEvents {
    const current = (): boolean => peer === this.#peer
    const heard = (): void => { if (current()) this.#input({ kind: "heard", at: this.around.now() }) }
    return {
      send: (description) => { if (current()) void this.#send(generation, description) },
      failed: () => { if (current()) this.lose("failed") },
      heard,
      beat: (text) => {
        if (!current()) return
        heard()
        this.#heardBeat(text)
      },
      track: (track) => { if (current()) this.#gotTrack(peer, track) },
    }
  }

  /** The last picture stays until the new one plays, or clearly will not. */
  #gotTrack(peer: Peer, track: MediaStreamTrack): void {
    if (track.kind === "audio") { this.around.hear(track); return; }
    this.#coming = { peer, track }
    if (this.#stream === null) this.#showComing()
    else track.addEventListener("unmute", () => { if (this.#coming?.track === track) this.#showComing() }, { once: true })
  }

  #showComing(): void {
    if (this.#coming === null) return
    const { peer, track } = this.#coming
    if (this.#shown !== peer) this.#shown?.close()
    this.#shown = peer
    this.#coming = null
    this.#stream = new MediaStream([track])
    this.around.changed()
  }

  #heardBeat(text: string): void {
    // The next one says the same again: what comes faster is no person's doing.
    const at = this.around.now()
    if (at - this.#beatAt < BEAT_PAUSE_MS) return
    this.#beatAt = at
    const beat = decodeBeat(text)
    if (beat === null) return
    const before = JSON.stringify(this.#beat)
    this.#beat = beat
    if (JSON.stringify(beat) !== before) this.around.changed()
  }

  #silence(at: number): number {
    return this.#state.kind === "connected" ? at - this.#state.heard : 0
  }

  #counted({ packets, age, report }: Counted): void {
    const at = this.around.now()
    if (packets > this.#packets) {
      this.#packets = packets
      this.#rtpAt = at - age
      this.#input({ kind: "heard", at: this.#rtpAt })
    }
    this.#ticks += 1
    if (this.#ticks % MEASURE_EVERY === 0 && this.#state.kind === "connected") this.#weigh(report, at)
  }

  #weigh(report: RTCStatsReport, at: number): void {
    const quality = qualityOf(this.#meter.measure(report))
    if (quality !== this.#quality) {
      this.#quality = quality
      this.around.changed()
    }
    const before = this.#sending.picture
    this.#sending = adapt(this.#sending, this.#meter.room(report), at)
    if (this.#sending.picture === before) return
    this.#peer?.send(this.#allowed())
    if (this.#sending.picture !== "none") this.#peer?.limit(...LIMITS[this.#sending.picture])
    this.sendBeat()
  }

  #allowed(): Tracks {
    const tracks = this.around.tracks()
    const lean = this.#sending.picture === "none" || this.#peering.pair.stage === "audio"
    return lean ? { ...tracks, video: null } : tracks
  }

  async #tellLost(): Promise<void> {
    const state = this.#state
    if (state.kind !== "lost" || this.#telling || this.#closed) return
    this.#telling = true
    const told = await this.around.lost(state.generation, state.why)
    this.#telling = false
    this.#input({ kind: "told", at: this.around.now(), pause: pauseAfter(told) })
  }

  async #tellConnected(): Promise<void> {
    const { generation } = this.#state
    const peer = this.#peer
    if (this.#reported >= generation || peer === null) return
    this.#reported = generation
    const counted = await peer.count()
    // What is over is not reported: the hub would refuse it.
    if (this.#closed) return
    const told = await this.around.connected(generation, counted !== null && isRelayed(counted.report))
    // Only what never reached the hub is said again.
    if (!told.ok && told.trouble.code === "C_OFFLINE" && this.#reported === generation) this.#reported = generation - 1
  }
}

function pauseAfter(told: Controlled): number {
  if (told.ok) return TOLD_PAUSE_MS
  if (told.trouble.code === "C_OFFLINE") return UNHEARD_PAUSE_MS
  return told.retryAfter ?? RATE_LIMIT_PAUSE_MS
}
