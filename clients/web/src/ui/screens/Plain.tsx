import type { ComponentChildren } from "preact"
import type { AppState } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { Brand } from "../parts/Brand"
import { Emergency, WhomToCall } from "../parts/Emergency"
import { Preferences } from "../parts/Preferences"
import { rememberedRole } from "../preferences"
import { missingName, readerOf, slug } from "../words"

interface PageProps {
  readonly title: string
  readonly children?: ComponentChildren
  /** The role of who reads, where it is known better than from this device's memory. */
  readonly role?: string | undefined
}

/** One thing on a page: what happens, what to do, and for a patient whom to call. */
export function PlainPage({ title, children, role }: PageProps) {
  const calm = readerOf(role ?? rememberedRole()) !== "patient"
  return (
    <div class="page reading">
      <header class="page-head">
        <Brand />
        <Preferences />
      </header>
      <main class="plain" id="main">
        <h1>{title}</h1>
        {children}
        {!calm && <WhomToCall />}
      </main>
      {!calm && <footer class="page-foot"><Emergency /></footer>}
    </div>
  )
}

export function Loading() {
  return (
    <div class="loading" role="status">
      <span class="pulse" aria-hidden="true" />
      <p>{t("loading")}</p>
    </div>
  )
}

export function LoadingPage() {
  return (
    <main id="main">
      <h1 class="visually-hidden">{t("app-name")}</h1>
      <Loading />
    </main>
  )
}

export function Unsupported({ missing }: { readonly missing: readonly string[] }) {
  return (
    <PlainPage title={t("unsupported-title")}>
      <p>{t("unsupported-body")}</p>
      <p>{t("unsupported-missing")}</p>
      <ul>{missing.map((each) => <li key={each}>{missingName(each)}</li>)}</ul>
    </PlainPage>
  )
}

export function OtherTab() {
  const engine = useEngine()
  return (
    <PlainPage title={t("other-tab-title")}>
      <p>{t("other-tab-body")}</p>
      <button type="button" class="button primary" onClick={() => engine.takeOver()}>{t("other-tab-continue")}</button>
    </PlainPage>
  )
}

export type Fault = Extract<AppState, { kind: "failed" }>["fault"] | "code"

export function Failure({ fault }: { readonly fault: Fault }) {
  const otherKey = fault === "log_key_changed" || fault === "hub_key_changed"
  return (
    <PlainPage title={t(`failed-${slug(fault)}-title`)}>
      <p>{t(`failed-${slug(fault)}-body`)}</p>
      {otherKey && <BeginAgain />}
      {!otherKey && (
        <button type="button" class="button primary" onClick={() => location.reload()}>{t("reload")}</button>
      )}
    </PlainPage>
  )
}

/** Whoever deleted the demonstration's data meets a new pharmacy under the old name: only there is this way out. */
function BeginAgain() {
  const engine = useEngine()
  if (!engine.demo.value) return null
  return (
    <>
      <p>{t("demo-forget-body")}</p>
      <button type="button" class="button primary" onClick={() => void engine.forgetDevice()}>{t("demo-forget")}</button>
    </>
  )
}
