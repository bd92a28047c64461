import type { Conversation, Me } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { CallOr } from "../call/Places"
import { ConversationView } from "../conversation/Conversation"
import { useEngine } from "../engine"
import { formatShort } from "../format"
import { CarersIcon, MessagesIcon, ReadIcon } from "../icons"
import { Accesses, Carers, Delegate, Devices, PatientStrip, Proofs } from "../pages"
import { useArrival } from "../parts/arrival"
import { Heading } from "../parts/Heading"
import { Notice } from "../parts/Notice"
import { useThread } from "../parts/useThread"
import { conversationAt, hrefOf, route } from "../route"
import { Loading } from "../screens/Plain"
import { kindName, nameOf, slug } from "../words"
import { BackToMessages, FootLink, Shell } from "./Shell"

export function PatientHome({ me }: { readonly me: Me }) {
  const engine = useEngine()
  useArrival()
  const here = route.value
  const conversations = engine.conversations.value
  const only = conversations.length === 1 ? conversations[0] : undefined
  const open = conversationAt(here) ?? (here.kind === "home" ? (only?.id ?? null) : null)
  return (
    <Shell me={me} open={open !== null} links={<PatientLinks />}>
      <Page open={open} alone={only !== undefined} />
    </Shell>
  )
}

function PatientLinks() {
  return (
    <>
      <FootLink to={{ kind: "carers" }} icon={CarersIcon} label={t("carers-title")} />
      <FootLink to={{ kind: "accesses" }} icon={ReadIcon} label={t("accesses-title")} />
    </>
  )
}

function Page({ open, alone }: { readonly open: string | null; readonly alone: boolean }) {
  const here = route.value
  const thread = useThread(open)
  const back = <BackToMessages />
  switch (here.kind) {
    case "proofs":
      return <Proofs back={back} />
    case "carers":
      return <Carers back={back} />
    case "accesses":
      return <Accesses back={back} />
    case "devices":
      return <Devices back={back} />
    case "delegate":
    case "renew":
      return <Delegate key={hrefOf(here)} renewed={here.kind === "renew" ? here.id : null} />
  }
  if (open === null) return <Conversations />
  if (thread === null) return <Missing id={open} />
  const { conversation } = thread
  return (
    <ConversationView
      thread={thread} title={t(`patient-kind-${slug(conversation.kind)}`)}
      subtitle={t("with", { name: nameOf(conversation.members, conversation.founder) })}
      before={alone ? undefined : back} strip={<Strip conversation={conversation} />}
    />
  )
}

/** Fetched for who has, or had, a carer. */
function Strip({ conversation }: { readonly conversation: Conversation }) {
  return useEngine().delegations.value.length === 0 ? null : <PatientStrip conversation={conversation} />
}

function Missing({ id }: { readonly id: string }) {
  const engine = useEngine()
  if (engine.conversations.value.some((each) => each.id === id)) return <Loading />
  return <div class="plain"><Heading of="home">{t("patient-list-title")}</Heading><Notice><p>{t("code-E_NOT_FOUND")}</p></Notice><BackToMessages /></div>
}

function Conversations() {
  const engine = useEngine()
  const conversations = engine.conversations.value
  if (conversations.length === 0) return <Nothing />
  return (
    <div class="plain">
      <Heading of="home">{t("patient-list-title")}</Heading>
      <ul class="cards">
        {conversations.map((each) => <li key={each.id}><ConversationCard conversation={each} /></li>)}
      </ul>
    </div>
  )
}

function Nothing() {
  return (
    <div class="plain empty">
      <MessagesIcon />
      <Heading of="home">{t("patient-empty-title")}</Heading>
      <p>{t("patient-empty-body")}</p>
    </div>
  )
}

function ConversationCard({ conversation }: { readonly conversation: Conversation }) {
  const { id, kind, members, founder, lastAt, preview, unread } = conversation
  return (
    <a class="card" href={hrefOf({ kind: "conversation", id })}>
      <span class="card-line"><strong>{nameOf(members, founder)}</strong><span class="soft">{formatShort(lastAt, Date.now(), locale.value)}</span></span>
      <span class="soft">{kindName(kind)}</span>
      <CallOr id={id} otherwise={preview !== null && <span class="card-preview">{preview}</span>} />
      {unread > 0 && <span class="badge">{t("unread", { count: unread })}</span>}
    </a>
  )
}
