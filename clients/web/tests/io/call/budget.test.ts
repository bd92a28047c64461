import { expect, test } from "vitest"
import { Budget } from "../../../src/io/call/budget"

test("sixty connections a minute, and no more however fast a hub tells of new generations", () => {
  let now = 0
  const budget = new Budget(() => now)
  const spent = (times: number): number => Array.from({ length: times }, () => budget.spend()).filter(Boolean).length

  expect(spent(10_000)).toBe(60)
  now = 59_999
  expect(spent(1)).toBe(0)
  now = 60_000
  expect(spent(10_000)).toBe(60)
})
