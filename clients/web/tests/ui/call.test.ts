import { describe, expect, it } from "vitest"
import type { CallNotice, CallPerson, CallStage, Conversation, Me, Member, Role, Tile } from "../../src/core/model"
import { codeGroups, doorOf, endedTitle, lobbyAct, named, newsOf, tileWords, whereIs } from "../../src/ui/call/states"
import { formatClock, formatDuration, formatSince } from "../../src/ui/call/time"
import { conversationOf, noticeOf } from "../../src/ui/call/where"

const plain = (text: string): string => text.replaceAll(/\s/g, " ")

function aPerson(state: CallPerson["state"], changes: Partial<CallPerson> = {}): CallPerson {
  return { person: "jean", name: "Jean", role: "patient", me: false, state, away: false, since: 0, here: false, ...changes }
}

const me = (state: CallPerson["state"], changes: Partial<CallPerson> = {}) => aPerson(state, { person: "claire", name: "Claire", me: true, here: true, ...changes })

function aNotice(state: CallNotice["state"], people: readonly CallPerson[]): CallNotice {
  return { id: "call", conversation: "one", state, people, delayedUntil: null, since: 0 }
}

function aTile(changes: Partial<Tile> = {}): Tile {
  return { person: "jean", name: "Jean", role: "patient", stream: null, link: "connected", quality: "good", microphone: true, camera: true, bigText: "", ...changes }
}

const JEAN: Member = { person: "jean", name: "Jean", role: "patient", state: "joined", compared: false, digits: "", delegation: null }
const SOPHIE: Member = { person: "sophie", name: "Sophie", role: "carer", state: "invited", compared: false, digits: "", delegation: null }

describe("how long something lasts", () => {
  it.each([
    [0, "0 seconde"], [999, "0 seconde"], [40_000, "40 secondes"], [60_000, "1 minute"], [100_000, "1 minute 40 secondes"],
    [3_600_000, "1 heure"], [3_665_000, "1 heure 1 minute"], [-5, "0 seconde"],
  ])("%i ms is %s", (ms, words) => {
    expect(plain(formatDuration(ms, "fr-FR"))).toBe(words)
  })

  it("a line of the list leaves the seconds out after the first minute", () => {
    expect(plain(formatSince(59_000, "fr-FR"))).toBe("59 s")
    expect(plain(formatSince(200_000, "fr-FR"))).toBe("3 min")
  })

  it.each([[0, "00:00"], [205_000, "03:25"], [3_661_000, "1:01:01"]])("the clock of %i ms shows %s", (ms, clock) => {
    expect(formatClock(ms)).toBe(clock)
  })
})

describe("where a call belongs", () => {
  const call = aNotice("ringing", [])

  it.each<[CallStage, string | null]>([
    [{ kind: "none" }, null],
    [{ kind: "incoming", call, from: "Claire", until: 0 }, null],
    [{ kind: "lobby", conversation: "two", as: "caller", call: null, entered: false, trouble: null }, "two"],
    [{ kind: "calling", call, until: 0 }, "one"],
    [{ kind: "ended", conversation: "two", reason: "hung_up", lasted: 0, callMe: false, mayCallAgain: true }, "two"],
  ])("%j", (stage, conversation) => {
    expect(conversationOf(stage)).toBe(conversation)
  })

  it("a conversation without a live call has none", () => {
    expect(noticeOf([call], "one")).toBe(call)
    expect(noticeOf([call], "two")).toBeNull()
  })
})

describe("the door of a call", () => {
  const asRole = (role: Role): Me => ({ person: "claire", device: "", name: "", role, pharmacy: { finess: "", name: "", phone: "" }, secondDevice: false })
  const ready: Conversation = {
    id: "one", kind: "remote_dispensation", motive: "age", createdAt: 0, founder: "claire", patient: "jean", members: [],
    readiness: "ready", lastAt: 0, preview: null, unread: 0, draft: "", over: false,
  }

  it.each<[Role, string | null]>([["pharmacist", "start"], ["patient", "wait"], ["technician", null], ["carer", "wait"]])("offers a %s: %s", (role, door) => {
    expect(doorOf(asRole(role), ready, null)).toBe(door)
  })

  it("is closed to a carer who may not take part in calls", () => {
    expect(doorOf(asRole("carer"), ready, null, false)).toBeNull()
    expect(doorOf(asRole("carer"), ready, aNotice("active", [me("missed")]), false)).toBeNull()
  })

  it("has no waiting room where nothing is dispensed, and none before the keys are there", () => {
    expect(doorOf(asRole("patient"), { ...ready, kind: "care_thread" }, null)).toBeNull()
    expect(doorOf(asRole("pharmacist"), { ...ready, readiness: "waiting_for_patient" }, null)).toBeNull()
  })

  it("leads back into a call that goes on, for whoever was asked into it", () => {
    expect(doorOf(asRole("patient"), ready, aNotice("active", [me("missed")]))).toBe("return")
    expect(doorOf(asRole("pharmacist"), ready, aNotice("active", [aPerson("joined")]))).toBe("return")
    expect(doorOf(asRole("technician"), ready, aNotice("active", [aPerson("joined")]))).toBeNull()
  })

  it("says so when the call is open on another device", () => {
    expect(doorOf(asRole("patient"), ready, aNotice("active", [me("joined", { here: false })]))).toBe("elsewhere")
  })
})

