/** Who may change a group how, and act in it. The shared vectors say more, in both languages. */
import { describe, expect, test } from "vitest"
import {
  changed, documentOf, tombstoneOf, type ConversationPolicy, type Delegations, type EndingStatement,
} from "../../../src/core/policy/conversation"
import type { Verdict } from "../../../src/core/policy/decision"
import type { Certified } from "../../../src/core/policy/identity"
import {
  ACT_SCOPES, checkCommit, checkFounding, checkState, mayAct, type ActingAs, type CommitView, type Moment,
} from "../../../src/core/policy/membership"
import { checkRemoval, type Justified, type RemoveJustification } from "../../../src/core/policy/removal"
import type { State } from "../../../src/core/policy/state"
import { DEVICE_REVOCATION, REVOCATION, SUSPENSION, signStatement } from "../../../src/core/policy/statements"
import { uuidBytes } from "../../../src/core/uuid"
import {
  CLAIRE, DEPLOYMENT, HUGO, JEAN, LEA, MARC, NOTHING, NOW_US, POLICY, SOPHIE, aConfirmation, aDelegation, aLeaf, aPerson, aRecord, aState, idOf, no, yes, type Person,
} from "./people"

const claire = aLeaf(CLAIRE)
const hugo = aLeaf(HUGO)
const lea = aLeaf(LEA)
const jean = aLeaf(JEAN)
const sophie = aLeaf(SOPHIE)
const HERE = { deployment: DEPLOYMENT, conversation: POLICY.conversation, delegation: aDelegation().delegation, atUs: NOW_US }

const RECORD = aRecord()
const IN_FORCE: Delegations = { number: 1, inForce: [RECORD], tombstones: [] }
const EMPTY: Delegations = { number: 0, inForce: [], tombstones: [] }
const ENDED = changed(IN_FORCE, { ended: [[documentOf(RECORD).delegation, "revoked"]], atUs: NOW_US })
const REVOKED: EndingStatement = { what: "revocation", statement: signStatement(REVOCATION, { ...HERE, scopes: [] }, JEAN.secret), staff: NOTHING }
const STAFF = [claire, lea]
const FAMILY = aState([...STAFF, jean], EMPTY)
const WITH_SOPHIE = aState([...STAFF, jean, sophie], IN_FORCE)
const WITHOUT_SOPHIE = aState([...STAFF, jean], ENDED)

interface Tried extends Partial<CommitView>, Partial<Moment> {}

/** Claire's commit that does nothing but what `tried` says, now. */
function commit(before: State, after: State, { atUs = NOW_US, notBelowUs = 0, nowUs = null, catchingUp = false, ...tried }: Tried = {}): Verdict<unknown> {
  const view: CommitView = {
    committer: claire, external: false, added: [], removed: [], due: [], barred: [], statements: [], knownProposals: true, sameOtherExtensions: true,
    ...tried,
  }
  return checkCommit(before, view, after, { atUs, notBelowUs, nowUs, catchingUp })
}

const adds = (...leaves: Certified[]): Tried => ({ added: leaves.map(({ identity }) => identity) })
const removes = (...leaves: Certified[]): Tried => ({ removed: leaves.map(({ identity }) => identity) })

