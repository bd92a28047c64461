import { readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import type { Conversation, Delegation, DelegationState, LegalBasis, Member, Scope } from "../../src/core/model"
import { speak } from "../../src/strings/strings"
import { whyNot } from "../../src/ui/accesses/Accesses"
import { learnLog } from "../../src/ui/accesses/sentences"
import { cleanCode } from "../../src/ui/care/CarerField"
import { beginsAt, delegable, unanswered } from "../../src/ui/care/Delegate"
import { fingerprintOf } from "../../src/ui/care/evidence"
import { lackingHere, mandatesFor, type Attested } from "../../src/ui/care/OnPaper"
import { dayField, daysFrom, endOf, MOST_DAYS } from "../../src/ui/care/period"
import { basesOf, FIRST, inOrder, lacking, offeredBy } from "../../src/ui/care/scopes"
import { learnCare } from "../../src/ui/care/sentences"
import { actingUnder, allows, isOver, mayTakePart, standingIn } from "../../src/ui/care/standing"
import { dutiesText, scopeNames, shownIn, stateWords, summaryOf } from "../../src/ui/care/words"
import { actingWords } from "../../src/ui/officer/outcome"
import { grouped } from "../../src/ui/identity/Digits"
import { squares } from "../../src/ui/identity/qr"
import { troubleText, untilWords } from "../../src/ui/words"

const DAY = 24 * 3600 * 1000
const NOW = new Date(2026, 2, 3, 14, 0).getTime()
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, " ")

const claire: Member = { person: "claire", name: "Claire Morel", role: "pharmacist", state: "joined", compared: true, digits: "", delegation: null }

function aConversation(changes: Partial<Conversation> = {}): Conversation {
  return {
    id: "one", kind: "remote_dispensation", motive: "age", createdAt: NOW, founder: "claire", patient: "jean", members: [claire],
    readiness: "ready", lastAt: NOW, preview: null, unread: 0, draft: "", over: false, ...changes,
  }
}

function aDelegation(changes: Partial<Delegation> = {}): Delegation {
  return {
    id: "d", conversation: "one", grantor: "jean", grantorName: "Jean Lefèvre", grantee: "sophie", granteeName: "Sophie Lefèvre", side: "grantor",
    state: "active", scopes: ["conversation.read", "conversation.send"], withdrawn: [], basis: "patient_mandate", mandate: "device",
    notBefore: NOW - DAY, notAfter: NOW + DAY, proposedAt: NOW - DAY, endedAt: null, reason: null, confirmedBy: [], needs: 0, evidence: null,
    mayConfirm: false, mayEnd: true, ...changes,
  }
}

beforeAll(async () => {
  await Promise.all([learnCare(), learnLog()])
})

function vocabulary(name: string): readonly string[] {
  const source = readFileSync(join(import.meta.dirname, "../../../../crypto/policy/vocabulary.py"), "utf8")
  const [, after = ""] = source.split(`class ${name}(StrEnum):`)
  const [members = ""] = after.split(/^(?:class |@)/m)
  return [...members.matchAll(/^ {4}[A-Z_]+ = "([^"]+)"/gm)].map(([, word]) => word ?? "")
}

describe("the sentence that the patient signs", () => {
  const sentence = (scopes: readonly Scope[], mandate: "device" | "paper" = "device") => plain(summaryOf({
    carer: "Sophie Lefèvre", patient: "Jean Lefèvre", conversation: aConversation(), scopes, until: new Date(2026, 3, 3, 23, 59, 59).getTime(), mandate,
  }, NOW))
  const WHERE = "seulement dans la conversation « Recevoir mes médicaments » du 3 mars 2026 avec Claire Morel, jusqu’au 3 avril 2026. Rien d’autre. Vous pourrez l’arrêter à tout moment."

  it.each<[readonly Scope[], string]>([
    [[], "lire les messages"],
    [["conversation.send"], "lire les messages et écrire en votre nom"],
    [["call.join", "conversation.send"], "lire les messages, écrire en votre nom et participer à la visio"],
    [["decide.assist", "delivery.receive"], "lire les messages, recevoir le colis et vous aider à décider"],
    [
      ["prescription.present", "dispensation.request", "document.send"],
      "lire les messages, envoyer des documents, présenter l’ordonnance et la carte Vitale et demander une dispensation",
    ],
  ])("names what is allowed, in one order, whatever was ticked first: %j", (scopes, allowed) => {
    expect(sentence(scopes)).toBe(`Sophie Lefèvre pourra ${allowed}, ${WHERE}`)
  })

  it("speaks of the patient, not to the patient, where pharmacists attest a paper", () => {
    expect(sentence(["conversation.send"], "paper")).toBe(
      "Sophie Lefèvre pourra, pour Jean Lefèvre, lire les messages et écrire au nom du patient, seulement dans la conversation « Dispensation à distance »" +
      " du 3 mars 2026 avec Claire Morel, jusqu’au 3 avril 2026. Rien d’autre. Jean Lefèvre pourra l’arrêter à tout moment.",
    )
  })

  it("is said in langage simple and in English, and says which was shown", async () => {
    await speak("fr-simple")
    expect(sentence(["conversation.send"])).toMatch(/^Sophie Lefèvre peut lire les messages et écrire pour vous\. Seulement ici :/)
    await speak("en")
    expect(sentence(["conversation.send"])).toMatch(/^Sophie Lefèvre may read messages and write on your behalf, only in the conversation/)
    await speak("fr")

    expect(shownIn("fr")).toEqual({ language: "fr", level: "standard" })
    expect(shownIn("fr-simple")).toEqual({ language: "fr", level: "simple" })
    expect(shownIn("en")).toEqual({ language: "en", level: "standard" })
  })

  it("says every scope of the vocabulary in words", () => {
    for (const scope of vocabulary("Scope") as readonly Scope[]) expect(scopeNames([scope], "they")).not.toContain(".")
  })
})

