import type { Conversation, Me } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { CallEverywhere, CallOr } from "../call/Places"
import { leave } from "../call/where"
import { ConversationView } from "../conversation/Conversation"
import { useEngine } from "../engine"
import { formatShort } from "../format"
import { BackIcon, LeaveIcon, MenuIcon, MessagesIcon, ProofIcon } from "../icons"
import { useArrival } from "../parts/arrival"
import { CallPharmacy, Emergency } from "../parts/Emergency"
import { Heading } from "../parts/Heading"
import { later } from "../parts/later"
import { Banners } from "../parts/Banners"
import { Notice } from "../parts/Notice"
import { Preferences } from "../parts/Preferences"
import { useThread } from "../parts/useThread"
import { hrefOf, route } from "../route"
import { Loading } from "../screens/Plain"
import { kindName, nameOf } from "../words"

const Proofs = later(async () => (await import("../proofs/Proofs")).Proofs, {
  waiting: Loading,
  failed: () => <Notice><p>{t("failed-code-body")}</p></Notice>,
})

/** One thing at a time, the telephone always in sight. */
export function PatientHome({ me }: { readonly me: Me }) {
  const engine = useEngine()
  useArrival()
  const here = route.value
  const conversations = engine.conversations.value
  const only = conversations.length === 1 ? conversations[0] : undefined
  const open = "id" in here ? here.id : here.kind === "home" ? (only?.id ?? null) : null
  return (
    <div class={`patient reading ${open === null ? "" : "patient-open"}`}>
      <header class="patient-head">
        <p class="patient-pharmacy">{me.pharmacy.name}</p>
        <CallPharmacy phone={me.pharmacy.phone} />
        <Emergency />
      </header>
      <Banners />
      <CallEverywhere me={me} />
      <main id="main">
        <Page open={open} alone={only !== undefined} />
      </main>
      <PatientFoot />
    </div>
  )
}

function Page({ open, alone }: { readonly open: string | null; readonly alone: boolean }) {
  const thread = useThread(open)
  if (route.value.kind === "proofs") return <Proofs back={<BackToMessages />} />
  if (open === null) return <Conversations />
  if (thread === null) return <Missing id={open} />
  const { conversation } = thread
  const subtitle = t("with", { name: nameOf(conversation.members, conversation.founder) })
  return (
    <ConversationView
      thread={thread} title={t(`patient-kind-${conversation.kind.replaceAll("_", "-")}`)} subtitle={subtitle}
      before={alone ? undefined : <BackToMessages />}
    />
  )
}

function BackToMessages() {
  return <a class="button quiet back" href={hrefOf({ kind: "home" })}><BackIcon /><span>{t("back-to-messages")}</span></a>
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

function PatientFoot() {
  return (
    <footer class="patient-foot">
      <Preferences />
      <div class="row wide-only"><ProofsAndLeave /></div>
      <button type="button" class="button quiet narrow-only" popovertarget="more"><MenuIcon /><span>{t("more")}</span></button>
      <div id="more" class="menu at-foot" popover="auto"><ProofsAndLeave /></div>
    </footer>
  )
}

function ProofsAndLeave() {
  const engine = useEngine()
  const close = () => document.getElementById("more")?.hidePopover()
  return (
    <>
      <a class="button quiet" href={hrefOf({ kind: "proofs" })} onClick={close}><ProofIcon /><span>{t("proofs-title")}</span></a>
      <button type="button" class="button quiet" onClick={() => leave(engine)}><LeaveIcon /><span>{t("sign-out")}</span></button>
    </>
  )
}
