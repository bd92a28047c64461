/** Every screen in every state: what the photographs show and axe reads. */
import type {
  AppState, Audit, AuditRow, Conversation, Integrity, Me, Member, Message, Persona, Proof, Readiness, Reader, Role,
} from "../../src/core/model"
import type { Scene } from "./pretend"

export const NOW = Date.now()
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`

const PHARMACY = { finess: "990000001", name: "Pharmacie du Marché", phone: "01 99 00 12 34" }

function persona(slug: string, name: string, role: Role, about: string, pharmacy = PHARMACY.name): Persona {
  return { slug, name, role, about, pharmacy, origin: `http://${slug}.localhost:8080` }
}

const PERSONAS: readonly Persona[] = [
  persona("claire", "Claire Morel", "pharmacist", "Titulaire. Commence les dispensations à distance."),
  persona("hugo", "Hugo Petit", "pharmacist", "Adjoint."),
  persona("lea", "Léa Roux", "technician", "Prépare les ordonnances."),
  persona("jean", "Jean Lefèvre", "patient", "82 ans, ne peut pas se déplacer."),
  persona("sophie", "Sophie Lefèvre", "carer", "Sa fille, aidante."),
  persona("nadia", "Nadia Benali", "courier", "Livre les colis scellés."),
  persona("marc", "Marc Tellier", "compliance_officer", "Vérifie le journal, sans lire les messages."),
  persona("ines", "Inès Garnier", "second_reviewer", "Contresigne les dossiers de contrôle."),
  persona("paul", "Paul Girard", "pharmacist", "Titulaire d’une autre pharmacie.", "Pharmacie des Tilleuls"),
  persona("rose", "Rose Martin", "patient", "Patiente d’une autre pharmacie.", "Pharmacie des Tilleuls"),
]

const JEAN = persona("jean", "Jean Lefèvre", "patient", "82 ans")

export function me(role: Role, name: string, person = "me"): AppState & { readonly me: Me } {
  return { kind: "ready", me: { person, device: uuid(1), name, role, pharmacy: PHARMACY, secondDevice: false } }
}

const claire = me("pharmacist", "Claire Morel", "claire")
const jean = me("patient", "Jean Lefèvre", "jean")
const marc = me("compliance_officer", "Marc Tellier")

export const aMember = (person: string, name: string, role: Role, changes: Partial<Member> = {}): Member => ({
  person, name, role, state: "joined", compared: false, digits: "482915073364820195530142778906", delegation: null, ...changes,
})

export function aConversation(n: number, changes: Partial<Conversation> = {}): Conversation {
  const patient = changes.patient ?? "jean"
  return {
    id: uuid(n), kind: "remote_dispensation", motive: "health", createdAt: NOW - 2 * DAY, founder: "claire", patient,
    members: [
      aMember("claire", "Claire Morel", "pharmacist", { compared: true }),
      aMember("jean", "Jean Lefèvre", "patient"),
    ],
    readiness: "ready", lastAt: NOW - 4 * MINUTE, preview: "D’accord, je les garde au frais.", unread: 0, draft: "", over: false,
    ...changes,
  }
}

function about(n: number, name: string, changes: Partial<Conversation>): Conversation {
  const person = `patient-${n}`
  return aConversation(n, {
    patient: person,
    members: [
      aMember("claire", "Claire Morel", "pharmacist", { compared: true }),
      aMember(person, name, "patient"),
    ],
    ...changes,
  })
}

const LIST: readonly Conversation[] = [
  aConversation(1),
  about(2, "Monique Dubreuil", { unread: 2, lastAt: NOW - 40 * MINUTE, preview: "Bonjour, le livreur passe à quelle heure ?", motive: "age" }),
  about(3, "Abdelkader Benhaddou", { lastAt: NOW - DAY, preview: null, motive: "location", readiness: "waiting_for_patient" }),
  about(4, "Anne-Charlotte de La Rochefoucauld-Montbel", { lastAt: NOW - 9 * DAY, preview: "Merci beaucoup.", motive: "other" }),
]