describe("until when", () => {
  it("is a date, and on the last day also the hour", () => {
    expect(untilWords(new Date(2026, 4, 12, 23, 59).getTime(), NOW)).toBe("jusqu’au 12 mai 2026")
    expect(untilWords(new Date(2026, 2, 3, 18, 5).getTime(), NOW)).toBe("jusqu’au 3 mars 2026 à 18:05")
  })

  it("is 31 days unless one chooses, from today to a year", () => {
    expect(daysFrom(NOW)).toEqual({ first: "2026-03-03", chosen: "2026-04-03", last: "2027-03-03" })
  })

  it("ends with the chosen day, and never lasts more than 365 days", () => {
    expect(endOf("2026-04-03", NOW)).toBe(new Date(2026, 3, 3, 23, 59, 59).getTime())
    expect(endOf(dayField(NOW), NOW)).toBe(new Date(2026, 2, 3, 23, 59, 59).getTime())
    expect((endOf("2027-03-03", NOW) ?? 0) - NOW).toBeLessThan(MOST_DAYS * DAY)
  })

  it.each(["2026-03-02", "2027-03-04", "", "demain", "2026-13-45", "99999-01-01"])("%j is no last day", (day) => {
    expect(endOf(day, NOW)).toBeNull()
  })
})

describe("the scopes that are offered", () => {
  it("never hold the final decision for a patient's own mandate, nor help to decide for a trusted person", () => {
    expect(offeredBy("patient_mandate")).not.toContain("decide.final")
    expect(offeredBy("trusted_person")).not.toContain("decide.assist")
    expect(offeredBy("guardianship_person")).toContain("decide.final")
    expect(offeredBy("curatorship")).not.toContain("decide.final")
  })

  it("are with the first ones, and reading, all there are", () => {
    const all = new Set<string>(["conversation.read", ...FIRST, ...offeredBy("guardianship_person")])

    expect([...all].sort()).toEqual([...vocabulary("Scope")].sort())
  })

  it("come under a basis of the vocabulary that its mandate allows", () => {
    const offered = [...basesOf("device"), ...basesOf("paper"), ...basesOf("evidence")]

    expect([...new Set<LegalBasis>(offered)].sort()).toEqual(vocabulary("LegalBasis").filter((basis) => basis !== "de_facto_carer").sort())
  })

  it("always hold reading, once, and say what is lacking", () => {
    expect(inOrder([])).toEqual(["conversation.read"])
    expect(inOrder(["call.join", "conversation.read", "call.join"])).toEqual(["conversation.read", "call.join"])
    expect(lacking(["conversation.read"])).toHaveLength(10)
    expect(lacking(["conversation.read"])).not.toContain("decide.final")
  })
})

