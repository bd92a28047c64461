import type { Conversation } from "../../core/model"
import { t } from "../../strings/strings"
import { ClockIcon, LockIcon, WarningIcon } from "../icons"
import { Notice } from "../parts/Notice"
import { nameOf } from "../words"

const ICONS = { waiting_for_patient: ClockIcon, joining: ClockIcon, before_this_device: LockIcon, broken: ClockIcon, refused: WarningIcon, removed: LockIcon }

export const mayWrite = ({ readiness }: Conversation): boolean =>
  readiness === "ready" || readiness === "waiting_for_patient"

export function ReadinessNote({ conversation }: { readonly conversation: Conversation }) {
  const { readiness, members, patient } = conversation
  return (
    <div role="status">
      {readiness !== "ready" && (
        <Notice icon={ICONS[readiness]}>
          <p><strong>{t(`readiness-${readiness.replaceAll("_", "-")}-title`)}</strong></p>
          <p>{t(`readiness-${readiness.replaceAll("_", "-")}-body`, { name: nameOf(members, patient) })}</p>
        </Notice>
      )}
    </div>
  )
}
