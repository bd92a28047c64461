import { decode, encode } from "@msgpack/msgpack"
import { describe, expect, test } from "vitest"
import { BadShape } from "../../src/core/checks"
import { MAX_FRAME_BYTES, decodeServerFrame, encodeRequest, readGroupInfo, readTurn } from "../../src/core/wire"

const ID = "c0400000-0000-4000-8000-000000000001"
const EVENT = {
  kind: "event", conversation: ID, seq: 1, ts: 1_700_000_000_000_000, what: "message", person: ID, device: ID,
  body: Uint8Array.of(1), message: ID,
}

describe("what the hub sends", () => {
  test("an event comes through whole, instants in microseconds included", () => {
    expect(decodeServerFrame(encode(EVENT))).toEqual(EVENT)
  })

  test("what the hub omits is null", () => {
    expect(decodeServerFrame(encode({ kind: "ok", id: "c1", now: 1 }))).toEqual({ kind: "ok", id: "c1", now: 1, receipt: null, result: null })
  })

  test("a field that a later hub adds is dropped, and a kind it adds is passed over", () => {
    expect(decodeServerFrame(encode({ ...EVENT, colour: "green" }))).toEqual(EVENT)
    expect(decodeServerFrame(encode({ kind: "weather" }))).toBeNull()
    expect(decodeServerFrame(encode({ kind: "toString" }))).toBeNull()
  })

  test("the hub's own proposal has no device; nothing else is the hub's own", () => {
    const proposal = { ...EVENT, what: "proposal", person: "hub", device: "", message: null }
    expect(decodeServerFrame(encode(proposal))).toEqual(proposal)

    for (const frame of [{ ...EVENT, person: "hub", device: "" }, { ...proposal, what: "commit" }, { ...EVENT, what: "proposal" }]) {
      expect(() => decodeServerFrame(encode(frame))).toThrow(BadShape)
    }
  })

  test("what the hub asks and tells of groups comes through", () => {
    for (const kind of ["group.commit_due", "group.forked"]) {
      expect(decodeServerFrame(encode({ kind, conversation: ID, epoch: 3 }))).toEqual({ kind, conversation: ID, epoch: 3 })
    }
    expect(readGroupInfo({ epoch: 3, generation: 255, group_info: Uint8Array.of(1) })).toMatchObject({ generation: 255 })
    expect(() => readGroupInfo({ epoch: 3, generation: 256, group_info: Uint8Array.of(1) })).toThrow(BadShape)
  })

  test.each<[string, unknown]>([
    ["no map", [1]], ["nothing", null], ["a missing field", { ...EVENT, seq: undefined }], ["a negative seq", { ...EVENT, seq: -1 }],
    ["a fraction", { ...EVENT, seq: 1.5 }], ["a number beyond 2^53", { ...EVENT, seq: 2 ** 60 }], ["text for bytes", { ...EVENT, body: "no" }],
    ["another what", { ...EVENT, what: "gossip" }], ["an id in capitals", { ...EVENT, person: ID.toUpperCase() }],
    ["a summary without members", { kind: "conversation", conversation: { id: ID } }],
  ])("%s is refused", (_, frame) => {
    expect(() => decodeServerFrame(encode(frame, { ignoreUndefined: true }))).toThrow(BadShape)
  })

  test("bytes that are no MessagePack, or too many, are refused", () => {
    expect(() => decodeServerFrame(Uint8Array.of(0xc1))).toThrow(BadShape)
    expect(() => decodeServerFrame(new Uint8Array(MAX_FRAME_BYTES + 1))).toThrow(BadShape)
  })

  test("random bytes never do anything else than decode or be refused", () => {
    let seed = 7
    for (let round = 0; round < 2_000; round += 1) {
      const data = Uint8Array.from({ length: round % 64 }, () => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) >> 16)
      try {
        decodeServerFrame(data)
      } catch (error) {
        expect(error).toBeInstanceOf(BadShape)
      }
    }
  })
})

const CALL = {
  id: ID, conversation: ID, version: 3, state: "active", reason: null, caller: ID, opened_at: 1, since: 2, delayed_until: null, turn: true,
  legs: [{ person: ID, device: ID, state: "joined", since: 1, away: false, until: null }],
  pairs: [{ devices: [ID, ID], generation: 1, offerer: ID, stage: "all", state: "connected" }],
}

describe("what the hub sends of calls", () => {
  test("a call comes through whole, and what it omits is null", () => {
    expect(decodeServerFrame(encode({ kind: "call", call: CALL }))).toEqual({ kind: "call", call: CALL })
    expect(decodeServerFrame(encode({ kind: "call", call: { ...CALL, reason: undefined, caller: undefined, delayed_until: undefined } }, { ignoreUndefined: true })))
      .toEqual({ kind: "call", call: { ...CALL, caller: null } })
  })

  test("a signal is bytes from a device", () => {
    const push = { kind: "signal", conversation: ID, person: ID, device: ID, body: Uint8Array.of(1) }
    expect(decodeServerFrame(encode(push))).toEqual(push)
  })

  test.each<[string, object]>([
    ["a state nobody knows", { state: "paused" }], ["a leg nobody knows", { legs: [{ ...CALL.legs[0], state: "asleep" }] }],
    ["a stage nobody knows", { pairs: [{ ...CALL.pairs[0], stage: "video" }] }], ["a version below zero", { version: -1 }],
    ["no legs", { legs: undefined }], ["a device that is no UUID", { pairs: [{ ...CALL.pairs[0], devices: ["x"] }] }],
  ])("a call with %s is refused", (_, changed) => {
    expect(() => decodeServerFrame(encode({ kind: "call", call: { ...CALL, ...changed } }, { ignoreUndefined: true }))).toThrow(BadShape)
  })

  test("TURN credentials are read whole or not at all", () => {
    const turn = { urls: ["turn:a"], username: "u", credential: "c", expires_at: 2, renew_at: 1 }
    expect(readTurn(turn)).toEqual(turn)
    expect(() => readTurn({ ...turn, urls: "turn:a" })).toThrow(BadShape)
  })
})

describe("what a device sends", () => {
  test("is one map with its kind and id", () => {
    expect(decode(encodeRequest("c1", { kind: "message.send", conversation: ID, body: Uint8Array.of(2) })))
      .toEqual({ kind: "message.send", id: "c1", conversation: ID, body: Uint8Array.of(2) })
  })
})
