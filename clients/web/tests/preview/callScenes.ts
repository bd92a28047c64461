/** A video call in every state, for each side. */
import type { AuditRow, CallNotice, CallPerson, CallStage, Role, Tile } from "../../src/core/model"
import { drawnStream, theirs, type CallScene } from "./pretendCalls"
import { jeanTalks, NOW, officerReads, talk, uuid } from "./scenes"
import type { Scene } from "./pretend"

const MINUTE = 60_000
const CLAIRE = { person: "claire", name: "Claire Morel", role: "pharmacist" } as const
const JEAN = { person: "jean", name: "Jean Lefèvre", role: "patient" } as const
const SOPHIE = { person: "sophie", name: "Sophie Lefèvre", role: "carer" } as const
const HUGO = { person: "hugo", name: "Hugo Petit", role: "pharmacist" } as const

type Who = { readonly person: string; readonly name: string; readonly role: Role }

function aPerson(who: Who, state: CallPerson["state"], changes: Partial<CallPerson> = {}): CallPerson {
  return { ...who, state, me: false, away: false, since: NOW - 3 * MINUTE, here: false, ...changes }
}

function aNotice(state: CallNotice["state"], people: readonly CallPerson[], changes: Partial<CallNotice> = {}): CallNotice {
  return { id: uuid(500), conversation: uuid(1), state, people, delayedUntil: null, since: NOW - 3 * MINUTE, ...changes }
}

const mineAt = (who: Who, state: CallPerson["state"], changes: Partial<CallPerson> = {}) => aPerson(who, state, { me: true, here: true, ...changes })

function aTile(who: Who, changes: Partial<Tile> = {}): Tile {
  return { ...who, stream: null, link: "connected", quality: "good", microphone: true, camera: true, bigText: "", ...changes }
}

const staff = (call: () => CallScene, changes: Partial<Scene> = {}): Scene => talk({ call, ...changes })
const patient = (call: () => CallScene, changes: Partial<Scene> = {}): Scene => jeanTalks({ call, ...changes })

const WAITS = aNotice("lobby", [aPerson(JEAN, "waiting")])
const BOTH_WAIT = aNotice("lobby", [aPerson(JEAN, "waiting"), mineAt(CLAIRE, "waiting")])
const RINGS = aNotice("ringing", [mineAt(CLAIRE, "joined"), aPerson(JEAN, "ringing", { since: NOW - 20_000 })])
const ACTIVE = aNotice("active", [mineAt(CLAIRE, "joined"), aPerson(JEAN, "joined")])

const lobby = (as: "caller" | "waiting", call: CallNotice | null, entered = false): CallStage => ({ kind: "lobby", conversation: uuid(1), as, call, entered, trouble: null })

function inCall(tiles: readonly Tile[], changes: Partial<Extract<CallStage, { kind: "in_call" }>> = {}): CallStage {
  return {
    kind: "in_call", call: ACTIVE, since: NOW - 205_000, tiles, code: "48213 90577 16024 73395 02841 66719", alone: false, soundBlocked: false, ...changes,
  }
}

const seen = (who: Who, changes: Partial<Tile> = {}): Tile => aTile(who, { stream: theirs(), ...changes })
const facing = (who: Who, changes: Partial<Tile> = {}) => (): CallScene => ({ stage: inCall([seen(who, changes)]) })

const ended = (reason: string, changes: Partial<Extract<CallStage, { kind: "ended" }>> = {}) => (): CallScene => ({
  stage: { kind: "ended", conversation: uuid(1), reason, lasted: 0, callMe: false, mayCallAgain: true, ...changes },
})

const DENIED = { code: "call.device_denied", text: "" }
const NOTHING = { preview: null, cameraOn: false, microphoneOn: false, cameras: [], microphones: [], speakers: [], level: 0 } as const
const RING: CallStage = {
  kind: "incoming", call: aNotice("ringing", [aPerson(CLAIRE, "joined"), mineAt(JEAN, "ringing")]), from: "Claire Morel", until: NOW + 100_000,
}
const LONG = "Prenez un comprimé le matin et un le soir, pendant le repas, avec un grand verre d’eau. Jamais deux à la fois."

const OUTCOMES: Readonly<Record<string, object>> = {
  "call.socket_lost": { person: "Jean Lefèvre", device: "Jean Lefèvre’s" }, "call.declined": { how: "call_me" },
  "call.pair_lost": { peer: "Claire Morel’s", why: "network" }, "call.incident": { code: "call.network_blocked", peer: "Claire Morel’s" },
}

