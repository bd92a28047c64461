/** The negative suite of `tests/vectors/mls/negative`, which the Python core passes too. */
import { describe, expect, it } from "vitest"
import { MlsError } from "../../../../src/core/mls/errors"
import { OTHER_SUITES } from "../../../../src/core/mls/otherSuites"
import { addSuites } from "../../../../src/core/mls/suites"
import { negativeFiles, trialOf } from "./trial"

addSuites(OTHER_SUITES)

describe.each(negativeFiles())("%s", (_, { data, cases }) => {
  it.each(cases)("refuses $name, and nothing changes", ({ bad, expect: code }) => {
    const trial = trialOf(bad, data)
    expect(refusalOf(trial.attempt)).toBe(code)
    expect(trial.after()).toEqual(trial.before)
  })

  it.each(cases)("accepts the good twin of $name", ({ good }) => {
    trialOf(good, data).attempt()
  })
})

function refusalOf(attempt: () => unknown): string | null {
  try {
    attempt()
  } catch (error) {
    if (error instanceof MlsError) return error.code
    throw error
  }
  return null
}
