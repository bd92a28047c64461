import type { ComponentChildren } from "preact"
import type { Proof } from "../../core/model"
import { locale, t } from "../../strings/strings"
import { useEngine } from "../engine"
import { formatExact } from "../format"
import { BrokenIcon, DownloadIcon, ProofIcon, ShieldIcon } from "../icons"
import { Heading } from "../parts/Heading"
import { saveFile } from "../parts/saveFile"
import { entryName, logName } from "../words"

/** « Mes preuves »: what this person did, and what proves that it was recorded. */
export function Proofs({ back }: { readonly back: ComponentChildren }) {
  const engine = useEngine()
  const proofs = engine.proofs.value
  return (
    <section class="proofs plain">
      {back}
      <Heading of="proofs">{t("proofs-title")}</Heading>
      <p>{t("proofs-lead")}</p>
      <ProofList proofs={proofs.filter((proof) => !isTechnical(proof))} />
      <Technical proofs={proofs.filter(isTechnical)} />
      {proofs.length > 0 && <Outside />}
    </section>
  )
}

/** What a device does by itself. A receipt that was refused is never folded away. */
const TECHNICAL: readonly string[] = [
  "session.opened", "session.closed", "device.registered", "connection.opened", "key_packages.published", "key_package.claimed",
]

export function isTechnical({ what, state }: Proof): boolean {
  return state === "verified" && TECHNICAL.includes(what)
}

function ProofList({ proofs }: { readonly proofs: readonly Proof[] }) {
  if (proofs.length === 0) return <p class="soft">{t("proofs-empty")}</p>
  return <ol class="proof-list">{proofs.map((proof) => <ProofItem key={proof.id} proof={proof} />)}</ol>
}

function Technical({ proofs }: { readonly proofs: readonly Proof[] }) {
  if (proofs.length === 0) return null
  return (
    <details class="fold">
      <summary>{t("proofs-technical", { count: proofs.length })}</summary>
      <ProofList proofs={proofs} />
    </details>
  )
}

/** For whoever is asked to check: the log's key and the command, out of the way of the others. */
function Outside() {
  const engine = useEngine()
  const saveKeys = () => saveFile("colloque.vkey", engine.logKeys().map((line) => `${line}\n`).join(""))
  return (
    <details class="fold">
      <summary>{t("proofs-outside")}</summary>
      <p class="soft">{t("proofs-verify")} <code>{t("proofs-command")}</code></p>
      <button type="button" class="button" onClick={saveKeys}><DownloadIcon /><span>{t("proofs-key")}</span></button>
    </details>
  )
}

function ProofItem({ proof }: { readonly proof: Proof }) {
  const verified = proof.state === "verified"
  const State = verified ? ShieldIcon : BrokenIcon
  const file = `colloque-${proof.log}-${proof.index}.tlog-proof`
  return (
    <li class="proof">
      <ProofIcon />
      <div class="proof-words">
        <strong>{entryName(proof.what)}</strong>
        <span class="soft">{t("proof-place", { log: logName(proof.log), index: proof.index })}</span>
        <time class="soft" dateTime={new Date(proof.at).toISOString()}>{formatExact(proof.at, locale.value)}</time>
      </div>
      <span class={`verdict ${verified ? "good" : "bad"}`}><State />{t(`proof-${proof.state}`)}</span>
      <button type="button" class="button quiet" onClick={() => saveFile(file, proof.file)}>
        <DownloadIcon /><span>{t("proof-download")}<span class="visually-hidden"> {t("proof-number", { index: proof.index })}</span></span>
      </button>
    </li>
  )
}
