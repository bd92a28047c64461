/**
 * What a hub cannot truly say of a call: it contradicts the group, itself, or what it said before. Such a
 * word is refused whole. What may still turn out to be true, because a commit is on its way, is not here.
 */
import { legOf, type Seat } from "./call"
import type { Leaf } from "./conversation"
import type { CallView, IncidentCode, PairView } from "./wire"

export interface Lie {
  readonly code: IncidentCode
  /** The device it is about. */
  readonly peer: string | null
  readonly generation: number
}

/** The hub makes a connection anew ten times a minute, and no view waits as long. */
export const MAX_JUMP = 10

/** `before`: what was believed of this call. `jump`: how many generations may have gone by unheard. */
export function lieIn(before: CallView | null, view: CallView, leaves: readonly Leaf[], jump: number): Lie | null {
  return ofWhole(before, view) ?? ofPeople(view, leaves) ?? first(view.pairs, (pair) => ofPair(before, pair, jump))
}

/** Devices that the hub connects this one to, and that the group does not hold. */
export function strangersIn(view: CallView, { person, device }: Seat, leaves: readonly Leaf[]): readonly Lie[] {
  if (leaves.length === 0 || legOf(view, person)?.device !== device) return []
  const mine = view.pairs.filter(({ devices }) => devices.includes(device))
  return mine.flatMap(({ devices, generation }) => devices
    .filter((one) => one !== device && leaves.every((leaf) => leaf.device !== one))
    .map((peer): Lie => ({ code: "call.identity_changed", peer, generation })))
}

function ofWhole(before: CallView | null, view: CallView): Lie | null {
  if (before !== null && before.conversation !== view.conversation) return NONSENSE
  if (before?.state === "ended" && view.state !== "ended") return NONSENSE
  if (before?.version === view.version && JSON.stringify(before) !== JSON.stringify(view)) return NONSENSE
  const devices = view.legs.flatMap(({ device }) => (device === null ? [] : [device]))
  const pairs = view.pairs.map((pair) => [...pair.devices].sort().join())
  const once = [view.legs.map(({ person }) => person), devices, pairs].every((some) => new Set(some).size === some.length)
  return once && view.pairs.every(isWhole) ? null : NONSENSE
}

function isWhole({ devices, offerer }: PairView): boolean {
  return devices.length === 2 && devices[0] !== devices[1] && devices.includes(offerer)
}

function ofPeople({ legs }: CallView, leaves: readonly Leaf[]): Lie | null {
  return first(legs, ({ device, person }) => {
    const leaf = leaves.find((one) => one.device === device)
    return leaf === undefined || leaf.person === person ? null : { code: "call.identity_changed", peer: leaf.device, generation: 0 }
  })
}

function ofPair(before: CallView | null, { devices, generation, offerer }: PairView, jump: number): Lie | null {
  const was = before?.pairs.find((pair) => devices.every((device) => pair.devices.includes(device)))
  if (was === undefined) return null
  const lie = (code: IncidentCode): Lie => ({ code, peer: offerer, generation })
  if (generation < was.generation) return lie("call.stale_generation")
  if (generation - was.generation > jump) return lie("call.wrong_state")
  return generation === was.generation && offerer !== was.offerer ? lie("call.wrong_role") : null
}

function first<T>(some: readonly T[], test: (one: T) => Lie | null): Lie | null {
  for (const one of some) {
    const lie = test(one)
    if (lie !== null) return lie
  }
  return null
}

const NONSENSE: Lie = { code: "call.wrong_state", peer: null, generation: 0 }
