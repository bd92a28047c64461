import { describe, expect, test } from "vitest"
import { encodeHex } from "../../../src/core/bytes"
import { BYTES, U64, U8, decode, listOf, optional, select, struct } from "../../../src/core/mls/codec"
import { Reader, vectorHeader } from "../../../src/core/mls/encoding"
import { MalformedMessage, MlsError } from "../../../src/core/mls/errors"
import { decodeMessage, encodeMessage } from "../../../src/core/mls/framing"
import { Group } from "../../../src/core/mls/group"
import { NOW, aGroupOf, aKeyPackage, adding, keyPackageMessage, random, welcomeIn } from "./aGroup"

type Shape = { readonly kind: "dot" } | { readonly kind: "line"; readonly length: bigint }
const SHAPE = select<Shape>(U8, { dot: [1, struct<object>({})], line: [2, struct({ length: U64 })] })

describe("a codec", () => {
  test.each([0, 63, 64, 16_383, 16_384])("writes the header of %i bytes as it reads it, in the shortest form", (length) => {
    const reader = new Reader(vectorHeader(length))

    expect(reader.vectorLength()).toBe(length)
    expect(reader.ended).toBe(true)
  })

  test.each([
    ["a length in a longer form than needed", "4001aa"], ["a length of a form that does not exist", "c0"],
    ["a length in the longest form where the middle one is enough", "80000040"],
    ["a vector that ends too early", "05aabb"], ["bytes after the end", "01aabb"],
  ])("refuses %s", (_, hex) => {
    expect(() => decode(BYTES, Uint8Array.from(Buffer.from(hex, "hex")))).toThrow(MalformedMessage)
  })

  test("refuses an optional that is neither there nor not, and a kind that does not exist", () => {
    expect(() => decode(optional(U8), Uint8Array.of(2, 1))).toThrow(MalformedMessage)
    expect(() => decode(SHAPE, Uint8Array.of(3))).toThrow(MalformedMessage)
  })

  test("keeps numbers of 64 bits whole", () => {
    const line: Shape = { kind: "line", length: 2n ** 64n - 1n }

    expect(encodeHex(SHAPE.encode(line))).toBe("02ffffffffffffffff")
    expect(decode(SHAPE, SHAPE.encode(line))).toEqual(line)
    expect(() => SHAPE.encode({ kind: "line", length: 2n ** 64n })).toThrow(MalformedMessage)
  })

  test("counts bytes, not elements, in a list", () => {
    expect(encodeHex(listOf(SHAPE).encode([{ kind: "dot" }, { kind: "line", length: 1n }]))).toBe("0a01020000000000000001")
  })
})

describe("every message", () => {
  function messages(): readonly Uint8Array[] {
    const [claire] = aGroupOf(["claire", "jean", "hugo"])
    if (claire === undefined) throw new Error("a founder")
    const bundle = aKeyPackage("lea")
    const made = claire.commit({ proposals: [...adding(bundle), { kind: "remove", removed: 1 }], now: NOW, random })
    const state = claire.encrypt(Uint8Array.of(1), { random })
    return [made.message, welcomeIn(made), made.groupInfo, keyPackageMessage(bundle.keyPackage), state]
  }

  test("is written again as it was read, and cut short is refused with one kind of error", () => {
    for (const message of messages()) {
      expect(encodeHex(encodeMessage(decodeMessage(message)))).toBe(encodeHex(message))
      for (let length = 0; length < message.length; length += 7) {
        expect(() => decodeMessage(message.slice(0, length))).toThrow(MalformedMessage)
      }
    }
  })

  test("with bytes changed reads as something that is written again the same, or is refused with a declared error", () => {
    for (const message of messages()) {
      for (let round = 0; round < 200; round++) {
        const changed = message.slice()
        for (const [at = 0, to = 0] of [[...random(2)], [...random(2)]]) changed[(at * 251 + round) % changed.length] = to
        try {
          expect(encodeHex(encodeMessage(decodeMessage(changed)))).toBe(encodeHex(changed))
        } catch (error) {
          expect(error).toBeInstanceOf(MlsError)
        }
      }
    }
  })

  test("that is a state with bytes changed is a state, or is refused with a declared error", () => {
    const [claire] = aGroupOf(["claire", "jean"])
    if (claire === undefined) throw new Error("a founder")
    const bytes = claire.serialize()
    for (let at = 0; at < bytes.length; at += 3) {
      const changed = bytes.map((byte, i) => (i === at ? byte ^ 0x41 : byte))
      try {
        Group.deserialize(changed)
      } catch (error) {
        expect(error).toBeInstanceOf(MlsError)
      }
    }
  })
})
