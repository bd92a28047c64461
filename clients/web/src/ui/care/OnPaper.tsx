import { useEffect, useId, useState } from "preact/hooks"
import type { Conversation, LegalBasis, Mandate, Scope } from "../../core/model"
import { language, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { Dialog } from "../parts/Dialog"
import { TroubleNotice } from "../parts/Notice"
import { useOutcome } from "../parts/useOutcome"
import { nameOf, slug } from "../words"
import { CarerField } from "./CarerField"
import { Tick } from "./Confirm"
import { fingerprintOf } from "./evidence"
import { daysFrom, endOf } from "./period"
import { DayField, ScopeFields } from "./ScopeFields"
import { basesOf, offeredBy, READING } from "./scopes"
import { shownIn, summaryOf } from "./words"

type OnPaperMandate = Exclude<Mandate, "device">

/** A patient who holds a device signs for themselves: nobody attests a paper for them. */
export function mandatesFor({ members, patient }: Pick<Conversation, "members" | "patient">): readonly OnPaperMandate[] {
  const signs = members.some(({ person, state }) => person === patient && state === "joined")
  return signs ? ["evidence"] : ["paper", "evidence"]
}

export interface Attested {
  readonly mandate: OnPaperMandate
  readonly basis: LegalBasis
  readonly carer: string | null
  readonly scopes: readonly Scope[]
  readonly day: string
  readonly hash: string
  readonly issuer: string
  readonly identity: boolean
  readonly alone: boolean
}

/** The key of what is still missing, or null. Two pharmacists may attest a paper that they both saw; else the document is named. */
export function lackingHere({ mandate, carer, day, hash, issuer, identity, alone }: Attested, now: number): string | null {
  if (carer === null) return "paper-missing-carer"
  if (endOf(day, now) === null) return "delegate-day-wrong"
  if ((alone || mandate === "evidence") && (hash === "" || issuer.trim() === "")) return "paper-missing-file"
  return identity ? null : "paper-missing-identity"
}

interface OnPaperProps {
  readonly conversation: Conversation
  readonly onClose: () => void
}

/** A patient without a device, or a legal representative: pharmacists attest what they saw. */
export function OnPaper({ conversation, onClose }: OnPaperProps) {
  const engine = useEngine()
  const { trouble, ask } = useOutcome()
  useEffect(() => void ask(() => engine.loadCarers(conversation.patient)), [])
  return (
    <Dialog title={t("paper-title")} onClose={onClose}>
      <p class="soft">{t("paper-lead")}</p>
      <TroubleNotice trouble={trouble} />
      {engine.carers.value !== null && <Form conversation={conversation} onClose={onClose} />}
    </Dialog>
  )
}

function Form({ conversation, onClose }: OnPaperProps) {
  const engine = useEngine()
  const [now] = useState(Date.now)
  const mandates = mandatesFor(conversation)
  const [form, setForm] = useState<Attested>({
    mandate: mandates[0] ?? "evidence", basis: basesOf(mandates[0] ?? "evidence")[0] ?? "patient_mandate", carer: null, scopes: [], day: daysFrom(now).chosen, hash: "", issuer: "", identity: false, alone: false,
  })
  const change = (changes: Partial<Attested>) => setForm({ ...form, ...changes })
  const { busy, trouble, ask } = useOutcome()
  const patient = nameOf(conversation.members, conversation.patient)
  const carers = engine.carers.value ?? []
  const { mandate, basis, carer, day, hash, alone } = form
  const scopes = form.scopes.filter((scope) => [...offeredBy(basis), "conversation.send", "call.join", "delivery.receive"].includes(scope))
  const missing = lackingHere(form, now)
  const until = endOf(day, now)
  const text = summaryOf({ carer: carers.find(({ person }) => person === carer)?.name ?? "…", patient, conversation, scopes, until: until ?? now, mandate }, now)
  const submit = async (event: Event) => {
    event.preventDefault()
    if (missing !== null || carer === null || until === null) return
    const evidence = hash === "" ? {} : { evidence: { hash, issuer: form.issuer.trim() } }
    const draft = { conversation: conversation.id, carer, scopes: [READING, ...scopes], notAfter: until, text, ...shownIn(language.value), basis, mandate, alone, ...evidence }
    if (await ask(() => engine.proposeDelegation(draft))) onClose()
  }
  return (
    <form class="dispensation" onSubmit={submit}>
      <Kind form={form} change={change} mandates={mandates} />
      <fieldset><legend>{t("paper-carer", { name: patient })}</legend><CarerField carers={carers} chosen={carer} choose={(person) => change({ carer: person })} /></fieldset>
      <fieldset>
        <legend>{t("paper-what")}</legend>
        <ScopeFields offered={offeredBy(basis)} chosen={scopes} choose={(chosen) => change({ scopes: chosen })} voice="they" />
      </fieldset>
      <DayField day={day} choose={(chosen) => change({ day: chosen })} now={now} label={mandate === "evidence" ? t("paper-end") : t("delegate-day")} />
      <Evidence form={form} change={change} />
      <fieldset>
        <Tick on={form.identity} set={(identity) => change({ identity })} label={t("paper-identity")} />
        <label class="choice inline"><input type="radio" name="second" checked={!alone} onChange={() => change({ alone: false })} /><span>{t("paper-second")}</span></label>
        <label class="choice inline"><input type="radio" name="second" checked={alone} onChange={() => change({ alone: true })} /><span>{t("paper-alone")}</span></label>
      </fieldset>
      {carer !== null && until !== null && <p class="summary">{text}</p>}
      <TroubleNotice trouble={trouble} />
      <div class="dialog-foot">
        <p class="soft" role="status">{t(missing ?? "paper-ready")}</p>
        <button type="submit" class="button primary" disabled={missing !== null || busy}>{t("paper-attest")}</button>
      </div>
    </form>
  )
}

interface PartProps {
  readonly form: Attested
  readonly change: (changes: Partial<Attested>) => void
}

function Kind({ form, change, mandates }: PartProps & { readonly mandates: readonly OnPaperMandate[] }) {
  const id = useId()
  const choose = (mandate: OnPaperMandate) => change({ mandate, basis: basesOf(mandate)[0] ?? form.basis })
  const pick = (value: string) => change({ basis: basesOf(form.mandate).find((basis) => basis === value) ?? form.basis })
  return (
    <fieldset>
      <legend>{t("paper-kind")}</legend>
      <div class="choices">
        {mandates.map((each) => (
          <label class="choice" key={each}><input type="radio" name="mandate" checked={each === form.mandate} onChange={() => choose(each)} /><span>{t(`paper-kind-${each}`)}</span></label>
        ))}
      </div>
      {mandates.length === 1 && <p class="soft">{t("paper-signs-alone")}</p>}
      <label class="field-label" for={id}>{t("paper-basis")}</label>
      <select id={id} value={form.basis} onChange={(event) => pick(event.currentTarget.value)}>
        {basesOf(form.mandate).map((basis) => <option key={basis} value={basis}>{t(`basis-${slug(basis)}`)}</option>)}
      </select>
    </fieldset>
  )
}

/** The document stays here: what is signed is its fingerprint and who issued it. */
function Evidence({ form: { hash, issuer }, change }: PartProps) {
  const id = useId()
  const read = async (file: File | undefined) => change({ hash: file === undefined ? "" : await fingerprintOf(file) })
  return (
    <div class="note-field">
      <label class="field-label" for={`${id}-file`}>{t("paper-file")}</label>
      <input id={`${id}-file`} type="file" accept="image/*,application/pdf" aria-describedby={`${id}-help`} onChange={(event) => void read(event.currentTarget.files?.[0])} />
      <p id={`${id}-help`} class="soft">{t("paper-file-help")}</p>
      <p class="soft" role="status">{hash === "" ? "" : t("paper-hash", { hash })}</p>
      <label class="field-label" for={`${id}-issuer`}>{t("paper-issuer")}</label>
      <input id={`${id}-issuer`} maxLength={120} value={issuer} onInput={(event) => change({ issuer: event.currentTarget.value })} />
    </div>
  )
}
