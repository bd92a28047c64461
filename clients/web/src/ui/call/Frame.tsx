import type { ComponentChildren } from "preact"
import { useContext, useEffect, useRef } from "preact/hooks"
import { t } from "../../strings/strings"
import { MessagesIcon } from "../icons"
import { HeadingLevel } from "../parts/Heading"
import { messagesFirst } from "./where"

interface FrameProps {
  readonly kind: string
  readonly title: string
  /** Under the title. */
  readonly clock?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly unread: number
  readonly children: ComponentChildren
}

/** The call's screen: its title takes the focus when the screen changes, unless somebody writes beside it. */
export function Frame({ kind, title, clock, actions, unread, children }: FrameProps) {
  const box = useRef<HTMLElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const Title = useContext(HeadingLevel) === 1 ? "h1" : "h2"
  useEffect(() => {
    if (isFree(document.activeElement, box.current)) heading.current?.focus({ preventScroll: true })
  }, [kind])
  return (
    <section ref={box} class={`call-panel call-${kind}`} aria-label={t("call")}>
      <header class="call-head">
        <div class="call-title">
          <Title ref={heading} tabIndex={-1}>{title}</Title>
          {clock}
        </div>
        {actions}
        <MessagesToggle unread={unread} />
      </header>
      {children}
    </section>
  )
}

/** Nobody holds the focus elsewhere: it is lost, in this screen, or where a page that was just opened has put it. */
function isFree(held: Element | null, box: Element | null): boolean {
  return held === null || held === document.body || held.hasAttribute("data-arrival") || box?.contains(held) === true
}

/** On a telephone the messages come under a small call, and go again. */
function MessagesToggle({ unread }: { readonly unread: number }) {
  const first = messagesFirst.value
  return (
    <button type="button" class="button quiet to-messages" aria-pressed={first} onClick={() => (messagesFirst.value = !first)}>
      <MessagesIcon /><span>{t("log")}</span>
      {unread > 0 && <span class="badge"><span aria-hidden="true">{unread}</span><span class="visually-hidden">{t("unread", { count: unread })}</span></span>}
    </button>
  )
}

/** Bring the messages forward and begin to write. */
export function writeInstead(): void {
  messagesFirst.value = true
  // The messages are shown with the next render.
  requestAnimationFrame(() => document.querySelector<HTMLElement>(".composer textarea")?.focus())
}
