import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { DevicesIcon, PersonIcon } from "../icons"
import { Notice } from "../parts/Notice"
import { hrefOf, route } from "../route"

/** On every screen: another device asks to be let in; somebody's account changed. */
export function IdentityBanners() {
  const engine = useEngine()
  return (
    <div class="identity-banners" role="status">
      {engine.linkRequests.value.length > 0 && route.value.kind !== "devices" && (
        <Notice icon={DevicesIcon}><p>{t("asks-title")}</p><div class="row"><a class="button" href={hrefOf({ kind: "devices" })}>{t("asks-see")}</a></div></Notice>
      )}
      {engine.notices.value.map(({ key, name }) => (
        <Notice key={key} icon={PersonIcon}>
          <p><strong>{t("changed-title", { name })}</strong></p>
          <p>{t("changed-body", { name })}</p>
          <div class="row"><button type="button" class="button" onClick={() => engine.dismissNotice(key)}>{t("changed-ok")}</button></div>
        </Notice>
      ))}
    </div>
  )
}
