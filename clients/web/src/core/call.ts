/**
 * Calls as this device sees them: the hub tells the whole state at each change, and what a screen
 * shows is computed from it. Nothing here decides who may be in a call; the hub does, and the group.
 */
import type { Leaf } from "./conversation"
import type { CallNotice, CallPerson, Role } from "./model"
import type { CallView, LegView, PairView } from "./wire"

export type Calls = ReadonlyMap<string, CallView>

/** Who I am in a call: this person, on this device. */
export interface Seat {
  readonly person: string
  readonly device: string
}

interface Named {
  readonly person: string
  readonly name: string
  readonly role: Role
}

const MAX_REMEMBERED = 32
// One for each conversation that somebody waits in, and no end of them from a hub that means harm.
const MAX_LIVE = 256
/** Beside this device: a call is of four. */
const MAX_PEERS = 3

/** Take what the hub says of one call, unless something newer is known. */
export function withCall(calls: Calls, view: CallView): Calls {
  const known = calls.get(view.id)
  if (known !== undefined && known.version >= view.version) return calls
  const others = [...calls].filter(([id]) => id !== view.id)
  const after = new Map([...others, [view.id, view]])
  const [oldest] = [...after.values()].filter((one) => one.state === "ended")
  if (after.size > MAX_REMEMBERED && oldest !== undefined) after.delete(oldest.id)
  const [first] = after.keys()
  if (after.size > MAX_LIVE && first !== undefined) after.delete(first)
  return after
}

/** After a hello: these are the live calls. What is not among them is over, without our knowing why. */
export function onlyCalls(calls: Calls, live: readonly CallView[]): Calls {
  const told = live.slice(0, MAX_LIVE).map((view) => {
    const known = calls.get(view.id)
    return [view.id, known !== undefined && known.version > view.version ? known : view] as const
  })
  return new Map(told)
}

export function legOf(view: CallView, person: string): LegView | undefined {
  return view.legs.find((leg) => leg.person === person)
}

/** Null once the call is over: then it is told by its end, not by a notice. */
export function noticeOf(view: CallView, members: readonly Named[], seat: Seat): CallNotice | null {
  if (view.state === "ended") return null
  return {
    id: view.id, conversation: view.conversation, state: view.state, since: view.since / 1000,
    delayedUntil: view.delayed_until === null ? null : view.delayed_until / 1000,
    people: view.legs.map((leg) => personOf(leg, members, seat)),
  }
}

function personOf(leg: LegView, members: readonly Named[], seat: Seat): CallPerson {
  const named = members.find((one) => one.person === leg.person)
  return {
    person: leg.person, name: named?.name ?? "", role: named?.role ?? "patient", me: leg.person === seat.person,
    state: leg.state, away: leg.away, since: leg.since / 1000, here: leg.device === seat.device,
  }
}

/** Where this device is in a call. */
export type Place =
  | { readonly kind: "none" }
  | { readonly kind: "waiting"; readonly view: CallView }
  | { readonly kind: "incoming"; readonly view: CallView; readonly until: number }
  | { readonly kind: "calling"; readonly view: CallView; readonly until: number }
  | { readonly kind: "in_call"; readonly view: CallView }

export function placeIn(view: CallView, seat: Seat): Place {
  const mine = legOf(view, seat.person)
  if (view.state === "ended" || mine === undefined) return { kind: "none" }
  if (mine.state === "ringing") return { kind: "incoming", view, until: (mine.until ?? view.since) / 1000 }
  if (mine.device !== seat.device) return { kind: "none" }
  if (mine.state === "waiting") return { kind: "waiting", view }
  return mine.state === "joined" ? joined(view, seat) : { kind: "none" }
}

function joined(view: CallView, seat: Seat): Place {
  const others = view.legs.filter((leg) => leg.person !== seat.person)
  const ringing = others.filter((leg) => leg.state === "ringing")
  if (ringing.length === 0 || others.some((leg) => leg.state === "joined")) return { kind: "in_call", view }
  return { kind: "calling", view, until: Math.max(...ringing.map((leg) => leg.until ?? 0)) / 1000 }
}

const WEIGHT = { none: 0, waiting: 1, incoming: 2, calling: 3, in_call: 4 } as const

/** The call that this device is most in: one at a time has the screen. */
export function placeOf(calls: Iterable<CallView>, seat: Seat): Place {
  const places = [...calls].map((view) => placeIn(view, seat))
  return places.reduce((best, one) => (WEIGHT[one.kind] > WEIGHT[best.kind] ? one : best), NOWHERE)
}

const NOWHERE: Place = { kind: "none" }

/** Why this device is no longer in a call it was in, by the hub's last word on it (null: none). */
export function endOf(view: CallView | null, seat: Seat): string {
  if (view === null) return "call.peer_left"
  if (view.state === "ended") return view.reason ?? "call.peer_left"
  const mine = legOf(view, seat.person)
  if (mine?.state === "joined") return "call.taken"
  if (mine?.state === "missed") return "call.timeout"
  return mine?.state === "declined" || mine?.state === "call_me" ? "call.declined" : "call.cancelled"
}

/** A pair of mine whose other device holds a leaf of the group, for the person the hub names. */
export interface Peering {
  readonly person: string
  readonly device: string
  readonly pair: PairView
}

/**
 * The connections this device makes. A device that the hub seats in a call but that the group does not
 * hold, or holds for somebody else, gets none: no offer, no answer, no picture.
 */
export function peeringsOf(view: CallView, seat: Seat, leaves: readonly Leaf[]): readonly Peering[] {
  const proven = view.pairs.flatMap((pair) => {
    const peering = peeringOf(view, pair, seat)
    return peering !== null && leaves.some((leaf) => leaf.person === peering.person && leaf.device === peering.device) ? [peering] : []
  })
  return proven.slice(0, MAX_PEERS)
}

function peeringOf(view: CallView, pair: PairView, seat: Seat): Peering | null {
  const [one, other] = pair.devices
  if (pair.devices.length !== 2 || one === undefined || other === undefined || !pair.devices.includes(seat.device)) return null
  const device = one === seat.device ? other : one
  const leg = view.legs.find((each) => each.device === device && each.state === "joined")
  const whole = legOf(view, seat.person)?.device === seat.device && pair.devices.includes(pair.offerer) && device !== seat.device
  return leg !== undefined && whole ? { person: leg.person, device, pair } : null
}
