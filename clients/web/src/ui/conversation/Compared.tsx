import { useState } from "preact/hooks"
import type { Member } from "../../core/model"
import { t } from "../../strings/strings"
import { Compare } from "../pages"
import { Dialog } from "../parts/Dialog"

/** Until two people have compared their identities, face to face, the name is only the pharmacy's word. */
export function NotCompared({ member }: { readonly member: Member }) {
  const [open, setOpen] = useState(false)
  const { name, compared } = member
  if (compared && !open) return null
  return (
    <>
      {!compared && (
        <span class="not-compared">
          <span class="tag">{t("identity-not-compared")}</span>
          <button type="button" class="button quiet" aria-haspopup="dialog" onClick={() => setOpen(true)}>{t("identity-compare", { name })}</button>
        </span>
      )}
      {open && <Dialog title={t("identity-compare", { name })} onClose={() => setOpen(false)}><Compare member={member} /></Dialog>}
    </>
  )
}
