import { signal } from "@preact/signals"
import type { ComponentChildren } from "preact"
import { useEffect, useRef, useState } from "preact/hooks"
import type { CarerChoice, Conversation, Delegation, Scope } from "../../core/model"
import { language, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { BackIcon, CarersIcon } from "../icons"
import { Heading } from "../parts/Heading"
import { Notice, TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"
import { go, hrefOf } from "../route"
import { Loading } from "../screens/Plain"
import { CarerField } from "./CarerField"
import { daysFrom, endOf } from "./period"
import { DayField, ScopeFields } from "./ScopeFields"
import { offeredBy, READING } from "./scopes"
import { isOver } from "./standing"
import { shownIn, summaryOf, whichConversation } from "./words"

/** The last word on the page of carers after one has signed. */
export const signed = signal(false)

const STEPS = ["who", "where", "what", "check"] as const
type Step = (typeof STEPS)[number]

export interface Draft {
  readonly carer: string | null
  readonly conversation: string | null
  /** Besides reading. Nothing is ticked for anybody. */
  readonly scopes: readonly Scope[]
  readonly day: string
}

/** The first question that still wants an answer; the last step where none does. */
export function unanswered({ carer, conversation, day }: Draft, begins: number): Step {
  if (carer === null) return "who"
  if (conversation === null) return "where"
  return endOf(day, begins) === null ? "what" : "check"
}

/** A conversation in which somebody may be let in. */
export const delegable = ({ kind, readiness }: Conversation): boolean =>
  kind !== "private_aside" && readiness !== "removed" && readiness !== "refused"

/** Two never run at once: a renewal begins when the one before ends. */
export const beginsAt = (renewed: Delegation | undefined, now: number): number =>
  renewed !== undefined && !isOver(renewed) ? Math.max(now, renewed.notAfter) : now

function beginning(renewed: Delegation | undefined, conversations: readonly Conversation[], begins: number): Draft {
  const day = daysFrom(begins).chosen
  if (renewed !== undefined) return { carer: renewed.grantee, conversation: renewed.conversation, scopes: renewed.scopes.filter((scope) => scope !== READING), day }
  const only = conversations.length === 1 ? conversations[0] : undefined
  return { carer: null, conversation: only?.id ?? null, scopes: [], day }
}

/** « Autoriser un aidant », one question at a time; a renewal begins at its end. */
export function Delegate({ renewed }: { readonly renewed: string | null }) {
  const engine = useEngine()
  const { trouble, ask } = useOutcome()
  useEffect(() => void ask(() => engine.loadCarers()), [])
  const carers = engine.carers.value
  const before = engine.delegations.value.find(({ id }) => id === renewed)
  return (
    <section class="plain delegate">
      <a class="button quiet back" href={hrefOf({ kind: "carers" })}><BackIcon /><span>{t("carers-title")}</span></a>
      <Heading of="delegate">{t("carers-new")}</Heading>
      <TroubleNotice trouble={trouble} />
      {carers === null ? trouble === null && <Loading /> : <Steps carers={carers} renewed={before} />}
    </section>
  )
}

interface StepsProps {
  readonly carers: readonly CarerChoice[]
  readonly renewed: Delegation | undefined
}

function Steps({ carers, renewed }: StepsProps) {
  const engine = useEngine()
  const [now] = useState(Date.now)
  const begins = beginsAt(renewed, now)
  const conversations = engine.conversations.value.filter(delegable)
  const [draft, setDraft] = useState(() => beginning(renewed, conversations, begins))
  const [step, setStep] = useState<Step>(() => unanswered(draft, begins))
  const change = (changes: Partial<Draft>) => setDraft({ ...draft, ...changes })
  const at = STEPS.indexOf(step)
  const first = STEPS.indexOf(unanswered(draft, begins))
  const next = STEPS[at + 1]
  const previous = STEPS[at - 1]
  const name = carers.find(({ person }) => person === draft.carer)?.name ?? renewed?.granteeName ?? ""
  if (step === "check") return <Check draft={draft} name={name} now={now} begins={begins} back={() => setStep("what")} />
  const submit = (event: Event) => {
    event.preventDefault()
    if (next !== undefined && first > at) setStep(next)
  }
  return (
    <form class="steps" onSubmit={submit} key={step}>
      <Question step={step} title={t(`delegate-${step}`, { name })}>
        {step === "who" && <CarerField carers={carers} chosen={draft.carer} choose={(carer) => change({ carer })} linkable />}
        {step === "where" && <WhereField conversations={conversations} chosen={draft.conversation} choose={(conversation) => change({ conversation })} />}
        {step === "what" && (
          <>
            <ScopeFields offered={offeredBy("patient_mandate")} chosen={draft.scopes} choose={(scopes) => change({ scopes })} voice="you" />
            <DayField day={draft.day} choose={(day) => change({ day })} now={begins} />
          </>
        )}
      </Question>
      <div class="row">
        {previous !== undefined && <button type="button" class="button" onClick={() => setStep(previous)}>{t("delegate-back")}</button>}
        <button type="submit" class="button primary" disabled={first <= at}>{t("delegate-next")}</button>
      </div>
    </form>
  )
}

interface QuestionProps {
  readonly step: Step
  readonly title: string
  readonly children: ComponentChildren
}

/** The focus follows the question, except to the first, where the page's own heading has it. */
function Question({ step, title, children }: QuestionProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (step !== "who") heading.current?.focus()
  }, [])
  return (
    <fieldset>
      <legend><p class="soft">{t("delegate-step", { step: STEPS.indexOf(step) + 1, count: STEPS.length })}</p><h2 ref={heading} tabIndex={-1}>{title}</h2></legend>
      {children}
    </fieldset>
  )
}

