import { signal } from "@preact/signals"
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks"
import type { Conversation, Trouble } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"
import { SendIcon } from "../icons"
import { TroubleNotice } from "../parts/Notice"

export const MESSAGE_LIMIT = 4000
/** The counter appears when it starts to matter. */
const COUNTER_FROM = 3600

/** The conversation just begun here: its composer takes the focus once. */
export const begun = signal<string | null>(null)

export function Composer({ conversation }: { readonly conversation: Conversation }) {
  const engine = useEngine()
  const { id } = conversation
  const [text, setText] = useState(conversation.draft)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const area = useRef<HTMLTextAreaElement>(null)
  useGrowing(area, text)
  useEffect(() => {
    if (begun.value !== id) return
    begun.value = null
    area.current?.focus()
  }, [id])
  const write = (value: string) => {
    setText(value)
    engine.saveDraft(id, value)
  }
  const send = async () => {
    if (text.trim() === "" || text.length > MESSAGE_LIMIT) return
    write("")
    area.current?.focus()
    const outcome = await engine.send(id, text)
    setTrouble(outcome.ok ? null : outcome.trouble)
    // A refused text goes back where it was written, unless something else has been begun.
    if (!outcome.ok && area.current?.value === "") write(text)
  }
  return (
    <div class="composer">
      <TroubleNotice trouble={trouble} />
      <Field area={area} text={text} write={write} send={send} />
    </div>
  )
}

function useGrowing(area: { readonly current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    if (area.current !== null) fit(area.current)
  }, [text])
  // Every length is in rem: A+ changes the width inside the field as a narrower window does.
  useEffect(() => {
    const field = area.current
    if (field === null) return
    let width = 0
    let frame = 0
    const watch = new ResizeObserver((seen) => {
      const now = seen.at(-1)?.contentRect.width ?? width
      if (now === width) return
      width = now
      // In the next frame: a height set here would be a change that this observation cannot deliver.
      cancelAnimationFrame(frame)
      frame = requestAnimationFrame(() => fit(field))
    })
    watch.observe(field)
    return () => {
      watch.disconnect()
      cancelAnimationFrame(frame)
    }
  }, [])
}

/** As tall as its text; the style sheet says how tall at most. */
function fit(field: HTMLTextAreaElement): void {
  field.style.height = "auto"
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`
}

interface FieldProps {
  readonly area: { current: HTMLTextAreaElement | null }
  readonly text: string
  readonly write: (value: string) => void
  readonly send: () => Promise<void>
}

function Field({ area, text, write, send }: FieldProps) {
  const id = useId()
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter that ends a composition (accents, other scripts) is not Enter that sends.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
    event.preventDefault()
    void send()
  }
  const submit = (event: Event) => {
    event.preventDefault()
    void send()
  }
  return (
    <form class="composer-form" onSubmit={submit}>
      <label class="visually-hidden" for={id}>{t("composer-label")}</label>
      <textarea
        ref={area} id={id} rows={1} value={text} placeholder={t("composer-placeholder")} enterkeyhint="send"
        aria-describedby={`${id}-counter`} aria-invalid={text.length > MESSAGE_LIMIT}
        onInput={(event) => write(event.currentTarget.value)} onKeyDown={onKeyDown}
      />
      <button type="submit" class="button primary" disabled={text.trim() === "" || text.length > MESSAGE_LIMIT}>
        <SendIcon /><span>{t("send")}</span>
      </button>
      <Counter id={`${id}-counter`} left={MESSAGE_LIMIT - text.length} />
    </form>
  )
}

function Counter({ id, left }: { readonly id: string; readonly left: number }) {
  if (left < 0) return <p id={id} class="counter over" role="status">{t("counter-over", { over: -left })}</p>
  return <p id={id} class="counter soft">{left <= MESSAGE_LIMIT - COUNTER_FROM ? t("counter-left", { left }) : ""}</p>
}
