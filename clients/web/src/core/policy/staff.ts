/** Who signs as a pharmacist: the owner, whose key the conversation pins, or whom the owner certified. */
import { equal } from "../bytes"
import type { ConversationPolicy } from "./conversation"
import { attempt, need } from "./decision"
import { verifyStaff, type Trust, type Validity } from "./identity"

/** Somebody by id and by account key. */
export interface Somebody {
  readonly person: Uint8Array
  readonly aik: Uint8Array
}

export interface Pharmacist extends Somebody {
  /** When the owner's certificate says so; always, for the owner. */
  readonly validity: Validity
}

/** Where something is judged. */
export interface Place {
  readonly policy: ConversationPolicy
  readonly trust: Trust
}

/** Who a pharmacist is by their signed StaffCertificate, or the owner without one. Within `decide`. */
export function pharmacistOf(person: Uint8Array, staff: Uint8Array, { policy, trust }: Place, atUs: number | null): Pharmacist {
  if (staff.length === 0) return { person, aik: policy.ownerAik, validity: { notBeforeUs: 0, notAfterUs: Infinity } }
  const said = attempt(() => verifyStaff(staff, { trust, ownerAik: policy.ownerAik, pharmacy: policy.pharmacy }, atUs), "E_IDENTITY")
  need(equal(said.person, person), "E_IDENTITY")
  need(said.role === "pharmacist", "E_ROLE")
  return { person, aik: said.aik, validity: said }
}

/** Whether two are the same, by id or by account key. */
export function areOne(a: Somebody, b: Somebody): boolean {
  return equal(a.person, b.person) || equal(a.aik, b.aik)
}