describe("the lobby", () => {
  it.each<["caller" | "waiting", CallNotice | null, string]>([
    ["caller", null, "ring"],
    ["caller", aNotice("lobby", [me("waiting")]), "ring"],
    ["caller", aNotice("lobby", [me("waiting"), aPerson("waiting")]), "admit"],
    ["caller", aNotice("lobby", [me("waiting"), aPerson("waiting", { away: true })]), "ring"],
    ["caller", aNotice("active", [me("left"), aPerson("joined")]), "come_back"],
    ["waiting", null, "enter"],
    ["waiting", aNotice("lobby", [me("waiting")]), "enter"],
    ["waiting", aNotice("active", [me("missed")]), "come_back"],
    ["waiting", aNotice("active", [aPerson("joined")]), "enter"],
  ])("as %s in %j: %s", (as, call, act) => {
    expect(lobbyAct(as, call)).toBe(act)
  })

  it("names who waits, or else everybody who has a device", () => {
    expect(named([JEAN, SOPHIE], null)).toEqual(["Jean"])
    expect(named([JEAN, SOPHIE], aNotice("lobby", [aPerson("waiting", { name: "Sophie" })]))).toEqual(["Sophie"])
  })

  it.each([
    [JEAN, undefined, "absent"], [SOPHIE, undefined, "invited"], [JEAN, aPerson("waiting"), "waiting"],
    [JEAN, aPerson("waiting", { away: true }), "away"], [JEAN, aPerson("call_me"), "call_me"],
  ] as const)("tells where %j is with %j: %s", (member, person, where) => {
    expect(whereIs(member, person)).toBe(where)
  })
})

describe("how somebody comes through", () => {
  it.each<[Partial<Tile>, string | null]>([
    [{}, "call-quality-good"], [{ quality: "poor" }, "call-quality-poor"], [{ quality: "unknown" }, null],
    [{ camera: false }, "call-sound-good"], [{ link: "reconnecting" }, "call-link-reconnecting"], [{ link: "audio_only" }, "call-link-audio-only"],
  ])("%j is said as %s", (changes, key) => {
    expect(tileWords(aTile(changes))).toBe(key)
  })
})

describe("what is said aloud of the others", () => {
  const at = (link: Tile["link"]) => [aTile({ link })]

  it.each<[readonly Tile[], readonly Tile[], readonly string[]]>([
    [[], at("connecting"), []],
    [[], at("connected"), ["joined"]],
    [at("connecting"), at("connected"), ["joined"]],
    [at("connected"), at("reconnecting"), ["lost"]],
    [at("reconnecting"), at("connected"), ["back"]],
    [at("reconnecting"), at("audio_only"), ["audio_only"]],
    [at("connected"), at("connected"), []],
    [at("connected"), [], ["left"]],
  ])("from %j to %j: %j", (before, after, words) => {
    expect(newsOf(before, after).map(({ what }) => what)).toEqual(words)
  })

  it("names each person", () => {
    expect(newsOf([aTile()], [aTile({ person: "sophie", name: "Sophie" })])).toEqual([{ what: "left", name: "Jean" }, { what: "joined", name: "Sophie" }])
  })
})

describe("the end", () => {
  it("an unanswered call is missed for one side and without an answer for the other", () => {
    expect(endedTitle("call.timeout", "pharmacist")).toBe("unanswered")
    expect(endedTitle("call.timeout", "patient")).toBe("missed")
  })

  it("a reason without a title of its own is simply over", () => {
    expect(endedTitle("hung_up", "patient")).toBe("over")
    expect(endedTitle("call.peer_left", "patient")).toBe("over")
  })
})

describe("the code", () => {
  it.each(["482139057716024733950284166719", "48213 90577 16024 73395 02841 66719"])("%s is read in six groups of five", (code) => {
    expect(codeGroups(code)).toEqual(["48213", "90577", "16024", "73395", "02841", "66719"])
  })

  it("is never cut short in silence", () => {
    expect(codeGroups("123456")).toEqual(["12345", "6"])
    expect(codeGroups("")).toEqual([])
  })
})
