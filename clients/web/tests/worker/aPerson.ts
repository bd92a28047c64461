/** People of the tests, and their account keys: the tests can sign as anybody. */
import { sha256 } from "@noble/hashes/sha2.js"
import { SUITE_1 } from "../../src/core/mls/suites"
import type { Role } from "../../src/core/model"
import type { Profession } from "../../src/core/policy/vocabulary"

export interface Person {
  readonly person: string
  readonly name: string
  readonly role: Role
  readonly profession?: Profession
}

export const CLAIRE: Person = { person: "c1a14e00-0000-4000-8000-000000000001", name: "Claire Morel", role: "pharmacist", profession: "owner" }
export const HUGO: Person = { person: "40900000-0000-4000-8000-000000000003", name: "Hugo Petit", role: "pharmacist", profession: "deputy" }
export const LEA: Person = { person: "1ea00000-0000-4000-8000-000000000004", name: "Léa Roux", role: "technician" }
export const JEAN: Person = { person: "1ea40000-0000-4000-8000-000000000002", name: "Jean Lefèvre", role: "patient" }
export const SOPHIE: Person = { person: "50f1e000-0000-4000-8000-000000000005", name: "Sophie Lefèvre", role: "carer" }
export const MALLORY: Person = { person: "ba110000-0000-4000-8000-00000000000a", name: "Mallory", role: "carer" }

const OFFICERS: readonly Role[] = ["compliance_officer", "second_reviewer", "courier"]

export function hasIdentity({ role }: Person): boolean {
  return !OFFICERS.includes(role)
}

/** The account key that a person's devices find in their memory, where a test does not say otherwise. */
export function seedOf({ person }: Pick<Person, "person">): Uint8Array {
  return sha256(new TextEncoder().encode(`the account key of ${person}`))
}

export function aikOf(person: Pick<Person, "person">): Uint8Array {
  return SUITE_1.signature.publicKey(seedOf(person))
}
