import { useEffect, useId, useRef, useState } from "preact/hooks"
import type { Motive, Patient, Trouble } from "../../core/model"
import { t } from "../../strings/strings"
import { begun } from "../conversation/Composer"
import { useEngine } from "../engine"
import { foldForSearch } from "../format"
import { ClockIcon, LockIcon, SentIcon } from "../icons"
import { Dialog } from "../parts/Dialog"
import { TroubleNotice } from "../parts/Notice"
import { go } from "../route"
import { MOTIVES } from "../words"

/** What a long list shows at once: the filter reaches the rest. */
const SHOWN = 60

export interface Choice {
  readonly patient: string | null
  readonly motive: Motive | null
  readonly note: string
}

/** The key of what is still missing, or null: no motive, no start. */
export function missing({ patient, motive, note }: Choice): string | null {
  if (patient === null) return "dispensation-missing-patient"
  if (motive === null) return "dispensation-missing-motive"
  return motive === "other" && note.trim() === "" ? "dispensation-missing-note" : null
}

export function matching(patients: readonly Patient[], filter: string): readonly Patient[] {
  const words = foldForSearch(filter).split(/\s+/)
  return patients.filter(({ name }) => words.every((word) => foldForSearch(name).includes(word)))
}

export function NewDispensation({ onClose }: { readonly onClose: () => void }) {
  const engine = useEngine()
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const fail = (outcome: { readonly ok: true } | { readonly ok: false; readonly trouble: Trouble }) =>
    setTrouble(outcome.ok ? null : outcome.trouble)
  useEffect(() => void engine.loadPatients().then(fail), [])
  const start = async (patient: string, motive: Motive, note: string) => {
    const outcome = await engine.startDispensation(patient, motive, note)
    fail(outcome)
    if (!outcome.ok) return
    begun.value = outcome.id
    onClose()
    go({ kind: "conversation", id: outcome.id })
  }
  return (
    <Dialog title={t("dispensation-new")} onClose={onClose}>
      <DispensationForm patients={engine.patients.value} start={start} />
      <TroubleNotice trouble={trouble} />
    </Dialog>
  )
}

interface FormProps {
  readonly patients: readonly Patient[] | null
  readonly start: (patient: string, motive: Motive, note: string) => Promise<void>
}

function DispensationForm({ patients, start }: FormProps) {
  const [filter, setFilter] = useState("")
  const [chosen, setChosen] = useState<string | null>(null)
  const [motive, setMotive] = useState<Motive | null>(null)
  const [note, setNote] = useState("")
  const [busy, setBusy] = useState(false)
  const found = matching(patients ?? [], filter)
  const only = found.length === 1 ? found[0]?.person : undefined
  const patient = found.some(({ person }) => person === chosen) ? chosen : (only ?? null)
  const lacking = missing({ patient, motive, note })
  const form = useRef<HTMLFormElement>(null)
  const settled = only !== undefined && filter === ""
  // The patients may come after the dialog: where there is but one to choose, the motive is the first question.
  useEffect(() => {
    if (patients === null || !settled || document.activeElement?.matches(".dispensation [type=search]") !== true) return
    form.current?.querySelector<HTMLElement>("[name=motive]")?.focus()
  }, [patients === null])
  const submit = async (event: Event) => {
    event.preventDefault()
    if (patient === null || motive === null || lacking !== null || busy) return
    setBusy(true)
    await start(patient, motive, motive === "other" ? note.trim() : "")
    setBusy(false)
  }
  return (
    <form ref={form} class="dispensation" onSubmit={submit}>
      <PatientField patients={patients} found={found} filter={filter} setFilter={setFilter} chosen={patient} choose={setChosen} settled={settled} />
      <MotiveField motive={motive} choose={setMotive} first={settled} />
      {motive === "other" && <NoteField note={note} write={setNote} />}
      <div class="dialog-foot">
        <p class="soft" role="status">{lacking === null ? t("dispensation-ready") : t(lacking)}</p>
        <button type="submit" class="button primary" disabled={lacking !== null || busy}>{t("dispensation-start")}</button>
      </div>
    </form>
  )
}

interface PatientFieldProps {
  readonly patients: readonly Patient[] | null
  readonly found: readonly Patient[]
  readonly filter: string
  readonly setFilter: (value: string) => void
  readonly chosen: string | null
  readonly choose: (person: string) => void
  /** There is but one patient to choose. */
  readonly settled: boolean
}

function PatientField({ patients, found, filter, setFilter, chosen, choose, settled }: PatientFieldProps) {
  const id = useId()
  return (
    <fieldset>
      <legend>{t("dispensation-patient")}</legend>
      <label class="field-label" for={id}>{t("dispensation-filter")}</label>
      <input id={id} type="search" autocomplete="off" autofocus={!settled} value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
      <div class="choices scroll">
        {found.slice(0, SHOWN).map((patient) => (
          <PatientChoice key={patient.person} patient={patient} chosen={patient.person === chosen} choose={choose} />
        ))}
      </div>
      <p class="soft" role="status">{patientsSentence(patients, found.length)}</p>
    </fieldset>
  )
}

function patientsSentence(patients: readonly Patient[] | null, found: number): string {
  if (patients === null) return t("loading")
  if (patients.length === 0) return t("dispensation-no-patients")
  return found > SHOWN ? t("dispensation-more", { count: found - SHOWN }) : t("dispensation-found", { count: found })
}

interface PatientChoiceProps {
  readonly patient: Patient
  readonly chosen: boolean
  readonly choose: (person: string) => void
}

function PatientChoice({ patient: { person, name, reachable }, chosen, choose }: PatientChoiceProps) {
  return (
    <label class="choice">
      <input type="radio" name="patient" checked={chosen} onChange={() => choose(person)} />
      <span>{name}</span>
      <span class="reach soft">{reachable ? <SentIcon /> : <ClockIcon />}{t(reachable ? "reachable" : "waiting-for-device")}</span>
    </label>
  )
}

interface MotiveFieldProps {
  readonly motive: Motive | null
  readonly choose: (motive: Motive) => void
  /** The dialog begins here. */
  readonly first: boolean
}

function MotiveField({ motive, choose, first }: MotiveFieldProps) {
  return (
    <fieldset>
      <legend>{t("dispensation-motive")}</legend>
      <div class="choices pairs">
        {MOTIVES.map((each, at) => (
          <label class="choice" key={each}>
            <input type="radio" name="motive" autofocus={first && at === 0} checked={each === motive} onChange={() => choose(each)} />
            <span>{t(`motive-choice-${each}`)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function NoteField({ note, write }: { readonly note: string; readonly write: (value: string) => void }) {
  const id = useId()
  return (
    <div class="note-field">
      <label class="field-label" for={id}>{t("dispensation-note")}</label>
      <textarea id={id} rows={2} maxLength={500} value={note} aria-describedby={`${id}-help`} onInput={(event) => write(event.currentTarget.value)} />
      <p id={`${id}-help`} class="soft with-icon"><LockIcon />{t("dispensation-note-help")}</p>
    </div>
  )
}
