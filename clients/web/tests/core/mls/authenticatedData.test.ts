import { describe, expect, test } from "vitest"
import { decodeHex, encodeHex } from "../../../src/core/bytes"
import {
  decodeAuthenticatedData,
  encodeAuthenticatedData,
  type Acting,
  type AuthenticatedData,
  type SignalHeader,
} from "../../../src/core/mls/authenticatedData"
import { expectRefusal, goldenMessages, type Message } from "../golden"

function goldenHeader({ signal }: Message): SignalHeader | null {
  if (signal === undefined) return null
  const type = (["offer", "answer", "candidates"] as const)[signal.type - 1]
  if (type === undefined) throw new Error("a golden signal of an unknown type")
  return { call: decodeHex(signal.call), to: decodeHex(signal.to), generation: signal.generation, type }
}

function goldenActing({ acting }: Message): Pick<AuthenticatedData, "acting"> {
  return acting ? { acting: { for: decodeHex(acting.for), delegation: decodeHex(acting.delegation), version: acting.version } } : {}
}

const valid: AuthenticatedData = {
  id: new Uint8Array(16),
  kind: "message",
  counter: 5,
  sentAt: 1_790_000_000_000,
  frankingTag: new Uint8Array(32),
  signal: null,
}

const acting: Acting = { for: new Uint8Array(16).fill(1), delegation: new Uint8Array(16).fill(2), version: 3 }
const header: SignalHeader = { call: new Uint8Array(16).fill(1), to: new Uint8Array(16).fill(2), generation: 3, type: "offer" }

describe("authenticated data", () => {
  test.each(goldenMessages())("is laid out as in the golden file: $kind", (golden) => {
    const data = {
      id: decodeHex(golden.id),
      kind: golden.kind,
      counter: golden.counter,
      sentAt: golden.sent_at,
      frankingTag: decodeHex(golden.franking_tag),
      ...goldenActing(golden),
      signal: goldenHeader(golden),
    }
    expect(encodeHex(encodeAuthenticatedData(data))).toBe(golden.authenticated_data)
    expect(decodeAuthenticatedData(decodeHex(golden.authenticated_data))).toEqual(data)
  })

  test("holds every number below 2^53", () => {
    for (const counter of [0, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      expect(decodeAuthenticatedData(encodeAuthenticatedData({ ...valid, counter })).counter).toBe(counter)
    }
  })

  test.each<Partial<AuthenticatedData>>([
    { id: new Uint8Array(15) },
    { id: new Uint8Array(17) },
    { kind: "" },
    { kind: "k".repeat(33) },
    { kind: "été" },
    { kind: "a b" },
    { kind: "a\n" },
    { counter: -1 },
    { counter: 2 ** 53 },
    { counter: 0.5 },
    { sentAt: Number.NaN },
    { frankingTag: new Uint8Array(31) },
  ])("out of bounds is not written: %j", (changed) =>
    expectRefusal(() => encodeAuthenticatedData({ ...valid, ...changed }), "malformed_input"),
  )

  test.each<[string, Partial<AuthenticatedData>]>([
    ["a signal that does not say its call", { kind: "signal" }],
    ["a message that says a call", { signal: header }],
    ["a call of 15 bytes", { kind: "signal", signal: { ...header, call: new Uint8Array(15) } }],
    ["a device of 17 bytes", { kind: "signal", signal: { ...header, to: new Uint8Array(17) } }],
    ["a generation below zero", { kind: "signal", signal: { ...header, generation: -1 } }],
    ["a generation beyond 2^31", { kind: "signal", signal: { ...header, generation: 2 ** 31 } }],
  ])("is not written: %s", (_, changed) => expectRefusal(() => encodeAuthenticatedData({ ...valid, ...changed }), "malformed_input"))

  test.each<[string, Partial<Acting>]>([
    ["for 15 bytes", { for: new Uint8Array(15) }],
    ["for nobody", { for: new Uint8Array() }],
    ["under no delegation", { delegation: new Uint8Array() }],
    ["under 17 bytes", { delegation: new Uint8Array(17) }],
    ["by no version", { version: 0 }],
    ["by a version beyond 2^53", { version: 2 ** 53 }],
  ])("is not written of somebody who acts %s", (_, changed) =>
    expectRefusal(() => encodeAuthenticatedData({ ...valid, acting: { ...acting, ...changed } }), "malformed_input"))

  test("says for whom a carer acts, of a signal too", () => {
    for (const data of [{ ...valid, acting }, { ...valid, kind: "signal", acting, signal: header }]) {
      expect(decodeAuthenticatedData(encodeAuthenticatedData(data))).toEqual(data)
    }
  })

  const signalled = encodeAuthenticatedData({ ...valid, kind: "signal", signal: header })
  test.each([
    ["without its call", signalled.slice(0, -37)],
    ["with half of it", signalled.slice(0, -1)],
    ["of type 0", signalled.with(-1, 0)],
    ["of type 4", signalled.with(-1, 4)],
    ["of a generation beyond 2^31", signalled.with(-5, 0x80)],
    ["with a byte after the end", Uint8Array.of(...signalled, 0)],
  ])("of a signal is refused: %s", (_, faulty) => expectRefusal(() => decodeAuthenticatedData(faulty), "malformed_input"))

  const bytes = encodeAuthenticatedData(valid)
  test.each([
    ["version 0", bytes.with(1, 0)],
    ["version 1", bytes.with(1, 1)],
    ["version 3", bytes.with(1, 3)],
    ["a kind of no characters", Uint8Array.of(...bytes.slice(0, 18), 0, ...bytes.slice(26))],
    ["a kind not in ASCII", bytes.with(19, 0xff)],
    ["a kind whose length is not in its shortest form", Uint8Array.of(...bytes.slice(0, 18), 0x40, ...bytes.slice(18))],
    ["a counter of 2^64 - 1", Uint8Array.from(bytes).fill(0xff, 26, 34)],
    ["for somebody under no delegation", Uint8Array.of(...bytes.slice(0, -10), 16, ...acting.for, 0, ...bytes.slice(-8))],
    ["for nobody under a delegation", Uint8Array.of(...bytes.slice(0, -9), 16, ...acting.delegation, ...bytes.slice(-8))],
    ["for nobody by a version", bytes.with(-1, 1)],
    ["for somebody by no version", Uint8Array.of(...bytes.slice(0, -10), 16, ...acting.for, 16, ...acting.delegation, ...bytes.slice(-8))],
    ["for a name of one byte", Uint8Array.of(...bytes.slice(0, -10), 1, 120, 1, 120, ...bytes.slice(-8).with(-1, 1))],
    ["a byte after the end", Uint8Array.of(...bytes, 0)],
    ["nothing", new Uint8Array()],
  ])("with a fault is refused: %s", (_, faulty) =>
    expectRefusal(() => decodeAuthenticatedData(faulty), "malformed_input"),
  )

  test("cut short anywhere is refused", () => {
    for (let end = 0; end < bytes.length; end++) {
      expectRefusal(() => decodeAuthenticatedData(bytes.slice(0, end)), "malformed_input")
    }
  })
})
