import { useEffect, useRef } from "preact/hooks"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatInstant } from "../format"

/** Only on paper: whose exchange this is, and when it was printed. */
export function PaperHead() {
  const app = useEngine().app.value
  const printed = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    // print() lays the page out before a render would come: the sentence is written at once.
    const stamp = () => {
      if (printed.current !== null) printed.current.textContent = t("printed-at", { at: formatInstant(Date.now(), locale.value) })
    }
    addEventListener("beforeprint", stamp)
    return () => removeEventListener("beforeprint", stamp)
  }, [])
  return (
    <p class="paper-head on-paper">
      <strong>{app.kind === "ready" ? app.me.pharmacy.name : ""}</strong>
      <span ref={printed} />
    </p>
  )
}
