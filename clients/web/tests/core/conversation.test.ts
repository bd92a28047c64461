import { describe, expect, test } from "vitest"
import { admissible, conversationView, delivery, newRoom, next, readiness, threadView, type Acquaintance, type Entry, type Room, type Written } from "../../src/core/conversation"
import { WRITTEN } from "../../src/core/outbox"
import type { MemberState, Summary } from "../../src/core/wire"

const CLAIRE = "c1a14e00-0000-4000-8000-000000000001"
const JEAN = "1ea40000-0000-4000-8000-000000000002"
const ID = "c0400000-0000-4000-8000-000000000001"
const UNKNOWN = (): Acquaintance => ({ compared: false, digits: "" })

function aMember(person: string, part: Partial<MemberState> = {}): MemberState {
  const name = person === CLAIRE ? "Claire Morel" : "Jean Lefèvre"
  return { person, name, role: person === CLAIRE ? "pharmacist" : "patient", state: "joined", delivered: 0, read: 0, key_packages: false, ...part }
}

function aSummary(part: Partial<Summary> = {}): Summary {
  return {
    id: ID, conversation_kind: "remote_dispensation", motive: "age", created_at: 1_000_000, founder: CLAIRE, patient: JEAN,
    generation: 0, epoch: 1, last_seq: 1, removing: false, joined: true, since: 0, members: [aMember(CLAIRE), aMember(JEAN)], ...part,
  }
}

function aRoom(part: Partial<Summary> = {}): Room {
  return next(newRoom(aSummary(part)), {
    kind: "joined", seq: 1, epoch: 1, leaves: [{ person: CLAIRE, device: "d1" }, { person: JEAN, device: "d2" }], carers: [],
  })
}

function anEntry(seq: number, text: string | null = "Bonjour", person = JEAN): Entry {
  return { conversation: ID, seq, id: `m${seq}`, person, device: "d", at: seq, text }
}

const written = (part: Partial<Written> = {}): Written =>
  ({ id: "w", conversation: ID, order: 1, at: 9, text: "À venir", state: WRITTEN, echoed: false, ...part })

describe("a conversation on this device", () => {
  test.each<[string, Room, string]>([
    ["ready with the patient inside", aRoom(), "ready"],
    ["waiting while the patient has no device", next(aRoom(), { kind: "group", epoch: 0, leaves: [{ person: CLAIRE, device: "d1" }], carers: [] }), "waiting_for_patient"],
    ["joining before the Welcome", newRoom(aSummary({ joined: false, members: [aMember(CLAIRE, { state: "invited" }), aMember(JEAN)] })), "joining"],
    ["joining while the Welcome is on its way", newRoom(aSummary({ joined: true })), "joining"],
    ["older than this device", newRoom(aSummary({ joined: false })), "before_this_device"],
    ["broken, whatever else", next(aRoom(), { kind: "broke" }), "broken"],
    ["refused where the group offered is none of its own", next(newRoom(aSummary()), { kind: "refused" }), "refused"],
    ["removed once this device was taken out", next(aRoom(), { kind: "removed" }), "removed"],
    ["broken while a successor group lets everybody in again", next(aRoom(), { kind: "succeeded" }), "broken"],
    ["joining where it is let in anew", next(aRoom(), { kind: "left" }), "joining"],
    ["ready again once it followed", next(next(aRoom(), { kind: "broke" }), { kind: "group", epoch: 2, leaves: [{ person: JEAN, device: "d2" }], carers: [] }), "ready"],
    ["ready again once it came back", next(next(aRoom(), { kind: "broke" }), { kind: "rejoined", seq: 9, epoch: 2, leaves: [{ person: JEAN, device: "d2" }], carers: [] }), "ready"],
  ])("is %s", (_, room, expected) => {
    expect(readiness(room, CLAIRE)).toBe(expected)
  })

  test("counts what others wrote as unread until it is read, never one's own", () => {
    let room = next(aRoom(), { kind: "entry", entry: anEntry(2), mine: false })
    room = next(room, { kind: "entry", entry: anEntry(3, "Moi", CLAIRE), mine: true })
    expect(conversationView(room, CLAIRE, [], UNKNOWN)).toMatchObject({ unread: 1, preview: "Moi", lastAt: 3 })

    expect(next(room, { kind: "read" })).toMatchObject({ unread: [], read: 3 })
  })

  test.each([[0, 0, "sent"], [2, 0, "delivered"], [2, 2, "read"], [1, 1, "sent"]] as const)(
    "with the other at delivered %i and read %i, message 2 is %s", (delivered, read, expected) => {
      const room = next(aRoom(), { kind: "cursor", person: JEAN, delivered, read })
      expect(delivery(room, 2, CLAIRE)).toBe(expected)
    })

  test("comes back at the step that let it in, with what was unread", () => {
    const before = next(aRoom(), { kind: "entry", entry: anEntry(2), mine: false })
    const after = next(before, { kind: "rejoined", seq: 9, epoch: 4, leaves: [], carers: [] })

    expect(after).toMatchObject({ cursor: 9, delivered: 9, read: 1, unread: [2], group: { epoch: 4 } })
  })

  test("a cursor never goes back, and one's own says nothing of others", () => {
    let room = next(aRoom(), { kind: "cursor", person: JEAN, delivered: 5, read: 5 })
    room = next(room, { kind: "cursor", person: JEAN, delivered: 2, read: 0 })
    expect(delivery(room, 5, CLAIRE)).toBe("read")
    expect(delivery(next(aRoom(), { kind: "cursor", person: CLAIRE, delivered: 9, read: 9 }), 2, CLAIRE)).toBe("sent")
  })

  test("shows what waits after what is in its place, and nothing twice", () => {
    const failed = written({ id: "f", state: { kind: "failed", trouble: { code: "E_ROLE", text: "Non." } } })
    const thread = threadView(aRoom(), [anEntry(2), anEntry(3, null)], [written({ id: "e", echoed: true }), failed, written()], CLAIRE, UNKNOWN)

    expect(thread.messages.map((one) => [one.id, one.delivery, one.content.kind])).toEqual(
      [["m2", "sent", "text"], ["m3", "sent", "hidden"], ["f", "failed", "text"], ["w", "waiting", "text"]])
    expect(thread.conversation.preview).toBe("À venir")
  })

  test("lists the readers that the group holds, also one whom the server does not name", () => {
    const room = next(aRoom(), { kind: "group", epoch: 2, leaves: [{ person: CLAIRE, device: "1" }, { person: CLAIRE, device: "2" }, { person: ID, device: "3" }], carers: [] })

    expect(threadView(room, [], [], CLAIRE, UNKNOWN).readers).toEqual([
      { person: CLAIRE, name: "Claire Morel", role: "pharmacist", devices: 2, me: true },
      { person: ID, name: "", role: "unknown", devices: 1, me: false },
    ])
  })

  test("only who is invited, reachable and not inside is to be added", () => {
    const alone = [{ person: CLAIRE, device: "1" }]
    const invited = (key_packages: boolean): Room =>
      next(aRoom({ members: [aMember(CLAIRE), aMember(JEAN, { state: "invited", key_packages })] }), { kind: "group", epoch: 0, leaves: alone, carers: [] })

    expect(admissible(invited(true))).toEqual([JEAN])
    expect(admissible(invited(false))).toEqual([])
    expect(admissible(aRoom({ members: [aMember(CLAIRE), aMember(JEAN, { state: "invited", key_packages: true })] }))).toEqual([])
  })

  test("into a successor group come those who were in the one before, and nobody else that is listed", () => {
    const members = [aMember(CLAIRE), aMember(ID, { state: "invited", key_packages: true }), aMember("9".repeat(36), { state: "invited", key_packages: true })]
    const room = next(aRoom({ members }), { kind: "group", epoch: 0, leaves: [{ person: CLAIRE, device: "1" }], carers: [] })

    expect(admissible(room)).toEqual([])
    expect(admissible(room, [CLAIRE, ID])).toEqual([ID])
  })
})

