/** MessagePack, beside a library that others wrote. */
import { decode as theirDecode, encode as theirEncode } from "@msgpack/msgpack"
import { describe, expect, test } from "vitest"
import { decode, encode } from "../../src/core/msgpack"
import { expectRefusal } from "./golden"

const EDGES = [0, 1, 31, 32, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]
const NUMBERS = [...EDGES, ...EDGES.map((one) => -one - 1).filter(Number.isSafeInteger), 0.5, -1.25, 1e300, Infinity]
const LENGTHS = [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536]

/** The same "random" numbers in each run. */
function drawn(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((state / 2 ** 31) * below)
  }
}

function anyValue(draw: (below: number) => number, depth = 0): unknown {
  const many = <T>(make: () => T): T[] => Array.from({ length: draw(5) }, make)
  switch (draw(depth > 3 ? 6 : 8)) {
    case 0: return null
    case 1: return draw(2) === 1
    case 2: return NUMBERS[draw(NUMBERS.length)]
    case 3: return draw(2 ** 30) - 2 ** 29
    case 4: return "aé€😀\u0000".slice(0, draw(4)).repeat(draw(20))
    case 5: return Uint8Array.from(many(() => draw(256)))
    case 6: return many(() => anyValue(draw, depth + 1))
    default: return Object.fromEntries(many(() => [`k${draw(1000)}`, anyValue(draw, depth + 1)]))
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.from(a).equals(b)
}

describe("what is written", () => {
  test.each(NUMBERS)("is what the library writes, and reads back: %d", (number) => {
    expect(encode(number)).toEqual(theirEncode(number))
    expect(decode(encode(number))).toBe(number === 0 ? 0 : number)
  })

  test.each(LENGTHS)("is so of whatever has %d elements", (length) => {
    const items = Array.from({ length }, (_, i) => i % 5)
    for (const value of ["x".repeat(length), new Uint8Array(length).fill(7), items, Object.fromEntries(items.map((one, i) => [`k${i}`, one]))]) {
      const written = encode(value)
      expect(same(written, theirEncode(value))).toBe(true)
      expect(same(theirEncode(decode(written)), written)).toBe(true)
    }
  })

  test("is so of two thousand values of every kind, one inside another", () => {
    const draw = drawn(1)
    for (let i = 0; i < 2000; i += 1) {
      const value = anyValue(draw)
      const written = encode(value)
      expect(same(written, theirEncode(value))).toBe(true)
      expect(decode(written)).toEqual(value)
    }
  })

  test("leaves out what is undefined, and takes nothing that has no form", () => {
    expect(decode(encode({ a: 1, b: undefined, c: { d: undefined } }))).toEqual({ a: 1, c: {} })
    expect(() => encode(10n)).toThrow(TypeError)
    expect(() => encode(() => 1)).toThrow(TypeError)
  })
})

describe("what is read", () => {
  test("may be of any form that holds it", () => {
    expect(decode(Uint8Array.of(0xce, 0, 0, 0, 5))).toBe(5)
    expect(decode(Uint8Array.of(0xd2, 255, 255, 255, 255))).toBe(-1)
    expect(decode(Uint8Array.of(0xca, 0x3f, 0x80, 0, 0))).toBe(1)
    expect(decode(Uint8Array.of(0xdb, 0, 0, 0, 1, 97))).toBe("a")
  })

  test("is its own copy, and no property of every object", () => {
    const data = encode({ b: Uint8Array.of(1), ["__proto__"]: 2 })
    const read = decode(encode(JSON.parse('{"__proto__": {"polluted": true}, "b": 1}'))) as Record<string, unknown>

    expect(Object.keys(read)).toContain("__proto__")
    expect(read["polluted"]).toBeUndefined()
    const copied = decode(data) as { b: Uint8Array }
    data.fill(0)
    expect(copied.b).toEqual(Uint8Array.of(1))
  })

  test.each<[string, readonly number[]]>([
    ["nothing", []],
    ["something after it", [0xc0, 0xc0]],
    ["a kind that does not exist", [0xc1]],
    ["an extension", [0xd4, 1, 0]],
    ["an instant", [0xd6, 0xff, 0, 0, 0, 0]],
    ["a number beyond 2^53", [0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0]],
    ["a number below -2^53", [0xd3, 0xff, 0xdf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ["text that is no UTF-8", [0xa1, 0xff]],
    ["a map whose name is a number", [0x81, 1, 1]],
    ["a name twice", [0x82, 0xa1, 97, 1, 0xa1, 97, 2]],
    ["four thousand million elements that are not there", [0xdd, 255, 255, 255, 255]],
    ["four thousand million bytes that are not there", [0xc6, 255, 255, 255, 255, 0]],
    ["a map of so many", [0xdf, 255, 255, 255, 255]],
    ["ten thousand arrays, one inside another", Array.from({ length: 10_000 }, () => 0x91)],
  ])("is not %s", (_, data) => {
    expectRefusal(() => decode(Uint8Array.from(data)), "malformed_input")
  })

  test("cut short anywhere is refused", () => {
    const whole = encode({ text: "abc", list: [1, -200, 70_000, 0.5], bytes: new Uint8Array(300), map: { a: null } })

    for (let end = 0; end < whole.length; end += 1) expectRefusal(() => decode(whole.slice(0, end)), "malformed_input")
  })

  test("at random is refused, or is what the library reads", () => {
    const draw = drawn(7)
    for (let i = 0; i < 5000; i += 1) {
      const data = Uint8Array.from({ length: draw(24) }, () => draw(256))
      let read: unknown
      try {
        read = decode(data)
      } catch (error) {
        expect(error).toMatchObject({ fault: "malformed_input" })
        continue
      }
      expect(read).toEqual(theirDecode(data))
    }
  })
})
