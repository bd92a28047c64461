import type { RefObject } from "preact"
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks"
import type { Message } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { dayOf, formatDay } from "../format"
import { DownIcon } from "../icons"
import { byDay, type DayOfMessages } from "./days"
import { MessageItem } from "./MessageItem"

/** Within so many pixels of its end, the log counts as read to its end. */
const NEAR_PX = 48

interface MessageLogProps {
  readonly messages: readonly Message[]
  /** Set to the mark after the last message. */
  readonly end: RefObject<HTMLDivElement | null>
  /** A carer sees nothing from before: the log says so where it begins. */
  readonly fromNow: boolean
}

export function MessageLog({ messages, end, fromNow }: MessageLogProps) {
  const box = useRef<HTMLDivElement>(null)
  const following = useRef(true)
  const [more, setMore] = useState(false)
  const toEnd = () => {
    const log = box.current
    if (log !== null) log.scrollTop = log.scrollHeight
  }
  const onScroll = () => {
    const log = box.current
    if (log === null) return
    following.current = log.scrollHeight - log.scrollTop - log.clientHeight <= NEAR_PX
    if (following.current) setMore(false)
  }
  const last = messages.at(-1)
  useLayoutEffect(() => {
    if (following.current || last?.mine === true) toEnd()
    else setMore(true)
  }, [last?.id])
  useLayoutEffect(() => {
    if (following.current) toEnd()
  }, [messages])
  // The composer grows and the keyboard opens: who was at the end stays at the end.
  useEffect(() => {
    const log = box.current
    if (log === null) return
    const watch = new ResizeObserver(() => {
      if (following.current) toEnd()
    })
    watch.observe(log)
    return () => watch.disconnect()
  }, [])
  const days = useMemo(() => byDay(messages).map((day) => <Day key={day.messages[0]?.id} day={day} />), [messages, locale.value])
  return (
    <div class="log-frame">
      <div ref={box} class="log" role="log" aria-live="polite" aria-label={t("log")} tabIndex={0} onScroll={onScroll}>
        {fromNow && <p class="log-empty soft">{t("log-from-now")}</p>}
        {messages.length === 0 && !fromNow && <p class="log-empty soft">{t("log-empty")}</p>}
        {days}
        <div ref={end} class="log-end" />
      </div>
      {more && (
        <button type="button" class="button log-more" onClick={toEnd}>
          {t("new-messages")}<DownIcon />
        </button>
      )}
    </div>
  )
}

function Day({ day }: { readonly day: DayOfMessages }) {
  const which = dayOf(day.at, Date.now())
  const date = formatDay(day.at, locale.value)
  return (
    <>
      {which === "earlier" ? <p class="day"><span>{date}</span></p> : (
        <p class="day"><span class="on-screen">{t(`day-${which}`)}</span><span class="on-paper">{date}</span></p>
      )}
      {day.messages.map((message) => <MessageItem key={message.id} message={message} />)}
    </>
  )
}
