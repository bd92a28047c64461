import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { takeTabLock } from "../../src/io/tabLock"

type Grant = (lock: object | null) => unknown

/** Web Locks, one name: `ifAvailable` and `steal` as the platform does them. */
class FakeLocks {
  #robbed: ((error: Error) => void) | null = null

  async request(_: string, options: { readonly steal?: boolean; readonly ifAvailable?: boolean }, grant: Grant): Promise<void> {
    if (options.steal === true) {
      this.#robbed?.(new DOMException("stolen", "AbortError"))
      this.#robbed = null
    }
    if (this.#robbed !== null) {
      grant(null)
      return
    }
    const robbed = new Promise<never>((_resolve, reject) => { this.#robbed = reject })
    await Promise.race([grant({}), robbed])
    this.#robbed = null
  }
}

beforeEach(() => { vi.stubGlobal("navigator", { locks: new FakeLocks() }) })
afterEach(() => { vi.unstubAllGlobals() })

const turn = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve) })

describe("the device is held by one tab", () => {
  test("the second finds it taken", async () => {
    expect(await takeTabLock(false, () => undefined)).not.toBeNull()
    expect(await takeTabLock(false, () => undefined)).toBeNull()
  })

  test("« Continuer ici » steals it, and the first is told", async () => {
    const robbed = vi.fn()
    await takeTabLock(false, robbed)

    expect(await takeTabLock(true, () => undefined)).not.toBeNull()
    await turn()

    expect(robbed).toHaveBeenCalledOnce()
  })

  test("what is released can be taken again, and nobody was robbed", async () => {
    const robbed = vi.fn()
    const held = await takeTabLock(false, robbed)
    held?.release()
    await turn()

    expect(await takeTabLock(false, () => undefined)).not.toBeNull()
    expect(robbed).not.toHaveBeenCalled()
  })
})
