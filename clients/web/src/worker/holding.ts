/**
 * When nothing leaves this device for a conversation: somebody who is out, or is to be, could read it. Not
 * only the hub says when that is.
 */
import type { Context } from "./context"
import type { Place, RoomRecord } from "./vault"

/** How long after a carer's time a removal may take before nothing is written any more, by this device's own clock. */
export const OVERDUE_MS = 120_000

/** Whether `place` comes before `other`. */
export function isBefore(place: Place, other: Place): boolean {
  return place.generation < other.generation || (place.generation === other.generation && place.epoch < other.epoch)
}

/** Delegations of this conversation that ended, and of which no device of the pharmacy has said yet that it follows. */
export function unconfirmed({ ended, ending, confirmed }: Pick<RoomRecord, "ended" | "ending" | "confirmed">): readonly string[] {
  return [...ending, ...Object.entries(ended).filter(([, place]) => isBefore(confirmed, place)).map(([id]) => id)]
}

export function isHeldBack({ me, clock }: Context, record: RoomRecord): boolean {
  if (record.removing.length > 0 || record.unvouched === true) return true
  // The patient who ended it waits until the pharmacy's device is known to be past it.
  if (me?.role === "patient" && unconfirmed(record).length > 0) return true
  return record.room.group?.carers.some(({ until }) => clock.now() > until + OVERDUE_MS) ?? false
}
