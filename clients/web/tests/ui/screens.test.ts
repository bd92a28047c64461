import { describe, expect, it } from "vitest"
import type { Message, Patient, Persona, Proof, Role } from "../../src/core/model"
import { byDay } from "../../src/ui/conversation/days"
import { mayBeRead } from "../../src/ui/conversation/reading"
import { binEntries, BINS } from "../../src/ui/officer/band"
import { isTechnical } from "../../src/ui/proofs/Proofs"
import { hrefOf, parseRoute } from "../../src/ui/route"
import { byPharmacy, pairOf } from "../../src/ui/screens/Landing"
import { matching, missing } from "../../src/ui/staff/NewDispensation"
import { neighbour } from "../../src/ui/staff/useShortcuts"
import { readerOf } from "../../src/ui/words"

const ID = "00000000-0000-4000-8000-000000000001"

function aMessage(at: Date): Message {
  return {
    id: String(at.getTime()), seq: 1, person: "jean", name: "Jean", mine: false, at: at.getTime(), actingFor: null,
    content: { kind: "text", text: "Bonjour" }, delivery: "sent", trouble: null,
  }
}

const aPersona = (slug: string, role: Role, pharmacy: string): Persona =>
  ({ slug, name: slug, role, about: "", pharmacy, origin: `http://${slug}.localhost` })

describe("a conversation's days", () => {
  it("part at midnight and keep the order of the messages", () => {
    const messages = [aMessage(new Date(2026, 2, 3, 23, 59)), aMessage(new Date(2026, 2, 4, 0, 0)), aMessage(new Date(2026, 2, 4, 8, 0))]

    const days = byDay(messages)

    expect(days.map((day) => day.messages.length)).toEqual([1, 2])
    expect(days.flatMap((day) => day.messages)).toEqual(messages)
  })

  it("are none without messages", () => {
    expect(byDay([])).toEqual([])
  })
})

describe("whether a message counts as read", () => {
  it.each([
    ["in the window of a tab that is shown", true, "visible", true],
    ["below the fold", false, "visible", false],
    ["in a hidden tab", true, "hidden", false],
  ] as const)("%s", (_where, inView, visibility, read) => {
    expect(mayBeRead({ inView, visibility })).toBe(read)
  })
})

describe("starting a dispensation", () => {
  it.each([
    ["patient", { patient: null, motive: "age", note: "" }],
    ["motive", { patient: "jean", motive: null, note: "" }],
    ["note", { patient: "jean", motive: "other", note: "  " }],
  ] as const)("without its %s says so", (what, choice) => {
    expect(missing(choice)).toBe(`dispensation-missing-${what}`)
  })

  it("with patient and motive lacks nothing", () => {
    expect(missing({ patient: "jean", motive: "age", note: "" })).toBeNull()
    expect(missing({ patient: "jean", motive: "other", note: "Plâtre" })).toBeNull()
  })

  it("finds a patient by parts of the name in any order, without accents", () => {
    const patients: readonly Patient[] = ["Jean Lefèvre", "Jeanne Roux"].map((name) => ({ person: name, name, reachable: true }))

    expect(matching(patients, "lefe jea").map(({ name }) => name)).toEqual(["Jean Lefèvre"])
    expect(matching(patients, "jea")).toHaveLength(2)
    expect(matching(patients, "")).toHaveLength(2)
  })
})

describe("the address", () => {
  it.each([
    { kind: "home" }, { kind: "proofs" }, { kind: "conversation", id: ID }, { kind: "details", id: ID },
  ] as const)("comes back as it was written: $kind", (route) => {
    expect(parseRoute(hrefOf(route))).toEqual(route)
  })

  it.each(["", "#", "#demo", "#conversation", "#conversation/../x", "#details/1"])("%s leads home", (hash) => {
    expect(parseRoute(hash)).toEqual({ kind: "home" })
  })
})

describe("« Mes preuves »", () => {
  const aProof = (what: string, state: Proof["state"] = "verified"): Proof =>
    ({ id: what, what, conversation: null, at: 0, log: "technical", index: 0, state, file: "" })

  it("fold what a device does by itself, never an act of care, never a refused receipt", () => {
    expect(isTechnical(aProof("connection.opened"))).toBe(true)
    expect(isTechnical(aProof("message.sent"))).toBe(false)
    expect(isTechnical(aProof("connection.opened", "refused"))).toBe(false)
  })
})

describe("a screen without a session", () => {
  it.each([["patient", "patient"], ["carer", "patient"], [null, "patient"], ["pharmacist", "counter"], ["compliance_officer", "control"]])(
    "speaks to a %s as to a %s", (role, reader) => {
      expect(readerOf(role)).toBe(reader)
    })
})

describe("the first screen", () => {
  const personas = [aPersona("paul", "pharmacist", "Tilleuls"), aPersona("claire", "pharmacist", "Marché"), aPersona("jean", "patient", "Marché")]

  it("puts side by side a pharmacist and a patient of the same pharmacy", () => {
    expect(pairOf(personas)?.map(({ slug }) => slug)).toEqual(["claire", "jean"])
    expect(pairOf(personas.slice(0, 2))).toBeNull()
  })

  it("groups the cards by pharmacy, in the order told", () => {
    expect([...byPharmacy(personas)].map(([name, people]) => [name, people.length])).toEqual([["Tilleuls", 1], ["Marché", 2]])
  })
})

describe("moving through the list by keyboard", () => {
  it.each([
    [null, 1, "a"], ["a", 1, "b"], ["c", 1, null], ["a", -1, null], ["gone", 1, "a"],
  ] as const)("from %s by %i comes to %s", (open, step, expected) => {
    expect(neighbour(["a", "b", "c"], open, step)).toBe(expected)
  })
})

describe("the band of entries", () => {
  it("loses no entry and counts refusals apart", () => {
    const rows = Array.from({ length: 500 }, (_, at) => ({ at: at * 1000, decision: at % 10 === 0 ? "deny" as const : "permit" as const }))

    const bins = binEntries(rows)

    expect(bins).toHaveLength(BINS)
    expect(bins.reduce((sum, bin) => sum + bin.permitted, 0)).toBe(450)
    expect(bins.reduce((sum, bin) => sum + bin.denied, 0)).toBe(50)
  })

  it("holds a single entry", () => {
    expect(binEntries([{ at: 5, decision: "deny" }])[0]).toEqual({ permitted: 0, denied: 1 })
  })
})
