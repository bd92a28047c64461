/** Who a leaf is, by certificates. */
import { describe, expect, test } from "vitest"
import { sha256 } from "@noble/hashes/sha2.js"
import { decode } from "../../../src/core/mls/codec"
import { CREDENTIAL, basicCredential } from "../../../src/core/mls/credential"
import {
  CREDENTIAL_TYPE, credentialOf, identityOf, partsOf, verifyCredential, verifyIdentity, type CredentialParts,
} from "../../../src/core/policy/identity"
import { uuidBytes } from "../../../src/core/uuid"
import { expectRefusal } from "../golden"
import {
  CLAIRE, HUGO, JEAN, LEA, MARC, NOTHING, NOW_US, SOPHIE, TRUST, aDeviceCertificate, aLeaf, aPerson, aStaffCertificate, anIdentity, credentialFor,
  deviceOf, flipped, idOf, judging, type Person,
} from "./people"

const parts = (of: Person, changes: Partial<CredentialParts> = {}): CredentialParts => (
  { identity: anIdentity(of), device: aDeviceCertificate(of), staff: of.staff, ...changes })
const refuse = (of: Person, changes: Partial<CredentialParts>): void =>
  expectRefusal(() => verifyCredential(credentialOf(parts(of, changes)), judging(of)))

describe("a credential", () => {
  test.each([CLAIRE, HUGO, LEA, JEAN, SOPHIE])("of certificates that hold says who somebody is: $name", (person) => {
    const leaf = aLeaf(person)

    expect(leaf.identity).toEqual({ person: idOf(person.name), device: deviceOf(person).id })
    expect(leaf).toMatchObject({ role: person.role, profession: person.profession, aik: person.aik, signatureKey: deviceOf(person).key })
    expect(leaf.staff).toBe(person.role === "pharmacist" || person.role === "technician")
    expect(leaf.certificate).toEqual(sha256(anIdentity(person)))
  })

  test("is one opaque vector behind its type, and reads back", () => {
    const credential = credentialFor(HUGO)
    const encoded = CREDENTIAL.encode(credential)

    expect(encoded.slice(0, 2)).toEqual(Uint8Array.of(0xf0, 0xc1))
    expect(partsOf(decode(CREDENTIAL, encoded))).toEqual(parts(HUGO))
    expect(identityOf(credential)).toEqual(aLeaf(HUGO).identity)
  })

  test("that only names somebody is refused", () => {
    const names = basicCredential(Uint8Array.from(`${idOf("jean")}/${deviceOf(JEAN).id}`, (one) => one.charCodeAt(0)))

    expectRefusal(() => identityOf(names), "malformed_input")
    expectRefusal(() => verifyCredential(names, judging(JEAN)), "malformed_input")
    expectRefusal(() => verifyCredential({ ...credentialFor(JEAN), type: CREDENTIAL_TYPE + 1 }, judging(JEAN)), "malformed_input")
  })

  test("of which any bit is another is refused", () => {
    const { type, content } = credentialFor(HUGO)
    const bent = flipped(content).filter((_, bit) => bit % 29 === 0)

    expect(bent.length).toBeGreaterThan(100)
    for (const one of bent) expectRefusal(() => verifyCredential({ type, content: one }, judging(HUGO)))
  })

  test("whose certificates are of two people names nobody", () => {
    const mixed = credentialOf(parts(JEAN, { device: aDeviceCertificate(MARC) }))

    expectRefusal(() => identityOf(mixed), "malformed_input")
    expectRefusal(() => verifyCredential(mixed, judging(MARC)))
  })

  test("is for one signature key", () => {
    expectRefusal(() => verifyCredential(credentialFor(JEAN), judging(MARC)), "bad_identity")
  })
})

