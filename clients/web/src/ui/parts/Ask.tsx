import type { ComponentChildren } from "preact"
import type { Outcome } from "../../core/model"
import { t } from "../../strings/strings"
import { closeAround, Dialog } from "./Dialog"
import { TroubleNotice } from "./Notice"
import { useOutcome } from "./useOutcome"

interface AskProps {
  readonly title: string
  readonly body: string
  readonly confirm: string
  readonly act: () => Promise<Outcome>
  readonly onClose: () => void
  readonly disabled?: boolean
  readonly children?: ComponentChildren
}

/** What cannot be undone is asked once, in words that say what it does. */
export function Ask({ title, body, confirm, act, onClose, disabled = false, children }: AskProps) {
  const { busy, trouble, ask } = useOutcome()
  const go = async ({ currentTarget }: { readonly currentTarget: Element }) => {
    // Kept from before the wait: the event forgets where it was once it is over.
    const dialog = currentTarget.closest("dialog")
    if (await ask(act)) dialog?.close()
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{body}</p>
      {children}
      <TroubleNotice trouble={trouble} />
      <div class="dialog-foot">
        <button type="button" class="button" onClick={closeAround}>{t("cancel")}</button>
        <button type="button" class="button danger solid" disabled={busy || disabled} onClick={go}>{confirm}</button>
      </div>
    </Dialog>
  )
}
