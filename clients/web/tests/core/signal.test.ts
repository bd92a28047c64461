import { encode } from "@msgpack/msgpack"
import { describe, expect, test } from "vitest"
import { BadShape } from "../../src/core/checks"
import { MAX_CANDIDATES } from "../../src/core/sdp"
import { MAX_SIGNALS, accept, begun, decodeSignal, encodeSignal, offerHash, sent, type Exchange, type Expected, type Signal } from "../../src/core/signal"
import { OTHER_FINGERPRINT, aDescription, anSdp } from "./anSdp"

const CALL = "ca110000-0000-4000-8000-000000000001"
const ME = "de000000-0000-4000-8000-000000000001"
const PEER = "de000000-0000-4000-8000-000000000002"
const ELSE = "de000000-0000-4000-8000-000000000003"
const OFFER = aDescription()
const CANDIDATE = { candidate: "candidate:1 1 udp 1 192.0.2.1 5 typ host", sdpMid: "0", sdpMLineIndex: 0 }

const theirOffer: Expected = { call: CALL, me: ME, peer: PEER, generation: 2, offerer: PEER }
const myOffer: Expected = { ...theirOffer, offerer: ME }
const offer: Signal = { call: CALL, from: PEER, to: ME, generation: 2, type: "offer", sdp: OFFER, candidates: null, offer: null }
const answer: Signal = { ...offer, type: "answer", sdp: aDescription(), offer: offerHash(OFFER) }
const candidates: Signal = { ...offer, type: "candidates", sdp: null, candidates: [CANDIDATE], offer: offerHash(OFFER) }

const offered: Exchange = sent(begun(2), { ...offer, from: ME, to: PEER })
const refused = (code: string): object => ({ kind: "refused", code })

function taken(before: Exchange, expected: Expected, signal: Signal): Exchange {
  const verdict = accept(before, expected, signal)
  if (verdict.kind !== "accepted") throw new Error(verdict.kind)
  return verdict.exchange
}

describe("a signal on its way", () => {
  test.each([offer, answer, candidates])("comes out as it went in: $type", (signal) => {
    expect(decodeSignal(encodeSignal(signal))).toEqual(signal)
  })

  test.each([
    ["no MessagePack", Uint8Array.of(0xc1)],
    ["another version", encode({ ...offer, v: 2, kind: "signal" })],
    ["another kind", encode({ ...offer, v: 1, kind: "message" })],
    ["a missing field", encode({ v: 1, kind: "signal", call: CALL })],
    ["a call that is no UUID", encode({ ...offer, v: 1, kind: "signal", call: "x" })],
  ])("is unreadable: %s", (_, content) => {
    expect(() => decodeSignal(content)).toThrow(BadShape)
  })
})

