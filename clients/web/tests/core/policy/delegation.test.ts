/** Whether a delegation holds. The shared vectors say more, in both languages; here stands what a reader looks for first. */
import { describe, expect, test } from "vitest"
import { signStatement, RESIGNATION, REVOCATION, SUSPENSION, type Delegation } from "../../../src/core/policy/statements"
import {
  checkAcceptance, checkConfirmation, checkDelegation, checkEnding, checkProposal, checkRecord, checkWithdrawal, type About,
} from "../../../src/core/policy/delegation"
import { DAY_US, LEGAL_BASES, SCOPES } from "../../../src/core/policy/vocabulary"
import {
  CLAIRE, DEPLOYMENT, HUGO, JEAN, LEA, MARC, NOTHING, NOW_US, PLACE, POLICY, SOPHIE, aConfirmation, aDelegation, aPerson, aRecord, anAcceptance,
  flipped, no, signedDelegation, yes,
} from "./people"

const HERE = { deployment: DEPLOYMENT, conversation: POLICY.conversation, delegation: aDelegation().delegation, atUs: NOW_US }
const ABOUT: About = { ...PLACE, delegation: aDelegation(), atUs: NOW_US }
const given = (changes: Partial<Delegation>, role = "carer", policy = POLICY): ReturnType<typeof checkDelegation> =>
  checkDelegation({ policy, delegation: aDelegation(changes), atUs: NOW_US }, role)
const EVIDENCE = { evidence: new Uint8Array(32).fill(1), issuer: Uint8Array.of(1) }
const ON_PAPER: Partial<Delegation> = { mandate: "paper", grantorAik: NOTHING }
const WITHOUT_DEVICE = { ...POLICY, patientAik: NOTHING }

describe("a delegation", () => {
  test("of the patient to a carer, in this conversation, may be given", () => {
    expect(given({})).toEqual({ granted: null })
  })

  test.each<[string, string, Partial<Delegation>, string?]>([
    ["of another conversation", "E_NO_DELEGATION", { conversation: JEAN.id }],
    ["to oneself", "E_SELF_DELEGATION", { grantee: JEAN.id }],
    ["to one's own key", "E_SELF_DELEGATION", { granteeAik: JEAN.aik }],
    ["by a carer", "E_SUB_DELEGATION", { grantor: MARC.id }],
    ["to the staff", "E_STAFF_GRANTEE", {}, "pharmacist"],
    ["to the owner's key", "E_STAFF_GRANTEE", { granteeAik: CLAIRE.aik }],
    ["to a courier", "E_ROLE", {}, "courier"],
    ["of a scope that does not exist", "E_UNKNOWN_SCOPE", { scopes: ["conversation.read", "everything"] }],
    ["without reading", "E_SCOPE", { scopes: ["conversation.send"] }],
    ["of a legal basis that does not exist", "E_LEGAL_BASIS", { legalBasis: "constructor" }],
    ["of a mandate that does not exist", "E_LEGAL_BASIS", { mandate: "telephone" }],
    ["by another key of the patient", "E_IDENTITY", { grantorAik: MARC.aik }],
    ["signed, and with an issuer as well", "E_EVIDENCE", { issuer: Uint8Array.of(1) }],
    ["signed, and with evidence as well", "E_EVIDENCE", EVIDENCE],
    ["that ends as it begins", "E_PERIOD", { notBeforeUs: NOW_US + 1, notAfterUs: NOW_US + 1 }],
    ["that is over", "E_PERIOD", { notBeforeUs: NOW_US - 2, notAfterUs: NOW_US }],
    ["of more than 365 days", "E_PERIOD_TOO_LONG", { notBeforeUs: NOW_US, notAfterUs: NOW_US + 365 * DAY_US + 1 }],
  ])("%s is refused: %s", (_, code, changes, role) => {
    expect(no(given(changes, role))).toBe(code)
  })

  test("is possible in no private aside", () => {
    expect(no(given({}, "carer", { ...POLICY, kind: "private_aside" }))).toBe("E_KIND")
  })

  test("of exactly 365 days may be given", () => {
    expect(given({ notBeforeUs: NOW_US, notAfterUs: NOW_US + 365 * DAY_US })).toEqual({ granted: null })
  })

  test("on paper is for a patient without a device", () => {
    expect(given(ON_PAPER, "carer", WITHOUT_DEVICE)).toEqual({ granted: null })
    expect(no(given(ON_PAPER))).toBe("E_LEGAL_BASIS")
  })

  test("by evidence names the document and its issuer", () => {
    const guardian = { mandate: "evidence", legalBasis: "guardianship_person" }

    expect(given({ ...guardian, ...EVIDENCE })).toEqual({ granted: null })
    expect(no(given({ ...guardian, evidence: EVIDENCE.evidence }))).toBe("E_EVIDENCE")
    expect(no(given({ ...guardian, issuer: EVIDENCE.issuer }))).toBe("E_EVIDENCE")
  })

  test("allows of each legal basis what the table says, by whose hand it says, and nothing else", () => {
    for (const [legalBasis, rules] of Object.entries(LEGAL_BASES)) {
      for (const mandate of ["device", "paper", "evidence"]) {
        for (const scope of SCOPES) {
          const policy = mandate === "paper" ? WITHOUT_DEVICE : POLICY
          const hand = { mandate, ...(mandate === "paper" ? ON_PAPER : {}), ...(mandate === "evidence" ? EVIDENCE : {}) }
          const scopes = [...new Set(["conversation.read", scope])].sort()
          const listed = (rules.mandates as readonly string[]).includes(mandate) && scopes.every((one) => (rules.scopes as readonly string[]).includes(one))

          const verdict = given({ legalBasis, ...hand, scopes }, "carer", policy)

          expect("granted" in verdict).toBe(listed)
        }
      }
    }
  })

  test("that is proposed is believed by the patient's signature alone", () => {
    const about = { ...PLACE, atUs: NOW_US }

    expect(yes(checkProposal(signedDelegation(aDelegation()), about, "carer"))).toEqual(aDelegation())
    expect(no(checkProposal(signedDelegation(aDelegation(), SOPHIE.secret), about, "carer"))).toBe("E_SIGNATURE")
    expect(no(checkProposal(signedDelegation(aDelegation({ deployment: "else.example" })), about, "carer"))).toBe("E_NO_DELEGATION")
  })
})

