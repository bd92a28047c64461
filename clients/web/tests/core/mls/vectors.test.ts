/**
 * That the runner of the official vectors has eyes. All of them are run by `npm run vectors`, which
 * `make test` calls.
 */
import { expect, test } from "vitest"
import { checkOf } from "./vectors/kinds"

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

/** In the shape of the official deserialization vectors (RFC 9420, 2.1.2). */
const GOOD = { vlbytes_header: "4040", length: 64 }

test.each([
  ["a good case passes", GOOD, null],
  ["another length does not", { ...GOOD, length: 63 }, "length: got 64, not 63"],
  ["a kind nobody knows does not", { nothing: 1 }, "not a kind of vector that is known"],
])("%s", (_, one, fault) => {
  const found = faultOf(one)

  if (fault === null) expect(found).toBeNull()
  else expect(found).toContain(fault)
})
