import { useState } from "preact/hooks"
import type { Delegation, Outcome, SuspensionReason } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { Ask } from "../parts/Ask"

const REASONS: readonly SuspensionReason[] = ["telephone", "abuse", "death", "contest"]
const NOT_YET: Outcome = { ok: true }

interface SuspendProps {
  readonly delegation: Delegation
  readonly onClose: () => void
}

/** One pharmacist's word stops a carer at once; why is part of it. */
export function Suspend({ delegation: { id, granteeName: name }, onClose }: SuspendProps) {
  const engine = useEngine()
  const [reason, setReason] = useState<SuspensionReason | null>(null)
  return (
    <Ask
      title={t("suspend-title", { name })} body={t("suspend-body", { name })} confirm={t("suspend-confirm")} disabled={reason === null}
      act={() => (reason === null ? Promise.resolve(NOT_YET) : engine.suspendDelegation(id, reason))} onClose={onClose}
    >
      <fieldset class="ask-why">
        <legend>{t("suspend-why")}</legend>
        <div class="choices">
          {REASONS.map((each) => (
            <label class="choice" key={each}>
              <input type="radio" name="reason" checked={each === reason} onChange={() => setReason(each)} />
              <span>{t(`suspension-${each}`)}</span>
            </label>
          ))}
        </div>
      </fieldset>
    </Ask>
  )
}
