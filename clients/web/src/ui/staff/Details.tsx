import type { Conversation, Me } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { leave } from "../call/where"
import { useEngine } from "../engine"
import { formatInstant } from "../format"
import { BackIcon, LeaveIcon, PrintIcon, ProofIcon } from "../icons"
import { hrefOf } from "../route"
import { kindName, motiveName, nameOf, roleName } from "../words"

/** What stands around the conversation: people, motive, beginning, and what one can do with it. */
export function DetailsColumn({ me, id }: { readonly me: Me; readonly id: string }) {
  const engine = useEngine()
  const conversation = engine.conversations.value.find((each) => each.id === id)
  return (
    <aside class="column-details" aria-label={t("details")}>
      <a class="button quiet back details-back" href={hrefOf({ kind: "conversation", id })}><BackIcon /><span>{t("back-to-conversation")}</span></a>
      <h2 tabIndex={-1} data-arrival="details">{t("details")}</h2>
      {conversation !== undefined && <Facts conversation={conversation} />}
      <div class="details-actions">
        <button type="button" class="button quiet" onClick={() => print()}><PrintIcon /><span>{t("print")}</span></button>
        <a class="button quiet" href={hrefOf({ kind: "proofs" })}><ProofIcon /><span>{t("proofs-title")}</span></a>
        <button type="button" class="button quiet" onClick={() => leave(engine)}><LeaveIcon /><span>{t("sign-out-named", { name: me.name })}</span></button>
      </div>
    </aside>
  )
}

function Facts({ conversation }: { readonly conversation: Conversation }) {
  const { kind, motive, createdAt, founder, members } = conversation
  return (
    <>
      <h3>{t("people")}</h3>
      <ul class="people">
        {members.map((member) => (
          <li key={member.person}>
            <strong>{member.name}</strong>
            <span class="soft">{roleName(member.role)}</span>
            {member.state === "invited" && <span class="tag">{t("waiting-for-device")}</span>}
          </li>
        ))}
      </ul>
      <dl class="facts">
        <div><dt>{t("fact-act")}</dt><dd>{kindName(kind)}</dd></div>
        <div><dt>{t("fact-motive")}</dt><dd>{motiveName(motive)}</dd></div>
        <div><dt>{t("fact-started")}</dt><dd>{t("fact-started-by", { at: formatInstant(createdAt, locale.value), name: nameOf(members, founder) })}</dd></div>
      </dl>
    </>
  )
}
