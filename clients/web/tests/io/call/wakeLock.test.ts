/** The screen stays on while a call lasts, and not longer. */
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { WakeLock } from "../../../src/io/call/wakeLock"

class Sentinel {
  released = false
  release(): Promise<void> {
    this.released = true
    return Promise.resolve()
  }
}

let held: Sentinel[] = []
let grants: (() => void)[] = []
let appears: () => void = () => undefined
const on = (): number => held.filter(({ released }) => !released).length

async function granted(): Promise<void> {
  for (const grant of grants.splice(0)) grant()
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

beforeEach(() => {
  held = []
  grants = []
  vi.stubGlobal("document", { visibilityState: "visible", addEventListener: (_: string, hear: () => void) => { appears = hear } })
  vi.stubGlobal("navigator", { wakeLock: { request: () => new Promise((resolve) => {
    grants.push(() => {
      const sentinel = new Sentinel()
      held.push(sentinel)
      resolve(sentinel)
    })
  }) } })
})
afterEach(() => { vi.unstubAllGlobals() })

test("one lock is held, however often it is wanted and the page appears", async () => {
  const lock = new WakeLock()
  for (const wanted of [true, false, true]) lock.want(wanted)
  await granted()
  appears()
  await granted()
  expect(on()).toBe(1)

  lock.want(false)
  await granted()
  expect(on()).toBe(0)
})

test("a lock that is granted after the call is let go", async () => {
  const lock = new WakeLock()
  lock.want(true)
  lock.want(false)
  await granted()

  expect([held.length, on()]).toEqual([1, 0])
})
