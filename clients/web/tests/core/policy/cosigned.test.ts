/** What two pharmacists sign together. */
import { describe, expect, test } from "vitest"
import {
  checkAccountRevocation, checkSuccession, cosign, decodeCoSigned, encodeCoSigned, type Signature,
} from "../../../src/core/policy/cosigned"
import type { Verdict } from "../../../src/core/policy/decision"
import { ACCOUNT_REVOCATION, SUCCESSION, type AccountRevocation, type Statement, type Succession } from "../../../src/core/policy/statements"
import {
  AUTHORITY, CLAIRE, DEPLOYMENT, HUGO, JEAN, LEA, MARC, NOTHING, NOW_US, PLACE, POLICY, SOPHIE, aPerson, flipped, no, yes, type Person,
} from "./people"

const LOST: AccountRevocation = { deployment: DEPLOYMENT, conversation: NOTHING, person: SOPHIE.id, aik: SOPHIE.aik, reason: "stolen", atUs: NOW_US }
const GOES_ON: Succession = {
  deployment: DEPLOYMENT, conversation: POLICY.conversation, oldGroup: Uint8Array.of(1), oldEpoch: 7, newGroup: Uint8Array.of(2),
  patient: JEAN.id, oldAik: JEAN.aik, newAik: MARC.aik, atUs: NOW_US,
}

const by = <T>(kind: Statement<T>, said: T, who: Person): Signature => cosign(kind, said, who.secret, { signer: who.id, staff: who.staff })
const authoritys = (said: AccountRevocation): Signature => cosign(ACCOUNT_REVOCATION, said, AUTHORITY.secret, { signer: NOTHING, staff: NOTHING })

function lost(changes: Partial<AccountRevocation> = {}, signatures?: readonly Signature[]): Verdict<AccountRevocation> {
  const said = { ...LOST, ...changes }
  const all = signatures ?? [by(ACCOUNT_REVOCATION, said, CLAIRE), by(ACCOUNT_REVOCATION, said, HUGO), authoritys(said)]
  return checkAccountRevocation(encodeCoSigned({ statement: ACCOUNT_REVOCATION.codec.encode(said), signatures: all }), PLACE, NOW_US)
}

function goesOn(changes: Partial<Succession> = {}, signatures?: readonly Signature[]): Verdict<Succession> {
  const said = { ...GOES_ON, ...changes }
  const all = signatures ?? [by(SUCCESSION, said, HUGO), by(SUCCESSION, said, CLAIRE)]
  return checkSuccession(encodeCoSigned({ statement: SUCCESSION.codec.encode(said), signatures: all }), PLACE, NOW_US)
}

