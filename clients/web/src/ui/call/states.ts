/** The states of a call as the keys of its sentences: pure, and total by their types. */
import type { CallNotice, CallPerson, Conversation, Me, Media, Member, Role, Tile } from "../../core/model"

export type Whereabouts = CallPerson["state"] | "away" | "absent" | "invited"

/** Where one member of the conversation is, for who prepares the call. */
export function whereIs(member: Member, person: CallPerson | undefined): Whereabouts {
  if (person === undefined) return member.state === "invited" ? "invited" : "absent"
  const kept = person.state === "waiting" || person.state === "joined"
  return kept && person.away ? "away" : person.state
}

/** Somebody whom the pharmacist can let in. */
export const waitsHere = ({ state, away, me }: CallPerson): boolean => state === "waiting" && !away && !me

/** Who waits at the door comes before who wrote. */
export function waitingFirst(conversations: readonly Conversation[], notices: readonly CallNotice[]): readonly Conversation[] {
  const waits = ({ id }: Conversation) => notices.some(({ conversation, people }) => conversation === id && people.some(waitsHere))
  return [...conversations.filter(waits), ...conversations.filter((each) => !waits(each))]
}

// "joined": by the hub's word, in a page that has not been told so by a press.
const COMES_BACK: readonly CallPerson["state"][] = ["left", "missed", "declined", "call_me", "joined"]

/** What the large button of the lobby does. */
export function lobbyAct(as: "caller" | "waiting", call: CallNotice | null): "ring" | "admit" | "enter" | "come_back" {
  const mine = call?.people.find(({ me }) => me)
  const goesOn = call !== null && call.state !== "lobby"
  if (goesOn && mine !== undefined && COMES_BACK.includes(mine.state)) return "come_back"
  if (as === "waiting") return "enter"
  return call?.people.some(waitsHere) === true ? "admit" : "ring"
}

/** Whom the large button names: those who wait, or else everybody whose device is there. */
export function named(others: readonly Member[], call: CallNotice | null): readonly string[] {
  const waiting = (call?.people ?? []).filter(waitsHere)
  return (waiting.length > 0 ? waiting : others.filter(({ state }) => state === "joined")).map(({ name }) => name)
}

/** Who is called by the pharmacy, and waits at its door. */
export const atHome = (role: Role): boolean => role === "patient" || role === "carer"

export type Door = "start" | "wait" | "return" | "elsewhere" | null

/** What the head of a conversation offers when no call's screen stands beside it. */
export function doorOf(me: Me, { kind, readiness }: Conversation, notice: CallNotice | null, allowed = true): Door {
  if (!allowed) return null
  const mine = notice?.people.find((person) => person.me)
  if (mine !== undefined && (mine.state === "joined" || mine.state === "waiting") && !mine.here) return "elsewhere"
  if (notice !== null && notice.state !== "lobby") return me.role === "pharmacist" || mine !== undefined ? "return" : null
  if (readiness !== "ready") return null
  if (me.role === "pharmacist") return "start"
  return atHome(me.role) && kind === "remote_dispensation" ? "wait" : null
}

/** How one person comes through: the key of the sentence, or null where there is nothing to say yet. */
export function tileWords({ link, quality, camera }: Tile): string | null {
  if (link !== "connected") return `call-link-${link.replace("_", "-")}`
  if (quality === "unknown") return null
  return camera ? `call-quality-${quality}` : `call-sound-${quality}`
}

const TITLES: Readonly<Record<string, string>> = {
  "call.taken": "taken", "call.declined": "declined", "call.cancelled": "cancelled", "call.media_lost": "lost",
  "call.fingerprint_mismatch": "unsafe", "call.identity_changed": "unsafe",
}

/** The title of the last screen; a call that nobody took has one for each side. */
export function endedTitle(reason: string, role: Role): string {
  if (reason === "call.timeout") return role === "pharmacist" ? "unanswered" : "missed"
  return TITLES[reason] ?? "over"
}

/** The 30 digits as they are read aloud: six groups of five. */
export const codeGroups = (code: string): readonly string[] => code.replaceAll(/\D/g, "").match(/\d{1,5}/g) ?? []

const hasDevices = ({ state }: Media): boolean => state === "ready" || state === "partial"

/** What is sent, not what is wished for: after a refusal there is nothing to send. */
export const sendsCamera = (media: Media): boolean => media.cameraOn && media.preview !== null && hasDevices(media)
export const sendsMicrophone = (media: Media): boolean => media.microphoneOn && hasDevices(media)

export interface News {
  readonly what: "joined" | "left" | "lost" | "back" | "audio_only"
  readonly name: string
}

type Link = Tile["link"]

function newsOfLink(was: Link | undefined, is: Link): News["what"] | null {
  if (was === is || is === "connecting") return null
  if (is === "reconnecting") return "lost"
  if (was === undefined || was === "connecting") return "joined"
  return is === "connected" ? "back" : "audio_only"
}

/** What is worth saying aloud between two looks at the others. */
export function newsOf(before: readonly Tile[], after: readonly Tile[]): readonly News[] {
  const gone = before.filter(({ person }) => !after.some((tile) => tile.person === person))
  const news = after.map(({ person, name, link }) => ({ what: newsOfLink(before.find((tile) => tile.person === person)?.link, link), name }))
  return [...gone.map(({ name }) => ({ what: "left" as const, name })), ...news.filter((each): each is News => each.what !== null)]
}
