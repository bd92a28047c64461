/** The decisions that Python and TypeScript must make alike: every case of every file of `tests/vectors/policy`. */
import { readdirSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { VECTORS } from "../golden"
import { CHECKS, policyFile, run } from "./trial"

/** Bytes, not decisions: `bytes.test.ts` holds them against what we write. */
const BYTES = ["statements.json"]
const FILES = readdirSync(new URL("policy/", VECTORS)).filter((name) => name.endsWith(".json") && !BYTES.includes(name))
const THEMES = ["acts", "commits", "credentials", "delegations", "endings", "foundings", "records", "removals", "states"]
const CASES = FILES.flatMap((name) => policyFile(name).cases)

describe.each(FILES)("in %s", (name) => {
  const file = policyFile(name)

  test.each(file.cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    expect(run(file, one)).toEqual(one.expect)
  })
})

describe("the shared cases", () => {
  test("stand in files that are all known", () => {
    expect(FILES.toSorted()).toEqual(THEMES.map((theme) => `${theme}.json`))
  })

  test("are a hundred and more, and half of them refusals", () => {
    const refused = CASES.filter(({ expect: expected }) => "refused" in expected)

    expect(CASES.length).toBeGreaterThanOrEqual(100)
    expect(refused.length).toBeGreaterThanOrEqual(CASES.length / 2)
  })

  test("ask every kind of decision", () => {
    expect(new Set(CASES.map(({ check }) => check))).toEqual(new Set(CHECKS.keys()))
  })

  test("have a sentence each, no two the same", () => {
    expect(new Set(CASES.map(({ check, name }) => `${check}: ${name}`)).size).toBe(CASES.length)
  })
})
