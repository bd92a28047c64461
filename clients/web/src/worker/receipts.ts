/**
 * Receipts become proofs here, or visibly fail to. Log keys are pinned at first use; the largest
 * care checkpoint is kept, and any other of the same size with another root is an alarm.
 */
import { signedBy } from "../core/audit"
import { encodeHex, equal } from "../core/bytes"
import { fault } from "../core/faults"
import { VerificationError } from "../core/errors"
import type { Proof } from "../core/model"
import { parseCheckpoint, parseVerifierKey, type Checkpoint } from "../core/log/checkpoint"
import { verifyAct, verifyIssued, type Act } from "../core/receipt"
import type { Ok, Receipt, Welcomed } from "../core/wire"
import type { Context } from "./context"
import { MlsFault } from "./mls"
import type { Change } from "./vault"

export interface Done {
  readonly type: string | readonly string[]
  readonly conversation: string | null
  readonly message?: { readonly id: string; readonly body: Uint8Array | null; readonly tag: Uint8Array }
  readonly commit?: Uint8Array
  readonly certificate?: string
}

const CARE = "care"
const TECHNICAL = "technical"
const TECHNICAL_ACTS: readonly string[] = [
  "connection.opened", "device.registered", "key_packages.published", "group.info_told", "group.confirmed",
]
const CHECKPOINT = "checkpoint"
const KEY = "log_key"
const HUB_KEY = "hub_key"
const AUTHORITY = "authority"
const DEPLOYMENT = "deployment"
// Roots of checkpoints seen in this run: enough to meet a fork that is shown a little later.
const REMEMBERED = 4_096

export class LogKeyChanged extends Error {
  override readonly name = "LogKeyChanged"
}

export class HubKeyChanged extends Error {
  override readonly name = "HubKeyChanged"
}

export class Receipts {
  /** The signed note of the largest care checkpoint this device holds; rides in every message. */
  checkpoint = ""
  readonly proofs: Proof[] = []
  readonly #keys = new Map<string, string>()
  readonly #roots = new Map<number, Uint8Array>()

  /** Where a checkpoint that came with a proof is held against the others. */
  gossip: (note: string) => void = () => undefined

  constructor(private readonly context: Context) {}

  async load(): Promise<void> {
    this.checkpoint = (await this.context.vault.read("pins", CHECKPOINT)) ?? ""
    this.proofs.push(...await this.context.vault.all("proofs"))
    for (const log of [CARE, TECHNICAL]) {
      const key = await this.context.vault.read("pins", `${KEY}/${log}`)
      if (key !== null) this.#keys.set(log, key)
    }
    if (this.checkpoint !== "") this.#remember(parseCheckpoint(this.checkpoint).content)
  }

  get keys(): readonly string[] {
    return [...this.#keys.values()]
  }

  keyOf(log: string): string {
    return this.#keys.get(log) ?? ""
  }

  /** Pin what is new; a key that changed means that the log is another's. */
  async pin(logs: Readonly<Record<string, string>>): Promise<void> {
    const fresh: Change[] = []
    for (const [log, key] of Object.entries(logs)) {
      const pinned = this.#keys.get(log)
      if (pinned !== undefined && pinned !== key) throw new LogKeyChanged()
      if (pinned === undefined) fresh.push({ store: "pins", key: `${KEY}/${log}`, value: key })
      this.#keys.set(log, key)
    }
    if (fresh.length > 0) await this.context.vault.write(fresh)
  }

  /** The keys by which the hub proposes and people are certified, and the name that statements carry, are those of the first sight. */
  async pinHub({ hub_key: key, authority, deployment }: Pick<Welcomed, "hub_key" | "authority" | "deployment">): Promise<void> {
    const fresh: Change[] = []
    for (const [name, told] of [[HUB_KEY, encodeHex(key)], [AUTHORITY, encodeHex(authority)], [DEPLOYMENT, deployment]] as const) {
      const pinned = await this.context.vault.read("pins", name)
      if (pinned !== null && pinned !== told) throw new HubKeyChanged()
      if (pinned === null) fresh.push({ store: "pins", key: name, value: told })
    }
    if (fresh.length > 0) await this.context.vault.write(fresh)
  }

  /** What confirms an epoch leaves one entry where devices agree, and another where they do not. */
  takeConfirmation(ok: Ok, conversation: string): Promise<void> {
    const care = this.#keys.get(CARE)
    const forked = care !== undefined && ok.receipt?.log === parseVerifierKey(care).name
    return this.take(ok, forked ? { type: "group.forked", conversation } : { type: "group.confirmed", conversation: null })
  }

  /** Verify and keep the receipt of an act that changes nothing else here. */
  async take(ok: Ok, done: Done): Promise<void> {
    await this.context.vault.write(await this.changes(ok, done))
    this.context.changed()
  }

  /** The rows that keep this receipt, to be written with what the act changed. */
  changes(ok: Ok, done: Done): Promise<readonly Change[]> {
    if (ok.receipt === null) return this.#unproven()
    const { proof, changes } = this.#verified(ok.receipt, done)
    const known = this.proofs.some((one) => one.id === proof.id)
    // Only an act with an id of its own may earn the same receipt again; any other was not logged.
    if (known) return isRepeatable(done) ? Promise.resolve(changes) : this.#unproven()
    this.proofs.push(proof)
    return Promise.resolve([...changes, { store: "proofs", key: proof.id, order: this.proofs.length, value: proof }])
  }

  #unproven(): Promise<readonly Change[]> {
    this.context.alarm(fault("C_RECEIPT"))
    return Promise.resolve([])
  }

