import { useEffect, useState } from "preact/hooks"
import type { Me } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { BackIcon } from "../icons"
import { useArrival } from "../parts/arrival"
import { Banners } from "../parts/Banners"
import { TroubleNotice } from "../parts/Notice"
import { TopBar } from "../parts/TopBar"
import { Proofs } from "../proofs/Proofs"
import { hrefOf, route } from "../route"
import { AuditedConversations } from "./AuditedConversations"
import { IntegrityPanel } from "./IntegrityPanel"
import { Timeline } from "./Timeline"

/** « Contrôle »: what happened, who did it, and whether the record still holds. Never a content. */
export function Control({ me }: { readonly me: Me }) {
  const here = route.value
  useArrival()
  return (
    <div class={`control control-${here.kind}`}>
      <TopBar me={me} />
      <Banners />
      <main id="main">
        {here.kind === "proofs" ? <Proofs back={<Back />} /> : <Cases open={"id" in here ? here.id : null} />}
      </main>
    </div>
  )
}

function Back() {
  return <a class="button quiet back" href={hrefOf({ kind: "home" })}><BackIcon /><span>{t("back-to-control")}</span></a>
}

function Cases({ open }: { readonly open: string | null }) {
  const engine = useEngine()
  const [tampered, setTampered] = useState(false)
  useEffect(() => void engine.loadAudit(), [])
  useEffect(() => void engine.openTimeline(open), [open])
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
            <Timeline key={open} id={open} timeline={timeline?.conversation === open ? timeline : null} onTampered={() => setTampered(true)} />
          )}
        </div>
      </div>
    </div>
  )
}
