import { BrokenIcon } from "../icons"
import { useEngine } from "../engine"
import { IdentityBanners } from "../pages"
import { troubleText } from "../words"
import { LinkBanner } from "./LinkBanner"
import { Notice } from "./Notice"

/** What concerns every screen: the network away, and proofs that do not hold. */
export function Banners() {
  return (
    <>
      <LinkBanner />
      <AlarmBanner />
      <AboutIdentities />
    </>
  )
}

/** Fetched when there is something to say. */
function AboutIdentities() {
  const { linkRequests, notices } = useEngine()
  return linkRequests.value.length + notices.value.length === 0 ? null : <IdentityBanners />
}

function AlarmBanner() {
  const engine = useEngine()
  const alarm = engine.alarm.value
  return (
    <div role="alert" class="alarm">
      {alarm !== null && <Notice icon={BrokenIcon} tone="bad"><p>{troubleText(alarm)}</p></Notice>}
    </div>
  )
}
