import type { Me, Thread } from "../../core/model"
import { t } from "../../strings/strings"
import { StaffStrip } from "../care/StaffStrip"
import { ConversationView } from "../conversation/Conversation"
import { useEngine } from "../engine"
import { BackIcon, DetailsIcon, MessagesIcon } from "../icons"
import { Notice } from "../parts/Notice"
import { useThread } from "../parts/useThread"
import { conversationAt, hrefOf, route } from "../route"
import { Loading } from "../screens/Plain"
import { kindName, motiveName, nameOf, slug } from "../words"

/** The middle column: the open conversation, or what this role can expect here. */
export function Center({ me }: { readonly me: Me }) {
  const here = route.value
  const id = conversationAt(here)
  const thread = useThread(id)
  return (
    <div class="column-center">
      {id === null ? <Nothing me={me} /> : thread === null ? <Missing id={id} /> : <Open me={me} thread={thread} />}
    </div>
  )
}

function Nothing({ me }: { readonly me: Me }) {
  return (
    <div class="empty">
      <MessagesIcon />
      <h2>{t(`empty-${slug(me.role)}-title`)}</h2>
      <p class="soft">{t(`empty-${slug(me.role)}-body`)}</p>
    </div>
  )
}

function Missing({ id }: { readonly id: string }) {
  const engine = useEngine()
  if (engine.conversations.value.some((each) => each.id === id)) return <Loading />
  return <div class="empty"><Notice><p>{t("code-E_NOT_FOUND")}</p></Notice><a class="button" href={hrefOf({ kind: "home" })}>{t("back-to-list")}</a></div>
}

function Open({ me, thread }: { readonly me: Me; readonly thread: Thread }) {
  const { id, kind, motive, members, patient } = thread.conversation
  return (
    <ConversationView
      thread={thread} title={nameOf(members, patient)}
      subtitle={t("kind-and-motive", { kind: kindName(kind), motive: motiveName(motive) })}
      strip={<StaffStrip me={me} conversation={thread.conversation} />}
      before={<a class="button quiet back narrow-only" href={hrefOf({ kind: "home" })}><BackIcon /><span>{t("back-to-list")}</span></a>}
      after={<a class="button quiet details-link" href={hrefOf({ kind: "details", id })}><DetailsIcon /><span>{t("details")}</span></a>}
    />
  )
}