describe("a carer in a conversation", () => {
  const SOPHIE = "50f1e000-0000-4000-8000-000000000005"
  const carers = [{ person: SOPHIE, delegation: ID, until: 9_000, basis: "patient_mandate" as const }]
  const leaves = [{ person: CLAIRE, device: "d1" }, { person: SOPHIE, device: "d3" }]
  const members = [aMember(CLAIRE), aMember(JEAN), { ...aMember(SOPHIE), name: "Sophie Lefèvre", role: "carer" as const }]
  const room = next(aRoom({ members }), { kind: "group", epoch: 2, leaves, carers })

  test("stands there with until when and by what right, by the group's word", () => {
    const shown = conversationView(room, CLAIRE, [], UNKNOWN).members

    expect(shown.map((one) => one.delegation)).toEqual([null, null, { until: 9_000, basis: "patient_mandate" }])
  })

  test("is said with each of their messages to write for the patient", () => {
    const entry = { ...anEntry(2, "Pour papa", SOPHIE), acting: { person: JEAN, until: 9_000 } }

    expect(threadView(room, [entry], [], CLAIRE, UNKNOWN).messages[0]?.actingFor).toEqual({ name: "Jean Lefèvre", until: 9_000 })
    expect(threadView(room, [], [written()], SOPHIE, UNKNOWN).messages[0]?.actingFor).toEqual({ name: "Jean Lefèvre", until: 9_000 })
  })

  test("whose message was not theirs to write has it hidden, and why", () => {
    const entry = { ...anEntry(2, null, SOPHIE), why: "unauthorised" as const }

    expect(threadView(room, [entry], [], CLAIRE, UNKNOWN).messages[0]?.content).toEqual({ kind: "hidden", why: "unauthorised" })
  })

  test("whose authorisation is over sees nothing of it any more, until another one lets them in", () => {
    const over = next(next(room, { kind: "entry", entry: anEntry(2), mine: false }), { kind: "over" })
    const thread = threadView(over, [anEntry(2)], [], SOPHIE, UNKNOWN)

    expect(thread).toMatchObject({ messages: [], readers: [], conversation: { over: true, preview: null, unread: 0, readiness: "removed" } })
    expect(conversationView(next(over, { kind: "joined", seq: 9, epoch: 4, leaves, carers }), SOPHIE, [], UNKNOWN).over).toBe(false)
  })
})
