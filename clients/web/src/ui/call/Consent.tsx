import type { Me } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { closeAround, Dialog } from "../parts/Dialog"
import { CallPharmacy } from "../parts/Emergency"

/** What one agrees to, in the same words at the ring and at the waiting room. */
export function ConsentWords() {
  return (
    <div class="consent-words">
      <p>{t("call-consent")}</p>
      <p>{t("call-no-recording")}</p>
      <p class="soft">{t("call-consent-next")}</p>
    </div>
  )
}

/** Say what will be sent, before anything is asked of the browser. */
export function useSending(): (camera: boolean) => void {
  const { calls } = useEngine()
  return (camera) => {
    calls.setCamera(camera)
    calls.setMicrophone(true)
  }
}

interface AskConsentProps {
  readonly pharmacy: Me["pharmacy"]
  readonly accept: () => Promise<void>
  readonly onClose: () => void
}

/** At the door of the waiting room, before the camera is asked for. */
export function AskConsent({ pharmacy, accept, onClose }: AskConsentProps) {
  const send = useSending()
  const agree = (camera: boolean) => (event: { readonly currentTarget: Element }) => {
    closeAround(event)
    send(camera)
    void accept()
  }
  return (
    <Dialog title={t("call-consent-title")} onClose={onClose}>
      <ConsentWords />
      <div class="call-answers">
        <button type="button" class="button primary big" onClick={agree(true)}>{t("call-accept")}</button>
        <button type="button" class="button big" onClick={agree(false)}>{t("call-accept-sound")}</button>
        <button type="button" class="button big" onClick={closeAround}>{t("call-refuse")}</button>
      </div>
      <p class="soft">{t("call-rather-telephone")}</p>
      <CallPharmacy phone={pharmacy.phone} />
    </Dialog>
  )
}
