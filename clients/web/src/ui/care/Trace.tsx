import type { ComponentChildren } from "preact"
import type { Confirmation, Delegation, Me } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatDate, formatInstant } from "../format"
import { BackIcon, PrintIcon } from "../icons"
import { Heading } from "../parts/Heading"
import { Notice } from "../parts/Notice"
import { hrefOf } from "../route"
import { slug } from "../words"
import { scopeNames, stateWords, whichConversation } from "./words"

/** What pharmacists attested, on a page to print and to sign. */
export function Trace({ me, id }: { readonly me: Me; readonly id: string }) {
  const delegation = useEngine().delegations.value.find((each) => each.id === id)
  if (delegation === undefined) return <section class="plain"><Heading of="trace">{t("trace-title")}</Heading><Notice><p>{t("trace-gone")}</p></Notice></section>
  return (
    <section class="plain trace">
      <a class="button quiet back" href={hrefOf({ kind: "conversation", id: delegation.conversation })}><BackIcon /><span>{t("back-to-conversation")}</span></a>
      <Heading of="trace">{t("trace-title")}</Heading>
      <p>{t("trace-pharmacy", { name: me.pharmacy.name, finess: me.pharmacy.finess })}</p>
      <Facts delegation={delegation} />
      <button type="button" class="button primary on-screen" onClick={() => print()}><PrintIcon /><span>{t("trace-print")}</span></button>
    </section>
  )
}

function Facts({ delegation }: { readonly delegation: Delegation }) {
  const { conversations } = useEngine()
  const { id, grantorName, granteeName, scopes, withdrawn, basis, mandate, notBefore, notAfter, confirmedBy, evidence, conversation } = delegation
  const from = formatInstant(notBefore, locale.value)
  const to = formatInstant(notAfter, locale.value)
  return (
    <dl class="facts">
      <Fact name="patient">{grantorName}</Fact>
      <Fact name="carer">{granteeName}</Fact>
      <Fact name="scopes">{scopeNames(scopes, "they")}. {t("carers-in", { conversation: whichConversation(conversations.value.find((each) => each.id === conversation), "they") })}</Fact>
      {withdrawn.length > 0 && <Fact name="withdrawn">{scopeNames(withdrawn, "they", false)}</Fact>}
      <Fact name="period">{t("trace-from-to", { from, to })}</Fact>
      <Fact name="state">{stateWords(delegation, Date.now())}</Fact>
      <Fact name="basis">{t(`basis-${slug(basis)}`)}</Fact>
      <Fact name="mandate">{mandate === "device" ? t("trace-by-device") : t(`mandate-${mandate}`)}</Fact>
      {evidence !== null && <Fact name="evidence">{t("trace-issued", evidence)}</Fact>}
      <Fact name="confirmed"><ul>{confirmedBy.map((each) => <li key={each.name}>{confirmationWords(each)}</li>)}</ul></Fact>
      <Fact name="number">{id}, {formatDate(delegation.proposedAt, locale.value)}</Fact>
      <Fact name="signatures"><span class="to-sign" /></Fact>
    </dl>
  )
}

function confirmationWords({ name, at, heardAlone }: Confirmation): string {
  return t(heardAlone ? "trace-alone" : "trace-confirmation", { name, at: formatInstant(at, locale.value) })
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return <div><dt>{t(`trace-${name}`)}</dt><dd>{children}</dd></div>
}
