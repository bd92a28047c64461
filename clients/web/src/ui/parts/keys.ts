/** When a single key is a command: never where somebody writes, nor where a dialog has keys of its own. */

export const writes = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]")

const elsewhere = (): boolean => document.querySelector("dialog[open], [popover]:popover-open") !== null

/** A key alone, that nobody has taken yet. */
export function isSingle(event: KeyboardEvent): boolean {
  return !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.altKey && !elsewhere()
}
