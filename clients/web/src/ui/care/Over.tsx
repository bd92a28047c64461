import type { ComponentChildren } from "preact"
import type { Me } from "../../core/model"
import { t } from "../../strings/strings"
import { telephone, unbroken } from "../format"
import { StopIcon } from "../icons"
import { Heading } from "../parts/Heading"

interface OverProps {
  readonly pharmacy: Me["pharmacy"]
  readonly back: ComponentChildren
}

/** The same words however it ended: the carer learns neither why nor by whom. */
export function Over({ pharmacy: { phone }, back }: OverProps) {
  return (
    <div class="plain empty">
      <StopIcon />
      <div role="alert" class="over">
        <Heading of="conversation">{t("over-title")}</Heading>
        <p>{t("over-questions")} <a class="button" href={telephone(phone)}>{unbroken(phone)}</a></p>
      </div>
      {back}
    </div>
  )
}
