/**
 * What two pharmacists sign together: the twin of `crypto/policy/cosigned.py`. An account key that was lost
 * (then countersigned by the authority, which no longer vouches for it), and a patient who lost every device.
 */
import { equal } from "../bytes"
import { bytesUpTo, decode } from "../mls/codec"
import { signWithLabel } from "../mls/labels"
import { SUITE_1 } from "../mls/suites"
import { attempt, checkClock, decide, need, type Verdict } from "./decision"
import { listUpTo, orNothing, structure, type Read } from "./fields"
import { areOne, pharmacistOf, type Pharmacist, type Place, type Somebody } from "./staff"
import {
  ACCOUNT_REVOCATION, MAX_SIGNATURE_BYTES, MAX_STATEMENT_BYTES, SUCCESSION, verifySigned, type AccountRevocation, type Statement, type Succession,
} from "./statements"

/** Pharmacists who must sign. */
const EYES = 2

const SIGNATURE = structure({ signer: orNothing(16), staff: bytesUpTo(MAX_STATEMENT_BYTES), signature: bytesUpTo(MAX_SIGNATURE_BYTES) })
/** `signer`: a person's id, or empty: the authority. `staff`: the signer's certificate, empty for the owner. */
export type Signature = Read<typeof SIGNATURE>
const CO_SIGNED = structure({ statement: bytesUpTo(MAX_STATEMENT_BYTES), signatures: listUpTo(EYES + 1, SIGNATURE) })
/** A statement and who signed it: readable, not yet to be believed. */
export type CoSigned = Read<typeof CO_SIGNED>

export const encodeCoSigned = (signed: CoSigned): Uint8Array => CO_SIGNED.encode(signed)
export const decodeCoSigned = (bytes: Uint8Array): CoSigned => decode(CO_SIGNED, bytes)

/** One signature under a statement. */
export function cosign<T>(
  { label, codec }: Statement<T>, content: T, signaturePrivateKey: Uint8Array, by: Omit<Signature, "signature">,
): Signature {
  return { ...by, signature: signWithLabel(SUITE_1, signaturePrivateKey, label, codec.encode(content)) }
}

/** The revocation of an account key, if two pharmacists and the authority signed it. */
export function checkAccountRevocation(data: Uint8Array, place: Place, atUs: number | null): Verdict<AccountRevocation> {
  return decide(() => {
    const { said, signatures } = read(data, ACCOUNT_REVOCATION)
    need(said.deployment === place.trust.deployment && said.conversation.length === 0, "E_IDENTITY")
    checkEyes(ACCOUNT_REVOCATION, said, signatures.slice(0, EYES), [said], place)
    const last = signatures[EYES]
    need(last !== undefined && last.signer.length === 0 && last.staff.length === 0, "E_SIGNATURE")
    checkSignature(ACCOUNT_REVOCATION, said, place.trust.authority, last)
    checkClock(said.atUs, atUs)
    return said
  })
}

/** The succession of this conversation's patient, if two pharmacists signed it. */
export function checkSuccession(data: Uint8Array, place: Place, atUs: number | null): Verdict<Succession> {
  return decide(() => {
    const { said, signatures } = read(data, SUCCESSION)
    const here = said.deployment === place.trust.deployment && equal(said.conversation, place.policy.conversation)
    need(here && equal(said.patient, place.policy.patient) && !equal(said.oldAik, said.newAik), "E_IDENTITY")
    const concerned = [said.oldAik, said.newAik].map((aik) => ({ person: said.patient, aik }))
    checkEyes(SUCCESSION, said, signatures, concerned, place)
    checkClock(said.atUs, atUs)
    return said
  })
}

function read<T>(data: Uint8Array, { codec }: Statement<T>): { readonly said: T; readonly signatures: readonly Signature[] } {
  return attempt(() => {
    const { statement, signatures } = decodeCoSigned(data)
    return { said: decode(codec, statement), signatures }
  }, "E_SIGNATURE")
}

/** Two different pharmacists signed, neither of whom is concerned. */
function checkEyes<T extends { readonly atUs: number }>(
  kind: Statement<T>, said: T, signatures: readonly Signature[], concerned: readonly Somebody[], place: Place,
): void {
  need(signatures.length === EYES && signatures.every(({ signer }) => signer.length > 0), "E_FOUR_EYES")
  const eyes: Pharmacist[] = []
  for (const one of signatures) {
    const who = pharmacistOf(one.signer, one.staff, place, said.atUs)
    checkSignature(kind, said, who.aik, one)
    need(![...concerned, ...eyes].some((other) => areOne(who, other)), "E_FOUR_EYES")
    eyes.push(who)
  }
}

function checkSignature<T>(kind: Statement<T>, said: T, key: Uint8Array, { signature }: Signature): void {
  attempt(() => verifySigned(kind, said, key, signature), "E_SIGNATURE")
}