const TRAIL = ([
  ["call.opened", "Jean Lefèvre", "patient", "call.open"], ["call.delayed", "Claire Morel", "pharmacist", "call.delay"],
  ["call.socket_lost", "", "hub", "call.socket_lost"], ["call.socket_back", "", "hub", "call.socket_back"],
  ["call.rang", "Claire Morel", "pharmacist", "call.ring"], ["call.accepted", "Jean Lefèvre", "patient", "call.accept"],
  ["act.refused", "Jean Lefèvre", "patient", "call.taken"], ["call.connected", "Claire Morel", "pharmacist", "call.connected"],
  ["call.pair_lost", "Jean Lefèvre", "patient", "call.pair_lost"], ["call.incident", "Jean Lefèvre", "patient", "call.incident"],
  ["call.turn_issued", "Jean Lefèvre", "patient", "call.turn"], ["call.left", "Jean Lefèvre", "patient", "call.hang_up"],
  ["call.declined", "Jean Lefèvre", "patient", "call.decline"], ["call.ended", "", "hub", "call.clock"],
] as const).map(([type, name, role, rule], at): AuditRow => ({
  index: 900 + at, log: "care", at: NOW - (20 - at) * MINUTE, type, name, role, rule,
  decision: type === "act.refused" ? "deny" : "permit", raw: JSON.stringify({ v: 1, type, actor: { person: name, device: `${name}’s` }, outcome: OUTCOMES[type] ?? null }),
}))