describe("a member's commit", () => {
  test.each([claire, lea, jean, sophie])("of nothing but new keys is anybody's: $role", (committer) => {
    expect("granted" in commit(WITH_SOPHIE, WITH_SOPHIE, { committer })).toBe(true)
  })

  test.each<[string, Person, readonly string[]]>([
    ["a carer with the delegation", SOPHIE, ["pharmacist", "technician", "patient"]],
    ["a colleague", HUGO, ["pharmacist"]],
  ])("adds %s by these hands alone", (_, newcomer, hands) => {
    const carer = newcomer === SOPHIE
    const before = carer ? FAMILY : WITH_SOPHIE
    const after = aState([...before.leaves, aLeaf(newcomer)], IN_FORCE)
    const by = (committer: Certified): boolean => "granted" in commit(before, after, { committer, ...adds(aLeaf(newcomer)) })

    expect([claire, lea, jean, ...(carer ? [] : [sophie])].filter(by).map(({ role }) => role)).toEqual(hands)
  })

  test("adds no carer without a delegation, and no delegation without its carer", () => {
    expect(no(commit(FAMILY, aState([...STAFF, jean, sophie], EMPTY), adds(sophie)))).toBe("E_NO_DELEGATION")
    expect(no(commit(FAMILY, aState([...STAFF, jean], IN_FORCE)))).toBe("without_member")
    expect(no(commit(FAMILY, aState([...STAFF, jean, aLeaf(MARC)], IN_FORCE), adds(aLeaf(MARC))))).toBe("without_member")
  })

  test("brings and takes one's own devices, but not a carer's", () => {
    for (const [committer, person] of [[claire, CLAIRE], [lea, LEA], [jean, JEAN], [sophie, SOPHIE]] as const) {
      const second = aLeaf(person, 2)
      const both = aState([...WITH_SOPHIE.leaves, second], IN_FORCE)
      const expected = committer === sophie ? ["carer_changes", "carer_changes"] : ["", ""]
      const verdicts = [commit(WITH_SOPHIE, both, { committer, ...adds(second) }), commit(both, WITH_SOPHIE, { committer, ...removes(second) })]

      expect(verdicts.map((one) => ("refused" in one ? no(one) : ""))).toEqual(expected)
    }
  })

  test("puts nobody else out", () => {
    const before = aState([...WITH_SOPHIE.leaves, hugo], IN_FORCE)

    for (const [one, other] of [[claire, hugo], [claire, jean], [claire, sophie], [jean, claire], [lea, jean]] as const) {
      const after = aState(before.leaves.filter((leaf) => leaf !== other), IN_FORCE)
      expect(no(commit(before, after, { committer: one, ...removes(other) }))).toBe("removes_another")
    }
  })

  test("is of the time that it says", () => {
    const at = (moment: Partial<Moment>): Verdict<unknown> => commit(FAMILY, FAMILY, moment)

    expect("granted" in at({ notBelowUs: NOW_US })).toBe(true)
    expect("granted" in at({ notBelowUs: NOW_US, nowUs: NOW_US + 120_000_000 })).toBe(true)
    expect(no(at({ notBelowUs: NOW_US + 1 }))).toBe("E_CLOCK")
    expect(no(at({ nowUs: NOW_US + 120_000_001 }))).toBe("E_CLOCK")
    expect(no(at({ nowUs: NOW_US - 120_000_001 }))).toBe("E_CLOCK")
    expect("granted" in at({ nowUs: 2 * NOW_US, catchingUp: true })).toBe(true)
    expect(no(at({ nowUs: NOW_US - 120_000_001, catchingUp: true }))).toBe("E_CLOCK")
  })

  test("holds no other proposals, and changes no other extensions", () => {
    expect(no(commit(FAMILY, FAMILY, { knownProposals: false }))).toBe("foreign_proposal")
    expect(no(commit(FAMILY, FAMILY, { sameOtherExtensions: false }))).toBe("changes_extensions")
  })

  test("leads to those who were there and came, without those who left", () => {
    expect(no(commit(FAMILY, aState([...STAFF, jean, hugo], EMPTY)))).toBe("wrong_members")
    expect(no(commit(FAMILY, aState(STAFF, EMPTY)))).toBe("wrong_members")
    expect(no(commit(FAMILY, FAMILY, removes(hugo)))).toBe("wrong_members")
    expect(no(commit(FAMILY, aState([lea, jean], EMPTY), removes(claire)))).toBe("wrong_members")
    expect(no(commit(FAMILY, aState([...FAMILY.leaves, hugo], EMPTY), { committer: hugo, ...adds(hugo) }))).toBe("stranger")
    expect(no(commit(FAMILY, aState([...FAMILY.leaves, { ...jean, signatureKey: MARC.aik }], EMPTY)))).toBe("same_device_twice")
    expect(no(commit(FAMILY, FAMILY, adds(jean)))).toBe("same_device_twice")
    expect(no(commit(FAMILY, aState([claire, lea, { ...jean, signatureKey: MARC.aik }], EMPTY)))).toBe("changes_leaf")
  })

  test("brings in no device that was given up", () => {
    const second = aLeaf(JEAN, 2)

    expect(no(commit(FAMILY, aState([...FAMILY.leaves, second], EMPTY), { committer: jean, ...adds(second), barred: [second.identity] }))).toBe("given_up")
  })
})

