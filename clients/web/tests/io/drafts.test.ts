import { expect, test } from "vitest"
import { Drafts } from "../../src/io/drafts"

/** A slow memory: each save ends when the test says so. */
function slowly() {
  const saved: string[] = []
  const ends: (() => void)[] = []
  const drafts = new Drafts((_conversation, text) => {
    saved.push(text)
    return new Promise<void>((resolve) => ends.push(resolve))
  })
  const end = async () => {
    ends.shift()?.()
    await Promise.resolve()
    await Promise.resolve()
  }
  return { drafts, saved, end }
}

test("the first change is saved at once: a reload right after it keeps it", () => {
  const { drafts, saved } = slowly()

  drafts.change("c", "B")

  expect(saved).toEqual(["B"])
})

test("what is typed during a save is saved after it, the last of it only", async () => {
  const { drafts, saved, end } = slowly()
  drafts.change("c", "B")
  drafts.change("c", "Bo")
  drafts.change("c", "Bon")

  await end()

  expect(saved).toEqual(["B", "Bon"])
})

test("what was sent is not saved again as a draft", async () => {
  const { drafts, saved, end } = slowly()
  drafts.change("c", "B")
  drafts.change("c", "Bonjour")

  drafts.forget("c")
  await end()

  expect(saved).toEqual(["B"])
})