const READERS: readonly Reader[] = [
  { person: "me", name: "Claire Morel", role: "pharmacist", devices: 1, me: true },
  { person: "jean", name: "Jean Lefèvre", role: "patient", devices: 2, me: false },
]
const ALONE = READERS.slice(0, 1)

const LINES: readonly (readonly [number, boolean, string])[] = [
  [2 * DAY, true, "Bonjour Monsieur Lefèvre, c’est Claire Morel, de la pharmacie. Avez-vous votre ordonnance du docteur Aubry ?"],
  [2 * DAY - MINUTE, false, "Bonjour. Oui, elle est devant moi. Elle date du 3."],
  [2 * DAY - 2 * MINUTE, true, "Très bien. Combien vous reste-t-il de comprimés du traitement pour la tension ?"],
  [DAY, false, "Il m’en reste quatre.\nEt une boîte entamée de l’autre."],
  [DAY - MINUTE, true, "Parfait, je prépare le renouvellement. Ne doublez jamais une prise oubliée."],
  [6 * MINUTE, false, "Le livreur est passé, merci. Les gouttes doivent rester au froid ?"],
  [5 * MINUTE, true, "Oui, au réfrigérateur, et quinze jours au plus après ouverture."],
  [4 * MINUTE, false, "D’accord, je les garde au frais."],
]

export function messagesOf(reader: "claire" | "jean"): readonly Message[] {
  return LINES.map(([ago, byClaire, text], at) => {
    const mine = byClaire === (reader === "claire")
    return {
      id: uuid(100 + at), seq: at + 1, person: byClaire ? "claire" : "jean", name: byClaire ? "Claire Morel" : "Jean Lefèvre",
      mine, at: NOW - ago, actingFor: null, content: { kind: "text", text }, delivery: mine ? (at < 5 ? "read" : "delivered") : "sent", trouble: null,
    }
  })
}

const last = (n: number, changes: Partial<Message>): Message => ({
  id: uuid(200 + n), seq: null, person: "claire", name: "Claire Morel", mine: true, at: NOW - MINUTE, actingFor: null,
  content: { kind: "text", text: "Je vous rappelle demain matin." }, delivery: "waiting", trouble: null, ...changes,
})

const STATES: readonly Message[] = [
  ...messagesOf("claire").slice(5),
  last(1, { seq: 9, delivery: "sent" }),
  last(2, { person: "jean", name: "Jean Lefèvre", mine: false, seq: 10, content: { kind: "hidden", why: "proofs" } }),
  last(3, {}),
  last(4, { delivery: "failed", trouble: { code: "E_FRANKING", text: "" } }),
]

const open = (n: number): string => `#conversation/${uuid(n)}`

export const talk = (changes: Partial<Scene> = {}): Scene => ({
  app: claire, hash: open(1), conversations: LIST, messages: messagesOf("claire"), readers: READERS, ...changes,
})

const inReadiness = (readiness: Readiness, changes: Partial<Scene> = {}): Scene => {
  const members = aConversation(1).members.map((member) => member.person === "jean" ? { ...member, state: "invited" as const } : member)
  return talk({ conversations: [aConversation(1, { readiness, members, preview: null }), ...LIST.slice(1)], messages: [], readers: ALONE, ...changes })
}

const PATIENTS = [
  { person: "jean", name: "Jean Lefèvre", reachable: true },
  { person: "monique", name: "Monique Dubreuil", reachable: true },
  { person: "abdelkader", name: "Abdelkader Benhaddou", reachable: false },
  { person: "anne", name: "Anne-Charlotte de La Rochefoucauld-Montbel", reachable: false },
]

const aProof = (n: number, changes: Partial<Proof> = {}): Proof => ({
  id: uuid(300 + n), what: "message.sent", conversation: uuid(1), at: NOW - n * MINUTE, log: "care", index: 1240 - n,
  state: "verified", file: "c2sp.org/tlog-proof@v1\nindex 1240\n", ...changes,
})

const PROOFS: readonly Proof[] = [
  aProof(1), aProof(2, { what: "group.committed" }), aProof(3, { what: "dispensation.started" }), aProof(4, { state: "refused" }),
]