describe("an identity", () => {
  test("is the authority's to certify, in this deployment, and not for one conversation", () => {
    expect(verifyIdentity(anIdentity(JEAN), TRUST).person).toEqual(JEAN.id)
    expectRefusal(() => verifyIdentity(anIdentity(JEAN, {}, JEAN.secret), TRUST), "bad_signature")
    expectRefusal(() => verifyIdentity(anIdentity(JEAN, { deployment: "else.example" }), TRUST), "bad_identity")
    expectRefusal(() => verifyIdentity(anIdentity(JEAN, { conversation: JEAN.id }), TRUST), "bad_identity")
  })

  test.each([
    { role: "courier" }, { role: "compliance_officer" }, { role: "constructor" }, { profession: "owner" }, { profession: "chief" },
  ])("of a role that holds no leaf, or a profession that goes with another, is refused: %o", (changes) => {
    refuse(JEAN, { identity: anIdentity(JEAN, changes) })
  })

  test("of a pharmacist with a profession that there is not is refused", () => {
    refuse(HUGO, { identity: anIdentity(HUGO, { profession: "chief" }) })
    refuse(HUGO, { identity: anIdentity(HUGO, { profession: "" }) })
  })

  test("for another account key lets nobody's device in", () => {
    refuse(JEAN, { identity: anIdentity(JEAN, { aik: MARC.aik }) })
    refuse(JEAN, { device: aDeviceCertificate(JEAN, {}, 1, MARC.secret) })
    refuse(JEAN, { device: aDeviceCertificate(JEAN, { person: MARC.id }) })
    refuse(JEAN, { device: aDeviceCertificate(JEAN, { signatureKey: MARC.aik }) })
  })
})

describe("the staff", () => {
  const mallory = aPerson("mallory", "pharmacist", { profession: "deputy" })

  test("is not the operator's to mint", () => {
    refuse(mallory, {})
    refuse(mallory, { staff: aStaffCertificate(mallory, {}, mallory.secret) })
    refuse(aPerson("mallory", "pharmacist", { profession: "owner" }), {})
  })

  test.each([
    { pharmacy: "990000002" }, { role: "technician" }, { person: MARC.id }, { aik: MARC.aik }, { deployment: "else.example" }, { conversation: MARC.id },
  ])("is certified in this pharmacy, with this role and key: %o", (changes) => {
    refuse(HUGO, { staff: aStaffCertificate(HUGO, changes) })
  })

  test("is nobody's certificate who is not of the staff", () => {
    refuse(JEAN, { staff: aStaffCertificate(JEAN) })
    refuse(JEAN, { staff: aStaffCertificate(JEAN, { role: "pharmacist" }) })
  })
})

describe("a certificate", () => {
  const ends = { notAfterUs: NOW_US + 1 }

  test("holds to before its last instant, and is not asked where that is not the question", () => {
    const at = (atUs: number | null) => (): unknown =>
      verifyCredential(credentialOf(parts(HUGO, { staff: aStaffCertificate(HUGO, ends) })), { ...judging(HUGO), atUs })

    expect(at(NOW_US)()).toMatchObject({ validity: ends })
    expectRefusal(at(NOW_US + 1), "bad_identity")
    expect(at(null)()).toMatchObject({ validity: ends })
  })

  test("may begin two minutes before a clock that is behind says so", () => {
    const from = (notBeforeUs: number) => (): unknown =>
      verifyCredential(credentialOf(parts(JEAN, { device: aDeviceCertificate(JEAN, { notBeforeUs }) })), judging(JEAN))

    expect(from(NOW_US + 120_000_000)()).toMatchObject({ role: "patient" })
    expectRefusal(from(NOW_US + 120_000_001), "bad_identity")
  })

  test("of any of the three ends all", () => {
    for (const one of [{ identity: anIdentity(HUGO, { notAfterUs: NOW_US }) }, { device: aDeviceCertificate(HUGO, { notAfterUs: NOW_US }) },
      { staff: aStaffCertificate(HUGO, { notAfterUs: NOW_US }) }]) refuse(HUGO, one)
  })
})

test("a device's id is the one that its certificate names", () => {
  const other = idOf("another device")
  const credential = credentialOf(parts(JEAN, { device: aDeviceCertificate(JEAN, { device: uuidBytes(other) }), staff: NOTHING }))

  expect(verifyCredential(credential, judging(JEAN)).identity.device).toBe(other)
})
