import type { ComponentChildren } from "preact"
import { useState } from "preact/hooks"
import type { Delegation } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { CarersIcon, PlusIcon } from "../icons"
import { Heading } from "../parts/Heading"
import { hrefOf } from "../route"
import { DelegationCard } from "./DelegationCard"
import { signed } from "./Delegate"
import { isOver } from "./standing"

/** « Mes aidants »: whom the patient lets act, since when, until when; and those before. */
export function Carers({ back }: { readonly back: ComponentChildren }) {
  const delegations = useEngine().delegations.value.filter(({ side }) => side === "grantor")
  // One that is ending stays in sight until a pharmacy's device has said that it is over.
  const [seen, setSeen] = useState<readonly string[]>([])
  const stays = (each: Delegation) => !isOver(each) || each.state === "ending" || seen.includes(each.id)
  const now = delegations.filter(stays)
  const before = delegations.filter((each) => !stays(each))
  // What was signed here is news until the pharmacy has answered.
  const waits = now.some(({ state }) => state === "proposed")
  const watch = (id: string) => setSeen([...seen, id])
  return (
    <section class="plain carers">
      {back}
      <Heading of="carers">{t("carers-title")}</Heading>
      <p>{t("carers-lead")}</p>
      <p role="status" class="good-news">{signed.value && waits ? t("delegate-signed") : ""}</p>
      {now.length === 0 ? <p class="with-icon soft"><CarersIcon />{t("carers-empty")}</p> : (
        <ul class="cards" aria-label={t("carers-now")}>{now.map((each) => <li key={each.id}><DelegationCard delegation={each} watch={watch} /></li>)}</ul>
      )}
      <a class="button primary" href={hrefOf({ kind: "delegate" })}><PlusIcon /><span>{t("carers-new")}</span></a>
      {before.length > 0 && (
        <details class="fold">
          <summary>{t("carers-history", { count: before.length })}</summary>
          <ul class="cards">{before.map((each) => <li key={each.id}><DelegationCard delegation={each} watch={watch} /></li>)}</ul>
        </details>
      )}
    </section>
  )
}
