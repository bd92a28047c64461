/**
 * The official vectors, through the same checks as `npm run vectors`. Here run the suites that the
 * application carries; the command runs all seven.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { isRecord } from "./vectors/expect"
import { checkOf } from "./vectors/kinds"

const BESIDE = fileURLToPath(new URL("../../../../../../shared/vectors", import.meta.url))
const FOLDER = join(process.env["COLLOQUE_VECTORS"] ?? BESIDE, "mls")
const CARRIED: readonly unknown[] = [1, 2, 3, undefined]

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json")).sort()
}

function casesIn(file: string): readonly unknown[] {
  const read: unknown = JSON.parse(readFileSync(join(FOLDER, file), "utf8"))
  return Array.isArray(read) ? read : [read]
}

function faultOf(one: unknown): string | null {
  const check = checkOf(one)
  if (check === null) return "not a kind of vector that is known"
  try {
    check()
    return null
  } catch (error) {
    return String(error)
  }
}

const present = existsSync(FOLDER)

test.runIf("CI" in process.env)("the official vectors are there", () => {
  expect(present).toBe(true)
})

// Absent beside the project, they are skipped, and said to be.
describe.skipIf(!present)("the official vectors", () => {
  test.each(present ? filesIn(FOLDER) : [])("%s", (file) => {
    const cases = casesIn(file).filter((one) => CARRIED.includes(isRecord(one) ? one["cipher_suite"] : null))
    const faults = cases.map(faultOf).filter((fault) => fault !== null)

    expect(cases.length).toBeGreaterThan(0)
    expect(faults).toEqual([])
  }, 120_000)

  test("a case that is wrong does not pass", () => {
    const [one] = casesIn("crypto-basics.json")
    const wrong = isRecord(one) ? { ...one, ref_hash: { label: "other", value: "00", out: "00" } } : one

    expect(faultOf(wrong)).toContain("RefHash")
    expect(faultOf({ nothing: 1 })).toBe("not a kind of vector that is known")
  })
})