export const CALL_SCENES: Readonly<Record<string, Scene>> = {
  "staff-call-door": staff(() => ({})),
  "staff-call-waits": staff(() => ({ notices: [WAITS, aNotice("active", [aPerson(HUGO, "joined")], { id: uuid(501), conversation: uuid(2) })] })),
  "staff-call-away": staff(() => ({ notices: [aNotice("lobby", [aPerson(JEAN, "waiting", { away: true })])] })),
  "staff-call-return": staff(() => ({ notices: [aNotice("active", [aPerson(JEAN, "joined"), mineAt(CLAIRE, "left", { here: false })])] })),
  "staff-call-elsewhere": staff(() => ({ notices: [aNotice("active", [aPerson(JEAN, "joined"), mineAt(CLAIRE, "joined", { here: false })])] })),
  "staff-call-list": staff(() => ({ notices: [WAITS] }), { hash: "#home" }),
  "staff-call-lobby": staff(() => ({ stage: lobby("caller", aNotice("lobby", [mineAt(CLAIRE, "waiting")])) })),
  "staff-call-lobby-waits": staff(() => ({ stage: lobby("caller", BOTH_WAIT) })),
  "staff-call-lobby-delay": staff(() => ({ stage: lobby("caller", { ...BOTH_WAIT, delayedUntil: NOW + 10 * MINUTE }) })),
  "staff-call-lobby-away": staff(() => ({ stage: lobby("caller", aNotice("lobby", [aPerson(JEAN, "waiting", { away: true }), mineAt(CLAIRE, "waiting")])) })),
  "staff-call-lobby-asking": staff(() => ({ stage: lobby("caller", null), media: { ...NOTHING, state: "asking" } })),
  "staff-call-lobby-denied": staff(() => ({ stage: lobby("caller", null), media: { ...NOTHING, state: "none", trouble: DENIED } })),
  "staff-call-lobby-none": staff(() => ({ stage: lobby("caller", null), media: { ...NOTHING, state: "none", trouble: { code: "call.no_device", text: "" } } })),
  "staff-call-lobby-in-use": staff(() => ({ stage: lobby("caller", null), media: { ...NOTHING, state: "none", trouble: { code: "C_DEVICE_IN_USE", text: "" } } })),
  "staff-call-calling": staff(() => ({ stage: { kind: "calling", call: RINGS, until: NOW + 100_000 } })),
  "staff-call-ring": staff(() => ({ stage: { ...RING, from: "Hugo Petit" } })),
  "staff-call-in": staff(facing(JEAN)),
  "staff-call-two": staff(() => ({ stage: inCall([seen(JEAN, { quality: "fair" }), seen(SOPHIE, { microphone: false })]) })),
  "staff-call-three": staff(() => ({ stage: inCall([seen(JEAN), seen(SOPHIE, { quality: "poor" }), aTile(HUGO, { camera: false })]) })),
  "staff-call-lost": staff(facing(JEAN, { link: "reconnecting", bigText: "Je vous entends mal" })),
  "staff-call-elsewhere-page": staff(facing(JEAN), { hash: "#proofs" }),
  "staff-call-elsewhere-unsent": staff(() => ({ stage: inCall([seen(JEAN, { link: "reconnecting" })]), media: { cameraOn: false, microphoneOn: false } }), { hash: "#proofs" }),
  "staff-call-ended": staff(ended("call.peer_left", { lasted: 754_000 })),
  "staff-call-ended-call-me": staff(ended("call.declined", { callMe: true })),
  "staff-call-ended-missed": staff(ended("call.timeout")),
  "patient-call-door": patient(() => ({})),
  "patient-call-prepared": patient(() => ({ notices: [aNotice("lobby", [aPerson(CLAIRE, "waiting")])] })),
  "patient-call-late": patient(() => ({ notices: [aNotice("lobby", [aPerson(CLAIRE, "waiting")], { delayedUntil: NOW + 10 * MINUTE })] })),
  "patient-call-return": patient(() => ({ notices: [aNotice("active", [aPerson(CLAIRE, "joined"), mineAt(JEAN, "missed", { here: false })])] })),
  "patient-call-ring": patient(() => ({ stage: RING })),
  "patient-call-lobby": patient(() => ({ stage: lobby("waiting", aNotice("lobby", [])) })),
  "patient-call-lobby-denied": patient(() => ({ stage: lobby("waiting", null), media: { ...NOTHING, state: "none", trouble: DENIED } })),
  "patient-call-waiting": patient(() => ({ stage: lobby("waiting", aNotice("lobby", [mineAt(JEAN, "waiting")]), true) })),
  "patient-call-delayed": patient(() => ({ stage: lobby("waiting", aNotice("lobby", [mineAt(JEAN, "waiting")], { delayedUntil: NOW + 10 * MINUTE }), true) })),
  "patient-call-tested": patient(() => ({ stage: lobby("waiting", aNotice("lobby", [])), lineTest: { kind: "done", verdict: "blocked", trouble: null } })),
  "patient-call-connecting": patient(() => ({ stage: inCall([aTile(CLAIRE, { link: "connecting", quality: "unknown" })], { since: null, code: null }) })),
  "patient-call-in": patient(facing(CLAIRE)),
  "patient-call-tall": patient(() => ({ stage: inCall([seen(CLAIRE, { stream: drawnStream("#d9a883", "#8c8273", "tall") })]) })),
  "patient-call-lost": patient(facing(CLAIRE, { link: "reconnecting", quality: "poor" })),
  "patient-call-audio": patient(facing(CLAIRE, { link: "audio_only", quality: "poor" })),
  "patient-call-alone": patient(() => ({ stage: inCall([seen(CLAIRE)], { alone: true }) }), { link: { kind: "restarting" } }),
  "patient-call-silent": patient(() => ({ stage: inCall([seen(CLAIRE)], { soundBlocked: true }) })),
  "patient-call-denied": patient(() => ({ stage: inCall([seen(CLAIRE)]), media: { ...NOTHING, state: "none", trouble: DENIED } })),
  "patient-call-muted": patient(() => ({ stage: inCall([seen(CLAIRE, { microphone: false, quality: "fair" })]), media: { cameraOn: false, microphoneOn: false } })),
  "patient-call-large": patient(facing(CLAIRE, { bigText: "Avez-vous l’ordonnance ?" })),
  "patient-call-large-long": patient(() => ({ stage: inCall([seen(CLAIRE, { bigText: LONG })]), media: { bigText: "Oui, elle est là" } })),
  "patient-call-ended": patient(ended("call.peer_left", { lasted: 754_000 })),
  "patient-call-ended-lost": patient(ended("call.media_lost", { lasted: 95_000 })),
  "patient-call-ended-missed": patient(ended("call.timeout", { mayCallAgain: false })),
  "patient-call-ended-taken": patient(ended("call.taken", { mayCallAgain: false })),
  "control-call": officerReads(TRAIL),
  "patient-call-ended-unsafe": patient(ended("call.fingerprint_mismatch")),
}
