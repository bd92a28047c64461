import { describe, expect, test } from "vitest"
import { decodeHex, encodeHex } from "../../../src/core/bytes"
import {
  decodeAuthenticatedData,
  encodeAuthenticatedData,
  type AuthenticatedData,
} from "../../../src/core/mls/authenticatedData"
import { expectRefusal, goldenMessages } from "../golden"

const valid: AuthenticatedData = {
  id: new Uint8Array(16),
  kind: "message",
  counter: 5,
  sentAt: 1_790_000_000_000,
  frankingTag: new Uint8Array(32),
}

describe("authenticated data", () => {
  test.each(goldenMessages())("is laid out as in the golden file: $kind", (golden) => {
    const data = {
      id: decodeHex(golden.id),
      kind: golden.kind,
      counter: golden.counter,
      sentAt: golden.sent_at,
      frankingTag: decodeHex(golden.franking_tag),
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

  const bytes = encodeAuthenticatedData(valid)
  test.each([
    ["version 0", bytes.with(1, 0)],
    ["version 2", bytes.with(1, 2)],
    ["a kind of no characters", Uint8Array.of(...bytes.slice(0, 18), 0, ...bytes.slice(26))],
    ["a kind not in ASCII", bytes.with(19, 0xff)],
    ["a kind whose length is not in its shortest form", Uint8Array.of(...bytes.slice(0, 18), 0x40, ...bytes.slice(18))],
    ["a counter of 2^64 - 1", Uint8Array.from(bytes).fill(0xff, 26, 34)],
    ["acting for somebody", Uint8Array.of(...bytes.slice(0, -2), 1, 120, 0)],
    ["under a delegation", Uint8Array.of(...bytes.slice(0, -1), 1, 120)],
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
