import { t } from "../../strings/strings"
import { Dialog } from "../parts/Dialog"

const KEYS = ["new", "next", "previous", "send", "line", "microphone", "camera", "big-text", "escape", "help"] as const

export function Shortcuts({ starts, onClose }: { readonly starts: boolean; readonly onClose: () => void }) {
  return (
    <Dialog title={t("shortcuts-title")} onClose={onClose}>
      <dl class="shortcuts">
        {KEYS.filter((key) => starts || key !== "new").map((key) => (
          <div key={key}><dt><kbd>{t(`shortcut-${key}-keys`)}</kbd></dt><dd>{t(`shortcut-${key}`)}</dd></div>
        ))}
      </dl>
    </Dialog>
  )
}
