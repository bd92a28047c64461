import type { LinkRequest } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"
import { Digits } from "./Digits"

/** Another device asks: the digits are compared before it is let in. */
export function LinkRequests() {
  return <>{useEngine().linkRequests.value.map((each) => <Request key={each.device} request={each} />)}</>
}

function Request({ request: { device, digits } }: { readonly request: LinkRequest }) {
  const engine = useEngine()
  const { busy, trouble, ask } = useOutcome()
  return (
    <section class="card asks" aria-label={t("asks-title")}>
      <h2>{t("asks-title")}</h2>
      <p>{t("asks-body")}</p>
      <Digits digits={digits} size={4} />
      <div class="row"><button type="button" class="button primary" disabled={busy} onClick={() => void ask(() => engine.acceptLink(device))}>{t("asks-accept")}</button></div>
      <p class="soft">{t("asks-no")}</p>
      <TroubleNotice trouble={trouble} />
    </section>
  )
}