describe("what is said of a delegation that is proposed", () => {
  const soon = NOW_US + 120_000_000

  test("keeps to its rules, before anybody confirms it", () => {
    const proposed = (delegation: Delegation, role = "carer"): ReturnType<typeof checkProposal> =>
      checkProposal(signedDelegation(delegation), { ...PLACE, atUs: NOW_US }, role)

    expect(no(proposed(aDelegation(), "technician"))).toBe("E_STAFF_GRANTEE")
    expect(no(proposed(aDelegation({ notAfterUs: NOW_US })))).toBe("E_PERIOD")
    expect(no(proposed(aDelegation({ notBeforeUs: NOW_US + 2, notAfterUs: NOW_US + 1 })))).toBe("E_PERIOD")
  })

  test("a pharmacist confirms, within two minutes of the clock, if not concerned", () => {
    const confirm = (changes: object, by = CLAIRE): ReturnType<typeof checkConfirmation> => {
      const { confirmation, staff } = aConfirmation(aDelegation(), by, changes)
      return checkConfirmation(confirmation, staff, ABOUT)
    }

    expect(yes(confirm({ atUs: soon, heardAlone: true }))).toMatchObject({ heardAlone: true, atUs: soon })
    expect(no(confirm({ atUs: soon + 1 }))).toBe("E_CLOCK")
    expect(no(confirm({ conversation: JEAN.id }))).toBe("E_STALE_CONFIRMATION")
    expect(no(confirm({ pharmacist: SOPHIE.id }))).toBe("E_FOUR_EYES")
    expect(no(confirm({ pharmacist: JEAN.id }))).toBe("E_FOUR_EYES")
  })

  test("the carer accepts, within two minutes of the clock", () => {
    const accept = (changes: object): ReturnType<typeof checkAcceptance> => checkAcceptance(anAcceptance(aDelegation(), changes), ABOUT)

    expect("granted" in accept({ atUs: soon })).toBe(true)
    expect(no(accept({ atUs: soon + 1 }))).toBe("E_CLOCK")
    expect(no(accept({ deployment: "else.example" }))).toBe("E_NOT_ACCEPTED")
  })

  test("the patient withdraws in part, within two minutes of the clock", () => {
    const withdraw = (atUs: number): ReturnType<typeof checkWithdrawal> =>
      checkWithdrawal(signStatement(REVOCATION, { ...HERE, scopes: ["conversation.send"], atUs }, JEAN.secret), ["conversation.read", "conversation.send"], ABOUT)

    expect(yes(withdraw(soon))).toEqual(["conversation.read"])
    expect(no(withdraw(soon + 1))).toBe("E_CLOCK")
  })
})

