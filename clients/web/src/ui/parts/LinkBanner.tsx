import { useEffect, useState } from "preact/hooks"
import { OfflineIcon } from "../icons"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"

/** The network, when it is not there. Nothing is lost, and the banner says so. */
export function LinkBanner() {
  const engine = useEngine()
  const link = engine.link.value
  const away = link.kind !== "online"
  // The region stays when the network is there: a region that arrives with its words is not read.
  return (
    <section class={away ? `link-banner link-${link.kind}` : "visually-hidden"} aria-label={t("network")}>
      {away && <OfflineIcon />}
      <p role="status">{away ? t(`link-${link.kind}`) : ""}</p>
      {link.kind === "offline" && (
        <>
          <Countdown until={link.retryAt} />
          <button type="button" class="button quiet" onClick={() => engine.retryNow()}>{t("link-retry")}</button>
        </>
      )}
    </section>
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
