import type { Mandate } from "../../core/model"
import { t } from "../../strings/strings"

/** What no patient's key signed is marked so wherever it shows. */
export function MandateTag({ mandate }: { readonly mandate: Mandate }) {
  return mandate === "device" ? null : <> <span class="tag">{t(`mandate-${mandate}`)}</span></>
}
