import { useState } from "preact/hooks"
import type { Conversation, Me, Member } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { OnPaper } from "../care/OnPaper"
import { leave } from "../call/where"
import { useEngine } from "../engine"
import { formatInstant } from "../format"
import { BackIcon, CarersIcon, LeaveIcon, PrintIcon, ProofIcon } from "../icons"
import { NotCompared } from "../conversation/Compared"
import { hrefOf } from "../route"
import { kindName, motiveName, nameOf, roleName, untilWords } from "../words"

/** What stands around the conversation: people, motive, beginning, and what one can do with it. */
export function DetailsColumn({ me, id }: { readonly me: Me; readonly id: string }) {
  const engine = useEngine()
  const conversation = engine.conversations.value.find((each) => each.id === id)
  return (
    <aside class="column-details" aria-label={t("details")}>
      <a class="button quiet back details-back" href={hrefOf({ kind: "conversation", id })}><BackIcon /><span>{t("back-to-conversation")}</span></a>
      <h2 tabIndex={-1} data-arrival="details">{t("details")}</h2>
      {conversation !== undefined && <Facts me={me} conversation={conversation} />}
      <div class="details-actions">
        {conversation !== undefined && me.role === "pharmacist" && conversation.kind !== "private_aside" && <PaperButton conversation={conversation} />}
        <button type="button" class="button quiet" onClick={() => print()}><PrintIcon /><span>{t("print")}</span></button>
        <a class="button quiet" href={hrefOf({ kind: "proofs" })}><ProofIcon /><span>{t("proofs-title")}</span></a>
        <button type="button" class="button quiet" onClick={() => leave(engine)}><LeaveIcon /><span>{t("sign-out-named", { name: me.name })}</span></button>
      </div>
    </aside>
  )
}

function Facts({ me, conversation }: { readonly me: Me; readonly conversation: Conversation }) {
  const { kind, motive, createdAt, founder, members } = conversation
  return (
    <>
      <h3>{t("people")}</h3>
      <ul class="people">
        {members.map((member) => <Person key={member.person} member={member} mine={member.person === me.person} />)}
      </ul>
      <dl class="facts">
        <div><dt>{t("fact-act")}</dt><dd>{kindName(kind)}</dd></div>
        <div><dt>{t("fact-motive")}</dt><dd>{motiveName(motive)}</dd></div>
        <div><dt>{t("fact-started")}</dt><dd>{t("fact-started-by", { at: formatInstant(createdAt, locale.value), name: nameOf(members, founder) })}</dd></div>
      </dl>
    </>
  )
}

function Person({ member, mine }: { readonly member: Member; readonly mine: boolean }) {
  const { name, role, state, delegation } = member
  return (
    <li>
      <strong>{name}</strong>
      <span class="soft">{delegation === null ? roleName(role) : `${roleName(role)}, ${untilWords(delegation.until, Date.now())}`}</span>
      {state === "invited" && <span class="tag">{t("waiting-for-device")}</span>}
      {!mine && state === "joined" && <NotCompared member={member} />}
    </li>
  )
}

function PaperButton({ conversation }: { readonly conversation: Conversation }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" class="button quiet" onClick={() => setOpen(true)}><CarersIcon /><span>{t("paper-title")}</span></button>
      {open && <OnPaper conversation={conversation} onClose={() => setOpen(false)} />}
    </>
  )
}
