import type { ComponentChildren } from "preact"
import { useEffect, useId, useRef } from "preact/hooks"
import { CloseIcon } from "../icons"
import { t } from "../../strings/strings"

interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}

/** A native modal: the browser keeps the focus inside, closes on Escape and gives the focus back. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    const dialog = box.current
    dialog?.showModal()
    // Closed before it leaves the page: only then does the browser return the focus.
    return () => dialog?.close()
  }, [])
  return (
    <dialog ref={box} class="dialog" aria-labelledby={heading} onClose={onClose}>
      <div class="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button type="button" class="button quiet" onClick={() => box.current?.close()}>
          <CloseIcon />
          <span>{t("close")}</span>
        </button>
      </div>
      {children}
    </dialog>
  )
}
