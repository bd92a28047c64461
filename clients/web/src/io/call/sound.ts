/** What the others say, made audible here: one element for each, louder than sent by WebAudio. */
import { audioContext } from "./audio"

interface Voice {
  readonly element: HTMLAudioElement
  readonly stream: MediaStream
  boost: { readonly source: MediaStreamAudioSourceNode; readonly gain: GainNode } | null
}

/** Where the browser can choose its speaker. */
interface HasSink {
  setSinkId(id: string): Promise<void>
}

function hasSink(one: object): one is HasSink {
  return "setSinkId" in one
}

export class Sound {
  readonly #voices = new Map<string, Voice>()
  #volume = 1
  #speaker = ""
  #blocked = false

  constructor(private readonly blockedChanged: () => void) {}

  /** The browser let no sound play before a press. */
  get blocked(): boolean {
    return this.#blocked
  }

  hear(device: string, track: MediaStreamTrack): void {
    this.silence(device)
    const stream = new MediaStream([track])
    const element = new Audio()
    element.autoplay = true
    element.srcObject = stream
    const voice: Voice = { element, stream, boost: null }
    this.#voices.set(device, voice)
    this.#sendTo(voice)
    this.#level(voice)
    this.#play(voice)
  }

  silence(device: string): void {
    const voice = this.#voices.get(device)
    if (voice === undefined) return
    this.#voices.delete(device)
    voice.boost?.source.disconnect()
    voice.element.srcObject = null
  }

  silenceAll(): void {
    for (const device of [...this.#voices.keys()]) this.silence(device)
    this.#setBlocked(false)
  }

  setVolume(volume: number): void {
    this.#volume = volume
    for (const voice of this.#voices.values()) this.#level(voice)
  }

  setSpeaker(id: string): void {
    this.#speaker = id
    for (const voice of this.#voices.values()) this.#sendTo(voice)
    const context = audioContext()
    if (hasSink(context)) context.setSinkId(id).catch(() => undefined)
  }

  unblock(): void {
    this.#setBlocked(false)
    for (const voice of this.#voices.values()) this.#play(voice)
  }

  /** An element is never louder than sent; above that the sound goes through a gain, and the element only pulls it. */
  #level(voice: Voice): void {
    if (this.#volume <= 1 && voice.boost === null) {
      voice.element.volume = this.#volume
      return
    }
    voice.boost ??= this.#boosted(voice)
    voice.boost.gain.gain.value = this.#volume
  }

  #boosted({ stream, element }: Voice): NonNullable<Voice["boost"]> {
    const context = audioContext()
    const source = context.createMediaStreamSource(stream)
    const gain = context.createGain()
    source.connect(gain).connect(context.destination)
    element.muted = true
    void context.resume()
    return { source, gain }
  }

  #sendTo({ element }: Voice): void {
    if (this.#speaker !== "" && hasSink(element)) element.setSinkId(this.#speaker).catch(() => undefined)
  }

  #play({ element }: Voice): void {
    element.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#setBlocked(true)
    })
  }

  #setBlocked(blocked: boolean): void {
    if (blocked === this.#blocked) return
    this.#blocked = blocked
    this.blockedChanged()
  }
}
