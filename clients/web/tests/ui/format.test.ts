import { describe, expect, it } from "vitest"
import {
  dayKey, dayOf, foldForSearch, formatCount, formatDay, formatNames, formatShort, formatTime, initials, telephone,
} from "../../src/ui/format"

const at = (day: number, hour: number, minute = 0): number => new Date(2026, 2, day, hour, minute).getTime()
const plain = (text: string): string => text.replaceAll(/\s/g, " ")

describe("days", () => {
  it("two instants of one day share their key, midnight parts them", () => {
    expect(dayKey(at(3, 0))).toBe(dayKey(at(3, 23, 59)))
    expect(dayKey(at(3, 23, 59))).not.toBe(dayKey(at(4, 0)))
  })

  it.each([
    ["today", at(10, 0, 1)],
    ["yesterday", at(9, 23, 59)],
    ["earlier", at(8, 23, 59)],
  ])("says %s by the calendar, not by 24 hours", (day, then) => {
    expect(dayOf(then, at(10, 0, 2))).toBe(day)
  })

  it("yesterday holds across the hour that summer takes away", () => {
    expect(dayOf(at(28, 12), at(29, 12))).toBe("yesterday")
  })

  it("writes days and times as in France", () => {
    expect(formatDay(at(3, 9), "fr-FR")).toBe("mardi 3 mars 2026")
    expect(formatTime(at(3, 9, 5), "fr-FR")).toBe("09:05")
  })

  it("a line of the list shows the time today and the date before", () => {
    expect(formatShort(at(3, 9, 5), at(3, 12), "fr-FR")).toBe("09:05")
    expect(formatShort(at(3, 9, 5), at(4, 12), "fr-FR")).toBe("3 mars")
  })
})

describe("names and numbers", () => {
  it("joins names as one says them", () => {
    expect(formatNames(["Claire", "Jean", "Sophie"], "fr-FR")).toBe("Claire, Jean et Sophie")
    expect(formatNames(["Claire"], "fr-FR")).toBe("Claire")
  })

  it("groups thousands", () => {
    expect(plain(formatCount(98_000, "fr-FR"))).toBe("98 000")
  })

  it("a telephone link keeps digits and the plus sign", () => {
    expect(telephone("+33 (1) 99 00 12 34")).toBe("tel:+33199001234")
  })

  it.each([
    ["Jean Lefèvre", "JL"],
    ["Anne-Charlotte de La Rochefoucauld", "AR"],
    ["Rose", "R"],
    ["", ""],
  ])("initials of %s are %s", (name, expected) => {
    expect(initials(name)).toBe(expected)
  })

  it("a search knows no accent and no capital", () => {
    expect(foldForSearch("LEFÈVRE")).toBe(foldForSearch("lefevre"))
  })
})
