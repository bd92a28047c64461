import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { OfflineIcon } from "../icons"
import { closeAround, Dialog } from "../parts/Dialog"
import { Devices, MediaTrouble, SoundTest } from "./Devices"
import { codeGroups } from "./states"
import { useMedia } from "./useMedia"

interface MoreProps {
  readonly code: string | null
  readonly onClose: () => void
}

/** What one needs now and then: devices, loudness, the code. The call goes on behind. */
export function More({ code, onClose }: MoreProps) {
  return (
    <Dialog title={t("call-more-title")} onClose={onClose}>
      <div class="call-more">
        <MediaTrouble inside how />
        <Volume />
        <Devices />
        <SoundTest />
        <Code code={code} />
        <CutNetwork />
      </div>
    </Dialog>
  )
}

const VOLUMES = [1, 1.5, 2, 3] as const

function Volume() {
  const { calls } = useEngine()
  const { volume } = useMedia()
  const percent = new Intl.NumberFormat(locale.value, { style: "percent" })
  return (
    <fieldset>
      <legend>{t("call-volume")}</legend>
      <div class="volumes">
        {VOLUMES.map((each) => (
          <label class="choice" key={each}>
            <input type="radio" name="volume" checked={each === volume} onChange={() => calls.setVolume(each)} />
            <span>{percent.format(each)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function Code({ code }: { readonly code: string | null }) {
  return (
    <section>
      <h3>{t("call-code-title")}</h3>
      {code === null ? <p>{t("call-code-unknown")}</p> : (
        <>
          <ol class="call-code">{codeGroups(code).map((group, at) => <li key={at}>{group}</li>)}</ol>
          <p>{t("call-code-explained")}</p>
        </>
      )}
    </section>
  )
}

/** The demonstration's cut cable. */
function CutNetwork() {
  const { calls, demo } = useEngine()
  if (!demo.value) return null
  const cut = (event: { readonly currentTarget: Element }) => {
    closeAround(event)
    calls.cutNetwork()
  }
  return (
    <section>
      <button type="button" class="button danger" onClick={cut}><OfflineIcon /><span>{t("call-cut")}</span></button>
      <p class="soft">{t("call-cut-explained")}</p>
    </section>
  )
}