interface WhereFieldProps {
  readonly conversations: readonly Conversation[]
  readonly chosen: string | null
  readonly choose: (conversation: string) => void
}

function WhereField({ conversations, chosen, choose }: WhereFieldProps) {
  if (conversations.length === 0) return <p>{t("delegate-nowhere")}</p>
  return (
    <div class="choices">
      {conversations.map((each) => (
        <label class="choice" key={each.id}>
          <input type="radio" name="conversation" checked={each.id === chosen} onChange={() => choose(each.id)} />
          <span>{whichConversation(each, "you")}</span>
        </label>
      ))}
    </div>
  )
}

interface CheckProps {
  readonly draft: Draft
  readonly name: string
  readonly now: number
  readonly begins: number
  readonly back: () => void
}

/** The sentence that is signed, alone on the page. */
function Check({ draft: { carer, conversation, scopes, day }, name, now, begins, back }: CheckProps) {
  const engine = useEngine()
  const { busy, trouble, ask } = useOutcome()
  const app = engine.app.value
  const until = endOf(day, begins)
  const from = begins > now ? begins : undefined
  if (carer === null || conversation === null || until === null) return null
  const text = summaryOf({
    carer: name, patient: app.kind === "ready" ? app.me.name : "", conversation: engine.conversations.value.find(({ id }) => id === conversation),
    scopes, until, mandate: "device", ...(from === undefined ? {} : { from }),
  }, now)
  const sign = async () => {
    const draft = { conversation, carer, scopes: [READING, ...scopes], notAfter: until, text, ...shownIn(language.value), ...(from === undefined ? {} : { notBefore: from }) }
    if (!await ask(() => engine.proposeDelegation(draft))) return
    signed.value = true
    go({ kind: "carers" })
  }
  return (
    <div class="steps">
      <Question step="check" title={t("delegate-check")}>
        <p class="summary">{text}</p>
        <Notice icon={CarersIcon}><p>{t("delegate-after", { name })}</p></Notice>
      </Question>
      <TroubleNotice trouble={trouble} />
      <div class="row">
        <button type="button" class="button" onClick={back}>{t("delegate-back")}</button>
        <button type="button" class="button primary" disabled={busy} onClick={sign}>{t("delegate-sign")}</button>
      </div>
    </div>
  )
}
