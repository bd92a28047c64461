/** One thing at a time: every change of the device's state waits for the one before it. */

export type Line = <T>(work: () => Promise<T>) => Promise<T>

export function openLine(): Line {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
}
