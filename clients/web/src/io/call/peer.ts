/**
 * One RTCPeerConnection: one generation of one pair, with a certificate of its own, made once and
 * never renegotiated. Signals go out by `events.send`; what comes in is already proven to be the peer's.
 */
import type { Candidate } from "../../core/sdp"
import { withoutStrayCodecs } from "../../core/strayCodecs"
import type { PairStage } from "../../core/wire"
import type { SignalType } from "../../core/mls/authenticatedData"

export interface Description {
  readonly type: SignalType
  readonly sdp: string | null
  readonly candidates: readonly Candidate[] | null
}

export interface PeerEvents {
  readonly send: (description: Description) => void
  /** The connection cannot work (any more). */
  readonly failed: () => void
  /** A packet or a heartbeat came, seen before the next count. */
  readonly heard: () => void
  readonly beat: (text: string) => void
  readonly track: (track: MediaStreamTrack) => void
}

export interface Tracks {
  readonly audio: MediaStreamTrack | null
  readonly video: MediaStreamTrack | null
}

export interface Counted {
  /** RTP packets so far. */
  readonly packets: number
  /** Milliseconds since the last of them, where the browser tells. */
  readonly age: number
  readonly report: RTCStatsReport
}

export interface PeerOptions {
  readonly stage: PairStage
  readonly servers: readonly RTCIceServer[]
  readonly tracks: Tracks
}

// Long enough for a handful of candidates to share one message, short enough not to be waited for.
const BATCH_MS = 60
// The addresses of this machine's own interfaces are known within it; others follow by themselves.
const FIRST_CANDIDATES_MS = 40
const MAX_BEAT = 1_024
const AUDIO_CODECS = ["audio/opus"]
const VIDEO_CODECS = ["video/VP8", "video/H264", "video/rtx"]

export class Peer {
  readonly #pc: RTCPeerConnection
  readonly #channel: RTCDataChannel
  readonly #early: Candidate[] = []
  #tracks: Tracks
  #batch: Candidate[] = []
  #flush: ReturnType<typeof setTimeout> | undefined
  #events: PeerEvents | null = null
  #gathered: (() => void) | null = null
  /** Candidates are sent by themselves once the description that names them is on its way. */
  #described = false
  #cut = false
  #offered: Promise<void> | null = null