describe("« Autoriser un aidant »", () => {
  it("asks who, then where, then what; only then is there something to sign", () => {
    const draft = { carer: null, conversation: null, scopes: [], day: "2026-04-03" }

    expect(unanswered(draft, NOW)).toBe("who")
    expect(unanswered({ ...draft, carer: "sophie" }, NOW)).toBe("where")
    expect(unanswered({ ...draft, carer: "sophie", conversation: "one", day: "2020-01-01" }, NOW)).toBe("what")
    expect(unanswered({ ...draft, carer: "sophie", conversation: "one" }, NOW)).toBe("check")
  })

  it("begins a renewal when the one before ends, and at once where that is over", () => {
    expect(beginsAt(undefined, NOW)).toBe(NOW)
    expect(beginsAt(aDelegation(), NOW)).toBe(NOW + DAY)
    expect(beginsAt(aDelegation({ state: "revoked" }), NOW)).toBe(NOW)
    expect(plain(summaryOf({ carer: "Sophie", patient: "Jean", conversation: undefined, scopes: [], from: NOW + DAY, until: NOW + 9 * DAY, mandate: "device" }, NOW)))
      .toContain("à partir du 4 mars 2026 et jusqu’au 12 mars 2026")
  })

  it("never offers the conversation that no carer may know of, nor one that this device lost", () => {
    expect(delegable(aConversation())).toBe(true)
    expect(delegable(aConversation({ kind: "private_aside" }))).toBe(false)
    expect(delegable(aConversation({ readiness: "removed" }))).toBe(false)
  })

  it("takes a code as it is heard", () => {
    expect(cleanCode(" k7qm2-x9d4a ")).toBe("K7QM2-X9D4A")
    expect(cleanCode("k7qm2 x9d4a")).toBe("K7QM2X9D4A")
  })
})