describe("the patient's key", () => {
  const waiting: ConversationPolicy = { ...POLICY, patientAik: NOTHING }
  const before = aState(STAFF, EMPTY, waiting)
  const after = aState([...STAFF, jean], EMPTY)

  test("is set by a pharmacist, once, as the patient's first device comes", () => {
    expect("granted" in commit(before, after, adds(jean))).toBe(true)
    expect(no(commit(before, aState(STAFF, EMPTY)))).toBe("changes_policy")
    expect(no(commit(before, after, { committer: lea, ...adds(jean) }))).toBe("changes_policy")
    expect(no(commit(before, aState([...STAFF, jean], EMPTY, waiting), adds(jean)))).toBe("other_key")
  })

  test("is never another", () => {
    expect(no(commit(FAMILY, aState([...STAFF, jean], EMPTY, { ...POLICY, patientAik: MARC.aik })))).toBe("changes_policy")
    expect(no(commit(after, before, removes(jean)))).toBe("changes_policy")
  })

  test.each<Partial<ConversationPolicy>>([
    { kind: "remote_dispensation" }, { pharmacy: "990000002" }, { ownerAik: HUGO.aik }, { patient: MARC.id }, { suiteFloor: 2 },
    { conversation: MARC.id },
  ])("and all else of the policy stays: %o", (changes) => {
    expect(no(commit(FAMILY, { ...FAMILY, policy: { ...POLICY, ...changes } }))).toBe("changes_policy")
  })
})

describe("the end of a delegation", () => {
  const withStatement: Tried = { ...removes(sophie), statements: [REVOKED] }

  test("is one commit: the statement, the tombstone, and all the carer's leaves", () => {
    const second = aLeaf(SOPHIE, 2)
    const two = aState([...WITH_SOPHIE.leaves, second], IN_FORCE)

    expect("granted" in commit(WITH_SOPHIE, WITHOUT_SOPHIE, withStatement)).toBe(true)
    expect(no(commit(WITH_SOPHIE, WITHOUT_SOPHIE, removes(sophie)))).toBe("removes_another")
    expect(no(commit(two, aState([...STAFF, jean, second], ENDED), withStatement))).toBe("leaves_carer")
    expect(no(commit(WITH_SOPHIE, aState([...STAFF, jean], { ...EMPTY, number: 2 }), withStatement))).toBe("without_tombstone")
    expect(no(commit(WITH_SOPHIE, aState([...STAFF, jean], IN_FORCE), withStatement))).toBe("without_tombstone")
    expect(no(commit(WITH_SOPHIE, aState([...STAFF, jean], { ...ENDED, number: 1 }), withStatement))).toBe("wrong_number")
  })

  test("by its time needs no statement, and comes neither before", () => {
    const { notAfterUs } = documentOf(RECORD)
    const expired = { number: 2, inForce: [], tombstones: [tombstoneOf(documentOf(RECORD), "expired", notAfterUs)] }
    const after = aState([...STAFF, jean], expired)

    expect("granted" in commit(WITH_SOPHIE, after, { ...removes(sophie), atUs: notAfterUs })).toBe(true)
    expect(no(commit(WITH_SOPHIE, after, { ...removes(sophie), atUs: notAfterUs - 1 }))).toBe("removes_another")
    expect(no(commit(WITH_SOPHIE, WITH_SOPHIE, { atUs: notAfterUs }))).toBe("E_DELEGATION_EXPIRED")
  })

  test("is for good: its tombstone stays, and nothing brings it back", () => {
    const back = aState([...STAFF, jean, sophie], { ...IN_FORCE, number: 3 })
    const beside = aState([...STAFF, jean, sophie], { ...ENDED, inForce: [RECORD], number: 3 })

    expect(no(commit(WITHOUT_SOPHIE, back, adds(sophie)))).toBe("brought_back")
    expect(no(commit(WITHOUT_SOPHIE, beside, adds(sophie)))).toBe("brought_back")
    expect(no(commit(WITHOUT_SOPHIE, aState([...STAFF, jean], { ...EMPTY, number: 3 })))).toBe("drops_tombstone")
  })

  test("is not the carer's to pass over, nor to make", () => {
    expect(no(commit(WITH_SOPHIE, WITHOUT_SOPHIE, { committer: lea, ...withStatement, statements: [] }))).toBe("removes_another")
    expect(no(commit(WITH_SOPHIE, aState([...STAFF, jean, sophie], ENDED), { committer: sophie, statements: [REVOKED] }))).toBe("carer_changes")
  })

  test("by a statement that ends nothing here is refused", () => {
    const other = signStatement(REVOCATION, { ...HERE, delegation: MARC.id, scopes: [] }, JEAN.secret)

    expect(no(commit(WITH_SOPHIE, WITH_SOPHIE, { statements: [{ ...REVOKED, statement: other }] }))).toBe("E_NO_DELEGATION")
    expect(no(commit(WITH_SOPHIE, WITHOUT_SOPHIE, { ...withStatement, statements: [{ ...REVOKED, what: "expiry" }] }))).toBe("E_SIGNATURE")
  })
})

