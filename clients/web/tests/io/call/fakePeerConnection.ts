/** A browser's connection, as far as a pair drives it: nothing leaves, and a test says what comes in. */
import { aDescription } from "../../core/anSdp"

type Hear = (event: unknown) => void

export class FakeTrack {
  readyState = "live"
  enabled = true
  readonly #heard = new Map<string, Hear[]>()
  constructor(readonly kind: "audio" | "video") {}

  addEventListener(kind: string, hear: Hear): void {
    this.#heard.set(kind, [...(this.#heard.get(kind) ?? []), hear])
  }

  happens(kind: string): void {
    for (const hear of this.#heard.get(kind) ?? []) hear({})
  }

  stop(): void {
    this.readyState = "ended"
  }
}

export class FakeStream {
  constructor(readonly tracks: readonly FakeTrack[]) {}
}

class FakeChannel {
  readyState = "open"
  readonly sent: string[] = []
  hear: Hear = () => undefined

  addEventListener(_kind: string, hear: Hear): void {
    this.hear = hear
  }

  send(text: string): void {
    this.sent.push(text)
  }

  close(): void {
    this.readyState = "closed"
  }
}

class FakeTransceiver {
  direction = "recvonly"
  readonly receiver: { readonly track: FakeTrack }
  readonly sender: { track: FakeTrack | null; replaceTrack: (track: FakeTrack | null) => Promise<void>; getParameters: () => object; setParameters: () => Promise<void> }

  constructor(kind: "audio" | "video", track: FakeTrack | null) {
    this.receiver = { track: new FakeTrack(kind) }
    const sender: FakeTransceiver["sender"] = {
      track,
      replaceTrack: (next) => { sender.track = next; return Promise.resolve() },
      getParameters: () => ({ encodings: [{}] }), setParameters: () => Promise.resolve(),
    }
    this.sender = sender
  }
}

export class FakePeerConnection {
  static readonly made: FakePeerConnection[] = []
  signalingState = "stable"
  connectionState = "new"
  iceGatheringState = "complete"
  localDescription: { readonly sdp: string } | null = null
  remoteDescription: { readonly type: string; readonly sdp: string } | null = null
  readonly candidates: unknown[] = []
  readonly channel = new FakeChannel()
  readonly transceivers: FakeTransceiver[] = []
  /** RTP packets that came so far. */
  packets = 0
  readonly #heard = new Map<string, Hear>()

  constructor(readonly configuration: RTCConfiguration) {
    FakePeerConnection.made.push(this)
  }

  addEventListener(kind: string, hear: Hear): void {
    this.#heard.set(kind, hear)
  }

  happens(kind: string, event: unknown = {}): void {
    this.#heard.get(kind)?.(event)
  }

  createDataChannel(): FakeChannel {
    return this.channel
  }

  addTransceiver(what: FakeTrack | "audio" | "video"): FakeTransceiver {
    const made = typeof what === "string" ? new FakeTransceiver(what, null) : new FakeTransceiver(what.kind, what)
    this.transceivers.push(made)
    return made
  }

  getTransceivers(): readonly FakeTransceiver[] {
    return this.transceivers
  }

  setLocalDescription(): Promise<void> {
    this.localDescription = { sdp: aDescription() }
    return Promise.resolve()
  }

  setRemoteDescription(description: { readonly type: string; readonly sdp: string }): Promise<void> {
    if (description.sdp === "unreadable") return Promise.reject(new Error("unreadable"))
    this.remoteDescription = description
    if (description.type === "offer") this.transceivers.push(new FakeTransceiver("audio", null), new FakeTransceiver("video", null))
    for (const { receiver } of this.transceivers) this.happens("track", { track: receiver.track })
    return Promise.resolve()
  }

  addIceCandidate(candidate: unknown): Promise<void> {
    this.candidates.push(candidate)
    return Promise.resolve()
  }

  getStats(): Promise<Map<string, object>> {
    return Promise.resolve(new Map([["in", { type: "inbound-rtp", kind: "audio", packetsReceived: this.packets }]]))
  }

  getConfiguration(): RTCConfiguration {
    return this.configuration
  }

  setConfiguration(changed: RTCConfiguration): void {
    Object.assign(this.configuration, changed)
  }

  close(): void {
    this.signalingState = "closed"
  }

  get closed(): boolean {
    return this.signalingState === "closed"
  }

  /** What is sent, by kind. */
  get sending(): readonly (string | null)[] {
    return this.transceivers.map(({ sender }) => sender.track?.kind ?? null)
  }
}
