/**
 * Run files of test vectors: `npm --prefix clients/web run vectors -- FILE…`. What a file holds is told
 * by its content; a case is one element of its top-level array.
 */
import { readFileSync } from "node:fs"
import { addSuites } from "../../../../src/core/mls/suites"
import { OTHER_SUITES } from "../../../../src/core/mls/otherSuites"
import { checkOf } from "./kinds"

export interface Tally {
  readonly passed: number
  readonly failures: readonly string[]
}

addSuites(OTHER_SUITES)

export function runFile(path: string): Tally {
  const read: unknown = JSON.parse(readFileSync(path, "utf8"))
  const failures = (Array.isArray(read) ? read : [read]).flatMap((one: unknown, index) => {
    const fault = faultOf(one)
    return fault === null ? [] : [`${path}[${index}]: ${fault}`]
  })
  return { passed: (Array.isArray(read) ? read.length : 1) - failures.length, failures }
}

function faultOf(one: unknown): string | null {
  const check = checkOf(one)
  if (check === null) return "not a kind of vector that is known"
  try {
    check()
    return null
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : "failed"
  }
}

export function runFiles(paths: readonly string[]): number {
  const tallies = paths.map(runFile)
  for (const { failures } of tallies) for (const failure of failures) console.log(failure)
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0)
  const failed = tallies.reduce((sum, { failures }) => sum + failures.length, 0)
  console.log(`${passed} passed, ${failed} failed`)
  return failed > 0 || paths.length === 0 ? 1 : 0
}