const TYPES: readonly (readonly [string, string, string, string])[] = [
  ["dispensation.started", "Claire Morel", "pharmacist", "conversation.create"],
  ["key_package.claimed", "Claire Morel", "pharmacist", "key_packages.claim"],
  ["group.committed", "Claire Morel", "pharmacist", "group.commit"],
  ["message.sent", "Claire Morel", "pharmacist", "message.send"],
  ["message.sent", "Jean Lefèvre", "patient", "message.send"],
  ["message.sent", "Sophie Lefèvre", "carer", "message.send"],
  ["act.refused", "Léa Roux", "technician", "E_ROLE"],
  ["audit.timeline_read", "Marc Tellier", "compliance_officer", "audit.timeline"],
]

function rowsOf(count: number): readonly AuditRow[] {
  return Array.from({ length: count }, (_, at) => {
    const [type, name, role, rule] = TYPES[at < 4 ? at : 3 + (at % 5)] ?? ["message.sent", "", "", ""]
    const ago = 2 * DAY * (1 - at / count) * (at % 3 === 0 ? 1 : 0.98)
    return {
      index: 900 + at * 3, log: "care", at: NOW - ago, type, name, role, rule,
      decision: type === "act.refused" ? "deny" : "permit",
      raw: JSON.stringify({ v: 1, type, acting_for: role === "carer" ? { delegation: uuid(700), patient: uuid(2), version: 1 } : null, ts: Math.round(NOW - ago) * 1000, seq: 900 + at * 3, class: "care", decision: { effect: "permit", rule } }),
    }
  })
}

const CASES = Array.from({ length: 3 }, (_, at) => ({
  id: uuid(at + 1), kind: "remote_dispensation", motive: ["health", "age", "location"][at] ?? "other", createdAt: NOW - (at + 1) * DAY,
  people: ["Claire Morel", ["Jean Lefèvre", "Monique Dubreuil", "Abdelkader Benhaddou"][at] ?? ""], entries: 240 - at * 90,
}))

const ROOT = "kZ8nS1m0wq2hVQe0vGJ6m3O3u5vXq7dYp0b1c2d3e4f="

const control = (integrity: Integrity, changes: Partial<Audit> = {}): Audit => ({
  conversations: CASES, timeline: { conversation: uuid(1), rows: rowsOf(240), complete: true, numbered: true }, integrity, trouble: null, ...changes,
})
const IDLE: Integrity = { kind: "idle" }

const officer = (audit: Audit, hash?: string): Scene => ({ app: marc, audit, proofs: PROOFS.slice(0, 1), ...(hash === undefined ? {} : { hash }) })
export const officerReads = (rows: readonly AuditRow[]): Scene =>
  officer(control(IDLE, { timeline: { conversation: uuid(1), rows, complete: true, numbered: true } }), open(1))
const failed = (fault: Extract<AppState, { kind: "failed" }>["fault"]): Scene => ({ app: { kind: "failed", fault } })
const idle = (role: Role, name: string): Scene => ({ app: me(role, name) })
export const jeanTalks = (changes: Partial<Scene> = {}): Scene => ({
  app: jean, conversations: [aConversation(1)], messages: messagesOf("jean"),
  readers: READERS.map((reader) => ({ ...reader, me: !reader.me })), ...changes,
})

