import { useEffect, useId, useRef, useState } from "preact/hooks"
import type { CallStage, Me, Outcome, Trouble } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { initials } from "../format"
import { CallPharmacy } from "../parts/Emergency"
import { TroubleNotice } from "../parts/Notice"
import { PhoneIcon } from "../icons"
import { go } from "../route"
import { ConsentWords, useSending } from "./Consent"
import { CameraIcon } from "./icons"
import { formatDuration, useNow } from "./time"

interface RingProps {
  readonly stage: Extract<CallStage, { readonly kind: "incoming" }>
  readonly me: Me
  /** « Appelez-moi » was told to the pharmacy. */
  readonly onCallMe: () => void
}

/**
 * It rings: the whole screen asks. The focus begins at the name, not at a button: a key that was
 * meant for a message neither accepts nor refuses.
 */
export function Ring({ stage: { call, from, until }, me, onCallMe }: RingProps) {
  const { calls } = useEngine()
  const send = useSending()
  const heading = useId()
  const { box, remain, onKeyDown } = useRinging()
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  useFlashingTitle(t("call-ring-title", { name: from }))
  const said = (outcome: Outcome, then: () => void) => {
    if (outcome.ok) then()
    else setTrouble(outcome.trouble)
  }
  const accept = async (camera: boolean) => {
    send(camera)
    said(await calls.accept(), () => go({ kind: "conversation", id: call.conversation }))
  }
  const decline = async (how: "declined" | "call_me") => said(await calls.decline(how), how === "call_me" ? onCallMe : () => undefined)
  return (
    <dialog ref={box} class="ring reading" aria-labelledby={heading} onKeyDown={onKeyDown} onClose={remain}>
      <div class="ring-words">
        <span class="avatar huge" aria-hidden="true">{initials(from)}</span>
        <h2 id={heading} tabIndex={-1} autofocus>{t("call-ring-title", { name: from })}</h2>
        <p>{me.pharmacy.name}</p>
        <Left until={until} />
        <TroubleNotice trouble={trouble} />
      </div>
      <div class="ring-words ring-consent">{me.role === "pharmacist" ? <p>{t("call-no-recording")}</p> : <ConsentWords />}</div>
      <div class="call-answers">
        <button type="button" class="button primary big" onClick={() => accept(true)}><CameraIcon /><span>{t("call-accept")}</span></button>
        <button type="button" class="button big" onClick={() => accept(false)}>{t("call-accept-sound")}</button>
        {me.role !== "pharmacist" && <button type="button" class="button big" onClick={() => decline("call_me")}><PhoneIcon /><span>{t("call-call-me")} <span class="soft">{t("call-call-me-explained")}</span></span></button>}
        <button type="button" class="button danger big" onClick={() => decline("declined")}>{t("call-refuse")}</button>
        <CallPharmacy phone={me.pharmacy.phone} />
      </div>
    </dialog>
  )
}

/**
 * Opened as a modal; closed, not only removed, so that the focus goes back where it was. Escape and
 * the telephone's own way back do not answer: what closed it without an answer finds it open again.
 */
function useRinging() {
  const box = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = box.current
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  const remain = () => box.current?.showModal()
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") event.preventDefault()
  }
  return { box, remain, onKeyDown }
}

function Left({ until }: { readonly until: number }) {
  const now = useNow()
  return <p class="soft">{t("call-ring-left", { time: formatDuration(until - now, locale.value) })}</p>
}

/** Seen among other tabs: the title of this one says who calls, every other second. */
function useFlashingTitle(words: string): void {
  useEffect(() => {
    const before = document.title
    document.title = words
    const timer = setInterval(() => {
      document.title = document.title === words ? before : words
    }, 1000)
    return () => {
      clearInterval(timer)
      document.title = before
    }
  }, [words])
}