describe("a record", () => {
  test("holds by the patient's, a pharmacist's and the carer's hand", () => {
    const found = yes(checkRecord(aRecord(), PLACE, NOW_US))

    expect(found.scopes).toEqual(["conversation.read", "conversation.send"])
    expect(found.confirmedBy.map(({ by }) => by.person)).toEqual([CLAIRE.id])
  })

  test("of which any bit is another holds no more", () => {
    const record = aRecord()
    const [one = { confirmation: NOTHING, staff: NOTHING }] = record.confirmations
    const sampled = (bytes: Uint8Array): Uint8Array[] => flipped(bytes).filter((_, bit) => bit % 23 === 0)
    const bent = [
      ...sampled(record.delegation).map((delegation) => ({ ...record, delegation })),
      ...sampled(record.acceptance).map((acceptance) => ({ ...record, acceptance })),
      ...sampled(one.confirmation).map((confirmation) => ({ ...record, confirmations: [{ ...one, confirmation }] })),
    ]

    expect(bent.length).toBeGreaterThan(100)
    expect(bent.filter((one) => "granted" in checkRecord(one, PLACE, NOW_US))).toEqual([])
  })

  test.each<[string, string, () => Parameters<typeof aRecord>[1]]>([
    ["that nobody confirmed", "E_NOT_CONFIRMED", () => ({ confirmations: [] })],
    ["that was not accepted", "E_NOT_ACCEPTED", () => ({ acceptance: NOTHING })],
    ["of which another text was accepted", "E_NOT_ACCEPTED", () => ({ acceptance: anAcceptance(aDelegation({ language: "en" })) })],
    ["that another accepted", "E_SIGNATURE", () => ({ acceptance: anAcceptance(aDelegation(), {}, MARC) })],
    ["of which another text was confirmed", "E_STALE_CONFIRMATION", () => ({ confirmations: [aConfirmation(aDelegation({ language: "en" }))] })],
    ["that a technician confirmed", "E_ROLE", () => ({ confirmations: [aConfirmation(aDelegation(), LEA)] })],
    ["that one confirmed whom the owner did not certify", "E_SIGNATURE", () => ({ confirmations: [aConfirmation(aDelegation(), aPerson("eve", "pharmacist"))] })],
    ["that one pharmacist confirmed twice", "E_FOUR_EYES", () => ({ confirmations: [aConfirmation(aDelegation()), aConfirmation(aDelegation())] })],
    ["that was confirmed in the future", "E_CLOCK", () => ({ confirmations: [aConfirmation(aDelegation(), CLAIRE, { atUs: NOW_US + 120_000_001 })] })],
  ])("%s is refused: %s", (_, code, changes) => {
    expect(no(checkRecord(aRecord(aDelegation(), changes()), PLACE, NOW_US))).toBe(code)
  })

  test("on paper takes two pharmacists, or one, a document and a day", () => {
    const place = { ...PLACE, policy: WITHOUT_DEVICE }
    const paper = aDelegation(ON_PAPER)
    const documented = aDelegation({ ...ON_PAPER, ...EVIDENCE })
    const early = aConfirmation(documented, CLAIRE, { atUs: documented.notBeforeUs - DAY_US + 1 })
    const inTime = aConfirmation(documented, CLAIRE, { atUs: documented.notBeforeUs - DAY_US })

    expect(yes(checkRecord(aRecord(paper, { confirmations: [aConfirmation(paper), aConfirmation(paper, HUGO)] }), place, NOW_US)).confirmedBy).toHaveLength(2)
    expect(no(checkRecord(aRecord(paper), place, NOW_US))).toBe("E_FOUR_EYES")
    expect(no(checkRecord(aRecord(documented, { confirmations: [early] }), place, NOW_US))).toBe("E_FOUR_EYES")
    expect(yes(checkRecord(aRecord(documented, { confirmations: [inTime] }), place, NOW_US)).confirmedBy).toHaveLength(1)
  })

  test("keeps what was not withdrawn, and nothing is withdrawn twice or by another", () => {
    const withdraw = (scopes: string[], by = JEAN.secret): Uint8Array => signStatement(REVOCATION, { ...HERE, scopes }, by)
    const after = (...revocations: Uint8Array[]): ReturnType<typeof checkRecord> => checkRecord(aRecord(aDelegation(), { revocations }), PLACE, NOW_US)
    const send = withdraw(["conversation.send"])

    expect(yes(after(send)).scopes).toEqual(["conversation.read"])
    expect(no(after(send, send))).toBe("E_ALREADY_ENDED")
    expect(no(after(withdraw(["conversation.read"])))).toBe("E_SCOPE")
    expect(no(after(withdraw(["call.join"])))).toBe("E_SCOPE")
    expect(no(after(withdraw(["everything"])))).toBe("E_UNKNOWN_SCOPE")
    expect(no(after(withdraw(["conversation.send"], SOPHIE.secret)))).toBe("E_SIGNATURE")
  })

  test("is in force from its first instant to before its last", () => {
    const delegation = aDelegation({ notBeforeUs: NOW_US, notAfterUs: NOW_US + 10 })
    const at = (atUs: number): ReturnType<typeof checkRecord> => checkRecord(aRecord(delegation), PLACE, atUs)

    expect(no(at(NOW_US - 1))).toBe("E_PERIOD")
    expect("granted" in at(NOW_US)).toBe(true)
    expect("granted" in at(NOW_US + 9)).toBe(true)
    expect(no(at(NOW_US + 10))).toBe("E_DELEGATION_EXPIRED")
  })
})

