/** Delegations, identities and « Qui a vu quoi » in every state, for each side. */
import type { Access, AppState, Conversation, Delegation, Identity, Message, Readiness, Reader } from "../../src/core/model"
import type { Scene } from "./pretend"
import { aConversation, aMember, jeanTalks, me, messagesOf, NOW, talk, uuid } from "./scenes"

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const sophie = me("carer", "Sophie Lefèvre", "sophie")
const hugo = me("pharmacist", "Hugo Petit", "hugo")
const jean = me("patient", "Jean Lefèvre", "jean")

export function aDelegation(changes: Partial<Delegation> = {}): Delegation {
  return {
    id: uuid(700), conversation: uuid(1), grantor: "jean", grantorName: "Jean Lefèvre", grantee: "sophie", granteeName: "Sophie Lefèvre",
    side: "grantor", state: "active", scopes: ["conversation.read", "conversation.send", "call.join"], withdrawn: [], basis: "patient_mandate",
    mandate: "device", notBefore: NOW - 2 * DAY, notAfter: NOW + 29 * DAY, proposedAt: NOW - 2 * DAY, endedAt: null, reason: null,
    confirmedBy: [{ name: "Claire Morel", heardAlone: true, at: NOW - 2 * DAY }], needs: 0, evidence: null, mayConfirm: false, mayEnd: true,
    ...changes,
  }
}

const over = (state: Delegation["state"], changes: Partial<Delegation> = {}) => aDelegation({ state, mayEnd: false, endedAt: NOW - MINUTE, ...changes })

const CARER = { until: NOW + 29 * DAY, basis: "patient_mandate" } as const
const SOPHIE = aMember("sophie", "Sophie Lefèvre", "carer", { delegation: CARER })
const together = (changes: Partial<Conversation> = {}): Conversation => {
  const one = aConversation(1, changes)
  return { ...one, members: [...one.members, SOPHIE] }
}

const READERS: readonly Reader[] = [
  { person: "claire", name: "Claire Morel", role: "pharmacist", devices: 1, me: false },
  { person: "jean", name: "Jean Lefèvre", role: "patient", devices: 1, me: false },
  { person: "sophie", name: "Sophie Lefèvre", role: "carer", devices: 1, me: false },
]
const readBy = (person: string): readonly Reader[] => READERS.map((each) => ({ ...each, me: each.person === person }))

const byCarer = (n: number, text: string, mine: boolean, changes: Partial<Message> = {}): Message => ({
  id: uuid(800 + n), seq: 20 + n, person: "sophie", name: "Sophie Lefèvre", mine, at: NOW - (3 - n) * MINUTE,
  actingFor: { name: "Jean Lefèvre", until: NOW + 29 * DAY }, content: { kind: "text", text }, delivery: mine ? "read" : "sent", trouble: null, ...changes,
})
const answer = (n: number, text: string): Message => ({
  id: uuid(820 + n), seq: 30 + n, person: "claire", name: "Claire Morel", mine: false, at: NOW - MINUTE, actingFor: null,
  content: { kind: "text", text }, delivery: "sent", trouble: null,
})
const WRITTEN = [byCarer(1, "Bonjour, papa a pris son dernier comprimé ce matin. Quand passe le livreur ?", false)]
const HIDDEN = byCarer(2, "", false, { actingFor: null, content: { kind: "hidden", why: "unauthorised" } })

const ofJean = (delegations: readonly Delegation[], changes: Partial<Scene> = {}): Scene =>
  jeanTalks({ hash: "#carers", delegations, carers: CHOICES, conversations: [aConversation(1), aConversation(2, { kind: "care_thread", createdAt: NOW - 40 * DAY })], ...changes })

const CHOICES = [{ person: "sophie", name: "Sophie Lefèvre", ready: true }, { person: "marie", name: "Marie-Hélène Lefèvre-Castaing", ready: false }]

const ofSophie = (delegation: Delegation | null, changes: Partial<Scene> = {}): Scene => ({
  app: sophie, hash: `#conversation/${uuid(1)}`, conversations: delegation === null ? [] : [together({ preview: null })],
  delegations: delegation === null ? [] : [{ ...delegation, side: "grantee" }], messages: [], readers: readBy("sophie"), ...changes,
})