describe("what a judge knows and the hub withholds", () => {
  const admission = aState([...STAFF, jean, sophie], IN_FORCE)
  const { delegation } = documentOf(RECORD)

  test("ends a delegation before it begins", () => {
    expect("granted" in commit(FAMILY, admission, { ...adds(sophie), ended: [MARC.id] })).toBe(true)
    expect(no(commit(FAMILY, admission, { ...adds(sophie), ended: [delegation] }))).toBe("brought_back")
  })

  test("keeps a scope withdrawn that was", () => {
    expect("granted" in commit(FAMILY, admission, { ...adds(sophie), withdrawn: [{ delegation, scopes: ["call.join"] }] })).toBe(true)
    expect("granted" in commit(FAMILY, admission, { ...adds(sophie), withdrawn: [{ delegation: MARC.id, scopes: ["conversation.send"] }] })).toBe(true)
    expect(no(commit(FAMILY, admission, { ...adds(sophie), withdrawn: [{ delegation, scopes: ["conversation.send"] }] }))).toBe("drops_withdrawal")
  })
})

describe("a delegation in force", () => {
  const narrower = changed(IN_FORCE, {
    narrowed: [signStatement(REVOCATION, { ...HERE, scopes: ["conversation.send"] }, JEAN.secret)], atUs: NOW_US,
  })

  test("is narrowed without anybody leaving, and never widened again", () => {
    const after = aState(WITH_SOPHIE.leaves, narrower)

    expect("granted" in commit(WITH_SOPHIE, after)).toBe(true)
    expect(no(commit(after, aState(WITH_SOPHIE.leaves, { ...IN_FORCE, number: 3 })))).toBe("changes_record")
  })

  test("is one for each patient and carer", () => {
    const second = aRecord(aDelegation({ delegation: uuidBytes(idOf("renewal")) }))

    expect(no(checkState(aState(WITH_SOPHIE.leaves, changed(IN_FORCE, { admitted: [second], atUs: NOW_US })), NOW_US))).toBe("E_DUPLICATE_DELEGATION")
  })
})

