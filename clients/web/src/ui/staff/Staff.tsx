import { useState } from "preact/hooks"
import type { Me } from "../../core/model"
import { t } from "../../strings/strings"
import { CallEverywhere } from "../call/Places"
import { useArrival } from "../parts/arrival"
import { HeadingLevel } from "../parts/Heading"
import { Banners } from "../parts/Banners"
import { TopBar } from "../parts/TopBar"
import { BackIcon, DetailsIcon } from "../icons"
import { Proofs } from "../proofs/Proofs"
import { hrefOf, route } from "../route"
import { Center } from "./Center"
import { ConversationList } from "./ConversationList"
import { DetailsColumn } from "./Details"
import { NewDispensation } from "./NewDispensation"
import { Shortcuts } from "./Shortcuts"
import { useShortcuts } from "./useShortcuts"

type Opened = "dispensation" | "shortcuts" | null

/** The counter: conversations, the conversation, its details; one column at a time on a telephone. */
export function Staff({ me }: { readonly me: Me }) {
  const [opened, setOpened] = useState<Opened>(null)
  const starts = me.role === "pharmacist"
  const here = route.value
  const begin = starts ? () => setOpened("dispensation") : undefined
  const close = () => setOpened(null)
  useArrival()
  useShortcuts({ begin, help: () => setOpened("shortcuts") })
  return (
    <div class={`staff staff-${here.kind}`}>
      <TopBar me={me}>
        <button type="button" class="button quiet" onClick={() => setOpened("shortcuts")}><DetailsIcon /><span>{t("shortcuts-title")}</span></button>
      </TopBar>
      <Banners />
      <CallEverywhere me={me} />
      <main id="main" class="columns">
        <h1 class="visually-hidden">{me.pharmacy.name}</h1>
        <HeadingLevel.Provider value={2}>
          <ConversationList me={me} begin={begin} />
          {here.kind === "proofs" ? <div class="column-center"><Proofs back={<BackHome />} /></div> : <Center me={me} />}
          {"id" in here && <DetailsColumn me={me} id={here.id} />}
        </HeadingLevel.Provider>
      </main>
      {opened === "dispensation" && <NewDispensation onClose={close} />}
      {opened === "shortcuts" && <Shortcuts starts={starts} onClose={close} />}
    </div>
  )
}

function BackHome() {
  return <a class="button quiet back" href={hrefOf({ kind: "home" })}><BackIcon /><span>{t("back-to-list")}</span></a>
}