const atCounter = (delegations: readonly Delegation[], changes: Partial<Scene> = {}): Scene => talk({
  conversations: [together(), ...(talk().conversations ?? []).slice(1)], readers: readBy("claire"), messages: [...messagesOf("claire").slice(5), ...WRITTEN, HIDDEN],
  delegations: delegations.map((each) => ({ ...each, side: "staff" as const })), carers: CHOICES, ...changes,
})

const PROPOSED = aDelegation({ state: "proposed", confirmedBy: [], needs: 1 })
const PAPER = aDelegation({
  id: uuid(701), state: "proposed", mandate: "paper", needs: 1, mayConfirm: true, confirmedBy: [{ name: "Claire Morel", heardAlone: false, at: NOW - 9 * MINUTE }],
  evidence: { hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", issuer: "Jean Lefèvre, le 2 mars" },
})

const anAccess = (n: number, name: string, role: string, type: string, changes: Partial<Access> = {}): Access => ({
  key: String(n), at: NOW - n * n * 7 * MINUTE, name, role, type, conversation: uuid(1), permit: true, rule: "", detail: "", ...changes,
})
const ROWS: readonly Access[] = [
  anAccess(1, "Sophie Lefèvre", "carer", "act.refused", { permit: false, rule: "E_SCOPE", detail: "call.join" }),
  anAccess(2, "Sophie Lefèvre", "carer", "message.sent"),
  anAccess(3, "Claire Morel", "pharmacist", "delegation.confirmed"),
  anAccess(4, "Jean Lefèvre", "patient", "delegation.proposed"),
  anAccess(5, "Marc Tellier", "compliance_officer", "audit.timeline_read"),
  anAccess(6, "", "hub", "delegation.expired"),
  anAccess(7, "Claire Morel", "pharmacist", "dispensation.started"),
]
const accesses = (rows: readonly Access[]): Scene => jeanTalks({ hash: "#accesses", accesses: { rows, more: rows.length > 0 } })

const DEVICES = [
  { device: uuid(1), number: 1, registeredAt: NOW - 90 * DAY, certified: true, asks: false, here: true, retiredAt: null },
  { device: uuid(2), number: 2, registeredAt: NOW - 20 * DAY, certified: true, asks: false, here: false, retiredAt: null },
  { device: uuid(3), number: 3, registeredAt: NOW - 200 * DAY, certified: true, asks: false, here: false, retiredAt: NOW - 91 * DAY },
]
const REQUEST = [{ device: uuid(4), digits: "4071826390551742" }]
const needsLink = (app: AppState, digits: string | null): Scene => ({ app, identity: { kind: "needs_link", digits, recovery: true } satisfies Identity })

const STAFF = [
  { person: "claire", name: "Claire Morel", role: "pharmacist", profession: "owner", state: "owner" },
  { person: "hugo", name: "Hugo Petit", role: "pharmacist", profession: "deputy", state: "waiting" },
  { person: "lea", name: "Léa Roux", role: "technician", profession: "", state: "certified" },
  { person: "noe", name: "Noé Aubert", role: "pharmacist", profession: "locum", state: "absent" },
] as const

const inReadiness = (readiness: Readiness): Scene => jeanTalks({ conversations: [aConversation(1, { readiness })], messages: messagesOf("jean").slice(0, 2), readers: [] })

export const CARE_SCENES: Readonly<Record<string, Scene>> = {
  "patient-carers-empty": ofJean([]),
  "patient-carers": ofJean([aDelegation(), PROPOSED, over("revoked", { id: uuid(703) }), over("expired", { id: uuid(704) })]),
  "patient-carers-narrowed": ofJean([aDelegation({ scopes: ["conversation.read", "conversation.send"], withdrawn: ["call.join"] })]),
  "patient-carers-ending": ofJean([over("ending")]),
  "patient-carers-paper": ofJean([aDelegation({ mandate: "paper", basis: "trusted_person" })]),
  "patient-carers-refused": ofJean([aDelegation()], { refuses: true }),
  "patient-delegate": ofJean([], { hash: "#delegate" }),
  "patient-delegate-nobody": ofJean([], { hash: "#delegate", carers: [] }),
  "patient-delegate-renew": ofJean([over("expired")], { hash: `#renew/${uuid(700)}` }),
  "patient-part": jeanTalks({ delegations: [over("expired", { conversation: uuid(9) })] }),
  "patient-with-carer": jeanTalks({ conversations: [together()], delegations: [aDelegation()], messages: [...messagesOf("jean").slice(5), ...WRITTEN, HIDDEN], readers: readBy("jean") }),
  "patient-accesses": accesses(ROWS),
  "patient-accesses-empty": accesses([]),
  "patient-devices": jeanTalks({ hash: "#devices", devices: DEVICES }),
  "patient-device-asks": jeanTalks({ hash: "#devices", devices: DEVICES, linkRequests: REQUEST }),
  "patient-asks-elsewhere": jeanTalks({ linkRequests: REQUEST }),
  "patient-identity-changed": jeanTalks({ notices: [{ key: "1", person: "claire", name: "Claire Morel", at: NOW }] }),
  "patient-needs-link": needsLink(jean, null),
  "patient-needs-link-digits": needsLink(jean, "4071826390551742"),
  "patient-refused": inReadiness("refused"),
  "patient-removed": inReadiness("removed"),
  "patient-carer-nothing": ofSophie(null, { hash: "" }),
  "patient-carer-code": ofSophie(null, { hash: "#code" }),
  "patient-carer-duties": ofSophie(aDelegation({ state: "confirmed" })),
  "patient-carer-accepted": ofSophie(aDelegation({ state: "accepted" })),
  "patient-carer-new": ofSophie(aDelegation()),
  "patient-carer-talk": ofSophie(aDelegation(), { messages: [byCarer(1, "Bonjour, papa a pris son dernier comprimé ce matin.", true), answer(1, "Bonjour. Merci, je prépare le renouvellement.")] }),
  "patient-carer-renewal": ofSophie(aDelegation(), {
    delegations: [{ ...aDelegation(), side: "grantee" }, { ...aDelegation({ id: uuid(707), state: "confirmed", notBefore: NOW + 29 * DAY, notAfter: NOW + 60 * DAY }), side: "grantee" }],
  }),
  "patient-carer-reads": ofSophie(aDelegation({ scopes: ["conversation.read"] }), { messages: [answer(1, "Bonjour, votre père est livré demain.")] }),
  "patient-carer-over": ofSophie(over("revoked"), { conversations: [together({ over: true })] }),
  "patient-carer-list": ofSophie(aDelegation(), {
    hash: "#home", delegations: [{ ...aDelegation(), side: "grantee" }, { ...over("expired", { id: uuid(705), conversation: uuid(6) }), side: "grantee" }, { ...aDelegation({ id: uuid(706), conversation: uuid(7), state: "confirmed" }), side: "grantee" }],
  }),
  "staff-carer-confirm": atCounter([{ ...PROPOSED, mayConfirm: true }]),
  "staff-carer": atCounter([aDelegation()]),
  "staff-carer-paper": atCounter([{ ...PAPER, mayConfirm: false }]),
  "staff-carer-paper-confirm": atCounter([PAPER], { app: hugo }),
  "staff-carer-trace": atCounter([{ ...PAPER, mayConfirm: false }], { hash: `#trace/${uuid(701)}` }),
  "staff-carer-details": atCounter([aDelegation()], { hash: `#details/${uuid(1)}` }),
  "staff-carer-paper-details": atCounter([], {
    hash: `#details/${uuid(1)}`, conversations: [aConversation(1, { readiness: "waiting_for_patient", members: [aMember("claire", "Claire Morel", "pharmacist"), aMember("jean", "Jean Lefèvre", "patient", { state: "invited" })] })],
  }),
  "staff-team": talk({ hash: "#team", staff: STAFF }),
  "staff-team-waits": talk({ app: hugo, conversations: [], staff: STAFF }),
  "staff-devices": talk({ hash: "#devices", devices: DEVICES }),
  "staff-refused-keys": talk({ conversations: [aConversation(1, { readiness: "refused" })], messages: [], readers: [] }),
  "staff-removed": talk({ conversations: [aConversation(1, { readiness: "removed" })], readers: [] }),
}
