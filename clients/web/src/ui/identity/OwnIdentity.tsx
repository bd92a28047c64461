import { useMemo } from "preact/hooks"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { Digits } from "./Digits"
import { squares } from "./qr"

/** What the other person scans, or hears read aloud. */
export function OwnIdentity() {
  const identity = useEngine().identity.value
  if (identity.kind !== "ready") return null
  return (
    <div class="own-identity">
      <p>{t("own-lead")}</p>
      <Qr text={identity.fingerprint} />
      <Digits digits={identity.digits} />
    </div>
  )
}

/** Four light squares around it: readers ask for them (ISO/IEC 18004, 9.1). */
const QUIET = 4

function Qr({ text }: { readonly text: string }) {
  const { size, path } = useMemo(() => squares(text), [text])
  return (
    <svg class="qr" viewBox={`${-QUIET} ${-QUIET} ${size + 2 * QUIET} ${size + 2 * QUIET}`} role="img" aria-label={t("own-picture")} shape-rendering="crispEdges">
      <path d={path} />
    </svg>
  )
}
