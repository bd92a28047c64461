import { useEffect } from "preact/hooks"
import type { AppState, Me } from "../core/model"
import { t } from "../strings/strings"
import { useEngine } from "./engine"
import { Carer, Control, NeedsLink, Staff } from "./pages"
import { PatientHome } from "./patient/PatientHome"
import { rememberPharmacy, rememberRole } from "./preferences"
import { Landing } from "./screens/Landing"
import { Failure, LoadingPage, OtherTab, Unsupported } from "./screens/Plain"
import { SignedOut } from "./screens/SignedOut"

export function App() {
  const engine = useEngine()
  const app = engine.app.value
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>{t("skip")}</a>
      <Screen app={app} />
    </>
  )
}

/** The address carries the route, so the skip link moves the focus without touching it. */
function skip(event: Event): void {
  event.preventDefault()
  const main = document.querySelector<HTMLElement>("#main")
  main?.setAttribute("tabindex", "-1")
  main?.focus()
}

function Screen({ app }: { readonly app: AppState }) {
  switch (app.kind) {
    case "loading":
      return <LoadingPage />
    case "unsupported":
      return <Unsupported missing={app.missing} />
    case "landing":
      return <Landing personas={app.personas} />
    case "signed_out":
      return <SignedOut state={app} />
    case "other_tab":
      return <OtherTab />
    case "failed":
      return <Failure fault={app.fault} />
    case "ready":
      return <Home me={app.me} />
  }
}

function Home({ me }: { readonly me: Me }) {
  useEffect(() => rememberPharmacy(me.pharmacy), [me.pharmacy])
  useEffect(() => rememberRole(me.role), [me.role])
  if (useEngine().identity.value.kind === "needs_link") return <NeedsLink me={me} />
  switch (me.role) {
    case "patient":
      return <PatientHome me={me} />
    case "carer":
      return <Carer me={me} />
    case "compliance_officer":
      return <Control me={me} />
    default:
      return <Staff me={me} />
  }
}
