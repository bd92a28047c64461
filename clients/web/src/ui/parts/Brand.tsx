import { CrossIcon } from "../icons"
import { t } from "../../strings/strings"

export function Brand() {
  return (
    <span class="brand">
      <CrossIcon />
      {t("app-name")}
    </span>
  )
}
