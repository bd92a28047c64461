/** How many connections one call makes in a minute: who tells of new generations without end gets no more. */

const WINDOW_MS = 60_000
// Three others, each made anew ten times a minute at most (the hub's bound), with room to spare.
const MOST = 60

export class Budget {
  #spent: readonly number[] = []

  constructor(private readonly now: () => number) {}

  spend(): boolean {
    const at = this.now()
    this.#spent = this.#spent.filter((one) => at - one < WINDOW_MS)
    if (this.#spent.length >= MOST) return false
    this.#spent = [...this.#spent, at]
    return true
  }
}
