/** An engine without a hub: it keeps what a scene gives it and answers as the real one would. */
import { computed, signal } from "@preact/signals"
import type {
  AppState, Audit, Conversation, Engine, Link, Message, Outcome, Patient, Proof, Reader, Thread, Trouble,
} from "../../src/core/model"
import { pretendCalls, type CallScene, type PretendedCalls } from "./pretendCalls"

export interface Scene {
  readonly app: AppState
  readonly hash?: string
  readonly link?: Link
  readonly conversations?: readonly Conversation[]
  readonly messages?: readonly Message[]
  readonly readers?: readonly Reader[]
  readonly patients?: readonly Patient[] | null
  readonly proofs?: readonly Proof[]
  readonly audit?: Audit
  readonly alarm?: Trouble
  readonly refuses?: boolean
  /** Made when the scene is shown: a canvas draws as long as it lives. */
  readonly call?: () => CallScene
}

const OK: Outcome = { ok: true }
const NO: Outcome = { ok: false, trouble: { code: "E_ROLE", text: "" } }
const NO_AUDIT: Audit = { conversations: null, timeline: null, integrity: { kind: "idle" }, trouble: null }

export interface Pretended extends Engine {
  /** A message from the other person, now. */
  receive(text: string): void
  readonly calls: PretendedCalls
}

export function pretend(scene: Scene): Pretended {
  const conversations = signal(scene.conversations ?? [])
  const messages = signal(scene.messages ?? [])
  const opened = signal<string | null>(null)
  const patients = signal<readonly Patient[] | null>(null)
  const audit = signal(scene.audit ?? NO_AUDIT)
  const timeline = audit.value.timeline
  const thread = computed<Thread | null>(() => {
    const conversation = conversations.value.find(({ id }) => id === opened.value)
    if (conversation === undefined) return null
    return { conversation, messages: messages.value, readers: scene.readers ?? [], epoch: 1 }
  })
  const answer = () => Promise.resolve(scene.refuses === true ? NO : OK)
  const write = (text: string, mine = true) => {
    const id = `00000000-0000-4000-8000-${String(messages.value.length).padStart(12, "0")}`
    const written: Message = {
      id, seq: null, person: mine ? "me" : "jean", name: mine ? "Claire Morel" : "Jean Lefèvre", mine, at: Date.now(),
      content: { kind: "text", text }, delivery: mine ? "waiting" : "sent", trouble: null,
    }
    messages.value = [...messages.value, written]
  }
  return {
    app: signal(scene.app),
    link: signal(scene.link ?? { kind: "online" }),
    conversations,
    thread,
    patients,
    proofs: signal(scene.proofs ?? []),
    alarm: signal(scene.alarm ?? null),
    audit,
    demo: signal(true),
    calls: pretendCalls(scene.call?.() ?? {}),
    receive: (text) => write(text, false),
    start: () => undefined,
    signIn: answer,
    signOut: () => Promise.resolve(),
    takeOver: () => undefined,
    retryNow: () => undefined,
    open: (id) => {
      opened.value = id
    },
    loadPatients: () => {
      patients.value = scene.patients ?? null
      return answer()
    },
    startDispensation: () => {
      const id = conversations.value[0]?.id
      if (scene.refuses === true || id === undefined) return Promise.resolve({ ok: false, trouble: { code: "E_ROLE", text: "" } })
      return Promise.resolve({ ok: true, id })
    },
    send: (_, text) => {
      if (scene.refuses !== true) write(text)
      return answer()
    },
    resend: answer,
    discard: (id) => {
      messages.value = messages.value.filter((message) => message.id !== id)
      return Promise.resolve()
    },
    saveDraft: () => undefined,
    markRead: (id) => {
      conversations.value = conversations.value.map((each) => (each.id === id ? { ...each, unread: 0 } : each))
    },
    loadAudit: answer,
    openTimeline: (id) => {
      audit.value = { ...audit.value, timeline: id === null ? null : timeline }
      return answer()
    },
    verifyIntegrity: () => Promise.resolve(),
    tamper: answer,
    forgetDevice: () => Promise.resolve(),
    logKeys: () => ["colloque.example/990000001/care+00000000+AAAA"],
  }
}
