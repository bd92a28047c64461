/** Keeps the screen on while a call lasts; a hidden page loses the lock and takes it again. */
export class WakeLock {
  #held: WakeLockSentinel | null = null
  #wanted = false

  constructor() {
    document.addEventListener("visibilitychange", () => { void this.#take() })
  }

  want(wanted: boolean): void {
    if (wanted === this.#wanted) return
    this.#wanted = wanted
    if (wanted) void this.#take()
    else void this.#held?.release()
  }

  #isWanted(): boolean {
    return this.#wanted
  }

  async #take(): Promise<void> {
    if (!this.#wanted || document.visibilityState !== "visible" || !("wakeLock" in navigator)) return
    // A battery that runs low refuses: the call goes on.
    const held = await navigator.wakeLock.request("screen").catch(() => null)
    const before = this.#held
    this.#held = held
    // One is enough, and one that nobody holds would keep the screen on for good.
    if (before !== held) void before?.release()
    if (!this.#isWanted()) void held?.release()
  }
}
