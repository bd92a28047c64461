/** What a call needs of a page, without a browser: cameras and connections that are not real, and a hub's word for all else. */
import { signal } from "@preact/signals-core"
import { vi } from "vitest"
import type { CallStage, Conversation, LineTest, Media } from "../../../src/core/model"
import type { Controlled, KnownCall } from "../../../src/core/rpc"
import type { CallRequest, CallView, LegView } from "../../../src/core/wire"
import { CallDesk } from "../../../src/io/call/calls"
import { NO_MEDIA } from "../../../src/io/noMedia"
import { FakePeerConnection, FakeStream, FakeTrack } from "./fakePeerConnection"

export const ME = { person: "jean", device: "mine" }
export const CLAIRE = { person: "claire", device: "hers" }
export const CONVERSATION = "talk"
const NAMES: Readonly<Record<string, { readonly name: string; readonly role: "pharmacist" | "patient" }>> = {
  jean: { name: "Jean Lefèvre", role: "patient" }, claire: { name: "Claire Morel", role: "pharmacist" },
}

class Stream extends FakeStream {
  getTracks(): readonly FakeTrack[] {
    return this.tracks
  }
  getVideoTracks(): readonly FakeTrack[] {
    return this.tracks.filter(({ kind }) => kind === "video")
  }
}

class Settable extends FakeTrack {
  getSettings(): object {
    return {}
  }
}

export class Storage {
  readonly kept = new Map<string, string>()
  getItem(key: string): string | null {
    return this.kept.get(key) ?? null
  }
  setItem(key: string, value: string): void {
    this.kept.set(key, value)
  }
  removeItem(key: string): void {
    this.kept.delete(key)
  }
}

/** One run of one page, of a person who is a patient here unless told otherwise. */
export class Page {
  readonly asked: CallRequest[] = []
  /** Every track that the browser handed over. */
  readonly tracks: FakeTrack[] = []
  readonly stage = signal<CallStage>({ kind: "none" })
  readonly media = signal<Media>(NO_MEDIA)
  readonly desk: CallDesk
  answer: (request: CallRequest) => Controlled | Promise<Controlled> = () => ({ ok: true })
  readonly #heard = new Map<string, (() => void)[]>()

  constructor(readonly storage: Storage = new Storage(), role: "pharmacist" | "patient" = "patient") {
    const listen = (kind: string, hear: () => void): void => { this.#heard.set(kind, [...(this.#heard.get(kind) ?? []), hear]) }
    const node = (): object => ({
      connect: node, disconnect: () => undefined, start: () => undefined, stop: () => undefined, getFloatTimeDomainData: () => undefined,
      frequency: {}, gain: { setValueAtTime: () => undefined, linearRampToValueAtTime: () => undefined },
    })
    vi.stubGlobal("addEventListener", listen)
    vi.stubGlobal("document", { addEventListener: () => undefined, visibilityState: "visible" })
    vi.stubGlobal("sessionStorage", storage)
    vi.stubGlobal("MediaStream", Stream)
    vi.stubGlobal("HTMLMediaElement", Object)
    vi.stubGlobal("Audio", class { play = (): Promise<void> => Promise.resolve() })
    vi.stubGlobal("RTCPeerConnection", FakePeerConnection)
    vi.stubGlobal("RTCRtpReceiver", { getCapabilities: () => ({ codecs: [] }) })
    vi.stubGlobal("AudioContext", class {
      state = "running"
      currentTime = 0
      createMediaStreamSource = node
      createAnalyser = node
      createOscillator = node
      createGain = node
    })
    vi.stubGlobal("navigator", {
      onLine: true,
      mediaDevices: {
        getUserMedia: (wanted: Readonly<Record<"audio" | "video", object | undefined>>) => {
          const tracks = (["audio", "video"] as const).filter((kind) => wanted[kind] !== undefined).map((kind) => new Settable(kind))
          this.tracks.push(...tracks)
          return Promise.resolve(new Stream(tracks))
        },
        enumerateDevices: () => Promise.resolve([]), addEventListener: () => undefined,
      },
    })
    const call = async (name: string, first: unknown): Promise<unknown> => {
      if (name !== "control") return { ok: true }
      this.asked.push(first as CallRequest)
      return this.answer(first as CallRequest)
    }
    this.desk = new CallDesk({
      stage: this.stage, media: this.media, lineTest: signal<LineTest>({ kind: "idle" }), demo: () => false,
      me: () => ({ name: "Jean", role }), conversation: () => ({ members: [] }) as unknown as Conversation,
      call: call as never, dropSocket: () => undefined, renewSocket: () => undefined,
    })
  }

  /** The hub's word, as the worker passes it on. */
  async told(...views: readonly CallView[]): Promise<void> {
    this.desk.hear({ kind: "calls", seat: ME, pace: "call", calls: views.map(known) })
    await settle()
  }

  /** The page goes: what comes after is another run, with the same memory. */
  leaves(): void {
    for (const hear of this.#heard.get("pagehide") ?? []) hear()
  }

  get seen(): boolean {
    return this.tracks.some(({ readyState }) => readyState === "live")
  }

  get kinds(): readonly string[] {
    return this.asked.map(({ kind }) => kind)
  }
}

export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
}

export function aView(mine: LegView["state"], changed: Partial<CallView> = {}): CallView {
  const leg = (of: { person: string; device: string }, state: LegView["state"]): LegView => ({
    person: of.person, device: state === "waiting" || state === "joined" ? of.device : null, state, since: 1, away: false, until: null,
  })
  const both = mine === "joined"
  return {
    id: "call", conversation: CONVERSATION, version: 1, state: mine === "waiting" ? "lobby" : both ? "active" : "ringing", reason: null,
    caller: "claire", opened_at: 1, since: 1, delayed_until: null, turn: false, legs: [leg(CLAIRE, "joined"), leg(ME, mine)],
    pairs: both ? [{ devices: ["hers", "mine"], generation: 1, offerer: "hers", stage: "all", state: "connecting" }] : [], ...changed,
  }
}

function known(view: CallView): KnownCall {
  const people = view.legs.map(({ person, state, away, device }) => ({
    person, state, away, me: person === ME.person, since: 1, here: device === ME.device, name: "", role: "patient" as const, ...NAMES[person],
  }))
  const notice = { id: view.id, conversation: view.conversation, state: "active" as const, since: 1, delayedUntil: null, people }
  return { view, notice: view.state === "ended" ? null : notice, peerings: view.pairs.map((pair) => ({ person: "claire", device: "hers", pair })), code: null }
}
