/** An engine without a hub: it keeps what a scene gives it and answers as the real one would. */
import { computed, signal } from "@preact/signals"
import type {
  Accesses, AppState, Audit, CarerChoice, CodeOutcome, Colleague, Conversation, Delegation, DelegationState, Engine,
  Identity, IdentityNotice, Link, LinkRequest, Message, Outcome, OwnDevice, Patient, Proof, Reader, Scope, Thread, Trouble,
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
  readonly delegations?: readonly Delegation[]
  readonly carers?: readonly CarerChoice[]
  readonly accesses?: Accesses
  readonly staff?: readonly Colleague[]
  readonly devices?: readonly OwnDevice[]
  readonly identity?: Identity
  readonly linkRequests?: readonly LinkRequest[]
  readonly notices?: readonly IdentityNotice[]
  readonly refuses?: boolean
  /** Made when the scene is shown: a canvas draws as long as it lives. */
  readonly call?: () => CallScene
}

const OK: Outcome = { ok: true }
const READY: Identity = {
  kind: "ready",
  fingerprint: `colloque:1:colloque.example:3f0c2a51-6f7b-4b0e-9c3d-8a1e5d2f4b67:${"5d41402abc4b2a76".repeat(4)}`,
  digits: "482915073364820195530142778906",
  recoveryKept: false,
}
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
  const delegations = signal(scene.delegations ?? [])
  const carers = signal<readonly CarerChoice[] | null>(null)
  const accesses = signal<Accesses | null>(null)
  const staff = signal<readonly Colleague[] | null>(null)
  const devices = signal<readonly OwnDevice[] | null>(null)
  const identity = signal(scene.identity ?? READY)
  const linkRequests = signal(scene.linkRequests ?? [])
  const notices = signal(scene.notices ?? [])
  const code = (text: string): Promise<CodeOutcome> =>
    Promise.resolve(scene.refuses === true ? { ok: false, trouble: { code: "E_ROLE", text: "" } } : { ok: true, code: text })
  const change = (id: string, to: (delegation: Delegation) => Delegation) => {
    if (scene.refuses !== true) delegations.value = delegations.value.map((each) => (each.id === id ? to(each) : each))
    return answer()
  }
  const move = (id: string, state: DelegationState) => change(id, (each) => ({ ...each, state, mayConfirm: false, mayEnd: false }))
  const narrow = (scopes: readonly Scope[]) => (each: Delegation): Delegation => ({
    ...each, scopes: each.scopes.filter((scope) => !scopes.includes(scope)), withdrawn: [...each.withdrawn, ...scopes],
  })
  const write = (text: string, mine = true) => {
    const id = `00000000-0000-4000-8000-${String(messages.value.length).padStart(12, "0")}`
    const written: Message = {
      id, seq: null, person: mine ? "me" : "jean", name: mine ? "Claire Morel" : "Jean Lefèvre", mine, at: Date.now(),
      actingFor: null, content: { kind: "text", text }, delivery: mine ? "waiting" : "sent", trouble: null,
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
    delegations, carers, accesses, staff, devices, identity, linkRequests, notices,
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
    proposeDelegation: answer,
    confirmDelegation: (id) => move(id, "confirmed"),
    acceptDelegation: (id) => move(id, "accepted"),
    withdrawDelegation: (id, scopes) => (scopes.length === 0 ? move(id, "ending") : change(id, narrow(scopes))),
    resignDelegation: (id) => move(id, "ending"),
    suspendDelegation: (id) => move(id, "suspended"),
    loadCarers: () => {
      carers.value = scene.carers ?? []
      return answer()
    },
    linkCarer: answer,
    loadCarerCode: () => code("K7QM-2X9D"),
    loadAccesses: () => {
      accesses.value = scene.accesses ?? { rows: [], more: false }
      return answer()
    },
    loadStaff: () => {
      staff.value = scene.staff ?? []
      return answer()
    },
    certifyStaff: (person) => {
      staff.value = (staff.value ?? []).map((each) => (each.person === person ? { ...each, state: "certified" } : each))
      return answer()
    },
    loadDevices: () => {
      devices.value = scene.devices ?? []
      return answer()
    },
    retireDevice: (device) => {
      devices.value = (devices.value ?? []).map((each) => (each.device === device ? { ...each, retiredAt: Date.now() } : each))
      return answer()
    },
    askLink: () => {
      identity.value = { kind: "needs_link", digits: "4071826390551742", recovery: true }
      return answer()
    },
    acceptLink: (device) => {
      linkRequests.value = linkRequests.value.filter((each) => each.device !== device)
      return answer()
    },
    useRecoveryCode: answer,
    makeRecoveryCode: () => code("7K2QX-9MDRT-4HW8B-ZC3PN-V6YJE-5"),
    comparePerson: answer,
    markCompared: answer,
    dismissNotice: (key) => {
      notices.value = notices.value.filter((each) => each.key !== key)
    },
    logKeys: () => ["colloque.example/990000001/care+00000000+AAAA"],
  }
}
