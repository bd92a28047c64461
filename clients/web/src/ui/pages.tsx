/** Pages and parts that are fetched when they are first shown, each with the sentences it says. */
import { t } from "../strings/strings"
import { later } from "./parts/later"
import { Notice } from "./parts/Notice"
import { Loading, LoadingPage, Failure } from "./screens/Plain"

const INSIDE = { waiting: Loading, failed: () => <Notice><p>{t("failed-code-body")}</p></Notice> }
const WHOLE = { waiting: LoadingPage, failed: () => <Failure fault="code" /> }
const nothing = () => null
const BESIDE = { waiting: nothing, failed: nothing }

async function log() {
  const loaded = await import("./accesses/screens")
  await loaded.learnLog()
  return loaded
}

async function patient() {
  const loaded = await import("./care/patient")
  await loaded.learnCare()
  return loaded
}

async function identity() {
  const loaded = await import("./identity/screens")
  await loaded.learnCare()
  return loaded
}

export const Proofs = later(async () => (await log()).Proofs, INSIDE)
export const Accesses = later(async () => {
  // A refusal is said in the words of delegations.
  const [{ Accesses }, { learnCare }] = await Promise.all([log(), import("./care/sentences")])
  await learnCare()
  return Accesses
}, INSIDE)
export const Carers = later(async () => (await patient()).Carers, INSIDE)
export const Delegate = later(async () => (await patient()).Delegate, INSIDE)
export const PatientStrip = later(async () => (await patient()).PatientStrip, BESIDE)
export const Devices = later(async () => (await identity()).Devices, INSIDE)
export const NeedsLink = later(async () => (await identity()).NeedsLink, WHOLE)
export const Compare = later(async () => (await identity()).Compare, INSIDE)
export const IdentityBanners = later(async () => (await identity()).IdentityBanners, BESIDE)

export const Staff = later(async () => {
  const [{ Staff }, { learnCare }] = await Promise.all([import("./staff/Staff"), import("./care/sentences")])
  await learnCare()
  return Staff
}, WHOLE)
export const Carer = later(async () => {
  const loaded = await import("./care/carer")
  await loaded.learnCare()
  return loaded.Carer
}, WHOLE)
export const Control = later(async () => {
  // A trail also tells of calls and of delegations.
  const [{ learnCalls }, { learnCare }, { learnLog }, { Control }] = await Promise.all([
    import("./call/sentences"), import("./care/sentences"), import("./accesses/sentences"), import("./officer/Control"),
  ])
  await Promise.all([learnCalls(), learnCare(), learnLog()])
  return Control
}, WHOLE)
