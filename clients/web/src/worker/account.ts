/**
 * This person's account on this device: its key, the certificates, and how the key comes from and goes to
 * the person's other devices. The key is unwrapped for each signature and overwritten after it.
 */
import { equal } from "../core/bytes"
import { VerificationError } from "../core/errors"
import { fault } from "../core/faults"
import type { CodeOutcome, Identity, LinkRequest, OwnDevice, Outcome } from "../core/model"
import { generateKeyPair } from "../core/mls/hpke"
import { SUITE_1 } from "../core/mls/suites"
import { fingerprintDigits, fingerprintText, linkDigits, openSeed, recoveryCode, sealSeed, unwrapSeed, wrapSeed, type NewDevice } from "../core/policy/account"
import { credentialOf, verifyIdentity, type Trust } from "../core/policy/identity"
import {
  DEVICE_CERTIFICATE, DEVICE_REVOCATION, ENROLMENT, UnverifiedStatement, signStatement, type IdentityCertificate, type Statement,
} from "../core/policy/statements"
import { uuidBytes, uuidText } from "../core/uuid"
import type { Welcomed } from "../core/wire"
import { readDevices, readEnrolled, readRecovery, type LinkAsked } from "../core/wireCare"
import type { Believing } from "./believing"
import { hubNowUs, type Context } from "./context"
import type { Credential } from "./mls"
import { hashOf } from "./people"
import type { Receipts } from "./receipts"
import { RefusedByHub } from "./requests"
import type { AccountRecord, Change } from "./vault"

const KEY = "this"
const NOTHING = new Uint8Array()
// The hub's clock, and ours, when the certificate is read.
const SLACK_US = 3_600_000_000
const MAX_LINK_REQUESTS = 8
const DONE: Outcome = { ok: true }
/** Whom a leaf may be of; the others have no account key. */
const PARTICIPANTS: readonly string[] = ["patient", "carer", "pharmacist", "technician"]

interface Asking {
  readonly privateKey: Uint8Array
  readonly digits: string
}

export class Account {
  #record: AccountRecord | null = null
  #hasSeed = false
  /** The key of our own request to be let in, for this run alone. */
  #asking: Asking | null = null
  #recovery: Uint8Array = NOTHING
  readonly #requests = new Map<string, LinkAsked>()
  /** This device may speak now, and could not before. */
  ready: () => void = () => undefined

  constructor(
    private readonly context: Context, private readonly receipts: Receipts, private readonly believing: Believing,
  ) {}

  async load(): Promise<void> {
    this.#record = await this.context.vault.read("account", KEY)
    this.#hasSeed = (await this.context.vault.keys("seed")).length > 0
  }

  /** Whether this device may speak: it has the account key, and both certificates (staff: all three). */
  get isReady(): boolean {
    const { me } = this.context
    if (me === null || !PARTICIPANTS.includes(me.role)) return me !== null
    const record = this.#record
    return record !== null && this.#hasSeed && record.identity.length > 0 && record.device.length > 0
  }

  get aik(): Uint8Array | null {
    return this.isReady ? this.#record?.aik ?? null : null
  }