  /** Throw `MlsFault` unless this log issued the certificate. */
  proveIdentity(receipt: Receipt, person: string, certificate: string): void {
    try {
      const { checkpoint, checkpointText } = verifyIssued(receipt, this.keyOf(CARE), person, certificate)
      if (this.differs(checkpoint)) this.context.alarm(fault("C_LOG_FORKED"))
      this.gossip(checkpointText)
    } catch (error) {
      if (error instanceof VerificationError) throw new MlsFault("unproven_identity")
      throw error
    }
  }

  /** A checkpoint of the care log, if its pinned key signed it. */
  signed(note: string): Checkpoint | null {
    const key = this.#keys.get(CARE)
    return key === undefined ? null : signedBy(key, note)
  }

  /** The largest care checkpoint that this device holds. */
  get head(): Checkpoint | null {
    return this.checkpoint === "" ? null : parseCheckpoint(this.checkpoint).content
  }

  /** Whether the log was shown here with another root at this size. */
  differs({ size, root }: Checkpoint): boolean {
    const known = this.#roots.get(size)
    return known !== undefined && !equal(known, root)
  }

  knows({ size }: Checkpoint): boolean {
    return this.#roots.has(size)
  }

  /** Take a checkpoint that agrees with what is held. */
  async observe(checkpoint: Checkpoint, note: string): Promise<void> {
    const changes = this.#observe(checkpoint, note)
    if (changes.length > 0) await this.context.vault.write(changes)
  }

  #verified(receipt: Receipt, done: Done): { proof: Proof; changes: readonly Change[] } {
    const what = typeof done.type === "string" ? done.type : done.type[0] ?? ""
    const seen = { id: `${receipt.log}/${receipt.index}`, conversation: done.conversation, log: receipt.log, index: receipt.index }
    try {
      const { entry, checkpoint, checkpointText, file } = verifyAct(receipt, this.#keyFor(done), actOf(done), this.#actor())
      const changes = logOf(done) === CARE ? this.#observe(checkpoint, checkpointText) : []
      return { proof: { ...seen, what: entry.type, at: entry.ts / 1000, state: "verified", file }, changes }
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error
      this.context.alarm(fault("C_RECEIPT"))
      return { proof: { ...seen, id: `${seen.id}/refused`, what, at: this.context.clock.now(), state: "refused", file: receipt.proof }, changes: [] }
    }
  }

  /** By the act, not by what the receipt says: the log kept for a year is not the one kept for ten. */
  #keyFor(done: Done): string {
    const key = this.#keys.get(logOf(done))
    if (key === undefined) throw new VerificationError("wrong_origin", "no pinned key of this log")
    return key
  }

  #largest(): number {
    return this.head?.size ?? -1
  }

  #actor(): { person: string; device: string } {
    return { person: this.context.me?.person ?? "", device: this.context.device.device }
  }

  #observe(checkpoint: Checkpoint, note: string): readonly Change[] {
    if (this.differs(checkpoint)) this.context.alarm(fault("C_LOG_FORKED"))
    const largest = this.#largest()
    this.#remember(checkpoint)
    if (checkpoint.size <= largest) return []
    this.checkpoint = note
    return [{ store: "pins", key: CHECKPOINT, value: note }]
  }

  #remember({ size, root }: Checkpoint): void {
    if (!this.#roots.has(size)) this.#roots.set(size, root)
    const oldest = this.#roots.keys().next()
    if (this.#roots.size > REMEMBERED && !oldest.done) this.#roots.delete(oldest.value)
  }
}

function typesOf({ type }: Done): readonly string[] {
  return typeof type === "string" ? [type] : type
}

function logOf(done: Done): string {
  return typesOf(done).every((one) => TECHNICAL_ACTS.includes(one)) ? TECHNICAL : CARE
}

function isRepeatable(done: Done): boolean {
  return done.message !== undefined || done.commit !== undefined || done.type === "dispensation.started" || done.certificate !== undefined
}

function actOf(done: Done): Act {
  const types = typesOf(done)
  const ciphertext = done.message?.body ?? done.commit
  return {
    types, conversation: done.conversation,
    ...(ciphertext === undefined ? {} : { ciphertext }),
    ...(done.certificate === undefined ? {} : { certificate: done.certificate }),
    ...(done.message === undefined ? {} : { message: { id: done.message.id, tag: done.message.tag } }),
  }
}

/** How a checkpoint that was found intact is remembered between runs. */
export function seenText(size: number, root: string): string {
  return `${size} ${root}`
}

