import { useEffect, useState } from "preact/hooks"
import type { Me, Trouble } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { BackIcon } from "../icons"
import { useArrival } from "../parts/arrival"
import { Banners } from "../parts/Banners"
import { TroubleNotice } from "../parts/Notice"
import { TopBar } from "../parts/TopBar"
import { Proofs } from "../pages"
import { conversationAt, hrefOf, route } from "../route"
import { AuditedConversations } from "./AuditedConversations"
import { IntegrityPanel } from "./IntegrityPanel"
import { Timeline } from "./Timeline"

/** « Contrôle »: what happened, who did it, and whether the record still holds. Never a content. */
export function Control({ me }: { readonly me: Me }) {
  const here = route.value
  // Kept here: to look at one's proofs and come back does not make an old verdict new.
  const [tampered, setTampered] = useState(false)
  useArrival()
  return (
    <div class={`control control-${here.kind}`}>
      <TopBar me={me} />
      <Banners />
      <main id="main">
        {here.kind === "proofs" ? <Proofs back={<Back />} /> : <Cases open={conversationAt(here)} tampered={tampered} setTampered={setTampered} />}
      </main>
    </div>
  )
}

function Back() {
  return <a class="button quiet back" href={hrefOf({ kind: "home" })}><BackIcon /><span>{t("back-to-control")}</span></a>
}

interface CasesProps {
  readonly open: string | null
  readonly tampered: boolean
  readonly setTampered: (tampered: boolean) => void
}

function Cases({ open, tampered, setTampered }: CasesProps) {
  const engine = useEngine()
  useEffect(() => void engine.loadAudit(), [])
  const refused = useTimeline(open)
  const { trouble, timeline } = engine.audit.value
  return (
    <div class="cases">
      {open !== null && <div class="narrow-only"><Back /></div>}
      <div class="cases-head">
        <h1 tabIndex={-1} data-arrival="home">{t("control-title")}</h1>
        <p class="traced">{t("control-traced")}</p>
      </div>
      <TroubleNotice trouble={trouble} />
      <IntegrityPanel tampered={tampered} verified={() => setTampered(false)} />
      <div class="cases-columns">
        <AuditedConversations open={open} />
        <div class="case">
          {open === null ? <p class="empty soft">{t("control-choose")}</p> : (
            <Timeline
              key={open} id={open} timeline={timeline?.conversation === open ? timeline : null} refused={refused}
              back={<Back />} onTampered={() => setTampered(true)}
            />
          )}
        </div>
      </div>
    </div>
  )
}

/** Keep the open timeline the one of the address; say why it was refused. */
function useTimeline(open: string | null): Trouble | null {
  const engine = useEngine()
  const [refused, setRefused] = useState<{ readonly id: string | null; readonly trouble: Trouble } | null>(null)
  useEffect(() => {
    setRefused(null)
    void engine.openTimeline(open).then((outcome) => {
      if (!outcome.ok) setRefused({ id: open, trouble: outcome.trouble })
    })
  }, [open])
  return refused?.id === open ? refused.trouble : null
}
