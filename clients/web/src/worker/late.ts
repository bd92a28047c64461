/**
 * Which state of a group a message opens with: the present epoch's, or for ten seconds the one before, for
 * what was under way. Across a removal nothing of before opens: that state is not kept.
 */
import type { State } from "../core/policy/state"
import type { Context } from "./context"
import { MlsFault } from "./mls"
import type { RoomRecord } from "./vault"

export interface Opening {
  readonly state: Uint8Array
  /** The group of that epoch: who was in it, and might do what. */
  readonly standing: State
  /** The record, once the state has turned into another by opening. */
  readonly turned: (state: Uint8Array) => RoomRecord
}

export function openingOf(context: Context, record: RoomRecord, message: Uint8Array): Opening | null {
  const { state, previous, room } = record
  if (state === null || room.trouble !== null || room.group === null) return null
  const epoch = epochOf(context, message)
  if (epoch !== room.group.epoch - 1) return { state, standing: context.standings.of({ ...record, state }), turned: (after) => ({ ...record, state: after }) }
  if (previous === null || previous.until <= context.clock.now()) return null
  const standing = context.standings.before(record, previous.state)
  return { state: previous.state, standing, turned: (after) => ({ ...record, previous: { ...previous, state: after } }) }
}

/** Of what does not even read, the present epoch says so. */
function epochOf(context: Context, message: Uint8Array): number | null {
  try {
    return context.mls.header(message).epoch
  } catch (error) {
    if (error instanceof MlsFault) return null
    throw error
  }
}
