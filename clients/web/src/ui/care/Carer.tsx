import type { ComponentChildren } from "preact"
import type { Conversation, Delegation, Me } from "../../core/model"
import { t } from "../../strings/strings"
import { CallOr } from "../call/Places"
import { ConversationView } from "../conversation/Conversation"
import { useEngine } from "../engine"
import { CarersIcon, MessagesIcon } from "../icons"
import { Devices, Proofs } from "../pages"
import { useArrival } from "../parts/arrival"
import { Heading } from "../parts/Heading"
import { Notice } from "../parts/Notice"
import { useThread } from "../parts/useThread"
import { BackToMessages, FootLink, Shell } from "../patient/Shell"
import { conversationAt, hrefOf, route } from "../route"
import { Loading } from "../screens/Plain"
import { kindName, nameOf, untilWords } from "../words"
import { Acting, ActingStrip } from "./Acting"
import { Duties } from "./Duties"
import { MyCode } from "./MyCode"
import { Over } from "./Over"
import { standingIn, type Standing } from "./standing"

/** What a carer has to do with one conversation. */
interface Place {
  readonly id: string
  readonly conversation: Conversation | undefined
  readonly standing: Standing
}

/** Conversations that are told, and those of which only an authorisation is known: to accept, or over. */
function usePlaces(): readonly Place[] {
  const { conversations, delegations } = useEngine()
  const own = delegations.value.filter(({ side }) => side === "grantee")
  const ids = new Set([...own.map(({ conversation }) => conversation), ...conversations.value.map(({ id }) => id)])
  return [...ids].map((id) => {
    const conversation = conversations.value.find((each) => each.id === id)
    return { id, conversation, standing: standingIn(own, id, conversation?.over === true) }
  })
}

export function Carer({ me }: { readonly me: Me }) {
  useArrival()
  const places = usePlaces()
  const here = route.value
  const only = places.length === 1 ? places[0] : undefined
  const open = conversationAt(here) ?? (here.kind === "home" ? (only?.id ?? null) : null)
  return (
    <Shell me={me} open={open !== null} links={<FootLink to={{ kind: "code" }} icon={CarersIcon} label={t("code-title")} />}>
      <Page me={me} places={places} open={open} alone={only !== undefined} />
    </Shell>
  )
}

interface PageProps {
  readonly me: Me
  readonly places: readonly Place[]
  readonly open: string | null
  readonly alone: boolean
}

function Page({ me, places, open, alone }: PageProps) {
  const back = <BackToMessages />
  switch (route.value.kind) {
    case "proofs":
      return <Proofs back={back} />
    case "devices":
      return <Devices back={back} />
    case "code":
      return <MyCode back={back} />
  }
  if (open === null) return <Places places={places} />
  const place = places.find(({ id }) => id === open)
  if (place === undefined) return <div class="plain"><Heading of="home">{t("patient-list-title")}</Heading><Notice><p>{t("code-E_NOT_FOUND")}</p></Notice>{back}</div>
  return <At key={open} me={me} place={place} back={alone ? undefined : back} />
}

interface AtProps {
  readonly me: Me
  readonly place: Place
  readonly back: ComponentChildren
}

function At({ me, place: { id, standing }, back }: AtProps) {
  switch (standing.kind) {
    case "over":
      return <Over pharmacy={me.pharmacy} back={back} />
    case "asked":
      return <Duties delegation={standing.under} back={back} />
    case "active":
      return <Open id={id} under={standing.under} back={back} />
    case "none":
      return <div class="plain">{back}<Notice><p>{t("acting-not")}</p></Notice></div>
  }
}

interface OpenProps {
  readonly id: string
  readonly under: Delegation
  readonly back: ComponentChildren
}

function Open({ id, under, back }: OpenProps) {
  const thread = useThread(id)
  if (thread === null) return <Loading />
  const { conversation } = thread
  return (
    <ConversationView
      thread={thread} title={nameOf(conversation.members, conversation.patient)} subtitle={kindName(conversation.kind)} before={back} fromNow
      strip={<ActingStrip under={under} />} write={<Acting conversation={conversation} under={under} />}
    />
  )
}

function Places({ places }: { readonly places: readonly Place[] }) {
  if (places.length === 0) return <Nothing />
  return (
    <div class="plain">
      <Heading of="home">{t("patient-list-title")}</Heading>
      <ul class="cards">{places.map((place) => <li key={place.id}><PlaceCard place={place} /></li>)}</ul>
    </div>
  )
}

function Nothing() {
  return (
    <div class="plain empty">
      <MessagesIcon />
      <Heading of="home">{t("empty-carer-title")}</Heading>
      <p>{t("empty-carer-body")}</p>
      <a class="button primary" href={hrefOf({ kind: "code" })}><CarersIcon /><span>{t("code-title")}</span></a>
    </div>
  )
}

function PlaceCard({ place: { id, conversation, standing } }: { readonly place: Place }) {
  const under = standing.kind === "active" || standing.kind === "asked" ? standing.under.grantorName : null
  const name = under ?? (conversation === undefined ? null : nameOf(conversation.members, conversation.patient))
  const unread = conversation?.unread ?? 0
  return (
    <a class="card" href={hrefOf({ kind: "conversation", id })}>
      {name !== null && <strong>{name}</strong>}
      <CallOr id={id} otherwise={<span class="soft">{placeWords(standing)}</span>} />
      {unread > 0 && standing.kind === "active" && <span class="badge">{t("unread", { count: unread })}</span>}
    </a>
  )
}

function placeWords(standing: Standing): string {
  switch (standing.kind) {
    case "over":
      return t("over-title")
    case "asked":
      return t("duties-title", { patient: standing.under.grantorName })
    case "active":
      return t("acting-for", { patient: standing.under.grantorName, until: untilWords(standing.under.notAfter, Date.now()) })
    case "none":
      return t("acting-not")
  }
}