describe("the one who waits for an offer", () => {
  test("takes the offer, then its candidates", () => {
    const after = taken(begun(2), theirOffer, offer)

    expect(after.offer).toEqual(offerHash(OFFER))
    expect(accept(after, theirOffer, candidates)).toEqual({ kind: "accepted", exchange: { ...after, heard: 2 } })
  })

  test.each<[string, Partial<Signal>, string]>([
    ["another device than the roster's peer", { from: ELSE }, "call.identity_changed"],
    ["another call", { call: "ca110000-0000-4000-8000-000000000002" }, "call.wrong_state"],
    ["another device of this call", { to: ELSE }, "call.wrong_state"],
    ["the generation before", { generation: 1 }, "call.stale_generation"],
    ["a generation that has not begun", { generation: 3 }, "call.stale_generation"],
    ["an answer from the one who offers", { type: "answer", offer: offerHash(OFFER) }, "call.wrong_role"],
    ["a description of 17 kB", { sdp: anSdp([`a=x:${"x".repeat(17 * 1024)}`]) }, "call.too_large"],
    ["a description without a fingerprint", { sdp: anSdp([]) }, "call.fingerprint_mismatch"],
    ["two fingerprints", { sdp: OFFER + `a=fingerprint:sha-256 ${OTHER_FINGERPRINT}\r\n` }, "call.fingerprint_mismatch"],
    ["no description", { sdp: null }, "call.fingerprint_mismatch"],
    ["two pictures", { sdp: `${OFFER}${"m=video 9 UDP/TLS/RTP/SAVPF 96\r\n".repeat(2)}` }, "call.wrong_state"],
    ["a way by a name", { sdp: `${OFFER}a=candidate:1 1 udp 1 beacon.example 5 typ host\r\n` }, "call.wrong_state"],
    ["an offer that names an offer", { offer: offerHash(OFFER) }, "call.wrong_state"],
    ["candidates beside the description", { candidates: [CANDIDATE] }, "call.wrong_state"],
  ])("refuses %s", (_, changed, code) => {
    expect(accept(begun(2), theirOffer, { ...offer, ...changed })).toEqual(refused(code))
  })

  test("refuses a second fingerprint in one generation", () => {
    const after = taken(begun(2), theirOffer, offer)

    expect(accept(after, theirOffer, { ...offer, sdp: aDescription(OTHER_FINGERPRINT) })).toEqual(refused("call.fingerprint_mismatch"))
  })

  test("refuses a second offer of the same certificate", () => {
    const after = taken(begun(2), theirOffer, offer)

    expect(accept(after, theirOffer, { ...offer, sdp: OFFER + "a=x:1\r\n" })).toEqual(refused("call.wrong_state"))
  })

  test("passes over the very same offer, sent again because nobody acknowledged it", () => {
    expect(accept(taken(begun(2), theirOffer, offer), theirOffer, offer)).toEqual({ kind: "repeated" })
  })

  test("refuses candidates before the offer they belong to", () => {
    expect(accept(begun(2), theirOffer, candidates)).toEqual(refused("call.wrong_state"))
  })

  test("takes no more than fifty signals of one generation", () => {
    let exchange = taken(begun(2), theirOffer, offer)
    for (let i = 1; i < MAX_SIGNALS; i += 1) exchange = taken(exchange, theirOffer, candidates)

    expect(accept(exchange, theirOffer, candidates)).toEqual(refused("call.too_large"))
    expect(taken(exchange, { ...theirOffer, generation: 3 }, { ...offer, generation: 3 })).toMatchObject({ heard: 1 })
  })

  test("begins anew with the next generation, whatever was said in this one", () => {
    const after = taken(begun(2), theirOffer, offer)
    const next = { ...offer, generation: 3, sdp: aDescription(OTHER_FINGERPRINT) }

    expect(taken(after, { ...theirOffer, generation: 3 }, next)).toMatchObject({ generation: 3, fingerprint: OTHER_FINGERPRINT })
  })
})

describe("the one who offers", () => {
  test("takes the answer to this very offer, and candidates that name it", () => {
    const after = taken(offered, myOffer, answer)

    expect(taken(after, myOffer, candidates)).toEqual({ ...after, heard: 2 })
    expect(taken(offered, myOffer, candidates)).toEqual({ ...offered, heard: 1 })
  })

  test.each<[string, Partial<Signal>, string]>([
    ["an offer: there is one offerer", { type: "offer", offer: null }, "call.wrong_role"],
    ["an answer that names no offer", { offer: null }, "call.fingerprint_mismatch"],
    ["an answer to another offer", { offer: offerHash("v=0") }, "call.fingerprint_mismatch"],
  ])("refuses %s", (_, changed, code) => {
    expect(accept(offered, myOffer, { ...answer, ...changed })).toEqual(refused(code))
  })

  test("refuses an answer before it has offered", () => {
    expect(accept(begun(2), myOffer, answer)).toEqual(refused("call.fingerprint_mismatch"))
  })

  test("passes over the very same answer, and refuses another", () => {
    const after = taken(offered, myOffer, answer)

    expect(accept(after, myOffer, answer)).toEqual({ kind: "repeated" })
    expect(accept(after, myOffer, { ...answer, sdp: `${answer.sdp ?? ""}a=x:1\r\n` })).toEqual(refused("call.wrong_state"))
  })

  test("refuses an answer with a second fingerprint", () => {
    const after = taken(offered, myOffer, answer)

    expect(accept(after, myOffer, { ...answer, sdp: aDescription(OTHER_FINGERPRINT) })).toEqual(refused("call.fingerprint_mismatch"))
  })

  test.each<[string, Partial<Signal>, string]>([
    ["that name another offer", { offer: offerHash("v=0") }, "call.fingerprint_mismatch"],
    ["that name none", { offer: null }, "call.fingerprint_mismatch"],
    ["with a description", { sdp: OFFER }, "call.wrong_state"],
    ["that are none", { candidates: null }, "call.wrong_state"],
    ["that name somebody to ask", { candidates: [{ ...CANDIDATE, candidate: "candidate:1 1 udp 1 beacon.example 5 typ host" }] }, "call.wrong_state"],
    ["with a second line", { candidates: [{ ...CANDIDATE, candidate: "candidate:1\r\na=x" }] }, "call.wrong_state"],
    ["more than a browser has", { candidates: Array<typeof CANDIDATE>(MAX_CANDIDATES + 1).fill(CANDIDATE) }, "call.too_large"],
  ])("refuses candidates %s", (_, changed, code) => {
    expect(accept(offered, myOffer, { ...candidates, ...changed })).toEqual(refused(code))
  })
})
