import { useState } from "preact/hooks"
import type { Conversation, Delegation, Me } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { CarersIcon } from "../icons"
import { hrefOf } from "../route"
import { untilWords } from "../words"
import { Confirm } from "./Confirm"
import { State } from "./DelegationCard"
import { MandateTag } from "./MandateTag"
import { liveIn } from "./standing"
import { Suspend } from "./Suspend"
import { scopeNames } from "./words"

/** Above a professional's messages, always: which carer, with which limits; and what is to be confirmed. */
export function StaffStrip({ me, conversation }: { readonly me: Me; readonly conversation: Conversation }) {
  const engine = useEngine()
  const live = liveIn(engine.delegations.value, conversation.id)
  return (
    <div class="strips">
      {live.map((each) => (each.mayConfirm ? <Confirm key={each.id} delegation={each} /> : <Chip key={each.id} me={me} delegation={each} />))}
    </div>
  )
}

function Chip({ me, delegation }: { readonly me: Me; readonly delegation: Delegation }) {
  const [suspending, setSuspending] = useState(false)
  const { id, granteeName: name, scopes, notAfter, state, mandate, mayEnd } = delegation
  return (
    <div class="strip">
      <CarersIcon />
      <p>
        {t("strip-staff", { name, scopes: scopeNames(scopes, "they"), until: untilWords(notAfter, Date.now()) })}
        <MandateTag mandate={mandate} />
      </p>
      {state !== "active" && <State delegation={delegation} />}
      {mandate !== "device" && <a class="button quiet" href={hrefOf({ kind: "trace", id })}>{t("trace")}</a>}
      {mayEnd && me.role === "pharmacist" && (
        <button type="button" class="button quiet" onClick={() => setSuspending(true)} aria-label={t("suspend-named", { name })}>{t("suspend")}</button>
      )}
      {suspending && <Suspend delegation={delegation} onClose={() => setSuspending(false)} />}
    </div>
  )
}
