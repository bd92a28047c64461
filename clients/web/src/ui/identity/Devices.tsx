import type { ComponentChildren } from "preact"
import { useEffect, useState } from "preact/hooks"
import type { OwnDevice } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatInstant } from "../format"
import { Ask } from "../parts/Ask"
import { Heading } from "../parts/Heading"
import { TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"
import { Loading } from "../screens/Plain"
import { LinkRequests } from "./LinkRequests"
import { OwnIdentity } from "./OwnIdentity"
import { Recovery } from "./Recovery"

/** « Mes appareils »: which devices read in this person's name, how to come back, and who one is. */
export function Devices({ back }: { readonly back: ComponentChildren }) {
  const engine = useEngine()
  const { trouble, ask } = useOutcome()
  useEffect(() => void ask(() => engine.loadDevices()), [])
  const devices = engine.devices.value
  return (
    <section class="plain devices">
      {back}
      <Heading of="devices">{t("devices-title")}</Heading>
      <LinkRequests />
      <p>{t("devices-lead")}</p>
      <TroubleNotice trouble={trouble} />
      {devices === null ? trouble === null && <Loading /> : <ul class="cards">{devices.map((each) => <li key={each.device}><Device device={each} /></li>)}</ul>}
      {engine.identity.value.kind === "ready" && (
        <>
          <Recovery />
          <section class="part"><h2>{t("own-title")}</h2><OwnIdentity /></section>
        </>
      )}
    </section>
  )
}

function Device({ device: { device, number, registeredAt, certified, here, retiredAt } }: { readonly device: OwnDevice }) {
  const engine = useEngine()
  const [asking, setAsking] = useState(false)
  return (
    <article class="card">
      <p class="card-line">
        <strong>{t("device-number", { number })}</strong>
        {here && <span class="tag">{t("device-here")}</span>}
        {!certified && retiredAt === null && <span class="tag">{t("device-unlinked")}</span>}
      </p>
      <p class="soft">{retiredAt === null ? t("device-registered", { at: formatInstant(registeredAt, locale.value) }) : t("device-retired", { at: formatInstant(retiredAt, locale.value) })}</p>
      {retiredAt === null && !here && (
        <div class="row"><button type="button" class="button danger" onClick={() => setAsking(true)}>{t("device-retire")}<span class="visually-hidden">{` : ${t("device-number", { number })}`}</span></button></div>
      )}
      {asking && (
        <Ask
          title={t("device-retire-title", { number })} body={t("device-retire-body")} confirm={t("device-retire-confirm")}
          act={() => engine.retireDevice(device)} onClose={() => setAsking(false)}
        />
      )}
    </article>
  )
}