describe("a removal that the hub proposes", () => {
  const transcript = new Uint8Array(32).fill(9)
  const said = (changes: Partial<RemoveJustification> = {}): RemoveJustification => ({
    conversation: POLICY.conversation, device: uuidBytes(sophie.identity.device), confirmedTranscriptHash: transcript, why: "revocation",
    delegation: HERE.delegation, atUs: NOW_US, statement: REVOKED.statement, staff: NOTHING, ...changes,
  })
  const removal = (changes: Partial<RemoveJustification> = {}, target = sophie, nowUs: number | null = NOW_US): Verdict<Justified> =>
    checkRemoval(said(changes), { target, state: WITH_SOPHIE, transcript, nowUs })

  test("is justified by the end of a delegation, as its signer said it", () => {
    const suspension = signStatement(SUSPENSION, { ...HERE, pharmacist: HUGO.id, reason: "abuse" }, HUGO.secret)

    expect(yes(removal())).toMatchObject({ why: "revocation", ends: [{ delegation: HERE.delegation, state: "revoked" }] })
    expect(yes(removal({ why: "suspension", statement: suspension, staff: HUGO.staff }))).toMatchObject({ ends: [{ state: "suspended" }] })
  })

  test.each<[string, string, Partial<RemoveJustification>]>([
    ["in another conversation", "E_IDENTITY", { conversation: MARC.id }],
    ["in another epoch", "E_IDENTITY", { confirmedTranscriptHash: new Uint8Array(32) }],
    ["of another device", "E_IDENTITY", { device: MARC.id }],
    ["under another delegation", "E_NO_DELEGATION", { delegation: MARC.id }],
    ["without a word", "E_SIGNATURE", { statement: NOTHING }],
    ["by a time that has not come", "E_PERIOD", { why: "expiry", statement: NOTHING }],
    ["for no reason that there is", "E_SIGNATURE", { why: "constructor" }],
    ["by the hub's own word", "E_SIGNATURE", { why: "device", delegation: NOTHING, statement: NOTHING }],
  ])("%s proves nothing: %s", (_, code, changes) => {
    expect(no(removal(changes))).toBe(code)
  })

  test("does not run ahead of its reader's clock", () => {
    const { notAfterUs } = documentOf(RECORD)
    const expiry = { why: "expiry", statement: NOTHING, atUs: notAfterUs }

    expect(no(removal(expiry, sophie, notAfterUs - 120_000_001))).toBe("E_CLOCK")
    expect(yes(removal(expiry, sophie, notAfterUs - 120_000_000))).toMatchObject({ ends: [{ state: "expired" }] })
  })

  test("of a device needs its own person's word", () => {
    const given = (by: Person, device = jean.identity.device): Uint8Array => signStatement(DEVICE_REVOCATION, {
      deployment: DEPLOYMENT, conversation: NOTHING, person: JEAN.id, device: uuidBytes(device), atUs: NOW_US,
    }, by.secret)
    const device = (statement: Uint8Array): Verdict<Justified> =>
      removal({ why: "device", delegation: NOTHING, device: uuidBytes(jean.identity.device), statement }, jean)

    expect(yes(device(given(JEAN)))).toMatchObject({ why: "device", ends: [] })
    expect(no(device(given(CLAIRE)))).toBe("E_SIGNATURE")
    expect(no(device(given(JEAN, idOf("another"))))).toBe("E_IDENTITY")
  })

  test("is carried out by anybody, a carer too, and by each who commits", () => {
    const due = [yes(removal())]

    for (const committer of [claire, lea, jean]) {
      expect("granted" in commit(WITH_SOPHIE, WITHOUT_SOPHIE, { committer, ...removes(sophie), due })).toBe(true)
    }
    expect(no(commit(WITH_SOPHIE, WITH_SOPHIE, { due }))).toBe("missing_remove")
  })
})