describe("a lost account", () => {
  const [claires, hugos, authority] = [by(ACCOUNT_REVOCATION, LOST, CLAIRE), by(ACCOUNT_REVOCATION, LOST, HUGO), authoritys(LOST)]

  test("is given up by two pharmacists and the authority", () => {
    expect(yes(lost())).toEqual(LOST)
  })

  test.each<[string, string, readonly Signature[]]>([
    ["one pharmacist", "E_FOUR_EYES", [claires]],
    ["one pharmacist and the authority", "E_FOUR_EYES", [claires, authority]],
    ["one pharmacist twice", "E_FOUR_EYES", [claires, claires, authority]],
    ["two pharmacists alone", "E_SIGNATURE", [claires, hugos]],
    ["the authority first", "E_FOUR_EYES", [authority, claires, hugos]],
    ["a technician", "E_ROLE", [claires, by(ACCOUNT_REVOCATION, LOST, LEA), authority]],
    ["a pharmacist's name and another's hand", "E_SIGNATURE", [claires, { ...by(ACCOUNT_REVOCATION, LOST, SOPHIE), signer: HUGO.id, staff: HUGO.staff }, authority]],
    ["whom the owner did not certify", "E_FOUR_EYES", [claires, { ...claires, signer: MARC.id }, authority]],
    ["an authority with a name", "E_SIGNATURE", [claires, hugos, { ...authority, signer: MARC.id }]],
    ["an authority with a certificate", "E_SIGNATURE", [claires, hugos, { ...authority, staff: HUGO.staff }]],
    ["another's hand for the authority", "E_SIGNATURE", [claires, hugos, { ...claires, signer: NOTHING }]],
    ["nobody", "E_FOUR_EYES", []],
  ])("is not given up by %s: %s", (_, code, signatures) => {
    expect(no(lost({}, signatures))).toBe(code)
  })

  test("is nobody's of the two who sign", () => {
    expect(no(lost({ person: HUGO.id, aik: HUGO.aik }))).toBe("E_FOUR_EYES")
    expect(no(lost({ aik: CLAIRE.aik }))).toBe("E_FOUR_EYES")
  })

  test("is of this deployment, about no one conversation, and of now", () => {
    expect(no(lost({ deployment: "else.example" }))).toBe("E_IDENTITY")
    expect(no(lost({ conversation: POLICY.conversation }))).toBe("E_IDENTITY")
    expect(yes(lost({ atUs: NOW_US + 120_000_000 })).aik).toEqual(SOPHIE.aik)
    expect(no(lost({ atUs: NOW_US + 120_000_001 }))).toBe("E_CLOCK")
  })
})

describe("a succession", () => {
  test("of this conversation's patient is two pharmacists' to say", () => {
    expect(yes(goesOn())).toEqual(GOES_ON)
  })

  test.each<[string, string, Partial<Succession>]>([
    ["of another conversation", "E_IDENTITY", { conversation: MARC.id }],
    ["of another deployment", "E_IDENTITY", { deployment: "else.example" }],
    ["of another patient", "E_IDENTITY", { patient: MARC.id }],
    ["to the same key", "E_IDENTITY", { newAik: JEAN.aik }],
    ["to a pharmacist's own key", "E_FOUR_EYES", { newAik: CLAIRE.aik }],
    ["in the future", "E_CLOCK", { atUs: NOW_US + 120_000_001 }],
  ])("%s is refused: %s", (_, code, changes) => {
    expect(no(goesOn(changes))).toBe(code)
  })

  test("by three, or by a pharmacist of elsewhere, is refused", () => {
    const [claires, hugos] = [by(SUCCESSION, GOES_ON, CLAIRE), by(SUCCESSION, GOES_ON, HUGO)]
    const eve = aPerson("eve", "pharmacist", { profession: "deputy" })

    expect(no(goesOn({}, [claires, hugos, hugos]))).toBe("E_FOUR_EYES")
    expect(no(goesOn({}, [claires, by(SUCCESSION, GOES_ON, eve)]))).toBe("E_SIGNATURE")
    expect(no(goesOn({}, [claires, { ...by(SUCCESSION, GOES_ON, eve), staff: HUGO.staff }]))).toBe("E_IDENTITY")
  })

  test("does not pass for a lost account, nor with any bit changed", () => {
    // Whose name stands at the owner's signature proves nothing: the key does, which the conversation pins.
    const zoe = aPerson("zoe", "pharmacist", { profession: "deputy", staff: true })
    const signatures = [by(SUCCESSION, GOES_ON, HUGO), by(SUCCESSION, GOES_ON, zoe)]
    const data = encodeCoSigned({ statement: SUCCESSION.codec.encode(GOES_ON), signatures })

    expect(decodeCoSigned(data).signatures).toEqual(signatures)
    expect("granted" in checkSuccession(data, PLACE, NOW_US)).toBe(true)
    expect(no(checkAccountRevocation(data, PLACE, NOW_US))).toBe("E_SIGNATURE")
    for (const bent of flipped(data).filter((_, bit) => bit % 37 === 0)) expect("refused" in checkSuccession(bent, PLACE, NOW_US)).toBe(true)
  })
})