  /** What this device's leaves hold; null where it can have none (yet): staff wait for the owner's word. */
  get credential(): Credential | null {
    const record = this.#record
    if (!this.isReady || record === null || this.#waitsForOwner(record)) return null
    return credentialOf({ identity: record.identity, device: record.device, staff: record.staff })
  }

  get certificate(): IdentityCertificate | null {
    const { identity } = this.#record ?? {}
    return identity === undefined || identity.length === 0 ? null : verifyIdentity(identity, this.#trust)
  }

  #waitsForOwner({ staff, aik }: AccountRecord): boolean {
    const role = this.context.me?.role ?? ""
    return (role === "pharmacist" || role === "technician") && staff.length === 0 && !this.context.people.isOwner(aik)
  }

  get view(): Identity {
    const { me } = this.context
    if (me === null || !PARTICIPANTS.includes(me.role)) return { kind: "none" }
    if (!this.isReady) return { kind: "needs_link", digits: this.#asking?.digits ?? null, recovery: this.#recovery.length > 0 }
    const aik = this.#record?.aik ?? NOTHING
    return {
      kind: "ready", fingerprint: fingerprintText(me.deployment, me.person, aik), digits: fingerprintDigits(me.person, aik),
      recoveryKept: this.#record?.recoveryKept ?? false,
    }
  }

  get requests(): readonly LinkRequest[] {
    return [...this.#requests.values()].map((asked) => ({ device: asked.device, digits: linkDigits(deviceOf(asked), asked.init_key) }))
  }

  /** The signature of this person, as long as it takes. */
  async sign<T>(kind: Statement<T>, content: T): Promise<Uint8Array> {
    const kept = await this.context.vault.read("seed", KEY)
    if (kept === null) throw new Error("no account key on this device")
    try {
      return signStatement(kind, content, kept.seed)
    } finally {
      kept.seed.fill(0)
    }
  }

  /** At hello: what the hub has of this person and device, where it is of the key that is here. */
  async welcomed({ identity, device_certificate: device, staff }: Welcomed): Promise<void> {
    if (!this.#hasSeed || identity.length === 0) return
    const { aik } = verifyIdentity(identity, this.#trust)
    if (!equal(aik, await this.#ownAik())) return this.#forget()
    const ours = device.length > 0 && this.#isOurs(device, aik)
    const recoveryKept = this.#record?.recoveryKept ?? false
    await this.#keep({ person: this.#person, aik, identity, staff, device: ours ? device : NOTHING, recoveryKept })
  }

  /** Of the key that is here, whether or not its certificate has come yet. */
  async #ownAik(): Promise<Uint8Array> {
    const seed = await this.#ownSeed()
    const aik = SUITE_1.signature.publicKey(seed)
    seed.fill(0)
    return aik
  }

  /** Another device was first, or the key was revoked: the one that is here is nobody's. */
  async #forget(): Promise<void> {
    await this.context.vault.write([{ store: "account", key: KEY, value: null }, { store: "seed", key: KEY, value: null }])
    this.#record = null
    this.#hasSeed = false
    this.context.changed()
  }

  #isOurs(certificate: Uint8Array, aik: Uint8Array): boolean {
    try {
      const { person, device, signatureKey } = UnverifiedStatement.decode(DEVICE_CERTIFICATE, certificate).verify(aik)
      const own = this.context.device
      return uuidText(person) === this.#person && uuidText(device) === own.device && equal(signatureKey, own.publicKey)
    } catch (error) {
      if (error instanceof VerificationError) return false
      throw error
    }
  }

  /** After hello: whatever can be done to be able to speak. */
  async settle(): Promise<void> {
    const { me } = this.context
    if (me === null || !PARTICIPANTS.includes(me.role)) return
    if (me.identity.length === 0) await this.#enrol()
    else if (!this.#hasSeed) return this.#lookForRecovery()
    if (this.#record?.device.length === 0) await this.#certifySelf()
    await this.#prove(me)
  }

  /** The key is durable before the hub hears of it: asked again, the hub gives the same certificate. */
  async #enrol(): Promise<void> {
    const aik = await this.#ownAik()
    const statement = await this.sign(ENROLMENT, { deployment: this.#trust.deployment, conversation: NOTHING, person: uuidBytes(this.#person), aik })
    const ok = await this.context.requests.must({ kind: "identity.enrol", statement })
    const { certificate } = readEnrolled(ok.result)
    const issued = verifyIdentity(certificate, this.#trust)
    if (uuidText(issued.person) !== this.#person || !equal(issued.aik, aik)) throw new VerificationError("bad_identity", "a certificate of somebody else")
    await this.context.line(async () => {
      // The same key again leaves no second entry.
      if (ok.receipt !== null) await this.receipts.take(ok, { type: "identity.issued", conversation: null, certificate: hashOf(certificate) })
      await this.#keep({ person: this.#person, aik, identity: certificate, device: NOTHING, staff: NOTHING, recoveryKept: false })
    })
  }

  async #ownSeed(): Promise<Uint8Array> {
    const kept = await this.context.vault.read("seed", KEY)
    if (kept !== null) return kept.seed
    const { privateKey } = SUITE_1.signature.generate(this.context.random)
    await this.context.vault.write([putSeed(privateKey)])
    this.#hasSeed = true
    return privateKey
  }

  async #certifySelf(): Promise<void> {
    const { device, publicKey } = this.context.device
    const certificate = await this.#certificateFor({ device, signatureKey: publicKey })
    const ok = await this.context.requests.must({ kind: "device.certify", certificate, sealed: NOTHING })
    await this.context.line(async () => {
      if (ok.receipt !== null) await this.receipts.take(ok, { type: "device.certified", conversation: null })
      if (this.#record !== null) await this.#keep({ ...this.#record, device: certificate })
    })
  }

  #certificateFor({ device, signatureKey }: NewDevice): Promise<Uint8Array> {
    const period = this.certificate ?? { notBeforeUs: 0, notAfterUs: 0 }
    return this.sign(DEVICE_CERTIFICATE, {
      deployment: this.#trust.deployment, conversation: NOTHING, person: uuidBytes(this.#person), device: uuidBytes(device), signatureKey,
      notBeforeUs: Math.max(period.notBeforeUs, hubNowUs(this.context) - SLACK_US), notAfterUs: period.notAfterUs,
    })
  }

  /** One's own certificate, and the owner's, are in the log as everybody's are. */
  async #prove({ person, owner }: Welcomed): Promise<void> {
    const named = owner.length === 0 ? null : uuidText(verifyIdentity(owner, this.#trust).person)
    const unknown = [...new Set([person, ...(named === null ? [] : [named])])].filter((one) => this.context.people.of(one) === null)
    if (unknown.length > 0) await this.believing.ask(unknown)
    await this.#takeStaff()
    this.context.changed()
  }

  /** The owner's word may have come. */
  async refresh(): Promise<void> {
    await this.believing.ask([this.#person])
    await this.#takeStaff()
    this.ready()
  }

  #takeStaff(): Promise<void> {
    return this.context.line(async () => {
      const staff = this.context.people.of(this.#person)?.staff ?? NOTHING
      if (this.#record !== null && staff.length > 0) await this.#keep({ ...this.#record, staff })
    })
  }

  async #lookForRecovery(): Promise<void> {
    const answer = await this.context.requests.ask({ kind: "recovery.ask" })
    this.#recovery = answer.kind === "ok" ? readRecovery(answer.result).blob : NOTHING
    this.context.changed()
  }

  /** « Relier cet appareil ». */
  async askLink(): Promise<Outcome> {
    const { device, publicKey } = this.context.device
    const { privateKey, publicKey: initKey } = generateKeyPair(SUITE_1, this.context.random)
    await this.context.requests.must({ kind: "device.link", init_key: initKey })
    this.#asking = { privateKey, digits: linkDigits({ device, signatureKey: publicKey }, initKey) }
    this.context.changed()
    return DONE
  }

  /** Another of this person's devices asks: whether it is theirs, the person says. */
  asked(push: LinkAsked): void {
    this.#requests.delete(push.device)
    if (this.#requests.size < MAX_LINK_REQUESTS) this.#requests.set(push.device, push)
    this.context.changed()
  }

  async acceptLink(device: string): Promise<Outcome> {
    const asked = this.#requests.get(device)
    const kept = await this.context.vault.read("seed", KEY)
    if (asked === undefined || kept === null) return LINK_FAILED
    const sealed = sealSeed(kept.seed, deviceOf(asked), asked.init_key, this.context.random)
    kept.seed.fill(0)
    const ok = await this.context.requests.must({ kind: "device.certify", certificate: await this.#certificateFor(deviceOf(asked)), sealed })
    await this.context.line(() => this.#take(ok, "device.certified"))
    this.#requests.delete(device)
    this.context.changed()
    return DONE
  }

  async #take(ok: Parameters<Receipts["take"]>[0], type: string): Promise<void> {
    if (ok.receipt !== null) await this.receipts.take(ok, { type, conversation: null })
  }

  /** Let in by another device: by its hand this one has the key. Runs in the line of changes. */
  async linked(certificate: Uint8Array, sealed: Uint8Array): Promise<void> {
    const identity = this.context.me?.identity ?? NOTHING
    if (this.#asking === null || identity.length === 0) return
    const { device, publicKey } = this.context.device
    const { aik } = verifyIdentity(identity, this.#trust)
    try {
      const seed = openSeed(sealed, { device, signatureKey: publicKey }, this.#asking.privateKey, aik)
      if (!this.#isOurs(certificate, aik)) throw new VerificationError("bad_identity", "a certificate for another device")
      await this.#adopt(seed, { identity, aik, device: certificate })
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error
      this.context.alarm(fault("C_LINK"))
      return
    }
    this.#asking = null
    this.ready()
  }

  async #adopt(seed: Uint8Array, { identity, aik, device }: Pick<AccountRecord, "identity" | "aik" | "device">, recoveryKept = false): Promise<void> {
    const record = { person: this.#person, aik, identity, device, staff: this.context.me?.staff ?? NOTHING, recoveryKept }
    await this.context.vault.write([putSeed(seed), putAccount(record)])
    seed.fill(0)
    this.#record = record
    this.#hasSeed = true
    this.context.changed()
  }

  async useRecoveryCode(code: string): Promise<Outcome> {
    const identity = this.context.me?.identity ?? NOTHING
    if (this.#recovery.length === 0) await this.#lookForRecovery()
    if (identity.length === 0 || this.#recovery.length === 0) return WRONG_CODE
    const { aik } = verifyIdentity(identity, this.#trust)
    const seed = this.#unwrapped(code, aik)
    if (seed === null) return WRONG_CODE
    await this.context.line(() => this.#adopt(seed, { identity, aik, device: NOTHING }, true))
    await this.settle()
    this.ready()
    return DONE
  }

  #unwrapped(code: string, aik: Uint8Array): Uint8Array | null {
    try {
      return unwrapSeed(this.#recovery, code, this.#person, aik)
    } catch (error) {
      if (error instanceof VerificationError) return null
      throw error
    }
  }

  /** Shown once; a new one takes the place of the one before. */
  async makeRecoveryCode(): Promise<CodeOutcome> {
    const kept = await this.context.vault.read("seed", KEY)
    if (kept === null) return LINK_FAILED
    const code = recoveryCode(this.context.random)
    const blob = wrapSeed(kept.seed, code, this.#person, this.context.random)
    kept.seed.fill(0)
    await this.context.requests.must({ kind: "recovery.keep", blob })
    await this.context.line(async () => {
      if (this.#record !== null) await this.#keep({ ...this.#record, recoveryKept: true })
    })
    return { ok: true, code }
  }

  async devices(): Promise<readonly OwnDevice[]> {
    const ok = await this.context.requests.must({ kind: "device.list" })
    return readDevices(ok.result).devices.map((one) => ({
      device: one.device, number: one.number, registeredAt: one.registered_at / 1000, certified: one.certified, asks: one.asks,
      here: one.device === this.context.device.device, retiredAt: one.retired_at === null ? null : one.retired_at / 1000,
    }))
  }

  async retire(device: string): Promise<Outcome> {
    const statement = await this.sign(DEVICE_REVOCATION, {
      deployment: this.#trust.deployment, conversation: NOTHING, person: uuidBytes(this.#person), device: uuidBytes(device), atUs: hubNowUs(this.context),
    })
    const answer = await this.context.requests.ask({ kind: "device.retire", statement })
    if (answer.kind === "refused") throw new RefusedByHub(answer)
    await this.context.line(() => this.#take(answer, "device.retired"))
    return DONE
  }

  get #person(): string {
    return this.context.me?.person ?? ""
  }

  get #trust(): Trust {
    return this.context.people.trust
  }

  async #keep(record: AccountRecord): Promise<void> {
    await this.context.vault.write([putAccount(record)])
    this.#record = record
    this.context.changed()
  }
}

const LINK_FAILED = { ok: false, trouble: fault("C_LINK") } as const
const WRONG_CODE = { ok: false, trouble: fault("C_RECOVERY_CODE") } as const

function deviceOf({ device, signature_key: signatureKey }: LinkAsked): NewDevice {
  return { device, signatureKey }
}

function putAccount(value: AccountRecord): Change {
  return { store: "account", key: KEY, value }
}

function putSeed(seed: Uint8Array): Change {
  return { store: "seed", key: KEY, value: { seed } }
}
