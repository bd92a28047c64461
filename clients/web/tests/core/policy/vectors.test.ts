/** The decisions that Python and TypeScript must make alike: every case of every file of `tests/vectors/policy`. */
import { readdirSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { VECTORS } from "../golden"
import { policyFile, run } from "./trial"

/** Bytes, not decisions: `statements.test.ts` holds them against what we write. */
const BYTES = ["statements.json"]
const FILES = readdirSync(new URL("policy/", VECTORS)).filter((name) => name.endsWith(".json") && !BYTES.includes(name))
const CASES = FILES.flatMap((name) => policyFile(name).cases)

describe.each(FILES)("in %s", (name) => {
  const file = policyFile(name)

  test.each(file.cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    expect(run(file, one)).toEqual(one.expect)
  })
})

describe("the shared cases", () => {
  test("are a hundred and more, and half of them refusals", () => {
    const refused = CASES.filter(({ expect: expected }) => "refused" in expected)

    expect(CASES.length).toBeGreaterThanOrEqual(100)
    expect(refused.length).toBeGreaterThanOrEqual(CASES.length / 2)
  })

  test("have a sentence each, no two the same", () => {
    expect(new Set(CASES.map(({ check, name }) => `${check}: ${name}`)).size).toBe(CASES.length)
  })
})
