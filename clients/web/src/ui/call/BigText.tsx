import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks"
import type { Tile } from "../../core/model"
import { t } from "../../strings/strings"
import { useEngine } from "../engine"

/** What fits over a picture and in one beat of the line between two people. */
const LIMIT = 200
/** A long text is written smaller, to be seen whole. */
const LONG = 60
/** Somebody who pauses that long has finished the words. */
const SETTLED_MS = 1000

/** « Écrire en grand »: what I write stands large on both sides, as I write it. */
export function BigTextField({ close }: { readonly close: () => void }) {
  const { calls } = useEngine()
  const id = useId()
  const field = useRef<HTMLTextAreaElement>(null)
  // Before the next key: it is meant for the field.
  useLayoutEffect(() => field.current?.focus(), [])
  // The words under the pictures take room: the field stays above the buttons all the same.
  const { bigText } = calls.media.value
  useEffect(() => field.current?.scrollIntoView({ block: "nearest" }), [bigText !== ""])
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return
    event.preventDefault()
    close()
  }
  const erase = () => {
    calls.setBigText("")
    field.current?.focus()
  }
  return (
    <div class="big-text-field" onKeyDown={onKeyDown}>
      <label class="field-label" for={id}>{t("call-big-text-label")}</label>
      <textarea ref={field} id={id} rows={1} maxLength={LIMIT} value={bigText} onInput={(event) => calls.setBigText(event.currentTarget.value)} />
      <button type="button" class="button" onClick={erase}>{t("call-erase")}</button>
    </div>
  )
}

/** What each writes in large letters, under the pictures: no picture covers a word. */
export function Captions({ tiles, mine }: { readonly tiles: readonly Tile[]; readonly mine: string }) {
  return (
    <div class="captions" tabIndex={0}>
      {tiles.filter(({ bigText }) => bigText !== "").map(({ person, name, bigText }) => <Caption key={person} who={t("call-writes", { name })} text={bigText} />)}
      {mine !== "" && <Caption who={t("call-you-write")} text={mine} />}
    </div>
  )
}

function Caption({ who, text }: { readonly who: string; readonly text: string }) {
  return (
    <p class={text.length > LONG ? "caption caption-long" : "caption"}>
      <span class="caption-who">{who}</span>
      <span>{text}</span>
    </p>
  )
}

/** What the others write, read aloud once they pause: not letter by letter. */
export function SpokenCaptions({ tiles }: { readonly tiles: readonly Tile[] }) {
  const text = tiles.filter(({ bigText }) => bigText !== "").map(({ name, bigText }) => `${t("call-writes", { name })} ${bigText}`).join(" ")
  const [said, setSaid] = useState("")
  useEffect(() => {
    const timer = setTimeout(() => setSaid(text), SETTLED_MS)
    return () => clearTimeout(timer)
  }, [text])
  return <p class="visually-hidden" role="status">{said}</p>
}
