import { describe, expect, test } from "vitest"
import { SENDING, adapt, qualityOf, type Measured, type Sending } from "../../src/core/quality"

const GOOD: Measured = { loss: 0, jitter: 0.005, roundTrip: 0.03, framesPerSecond: 24 }

describe("how a connection is", () => {
  test.each<[string, Partial<Measured>, string]>([
    ["nothing is amiss", {}, "good"],
    ["no picture comes, for none is sent", { framesPerSecond: null }, "good"],
    ["one packet in thirty is lost", { loss: 0.033 }, "fair"],
    ["one in ten is lost", { loss: 0.1 }, "poor"],
    ["the sound comes unevenly", { jitter: 0.05 }, "fair"],
    ["an answer takes most of a second", { roundTrip: 0.7 }, "poor"],
    ["the picture stutters", { framesPerSecond: 9 }, "fair"],
    ["the picture hardly moves", { framesPerSecond: 3 }, "poor"],
    ["nothing is known", { loss: null, roundTrip: null }, "unknown"],
  ])("where %s", (_, changed, quality) => {
    expect(qualityOf({ ...GOOD, ...changed })).toBe(quality)
  })
})

describe("what is sent", () => {
  const SMALL: Sending = { picture: "small", since: null }
  const NONE: Sending = { picture: "none", since: null }

  function during(ms: number, from: Sending, room: Parameters<typeof adapt>[1]): Sending {
    let sending = from
    for (let at = 0; at <= ms; at += 1_000) sending = adapt(sending, room, at)
    return sending
  }

  test("stays whole where there is room, and where nothing is known", () => {
    expect(during(60_000, SENDING, { available: 2_000_000, lost: 0 })).toEqual(SENDING)
    expect(during(60_000, SENDING, { available: null, lost: null })).toEqual(SENDING)
  })

  test("bears a short dip", () => {
    const dip = adapt(SENDING, { available: 100_000, lost: 0 }, 0)
    expect(adapt(dip, { available: 2_000_000, lost: 0 }, 1_000)).toEqual(SENDING)
  })

  test("is a smaller picture on a narrow line, then the sound alone", () => {
    expect(during(2_000, SENDING, { available: 200_000, lost: 0 }).picture).toBe("small")
    expect(during(60_000, SENDING, { available: 200_000, lost: 0 }).picture).toBe("small")
    expect(during(2_000, SMALL, { available: 60_000, lost: 0 }).picture).toBe("none")
  })

  test("leaves room for the sound where much is lost", () => {
    expect(during(2_000, SENDING, { available: 2_000_000, lost: 0.3 }).picture).toBe("small")
  })

  test("comes back by itself, but not at once", () => {
    expect(during(7_000, SMALL, { available: 1_000_000, lost: 0 }).picture).toBe("small")
    expect(during(8_000, SMALL, { available: 1_000_000, lost: 0 }).picture).toBe("full")
    expect(during(8_000, NONE, { available: 50_000, lost: 0 }).picture).toBe("small")
  })
})