describe("a mandate on paper", () => {
  const form: Attested = {
    mandate: "paper", basis: "patient_mandate", carer: "sophie", scopes: [], day: "2026-04-03", hash: "", issuer: "", identity: true, alone: false,
  }

  it.each<[string, Partial<Attested>, string | null]>([
    ["two pharmacists who saw it need nothing more", {}, null],
    ["one alone needs the document", { alone: true }, "paper-missing-file"],
    ["one alone with a document that nobody issued", { alone: true, hash: "ab" }, "paper-missing-file"],
    ["one alone with the document", { alone: true, hash: "ab", issuer: "Jean" }, null],
    ["a legal representative always needs it", { mandate: "evidence", basis: "guardianship_person" }, "paper-missing-file"],
    ["nobody named", { carer: null }, "paper-missing-carer"],
    ["an identity that nobody checked", { identity: false }, "paper-missing-identity"],
    ["a day that is past", { day: "2020-01-01" }, "delegate-day-wrong"],
  ])("%s", (_case, changes, missing) => {
    expect(lackingHere({ ...form, ...changes }, NOW)).toBe(missing)
  })

  it("is only for a patient without a device: another signs for themselves", () => {
    const jean: Member = { ...claire, person: "jean", role: "patient" }

    expect(mandatesFor(aConversation({ members: [claire, jean] }))).toEqual(["evidence"])
    expect(mandatesFor(aConversation({ members: [claire, { ...jean, state: "invited" }] }))).toEqual(["paper", "evidence"])
  })

  it("is named by its SHA-256, made here", async () => {
    expect(await fingerprintOf(new Blob(["abc"]))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  })
})

describe("where a delegation stands", () => {
  it.each<[Partial<Delegation>, string]>([
    [{ state: "proposed", needs: 1 }, "En attente de la pharmacie"],
    [{ state: "proposed", needs: 1, mandate: "paper" }, "En attente d’un second pharmacien"],
    [{ state: "confirmed" }, "En attente de l’accord de l’aidant"],
    [{ state: "confirmed", mandate: "paper", notBefore: NOW + DAY }, "Commence le 4 mars 2026"],
    [{ state: "accepted" }, "Commence dans un instant"],
    [{ state: "active" }, "Active"],
    [{ state: "ending" }, "En cours…"],
    [{ state: "revoked" }, "Arrêtée"],
  ])("%j is said: %s", (changes, words) => {
    expect(plain(stateWords(aDelegation(changes), NOW))).toBe(words)
  })

  it.each<[DelegationState, string]>([
    ["proposed", "none"], ["confirmed", "asked"], ["accepted", "asked"], ["active", "active"],
    ["ending", "over"], ["revoked", "over"], ["suspended", "over"], ["expired", "over"], ["resigned", "over"], ["contested", "over"],
  ])("%s is to the carer: %s", (state, kind) => {
    expect(standingIn([aDelegation({ state })], "one", false).kind).toBe(kind)
  })

  it("the end counts at once, before the list of delegations has followed; a new one counts more", () => {
    expect(standingIn([aDelegation()], "one", true).kind).toBe("over")
    expect(standingIn([aDelegation({ state: "revoked" }), aDelegation({ id: "e", state: "active" })], "one", false).kind).toBe("active")
    expect(standingIn([aDelegation({ conversation: "two" })], "one", false).kind).toBe("none")
  })

  it("a carer may what was ticked, everybody else speaks for themselves", () => {
    const own = [aDelegation({ side: "grantee" })]

    expect(allows(own, aConversation(), "carer", "conversation.send")).toBe(true)
    expect(allows(own, aConversation(), "carer", "call.join")).toBe(false)
    expect(allows([], aConversation(), "carer", "conversation.send")).toBe(false)
    expect(allows([], aConversation(), "patient", "call.join")).toBe(true)
    expect(actingUnder(own, "two")).toBeNull()
  })
})

describe("« … participe à cette dispensation ? »", () => {
  const here = aConversation({ id: "new" })
  const asked = (delegations: readonly Delegation[], conversation = here) => mayTakePart(delegations, conversation).map(({ id }) => id)

  it("is asked of who helps elsewhere, or did until the end of their time", () => {
    expect(asked([aDelegation()])).toEqual(["d"])
    expect(asked([aDelegation({ state: "expired" })])).toEqual(["d"])
  })

  it.each<DelegationState>(["revoked", "suspended", "resigned", "contested", "ending", "proposed"])("is not asked of one that is %s", (state) => {
    expect(asked([aDelegation({ state })])).toEqual([])
  })

  it("is not asked twice, nor here where one was asked for already, nor before the keys are there", () => {
    expect(asked([aDelegation({ id: "old", state: "expired", proposedAt: 1 }), aDelegation()])).toEqual(["d"])
    expect(asked([aDelegation(), aDelegation({ id: "e", conversation: "new", state: "revoked" })])).toEqual([])
    expect(asked([aDelegation()], { ...here, readiness: "joining" })).toEqual([])
    expect(asked([aDelegation()], { ...here, kind: "care_thread" })).toEqual([])
  })

  it("goes by the last word: who was stopped since is not asked", () => {
    expect(asked([aDelegation({ id: "old", state: "expired", proposedAt: 1 }), aDelegation({ state: "revoked" })])).toEqual([])
  })
})

describe("the end of an authorisation", () => {
  it.each(["EXPIRED", "REVOKED", "SUSPENDED", "RESIGNED"])("is said in the same words, %s or not", (how) => {
    expect(plain(troubleText({ code: `E_DELEGATION_${how}`, text: "" }))).toBe("Cette autorisation est terminée. Questions : appelez votre pharmacie.")
  })

  it("every state of the vocabulary is either running or over", () => {
    const states = [...vocabulary("DelegationState"), "accepted", "ending"] as readonly DelegationState[]

    expect(states.filter((state) => !isOver(aDelegation({ state })))).toEqual(["proposed", "confirmed", "active", "accepted"])
  })
})

describe("a carer's act in the trail", () => {
  it("says for whom and under which delegation; an act in one's own name, or no entry at all, says neither", () => {
    const raw = (acting: unknown) => ({ raw: JSON.stringify({ v: 1, acting_for: acting }) })

    expect(plain(actingWords(raw({ delegation: "d1", patient: "jean", version: 3 })) ?? "")).toBe("Au nom du patient, sous l’autorisation d1, version 3")
    expect(actingWords(raw(null))).toBeNull()
    expect(actingWords({ raw: "{" })).toBeNull()
  })
})

describe("« Qui a vu quoi »", () => {
  it.each([["E_SCOPE", "Hors de ce que vous avez autorisé."], ["E_DELEGATION_REVOKED", "L’autorisation était terminée."], ["E_ROLE", "Les règles ne le permettent pas (E_ROLE)."]])(
    "says why %s was refused to the patient, not to who tried", (rule, words) => {
      expect(whyNot({ rule })).toBe(words)
    })
})

describe("identities", () => {
  it("are read aloud in groups", () => {
    expect(grouped("482915073364820195530142778906", 5)).toEqual(["48291", "50733", "64820", "19553", "01427", "78906"])
    expect(grouped("4071826390551742", 4)).toEqual(["4071", "8263", "9055", "1742"])
  })

  it("fit a QR code with its three corners", () => {
    const { size, path } = squares(`colloque:1:colloque.example:3f0c2a51-6f7b-4b0e-9c3d-8a1e5d2f4b67:${"5d41402abc4b2a76".repeat(4)}`)

    expect((size - 17) % 4).toBe(0)
    for (const corner of ["M0 0h", `M${size - 1} 0h`, `M0 ${size - 1}h`]) expect(path).toContain(corner)
  })
})

it("the duties name the patient, and are one text of four sentences", () => {
  const text = dutiesText("Jean Lefèvre")

  expect(text.split("\n")).toHaveLength(4)
  expect(text).toContain("J’agis pour Jean Lefèvre")
})