describe("a commit from outside", () => {
  const from = (committer: Certified, tried: Tried = {}): Tried => ({ committer, external: true, ...tried })

  test("brings a device back in its own place, and a new device of a member's account", () => {
    const second = aLeaf(JEAN, 2)

    expect("granted" in commit(FAMILY, FAMILY, from(jean, removes(jean)))).toBe(true)
    expect("granted" in commit(FAMILY, aState([...FAMILY.leaves, second], EMPTY), from(second))).toBe(true)
  })

  test("brings no stranger, and none who is to go", () => {
    const eve = aLeaf(aPerson("eve", "patient"))

    expect(no(commit(FAMILY, aState([...FAMILY.leaves, hugo], EMPTY), from(hugo)))).toBe("stranger")
    expect(no(commit(FAMILY, aState([...FAMILY.leaves, eve], EMPTY), from(eve)))).toBe("stranger")
    expect(no(commit(FAMILY, FAMILY, from(jean, { ...removes(jean), barred: [jean.identity] })))).toBe("given_up")
  })

  test("leaves everybody else's leaf as it was", () => {
    const renewed = aState([{ ...claire, signatureKey: MARC.aik }, lea, jean], EMPTY)

    expect(no(commit(FAMILY, renewed, from(jean, removes(jean))))).toBe("changes_leaf")
    expect(no(commit(FAMILY, FAMILY, from({ ...jean, signatureKey: MARC.aik }, removes(jean))))).toBe("changes_leaf")
  })

  test("does nothing else", () => {
    expect(no(commit(FAMILY, aState([lea, jean], EMPTY), from(jean, removes(jean, claire))))).toBe("external_change")
    expect(no(commit(FAMILY, aState(FAMILY.leaves, { ...EMPTY, number: 1 }), from(jean, removes(jean))))).toBe("external_change")
    expect(no(commit(WITH_SOPHIE, WITH_SOPHIE, from(jean, { ...removes(jean), statements: [REVOKED] })))).toBe("external_change")
  })
})

describe("acting", () => {
  const asSophie: ActingAs = { actingFor: JEAN.id, delegation: HERE.delegation, delegationVersion: 1 }
  const asOneself: ActingAs = { actingFor: NOTHING, delegation: NOTHING, delegationVersion: 0 }
  const act = (changes: Partial<ActingAs> = {}, what = "message", state = WITH_SOPHIE, atUs = NOW_US): Verdict<unknown> =>
    mayAct(sophie, what, state, { ...asSophie, ...changes }, atUs)

  test("is a carer's under the delegation that covers it, said in so many words", () => {
    expect("granted" in act()).toBe(true)
    expect(no(act({ actingFor: NOTHING, delegation: NOTHING, delegationVersion: 0 }))).toBe("E_ACTING_FOR")
    expect(no(act({ actingFor: MARC.id }))).toBe("E_ACTING_FOR")
    expect(no(act({ delegationVersion: 2 }))).toBe("E_ACTING_FOR")
    expect(no(act({ delegation: MARC.id }))).toBe("E_NO_DELEGATION")
    expect(no(act({}, "signal"))).toBe("E_SCOPE")
    expect(no(act({}, "constructor"))).toBe("E_SCOPE")
  })

  test("is anybody else's as themselves alone", () => {
    for (const leaf of [claire, lea, jean]) {
      expect("granted" in mayAct(leaf, "message", WITH_SOPHIE, asOneself, NOW_US)).toBe(true)
      expect(no(mayAct(leaf, "message", WITH_SOPHIE, asSophie, NOW_US))).toBe("E_ACTING_FOR")
    }
    expect(no(mayAct(hugo, "message", WITH_SOPHIE, asOneself, NOW_US))).toBe("stranger")
  })

  test("ends at the delegation's last instant, and with it", () => {
    const { notAfterUs } = documentOf(RECORD)
    const after = aState(WITH_SOPHIE.leaves, ENDED)

    expect("granted" in act({}, "message", WITH_SOPHIE, notAfterUs - 1)).toBe(true)
    expect(no(act({}, "message", WITH_SOPHIE, notAfterUs))).toBe("E_DELEGATION_EXPIRED")
    expect(no(act({ delegationVersion: 2 }, "message", after))).toBe("E_DELEGATION_REVOKED")
  })

  test("of each scope needs that very scope", () => {
    for (const [what, scope] of Object.entries(ACT_SCOPES).filter(([, one]) => one !== "decide.final")) {
      const scopes = [...new Set(["conversation.read", scope])].sort()
      const state = aState(WITH_SOPHIE.leaves, { ...IN_FORCE, inForce: [aRecord(aDelegation({ scopes }))] })
      const allowed = Object.keys(ACT_SCOPES).filter((one) => "granted" in act({}, one, state))

      expect(allowed).toContain(what)
      expect(new Set(allowed.map((one) => ACT_SCOPES[one]))).toEqual(new Set(scopes))
    }
  })

  test("to decide for the patient is no delegation's to grant alone", () => {
    const guardian = aDelegation({
      legalBasis: "guardianship_person", mandate: "evidence", evidence: new Uint8Array(32).fill(1), issuer: Uint8Array.of(1),
      scopes: ["conversation.read", "decide.final"],
    })
    const record = aRecord(guardian, { confirmations: [aConfirmation(guardian), aConfirmation(guardian, HUGO)] })

    expect(no(act({}, "decide.final", aState(WITH_SOPHIE.leaves, { ...IN_FORCE, inForce: [record] })))).toBe("E_CAPACITY")
    expect(no(act({}, "decide.final"))).toBe("E_SCOPE")
  })
})

