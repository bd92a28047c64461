import { useEffect, useState } from "preact/hooks"
import { OfflineIcon } from "../icons"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"

/** The network, when it is not there. Nothing is lost, and the banner says so. */
export function LinkBanner() {
  const engine = useEngine()
  const link = engine.link.value
  if (link.kind === "online") return <div role="status" class="visually-hidden">{""}</div>
  return (
    <div class={`link-banner link-${link.kind}`}>
      <OfflineIcon />
      <p role="status">{t(`link-${link.kind}`)}</p>
      {link.kind === "offline" && (
        <>
          <Countdown until={link.retryAt} />
          <button type="button" class="button quiet" onClick={() => engine.retryNow()}>{t("link-retry")}</button>
        </>
      )}
    </div>
  )
}

/** Outside the live region: nobody wants each second read aloud. */
function Countdown({ until }: { readonly until: number }) {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.max(0, Math.ceil((until - now) / 1000))
  return <span class="soft">{t("link-next-try", { seconds })}</span>
}
