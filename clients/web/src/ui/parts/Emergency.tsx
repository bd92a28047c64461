import { PhoneIcon } from "../icons"
import { t } from "../../strings/strings"
import { telephone, unbroken } from "../format"
import { rememberedPharmacy, type Phone } from "../preferences"

const LINES = [
  { key: "emergency-15", href: "tel:15" },
  { key: "emergency-112", href: "tel:112" },
  { key: "emergency-114", href: "sms:114" },
  { key: "emergency-3237", href: "tel:3237" },
] as const

/** Whom to call when writing is not enough. */
export function Emergency() {
  return (
    <nav class="emergency" aria-label={t("emergency-numbers")}>
      <span class="emergency-title">{t("emergency")}</span>
      <ul>
        {LINES.map(({ key, href }) => <li key={key}><a href={href}><span class="long">{t(key)}</span><span class="short">{t(`${key}-short`)}</span></a></li>)}
      </ul>
    </nav>
  )
}

export function CallPharmacy({ phone: number }: Pick<Phone, "phone">) {
  const phone = unbroken(number)
  return (
    <a class="button call" href={telephone(number)}>
      <PhoneIcon />
      <span class="long">{t("call-pharmacy", { phone })}</span>
      <span class="short">{t("call-pharmacy-short", { phone })}</span>
    </a>
  )
}

/** Before sign-in the pharmacy is only known when this device has seen it. */
export function WhomToCall() {
  const pharmacy = rememberedPharmacy()
  return pharmacy === null ? <p class="soft">{t("call-your-pharmacy")}</p> : <><p class="soft">{pharmacy.name}</p><CallPharmacy phone={pharmacy.phone} /></>
}