describe("a group", () => {
  test("has each leaf by a root that neither the hub nor the authority holds", () => {
    expect("granted" in checkState(WITH_SOPHIE, NOW_US)).toBe(true)
    expect(no(checkState(aState([...STAFF, jean, sophie], EMPTY), NOW_US))).toBe("E_NO_DELEGATION")
    expect(no(checkState(aState([...STAFF, aLeaf(aPerson("eve", "patient"))], EMPTY), NOW_US))).toBe("other_patient")
    expect(no(checkState(aState([claire, { ...hugo, staff: false }], EMPTY), NOW_US))).toBe("E_IDENTITY")
    expect(no(checkState(aState([claire, jean, { ...jean, identity: { ...jean.identity, person: idOf("x") } }], EMPTY), null))).toBe("same_device_twice")
  })

  test("holds nobody whose delegation is over", () => {
    const { notAfterUs } = documentOf(RECORD)

    expect("granted" in checkState(aState([...STAFF, jean], IN_FORCE), NOW_US)).toBe(true)
    expect(no(checkState(WITH_SOPHIE, notAfterUs))).toBe("E_DELEGATION_EXPIRED")
  })

  test("that is a private aside holds no carer", () => {
    const { policy, ...rest } = WITH_SOPHIE

    expect(no(checkState({ ...rest, inForce: [], policy: { ...policy, kind: "private_aside" } }, NOW_US))).toBe("E_KIND")
  })

  test("begins alone, with nobody acting for anybody", () => {
    const waiting = { ...POLICY, patientAik: NOTHING }

    expect("granted" in checkFounding(aState([claire], EMPTY, waiting), claire.identity, NOW_US, null)).toBe(true)
    expect("granted" in checkFounding(aState([jean], EMPTY), jean.identity, NOW_US, null)).toBe(true)
    expect(no(checkFounding(aState([claire], EMPTY), claire.identity, NOW_US, null))).toBe("changes_policy")
    expect(no(checkFounding(aState([lea], EMPTY, waiting), lea.identity, NOW_US, null))).toBe("wrong_founder")
    expect(no(checkFounding(aState([claire, lea], EMPTY, waiting), claire.identity, NOW_US, null))).toBe("wrong_founder")
    expect(no(checkFounding(aState([claire], IN_FORCE), claire.identity, NOW_US, null))).toBe("without_member")
  })

  test("that succeeds another forgets nothing that ended there", () => {
    const successor = (delegations: Partial<Delegations>): Verdict<null> =>
      checkFounding(aState([claire], delegations), claire.identity, NOW_US, { before: WITHOUT_SOPHIE, succession: null })

    expect("granted" in successor({ ...ENDED, number: 3 })).toBe(true)
    expect(no(successor(ENDED))).toBe("wrong_number")
    expect(no(successor({ number: 3 }))).toBe("drops_tombstone")
  })
})
