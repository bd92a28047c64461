/** What a tab remembers of its call over a reload, and no longer than the call. */
export const CALL_KEY = "colloque.call"

const START_KEY = "colloque.call.start"

export function forgetCall(): void {
  forgetStart()
  sessionStorage.removeItem(CALL_KEY)
}

/** When people met in this call (ms). */
export function keepStart(call: string, at: number): void {
  sessionStorage.setItem(START_KEY, `${call},${at}`)
}

export function keptStart(call: string): number | null {
  const [of, at] = (sessionStorage.getItem(START_KEY) ?? "").split(",")
  const start = Number(at)
  return of === call && start > 0 && start <= Date.now() ? start : null
}

export function forgetStart(): void {
  sessionStorage.removeItem(START_KEY)
}
