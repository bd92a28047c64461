import type { ComponentChildren } from "preact"
import { useEffect } from "preact/hooks"
import type { Colleague, Me } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatNames } from "../format"
import { PersonIcon } from "../icons"
import { Heading } from "../parts/Heading"
import { Notice, TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"
import { hrefOf } from "../route"
import { Loading } from "../screens/Plain"
import { roleName } from "../words"

const owns = (staff: readonly Colleague[], { person }: Me): boolean => staff.some((each) => each.person === person && each.state === "owner")

/** « Équipe »: whose accounts are of this pharmacy, by the owner's own word. */
export function Team({ me, back }: { readonly me: Me; readonly back: ComponentChildren }) {
  const engine = useEngine()
  const { trouble, ask } = useOutcome()
  useEffect(() => void ask(() => engine.loadStaff()), [])
  const staff = engine.staff.value
  return (
    <section class="plain">
      {back}
      <Heading of="team">{t("team-title")}</Heading>
      <p>{t("team-lead")}</p>
      <TroubleNotice trouble={trouble} />
      {staff === null ? trouble === null && <Loading /> : <ul class="cards">{staff.map((each) => <li key={each.person}><Member colleague={each} mayCertify={owns(staff, me)} /></li>)}</ul>}
    </section>
  )
}

function Member({ colleague: { person, name, role, profession, state }, mayCertify }: { readonly colleague: Colleague; readonly mayCertify: boolean }) {
  const engine = useEngine()
  const { busy, trouble, ask } = useOutcome()
  const what = profession === "deputy" || profession === "locum" ? `${roleName(role)}, ${t(`team-profession-${profession}`)}` : roleName(role)
  return (
    <article class="card">
      <p class="card-line"><strong>{name}</strong><span class={`state state-${state}`}>{t(`team-${state}`)}</span></p>
      <p class="soft">{what}</p>
      {mayCertify && state === "waiting" && <div class="row"><button type="button" class="button primary" disabled={busy} onClick={() => void ask(() => engine.certifyStaff(person))}>{t("team-certify", { name })}</button></div>}
      <TroubleNotice trouble={trouble} />
    </article>
  )
}

/** At the counter: who waits for the owner, said to the owner; and to who waits. */
export function TeamBanner({ me }: { readonly me: Me }) {
  const engine = useEngine()
  useEffect(() => {
    if (me.role === "pharmacist") void engine.loadStaff()
  }, [])
  const staff = engine.staff.value ?? []
  const waiting = staff.filter(({ state }) => state === "waiting")
  if (waiting.some(({ person }) => person === me.person)) return <div class="team-banner" role="status"><Notice icon={PersonIcon}><p>{t("team-me-waits")}</p></Notice></div>
  if (waiting.length === 0 || !owns(staff, me)) return null
  return (
    <div class="team-banner" role="status">
      <Notice icon={PersonIcon}>
        <p>{t("team-asks", { names: formatNames(waiting.map(({ name }) => name), locale.value), count: waiting.length })} <a href={hrefOf({ kind: "team" })}>{t("team-open")}</a></p>
      </Notice>
    </div>
  )
}