export const SCENES: Readonly<Record<string, Scene>> = {
  landing: { app: { kind: "landing", personas: PERSONAS } },
  loading: { app: { kind: "loading" } },
  unsupported: { app: { kind: "unsupported", missing: ["ed25519", "locks"] } },
  "signed-out-first": { app: { kind: "signed_out", persona: JEAN, reason: "first", trouble: null } },
  "signed-out-expired": { app: { kind: "signed_out", persona: JEAN, reason: "expired", trouble: { code: "E_BUSY", text: "" } } },
  "signed-out-left": { app: { kind: "signed_out", persona: JEAN, reason: "left", trouble: null } },
  "signed-out-nobody": { app: { kind: "signed_out", persona: null, reason: "first", trouble: null } },
  "other-tab": { app: { kind: "other_tab" } },
  "failed-storage": failed("storage"),
  "failed-worker": failed("worker"),
  "failed-log-key": failed("log_key_changed"),
  "failed-forbidden": failed("forbidden"),
  "failed-server": failed("server"),
  "staff-empty": { app: claire, conversations: [], patients: [] },
  "staff-list": { app: claire, conversations: LIST, patients: PATIENTS },
  "staff-one-patient": { app: claire, conversations: LIST, patients: PATIENTS.slice(0, 1), messages: [], readers: ALONE },
  "staff-refused": { app: claire, conversations: LIST, patients: PATIENTS, refuses: true },
  "staff-talk": talk(),
  "staff-states": talk({ messages: STATES }),
  "staff-offline": talk({ messages: STATES, link: { kind: "offline", retryAt: NOW + 20_000 } }),
  "staff-restarting": talk({ link: { kind: "restarting" } }),
  "staff-connecting": talk({ link: { kind: "connecting" } }),
  "staff-waiting": inReadiness("waiting_for_patient"),
  "staff-joining": inReadiness("joining", { readers: [] }),
  "staff-before": inReadiness("before_this_device", { readers: [] }),
  "staff-broken": inReadiness("broken", { messages: messagesOf("claire").slice(0, 3), readers: READERS }),
  "staff-long-draft": talk({ conversations: [aConversation(1, { draft: "Bonjour. ".repeat(446) })] }),
  "staff-details": talk({ hash: `#details/${uuid(1)}` }),
  "staff-proofs": talk({ hash: "#proofs", proofs: PROOFS }),
  "staff-alarm": talk({
    alarm: { code: "C_LOG_FORKED", text: "" },
    readers: [...READERS, { person: "unlisted", name: "", role: "unknown", devices: 1, me: false }],
  }),
  "staff-missing": talk({ hash: open(99) }),
  technician: idle("technician", "Léa Roux"),
  carer: idle("carer", "Sophie Lefèvre"),
  courier: idle("courier", "Nadia Benali"),
  "second-reviewer": idle("second_reviewer", "Inès Garnier"),
  "patient-empty": { app: jean, conversations: [] },
  "patient-talk": jeanTalks(),
  "patient-offline": jeanTalks({ link: { kind: "offline", retryAt: NOW + 20_000 } }),
  "patient-alarm": jeanTalks({ alarm: { code: "C_RECEIPT", text: "" } }),
  "patient-list": jeanTalks({ conversations: [aConversation(1, { unread: 1 }), aConversation(2, { kind: "care_thread", preview: null })] }),
  "patient-joining": jeanTalks({ conversations: [aConversation(1, { readiness: "joining" })], messages: [], readers: [] }),
  "patient-before": jeanTalks({ conversations: [aConversation(1, { readiness: "before_this_device" })], messages: [], readers: [] }),
  "patient-broken": jeanTalks({ conversations: [aConversation(1, { readiness: "broken" })] }),
  "patient-proofs": jeanTalks({ hash: "#proofs", proofs: PROOFS }),
  "patient-no-proofs": jeanTalks({ hash: "#proofs" }),
  control: officer(control(IDLE)),
  "control-loading": officer({ conversations: null, timeline: null, integrity: IDLE, trouble: null }),
  "control-empty": officer(control(IDLE, { conversations: [] })),
  "control-refused": officer({ conversations: null, timeline: null, integrity: IDLE, trouble: { code: "E_ROLE", text: "" } }),
  "control-timeline": officer(control(IDLE), open(1)),
  "control-running": officer(control({ kind: "running", done: 41_200, total: 98_000 }), open(1)),
  "control-intact": officer(control({ kind: "intact", ms: 1830, logs: [
    { log: "care", size: 1240, root: ROOT, signed: true }, { log: "technical", size: 310, root: ROOT, signed: true },
  ] }), open(1)),
  "control-broken": officer(control({ kind: "broken", log: "care", index: 903, fault: "entry_altered" }), open(1)),
  "control-forked": officer(control({ kind: "broken", log: "care", index: null, fault: "forked" })),
  "control-gap": officer(control(IDLE, { timeline: { conversation: uuid(1), rows: rowsOf(6), complete: true, numbered: false } }), open(1)),
  "control-proofs": officer(control(IDLE), "#proofs"),
}
