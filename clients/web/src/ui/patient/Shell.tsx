import type { ComponentChildren } from "preact"
import type { Me } from "../../core/model"
import { t } from "../../strings/strings"
import { CallEverywhere } from "../call/Places"
import { leave } from "../call/where"
import { useEngine } from "../engine"
import { BackIcon, DevicesIcon, LeaveIcon, MenuIcon, ProofIcon } from "../icons"
import { Banners } from "../parts/Banners"
import { CallPharmacy, Emergency } from "../parts/Emergency"
import { Preferences } from "../parts/Preferences"
import { hrefOf, type Route } from "../route"

interface ShellProps {
  readonly me: Me
  /** A conversation has the page: only its messages scroll. */
  readonly open: boolean
  /** What this person can go to, besides proofs and devices. */
  readonly links: ComponentChildren
  readonly children: ComponentChildren
}

/** The page of who is at home: one thing at a time, the telephone always in sight. */
export function Shell({ me, open, links, children }: ShellProps) {
  return (
    <div class={`patient reading ${open ? "patient-open" : ""}`}>
      <header class="patient-head">
        <p class="patient-pharmacy">{me.pharmacy.name}</p>
        <CallPharmacy phone={me.pharmacy.phone} />
        <Emergency />
      </header>
      <Banners />
      <CallEverywhere me={me} />
      <main id="main">{children}</main>
      <Foot>{links}</Foot>
    </div>
  )
}

export function BackToMessages() {
  return <a class="button quiet back" href={hrefOf({ kind: "home" })}><BackIcon /><span>{t("back-to-messages")}</span></a>
}

function Foot({ children }: Pick<ShellProps, "children">) {
  return (
    <footer class="patient-foot">
      <Preferences />
      <div class="row wide-only"><Links>{children}</Links></div>
      <button type="button" class="button quiet narrow-only" popovertarget="more"><MenuIcon /><span>{t("more")}</span></button>
      <div id="more" class="menu at-foot" popover="auto"><Links>{children}</Links></div>
    </footer>
  )
}

const close = () => document.getElementById("more")?.hidePopover()

interface FootLinkProps {
  readonly to: Route
  readonly icon: typeof ProofIcon
  readonly label: string
}

export function FootLink({ to, icon: Icon, label }: FootLinkProps) {
  return <a class="button quiet" href={hrefOf(to)} onClick={close}><Icon /><span>{label}</span></a>
}

function Links({ children }: Pick<ShellProps, "children">) {
  const engine = useEngine()
  return (
    <>
      {children}
      <FootLink to={{ kind: "devices" }} icon={DevicesIcon} label={t("devices-title")} />
      <FootLink to={{ kind: "proofs" }} icon={ProofIcon} label={t("proofs-title")} />
      <button type="button" class="button quiet" onClick={() => leave(engine)}><LeaveIcon /><span>{t("sign-out")}</span></button>
    </>
  )
}
