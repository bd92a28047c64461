import { describe, expect, test } from "vitest"
import { MAX_BIG_TEXT, decodeBeat, encodeBeat, type Beat } from "../../src/core/beat"

const BEAT: Beat = { mic: true, cam: false, text: "Deux comprimés,\nmatin et soir", lean: false }

describe("a heartbeat", () => {
  test("comes out as it went in", () => {
    expect(decodeBeat(encodeBeat(BEAT))).toEqual(BEAT)
  })

  test.each(["\"".repeat(5_000), "\u0001".repeat(5_000), "é".repeat(5_000)])("is never beyond a kilobyte, whatever is written big", (text) => {
    expect(encodeBeat({ ...BEAT, text }).length).toBeLessThanOrEqual(1_024)
    expect(decodeBeat(encodeBeat({ ...BEAT, text }))?.text).toHaveLength(MAX_BIG_TEXT)
  })

  test("shows only what are words, whatever another client wrote", () => {
    const text = JSON.stringify("a\u0000b\u202ec\u2069d" + "\n".repeat(200) + "e")

    expect(decodeBeat(`{"t":"beat","text":${text}}`)?.text).toBe("a b c d\n\ne")
  })

  test("of another client that says less is one all the same", () => {
    expect(decodeBeat('{"t":"beat","mic":true}')).toEqual({ mic: true, cam: false, text: "", lean: false })
  })

  test.each(["", "null", "[]", "{}", '{"t":"else"}', "{", `{"t":"beat","text":"${"x".repeat(1_024)}"}`])("is not %j", (data) => {
    expect(decodeBeat(data)).toBeNull()
  })
})
