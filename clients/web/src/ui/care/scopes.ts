/** Which scopes a screen offers, in which order, and under which legal basis. Pure. */
import type { LegalBasis, Mandate, Scope } from "../../core/model"

/** MLS cannot hide a message from a device of the group: nobody is let in without it. */
export const READING: Scope = "conversation.read"

/** What a call at home needs most, in one look; the rest is one press away. */
export const FIRST: readonly Scope[] = ["conversation.send", "call.join", "delivery.receive"]
const REST: readonly Scope[] = [
  "document.send", "document.read", "prescription.present", "dispensation.request", "appointment.manage", "sensitive.read", "decide.assist",
]
const DECIDING: Scope = "decide.final"

const BY_MANDATE: Readonly<Record<Mandate, readonly LegalBasis[]>> = {
  device: ["patient_mandate"],
  paper: ["patient_mandate", "trusted_person"],
  evidence: [
    "guardianship_person", "family_habilitation_representation", "family_habilitation_assistance", "curatorship",
    "future_protection_mandate", "parental_authority",
  ],
}
const DECIDE: readonly LegalBasis[] = [
  "parental_authority", "guardianship_person", "family_habilitation_representation", "future_protection_mandate",
]

export const basesOf = (mandate: Mandate): readonly LegalBasis[] => BY_MANDATE[mandate]

/** What else may be ticked under a legal basis: no decision for a patient who only asked to be helped. */
export function offeredBy(basis: LegalBasis): readonly Scope[] {
  const rest = basis === "trusted_person" ? REST.filter((scope) => scope !== "decide.assist") : REST
  return DECIDE.includes(basis) ? [...rest, DECIDING] : rest
}

const ORDER: readonly Scope[] = [READING, ...FIRST, ...REST, DECIDING]

/** In the order in which people are told of them; reading is always among them. */
export function inOrder(scopes: Iterable<Scope>): readonly Scope[] {
  const wanted = new Set<Scope>([READING, ...scopes])
  return ORDER.filter((scope) => wanted.has(scope))
}

/** What the screens never offer here, said in words: everything that was not ticked. */
export function lacking(scopes: readonly Scope[]): readonly Scope[] {
  return ORDER.filter((scope) => scope !== DECIDING && !scopes.includes(scope))
}
