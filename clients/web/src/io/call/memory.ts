/** What a tab remembers of its call over a reload, and no longer than the call. */
export const CALL_KEY = "colloque.call"

export function forgetCall(): void {
  sessionStorage.removeItem(CALL_KEY)
}
