import { useState } from "preact/hooks"
import type { Me } from "../../core/model"
import { t } from "../../strings/strings"
import { CallEverywhere } from "../call/Places"
import { useArrival } from "../parts/arrival"
import { HeadingLevel } from "../parts/Heading"
import { Banners } from "../parts/Banners"
import { TopBar } from "../parts/TopBar"
import { Trace } from "../care/Trace"
import { BackIcon, CarersIcon, DetailsIcon, DevicesIcon } from "../icons"
import { Devices, Proofs } from "../pages"
import { conversationAt, hrefOf, route } from "../route"
import { Center } from "./Center"
import { ConversationList } from "./ConversationList"
import { DetailsColumn } from "./Details"
import { NewDispensation } from "./NewDispensation"
import { Shortcuts } from "./Shortcuts"
import { Team, TeamBanner } from "./Team"
import { useShortcuts } from "./useShortcuts"

type Opened = "dispensation" | "shortcuts" | null

/** The counter: conversations, the conversation, its details; one column at a time on a telephone. */
export function Staff({ me }: { readonly me: Me }) {
  const [opened, setOpened] = useState<Opened>(null)
  const starts = me.role === "pharmacist"
  const here = route.value
  const conversation = conversationAt(here)
  const begin = starts ? () => setOpened("dispensation") : undefined
  const close = () => setOpened(null)
  useArrival()
  useShortcuts({ begin, help: () => setOpened("shortcuts") })
  return (
    <div class={`staff staff-${here.kind}`}>
      <TopBar me={me}>
        {starts && <MenuLink to="team" icon={CarersIcon} />}
        <MenuLink to="devices" icon={DevicesIcon} />
        <button type="button" class="button quiet" onClick={() => setOpened("shortcuts")}><DetailsIcon /><span>{t("shortcuts-title")}</span></button>
      </TopBar>
      <Banners />
      <TeamBanner me={me} />
      <CallEverywhere me={me} />
      <main id="main" class="columns">
        <h1 class="visually-hidden">{me.pharmacy.name}</h1>
        <HeadingLevel.Provider value={2}>
          <ConversationList me={me} begin={begin} />
          <Middle me={me} />
          {conversation !== null && <DetailsColumn me={me} id={conversation} />}
        </HeadingLevel.Provider>
      </main>
      {opened === "dispensation" && <NewDispensation onClose={close} />}
      {opened === "shortcuts" && <Shortcuts starts={starts} onClose={close} />}
    </div>
  )
}

/** The middle column: a page of its own, or the conversation. */
function Middle({ me }: { readonly me: Me }) {
  const here = route.value
  const back = <BackHome />
  switch (here.kind) {
    case "proofs":
      return <div class="column-center"><Proofs back={back} /></div>
    case "devices":
      return <div class="column-center"><Devices back={back} /></div>
    case "team":
      return <div class="column-center"><Team me={me} back={back} /></div>
    case "trace":
      return <div class="column-center"><Trace me={me} id={here.id} /></div>
    default:
      return <Center me={me} />
  }
}

const closeMenu = () => document.getElementById("menu")?.hidePopover()

function MenuLink({ to, icon: Icon }: { readonly to: "team" | "devices"; readonly icon: typeof BackIcon }) {
  return <a class="button quiet" href={hrefOf({ kind: to })} onClick={closeMenu}><Icon /><span>{t(`${to}-title`)}</span></a>
}

function BackHome() {
  return <a class="button quiet back" href={hrefOf({ kind: "home" })}><BackIcon /><span>{t("back-to-list")}</span></a>
}