  constructor({ stage, servers, tracks }: PeerOptions) {
    this.#tracks = tracks
    this.#pc = new RTCPeerConnection({
      iceServers: [...servers],
      // Without a relay at hand, relay only would be no way at all.
      iceTransportPolicy: stage !== "all" && servers.length > 0 ? "relay" : "all",
      bundlePolicy: "max-bundle",
      rtcpMuxPolicy: "require",
    })
    this.#channel = this.#pc.createDataChannel("beat", { negotiated: true, id: 0, ordered: false, maxRetransmits: 0 })
    this.#listen()
  }

  /** Make the offer before anybody is there to take it: its candidates gather meanwhile. */
  prepare(): Promise<void> {
    this.#offered ??= this.#makeOffer()
    return this.#offered
  }

  /** Send the offer with the candidates known so far; the others follow. */
  async offer(events: PeerEvents): Promise<void> {
    this.#events = events
    await this.prepare()
    await this.#firstCandidates()
    // They stand in the description itself.
    this.#batch = []
    this.#describe("offer", this.#pc.localDescription?.sdp)
  }

  /** Wait for the other side's offer. */
  await(events: PeerEvents): void {
    this.#events = events
  }

  async take({ type, sdp, candidates }: Description): Promise<void> {
    if (this.#pc.signalingState === "closed") return
    if (type === "offer" && sdp !== null) await this.#answer(sdp)
    if (type === "answer" && sdp !== null) await this.#pc.setRemoteDescription({ type, sdp })
    if (candidates !== null) this.#early.push(...candidates)
    if (this.#pc.remoteDescription !== null) await this.#addEarly()
  }

  send(tracks: Tracks): void {
    this.#tracks = tracks
    if (this.#cut) return
    for (const { sender, receiver } of this.#pc.getTransceivers()) {
      const track = receiver.track.kind === "audio" ? tracks.audio : tracks.video
      if (sender.track !== track) sender.replaceTrack(track).catch(() => undefined)
    }
  }

  /** What the picture may use: `scale` divides its width and height. */
  limit(bitrate: number | null, scale: number): void {
    const sender = this.#pc.getTransceivers().find(({ receiver }) => receiver.track.kind === "video")?.sender
    const parameters = sender?.getParameters()
    const [encoding] = parameters?.encodings ?? []
    if (sender === undefined || parameters === undefined || encoding === undefined) return
    if (bitrate === null) delete encoding.maxBitrate
    else encoding.maxBitrate = bitrate
    encoding.scaleResolutionDownBy = scale
    sender.setParameters(parameters).catch(() => undefined)
  }

  beat(text: string): void {
    if (!this.#cut && this.#channel.readyState === "open") this.#channel.send(text)
  }

  async count(): Promise<Counted | null> {
    if (this.#cut || this.#pc.signalingState === "closed") return null
    const report = await this.#pc.getStats()
    let [packets, age] = [0, Infinity]
    report.forEach((one: RTCStats) => {
      if (one.type !== "inbound-rtp") return
      const { packetsReceived = 0, lastPacketReceivedTimestamp, timestamp } = one as RTCInboundRtpStreamStats
      packets += packetsReceived
      // One clock for both, whichever it is.
      if (lastPacketReceivedTimestamp !== undefined) age = Math.min(age, Math.max(0, timestamp - lastPacketReceivedTimestamp))
    })
    return { packets, age: Number.isFinite(age) ? age : 0, report }
  }

  renew(servers: readonly RTCIceServer[]): void {
    if (this.#pc.signalingState !== "closed") this.#pc.setConfiguration({ ...this.#pc.getConfiguration(), iceServers: [...servers] })
  }

  /** As a cut network: nothing goes out, what comes in is not heard, and nobody is told. */
  cut(): void {
    this.rest()
    this.#cut = true
  }

  /** Send nothing more, neither picture nor voice; its last picture stays to be seen. */
  rest(): void {
    this.send({ audio: null, video: null })
    this.#events = null
    clearTimeout(this.#flush)
    this.#channel.close()
  }

  close(): void {
    this.#events = null
    clearTimeout(this.#flush)
    this.#pc.close()
  }

  #listen(): void {
    this.#pc.addEventListener("icecandidate", ({ candidate }) => { this.#candidate(candidate) })
    this.#pc.addEventListener("connectionstatechange", () => {
      if (this.#pc.connectionState === "failed") this.#events?.failed()
    })
    this.#pc.addEventListener("track", ({ track }) => {
      track.addEventListener("unmute", () => this.#events?.heard())
      this.#events?.track(track)
    })
    // The one there is was agreed on before. What a peer opens besides nobody reads, and it would fill up.
    this.#pc.addEventListener("datachannel", ({ channel }) => { channel.close() })
    this.#channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "string" && data.length <= MAX_BEAT) this.#events?.beat(data)
    })
  }

  async #makeOffer(): Promise<void> {
    for (const kind of ["audio", "video"] as const) {
      const transceiver = this.#pc.addTransceiver(this.#tracks[kind] ?? kind, { direction: "sendrecv" })
      prefer(transceiver, kind === "audio" ? AUDIO_CODECS : VIDEO_CODECS)
    }
    await this.#pc.setLocalDescription()
  }

  async #answer(sdp: string): Promise<void> {
    await this.#pc.setRemoteDescription({ type: "offer", sdp })
    for (const transceiver of this.#pc.getTransceivers()) transceiver.direction = "sendrecv"
    this.send(this.#tracks)
    const answer = await this.#pc.createAnswer()
    // On its way while this browser takes it up itself: its candidates follow.
    this.#describe("answer", answer.sdp)
    await this.#pc.setLocalDescription(answer)
  }

  #describe(type: "offer" | "answer", sdp: string | undefined): void {
    if (sdp === undefined || this.#events === null) return
    this.#described = true
    this.#events.send({ type, sdp: withoutStrayCodecs(sdp), candidates: null })
  }

  #candidate(candidate: RTCIceCandidate | null): void {
    if (candidate === null || candidate.candidate === "") { this.#gathered?.(); return; }
    this.#batch.push({ candidate: candidate.candidate, sdpMid: candidate.sdpMid, sdpMLineIndex: candidate.sdpMLineIndex })
    if (this.#described) this.#flush ??= setTimeout(() => { this.#sendBatch() }, BATCH_MS)
  }

  #sendBatch(): void {
    this.#flush = undefined
    const candidates = this.#batch.splice(0)
    if (candidates.length > 0) this.#events?.send({ type: "candidates", sdp: null, candidates })
  }

  #firstCandidates(): Promise<void> {
    if (this.#pc.iceGatheringState === "complete") return Promise.resolve()
    return new Promise((resolve) => {
      this.#gathered = resolve
      setTimeout(resolve, FIRST_CANDIDATES_MS)
    })
  }

  async #addEarly(): Promise<void> {
    for (const one of this.#early.splice(0)) {
      // One that this browser cannot read is one way less, no more.
      await this.#pc.addIceCandidate(one).catch(() => undefined)
    }
  }
}

/** Only what every browser speaks: a description of a third of the size. */
function prefer(transceiver: RTCRtpTransceiver, wanted: readonly string[]): void {
  if (!("setCodecPreferences" in transceiver)) return
  const kind = transceiver.receiver.track.kind
  const able = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? []
  const chosen = wanted.flatMap((type) => firstsOf(able.filter((codec) => codec.mimeType.toLowerCase() === type.toLowerCase())))
  if (chosen.length > 0) transceiver.setCodecPreferences(chosen)
}

/** Of H.264's many profiles the one that every browser has (RFC 7742, section 5: constrained baseline). */
function firstsOf(codecs: readonly RTCRtpCodec[]): readonly RTCRtpCodec[] {
  const baseline = codecs.filter(({ sdpFmtpLine }) => sdpFmtpLine?.includes("42e01f") && sdpFmtpLine.includes("packetization-mode=1"))
  return (baseline.length > 0 ? baseline : codecs).slice(0, 1)
}

/** Whether the connection in use goes by a relay. */
export function isRelayed(report: RTCStatsReport): boolean {
  const pair = selectedPair(report)
  if (pair === null) return false
  return [pair.localCandidateId, pair.remoteCandidateId].some((id) => {
    const candidate = report.get(id) as { readonly candidateType?: string } | undefined
    return candidate?.candidateType === "relay"
  })
}

type PairStats = RTCIceCandidatePairStats & { readonly selected?: boolean }

export function selectedPair(report: RTCStatsReport): PairStats | null {
  let found: PairStats | null = null
  report.forEach((one: RTCStats) => {
    if (one.type === "transport") found = (report.get((one as RTCTransportStats).selectedCandidatePairId ?? "") as PairStats | undefined) ?? found
    // Firefox has no transport that names it.
    if (found === null && one.type === "candidate-pair" && (one as PairStats).selected === true) found = one as PairStats
  })
  return found
}
