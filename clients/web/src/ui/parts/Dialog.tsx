import type { ComponentChildren } from "preact"
import { useEffect, useId, useRef } from "preact/hooks"
import { CloseIcon } from "../icons"
import { t } from "../../strings/strings"
import { route } from "../route"

interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}

/** Close the dialog that a button stands in: the browser gives the focus back only to one closed so. */
export function closeAround(event: { readonly currentTarget: Element }): void {
  event.currentTarget.closest("dialog")?.close()
}

/**
 * A native modal: the browser keeps the focus inside, closes on Escape and gives the focus back. It
 * begins at what says `autofocus`, and belongs to the page that it was opened on.
 */
export function Dialog({ title, onClose, children }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    box.current?.showModal()
    const openedOn = route.peek()
    return route.subscribe((here) => {
      if (here !== openedOn) box.current?.close()
    })
  }, [])
  return (
    <dialog ref={box} class="dialog" aria-labelledby={heading} onClose={onClose}>
      <div class="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button type="button" class="button quiet" onClick={closeAround}>
          <CloseIcon />
          <span>{t("close")}</span>
        </button>
      </div>
      {children}
    </dialog>
  )
}
