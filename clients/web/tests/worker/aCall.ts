/** A call between devices of the fake hub, as the real one would tell it. */
import type { CallView, LegView, PairView } from "../../src/core/wire"
import type { Device } from "./aDevice"

export const CALL = "ca110000-0000-4000-8000-000000000001"
export const OTHER_CALL = "ca110000-0000-4000-8000-000000000002"

export function deviceOf(device: Device): string {
  return device.keeper["context"].device.device
}

export function aLeg(device: Device, changed: Partial<LegView> = {}): LegView {
  return { person: device.who.person, device: deviceOf(device), state: "joined", since: 1_000, away: false, until: null, ...changed }
}

/** The first device was there first, so it offers. */
export function aPair(first: Device, second: Device, changed: Partial<PairView> = {}): PairView {
  return { devices: [deviceOf(first), deviceOf(second)], generation: 1, offerer: deviceOf(first), stage: "all", state: "connecting", ...changed }
}

export function aCallBetween(conversation: string, first: Device, second: Device, changed: Partial<CallView> = {}): CallView {
  return {
    id: CALL, conversation, version: 3, state: "accepted", reason: null, caller: first.who.person, opened_at: 1, since: 2,
    delayed_until: null, turn: false, legs: [aLeg(first), aLeg(second)], pairs: [aPair(first, second)], ...changed,
  }
}
