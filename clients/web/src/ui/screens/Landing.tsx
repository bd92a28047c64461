import { useState } from "preact/hooks"
import type { Persona } from "../../core/model"
import { t } from "../../strings/strings"
import { initials } from "../format"
import { LockIcon, ProofIcon, ShieldIcon, WindowsIcon } from "../icons"
import { Brand } from "../parts/Brand"
import { Notice } from "../parts/Notice"
import { Preferences } from "../parts/Preferences"
import { roleName } from "../words"
import { SideBySide } from "./SideBySide"

const demoHref = ({ origin }: Persona): string => `${origin}/#demo`

/** The pharmacist and the patient of one pharmacy, who can meet. */
export function pairOf(personas: readonly Persona[]): readonly [Persona, Persona] | null {
  for (const pharmacist of personas.filter(({ role }) => role === "pharmacist")) {
    const patient = personas.find(({ role, pharmacy }) => role === "patient" && pharmacy === pharmacist.pharmacy)
    if (patient !== undefined) return [pharmacist, patient]
  }
  return null
}

export function byPharmacy(personas: readonly Persona[]): ReadonlyMap<string, readonly Persona[]> {
  const groups = new Map<string, Persona[]>()
  for (const persona of personas) groups.set(persona.pharmacy, [...(groups.get(persona.pharmacy) ?? []), persona])
  return groups
}

/** The patient gets the right half of the screen; this window becomes the pharmacist's. */
function openSideBySide(pharmacist: Persona, patient: Persona): boolean {
  const half = Math.floor(screen.availWidth / 2)
  const features = `popup,width=${half},height=${screen.availHeight},left=${half},top=0`
  const opened = window.open(demoHref(patient), "colloque-patient", features)
  if (opened === null) return false
  location.assign(demoHref(pharmacist))
  return true
}

export function Landing({ personas }: { readonly personas: readonly Persona[] }) {
  return (
    <div class="page landing">
      <header class="page-head">
        <Brand />
        <Preferences />
      </header>
      <main id="main">
        <Hero personas={personas} />
        <Promises />
        {[...byPharmacy(personas)].map(([pharmacy, people]) => <Cards key={pharmacy} pharmacy={pharmacy} people={people} />)}
        <p class="soft browsers">{t("landing-browsers")}</p>
      </main>
    </div>
  )
}

function Hero({ personas }: { readonly personas: readonly Persona[] }) {
  return (
    <section class="hero">
      <HeroWords pair={pairOf(personas)} />
      <SideBySide />
    </section>
  )
}

function HeroWords({ pair }: { readonly pair: readonly [Persona, Persona] | null }) {
  const [blocked, setBlocked] = useState(false)
  return (
    <div class="hero-words">
      <p class="eyebrow">{t("landing-demo")}</p>
      <h1>{t("landing-title")}</h1>
      <p class="lead">{t("landing-lead")}</p>
      {pair !== null && (
        <button type="button" class="button primary big" onClick={() => setBlocked(!openSideBySide(...pair))}>
          <WindowsIcon />
          <span>{t("landing-start")}</span>
        </button>
      )}
      <div role="alert">{blocked && <Notice><p>{t("landing-blocked")}</p></Notice>}</div>
    </div>
  )
}

const PROMISES = [
  { icon: LockIcon, key: "landing-promise-write" },
  { icon: ProofIcon, key: "landing-promise-proof" },
  { icon: ShieldIcon, key: "landing-promise-check" },
] as const

function Promises() {
  return (
    <ol class="promises">
      {PROMISES.map(({ icon: Icon, key }) => <li key={key}><Icon /><p>{t(key)}</p></li>)}
    </ol>
  )
}

function Cards({ pharmacy, people }: { readonly pharmacy: string; readonly people: readonly Persona[] }) {
  return (
    <section class="personas">
      <h2>{pharmacy}</h2>
      <ul>
        {people.map((persona) => (
          <li key={persona.slug}>
            <a class="persona" href={demoHref(persona)} target="_blank" rel="noopener">
              <span class="avatar" aria-hidden="true">{initials(persona.name)}</span>
              <span class="persona-words">
                <strong>{persona.name}</strong>
                <span class="persona-role">{roleName(persona.role)}</span>
                <span class="soft">{persona.about}</span>
                <span class="visually-hidden">{t("new-tab")}</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}
