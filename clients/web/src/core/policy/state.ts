/** What a group says of itself, verified: whose its leaves are, and which delegations hold. The twin of `crypto/policy/state.py`. */
import { encodeHex, equal } from "../bytes"
import type { Leaf } from "../conversation"
import { uuidBytes } from "../uuid"
import { encodePolicy, encodeRecord, type Delegations, type Tombstone } from "./conversation"
import { decide, take, type Verdict } from "./decision"
import { checkRecord, isOf, type InForce } from "./delegation"
import type { Certified } from "./identity"
import type { Place, Somebody } from "./staff"

/** A group in one epoch. */
export interface State extends Place {
  readonly number: number
  readonly inForce: readonly InForce[]
  readonly tombstones: readonly Tombstone[]
  readonly leaves: readonly Certified[]
}

/** Verify every record; those that `known` holds, under the same policy, were. */
export function stateOf(place: Place, { number, inForce, tombstones }: Delegations, leaves: readonly Certified[], known: State | null = null): Verdict<State> {
  return decide(() => {
    const before = known !== null && samePlace(known, place) ? known.inForce : []
    const verified = new Map(before.map((one) => [encodeHex(encodeRecord(one.record)), one]))
    const found = inForce.map((record) => verified.get(encodeHex(encodeRecord(record))) ?? take(checkRecord(record, place, null)))
    return { policy: place.policy, trust: place.trust, number, inForce: found, tombstones, leaves }
  })
}

function samePlace(a: Place, b: Place): boolean {
  return a.trust.deployment === b.trust.deployment && equal(a.trust.authority, b.trust.authority)
    && equal(encodePolicy(a.policy), encodePolicy(b.policy))
}

export function sameLeaf(a: Leaf, b: Leaf): boolean {
  return a.person === b.person && a.device === b.device
}

/** All that is known of a leaf, to be compared. */
export function leafKey({ identity, role, profession, aik, signatureKey, staff, certificate, validity }: Certified): string {
  const bytes = [aik, signatureKey, certificate].map(encodeHex)
  return [identity.person, identity.device, role, profession, ...bytes, staff, validity.notBeforeUs, validity.notAfterUs].join()
}

/** Whether this very leaf is in the group. */
export function hasLeaf({ leaves }: State, leaf: Certified): boolean {
  return leaves.some((one) => leafKey(one) === leafKey(leaf))
}

/** Of a leaf, as statements write it. */
export function somebodyOf({ identity, aik }: Certified): Somebody {
  return { person: uuidBytes(identity.person), aik }
}

/** The leaf of a device, where it has one. */
export function leafOf({ leaves }: State, identity: Leaf): Certified | undefined {
  return leaves.find((one) => sameLeaf(one.identity, identity))
}

/** The delegation under which somebody acts here, where there is one. */
export function delegationOf({ inForce }: State, leaf: Certified): InForce | undefined {
  return inForce.find((one) => isOf(one, somebodyOf(leaf)))
}

/** The delegation in force of this id, where there is one. */
export function delegationNamed({ inForce }: State, id: Uint8Array): InForce | undefined {
  return inForce.find((one) => equal(one.delegation.delegation, id))
}

/** The leaves of a delegation's carer. */
export function leavesUnder({ leaves }: State, delegation: InForce): readonly Certified[] {
  return leaves.filter((one) => isOf(delegation, somebodyOf(one)))
}
