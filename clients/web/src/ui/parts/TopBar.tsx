import type { ComponentChildren } from "preact"
import type { Me } from "../../core/model"
import { t } from "../../strings/strings"
import { leave } from "../call/where"
import { useEngine } from "../engine"
import { LeaveIcon, MenuIcon, PhoneIcon, ProofIcon } from "../icons"
import { telephone, unbroken } from "../format"
import { hrefOf } from "../route"
import { roleName } from "../words"
import { Brand } from "./Brand"
import { Preferences } from "./Preferences"

interface TopBarProps {
  readonly me: Me
  readonly children?: ComponentChildren
}

/** Who one is and where; the rest in a native popover, which closes on Escape and on a click outside. */
export function TopBar({ me, children }: TopBarProps) {
  return (
    <header class="top-bar">
      <a class="brand-link" href={hrefOf({ kind: "home" })}><Brand /></a>
      <span class="top-pharmacy soft">{me.pharmacy.name}</span>
      <button type="button" class="button quiet menu-button" popovertarget="menu">
        <MenuIcon />
        <span class="menu-me"><strong>{me.name}</strong><span class="soft">{roleName(me.role)}</span></span>
        <span class="visually-hidden">{t("menu")}</span>
      </button>
      <Menu me={me}>{children}</Menu>
    </header>
  )
}

function Menu({ me, children }: TopBarProps) {
  const engine = useEngine()
  const close = () => document.getElementById("menu")?.hidePopover()
  return (
    <div id="menu" class="menu" popover="auto">
      <p class="menu-who"><strong>{me.name}</strong><span class="soft">{roleName(me.role)}, {me.pharmacy.name}</span></p>
      <Preferences />
      <a class="button quiet" href={hrefOf({ kind: "proofs" })} onClick={close}><ProofIcon /><span>{t("proofs-title")}</span></a>
      {children}
      <a class="button quiet" href={telephone(me.pharmacy.phone)}><PhoneIcon /><span>{t("call-pharmacy", { phone: unbroken(me.pharmacy.phone) })}</span></a>
      <button type="button" class="button quiet" onClick={() => leave(engine)}><LeaveIcon /><span>{t("sign-out")}</span></button>
    </div>
  )
}
