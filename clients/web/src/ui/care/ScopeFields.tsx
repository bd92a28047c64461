import { useId } from "preact/hooks"
import type { Scope } from "../../core/model"
import { t } from "../../strings/strings"
import { SentIcon } from "../icons"
import { daysFrom, endOf } from "./period"
import { FIRST, READING } from "./scopes"
import { scopeName, type Voice } from "./words"

interface ScopeFieldsProps {
  /** Besides reading and the first ones. */
  readonly offered: readonly Scope[]
  readonly chosen: readonly Scope[]
  readonly choose: (scopes: readonly Scope[]) => void
  readonly voice: Voice
}

/** Nothing is ticked for anybody; reading is said to belong to each. */
export function ScopeFields({ offered, chosen, choose, voice }: ScopeFieldsProps) {
  const box = (scope: Scope) => <ScopeBox key={scope} scope={scope} chosen={chosen} choose={choose} label={scopeName(scope, voice)} />
  return (
    <>
      <p class="with-icon always"><SentIcon />{t("delegate-reading")}</p>
      <div class="choices scope-choices">{FIRST.map(box)}</div>
      <details class="fold" open={offered.some((scope) => chosen.includes(scope))}>
        <summary>{t("delegate-more")}</summary>
        <div class="choices scope-choices">{offered.map(box)}</div>
      </details>
    </>
  )
}

interface ScopeBoxProps {
  readonly scope: Scope
  readonly chosen: readonly Scope[]
  readonly choose: (scopes: readonly Scope[]) => void
  readonly label: string
}

export function ScopeBox({ scope, chosen, choose, label }: ScopeBoxProps) {
  const others = chosen.filter((each) => each !== scope && each !== READING)
  return (
    <label class="choice">
      <input type="checkbox" checked={chosen.includes(scope)} onChange={(event) => choose(event.currentTarget.checked ? [...others, scope] : others)} />
      <span>{label}</span>
    </label>
  )
}

interface DayFieldProps {
  readonly day: string
  readonly choose: (day: string) => void
  readonly now: number
  readonly label?: string
}

export function DayField({ day, choose, now, label = t("delegate-day") }: DayFieldProps) {
  const id = useId()
  const { first, last } = daysFrom(now)
  const wrong = endOf(day, now) === null
  return (
    <div class="day-field">
      <h3>{t("delegate-until")}</h3>
      <label class="field-label" for={id}>{label}</label>
      <input id={id} type="date" required min={first} max={last} value={day} aria-describedby={`${id}-help`} aria-invalid={wrong} onInput={(event) => choose(event.currentTarget.value)} />
      <p id={`${id}-help`} class="soft" role="status">{t(wrong ? "delegate-day-wrong" : "delegate-day-help")}</p>
    </div>
  )
}