describe("the end of a delegation", () => {
  const all = signStatement(REVOCATION, { ...HERE, scopes: [] }, JEAN.secret)
  const suspension = (reason: string, by = HUGO): Uint8Array => signStatement(SUSPENSION, { ...HERE, pharmacist: by.id, reason }, by.secret)

  test("is the patient's, the carer's or any one pharmacist's to say", () => {
    const resigned = signStatement(RESIGNATION, HERE, SOPHIE.secret)

    expect(yes(checkEnding("revocation", all, NOTHING, ABOUT))).toMatchObject({ state: "revoked", by: JEAN.id })
    expect(yes(checkEnding("resignation", resigned, NOTHING, ABOUT))).toMatchObject({ state: "resigned", by: SOPHIE.id })
    expect(yes(checkEnding("suspension", suspension("telephone"), HUGO.staff, ABOUT))).toMatchObject({ state: "suspended", by: HUGO.id })
    expect(yes(checkEnding("suspension", suspension("contest"), HUGO.staff, ABOUT))).toMatchObject({ state: "contested" })
  })

  test("is nobody else's, and of nothing else", () => {
    const byCarer = signStatement(REVOCATION, { ...HERE, scopes: [] }, SOPHIE.secret)
    const elsewhere = signStatement(REVOCATION, { ...HERE, conversation: JEAN.id, scopes: [] }, JEAN.secret)

    expect(no(checkEnding("revocation", byCarer, NOTHING, ABOUT))).toBe("E_SIGNATURE")
    expect(no(checkEnding("revocation", elsewhere, NOTHING, ABOUT))).toBe("E_NO_DELEGATION")
    expect(no(checkEnding("suspension", suspension("telephone", LEA), LEA.staff, ABOUT))).toBe("E_ROLE")
    expect(no(checkEnding("suspension", suspension("telephone"), NOTHING, ABOUT))).toBe("E_SIGNATURE")
    expect(no(checkEnding("suspension", suspension("boredom"), HUGO.staff, ABOUT))).toBe("E_SIGNATURE")
    expect(no(checkEnding("resignation", all, NOTHING, ABOUT))).toBe("E_SIGNATURE")
    expect(no(checkEnding("constructor", all, NOTHING, ABOUT))).toBe("E_SIGNATURE")
    expect(no(checkEnding("revocation", all, HUGO.staff, ABOUT))).toBe("E_SIGNATURE")
  })

  test("by time is signed by nobody, and comes at its instant", () => {
    const at = (atUs: number | null): ReturnType<typeof checkEnding> => checkEnding("expiry", NOTHING, NOTHING, { ...ABOUT, atUs })
    const { notAfterUs } = aDelegation()

    expect(no(at(notAfterUs - 1))).toBe("E_PERIOD")
    expect(no(at(null))).toBe("E_PERIOD")
    expect(yes(at(notAfterUs))).toMatchObject({ state: "expired", atUs: notAfterUs })
    expect(no(checkEnding("expiry", all, NOTHING, { ...ABOUT, atUs: notAfterUs }))).toBe("E_SIGNATURE")
    expect(no(checkEnding("expiry", NOTHING, HUGO.staff, { ...ABOUT, atUs: notAfterUs }))).toBe("E_SIGNATURE")
  })
})
