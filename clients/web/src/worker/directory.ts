/** Looks that a person asks for: carers one may name, colleagues, one's devices, who saw what, whose key is whose. */
import { equal } from "../core/bytes"
import { BadShape } from "../core/checks"
import { readEntry, type LogEntry } from "../core/entry"
import { fault } from "../core/faults"
import type { Access, Accesses, CodeOutcome, Colleague, Outcome } from "../core/model"
import type { Views } from "../core/rpc"
import { fingerprintDigits, fingerprintText } from "../core/policy/account"
import { verifyIdentity } from "../core/policy/identity"
import { STAFF_CERTIFICATE } from "../core/policy/statements"
import { uuidBytes } from "../core/uuid"
import { readAccesses, readCarerCode, readCarers, readStaff, type AccessRow, type StaffView } from "../core/wireCare"
import type { Account } from "./account"
import { hubNowUs, type Context } from "./context"
import { hashOf } from "./people"
import type { Receipts } from "./receipts"

const DONE: Outcome = { ok: true }
const PAGE = 50
/** « Qui a vu quoi » grows while it is open. */
const MAX_ROWS = 2_000
// The hub's clock, and ours, when the certificate is read.
const SLACK_US = 3_600_000_000
const UNPROVEN: Outcome = { ok: false, trouble: fault("C_IDENTITY_UNPROVEN") }
const DIGITS = /^[0-9]{30}$/

export class Directory {
  #accesses: Accesses | null = null
  #staff: readonly StaffView[] = []

  constructor(
    private readonly context: Context, private readonly receipts: Receipts, private readonly account: Account,
    private readonly show: (views: Partial<Views>) => void,
  ) {}

  async carers(patient: string | null): Promise<Outcome> {
    const ok = await this.context.requests.must({ kind: "carers.list", patient })
    this.show({ carers: readCarers(ok.result).carers.map(({ person, name, certificate }) => ({ person, name, ready: certificate.length > 0 })) })
    return DONE
  }

  async linkCarer(code: string): Promise<Outcome> {
    const ok = await this.context.requests.must({ kind: "carers.link", code: code.trim().toUpperCase() })
    await this.context.line(async () => {
      if (ok.receipt !== null) await this.receipts.take(ok, { type: "carer.linked", conversation: null })
    })
    return this.carers(null)
  }

  async carerCode(): Promise<CodeOutcome> {
    const ok = await this.context.requests.must({ kind: "carers.code" })
    return { ok: true, code: readCarerCode(ok.result).code }
  }

  /** The newest lines first, then older ones page by page. */
  async loadAccesses(): Promise<Outcome> {
    const oldest = this.#accesses?.rows.at(-1)
    const before = oldest === undefined ? null : indexOf(oldest)
    const { rows, more } = readAccesses((await this.context.requests.must({ kind: "access.list", before, limit: PAGE })).result)
    this.#showAccesses({ rows: merged([...this.#accesses?.rows ?? [], ...rows.flatMap(accessOf)]), more })
    return DONE
  }

  /** A line more, where somebody looks. */
  accessed(row: AccessRow): void {
    if (this.#accesses === null) return
    this.#showAccesses({ ...this.#accesses, rows: merged([...accessOf(row), ...this.#accesses.rows]) })
  }

  #showAccesses(accesses: Accesses): void {
    this.#accesses = accesses
    this.show({ accesses })
  }

  async staff(): Promise<Outcome> {
    const ok = await this.context.requests.must({ kind: "staff.list" })
    this.#staff = readStaff(ok.result).staff
    this.show({ staff: this.#staff.map(colleagueOf) })
    return DONE
  }

  /** The owner's word that somebody is of the staff: about the key that is in the log. */
  async certify(person: string): Promise<Outcome> {
    const colleague = this.#staff.find((one) => one.person === person)
    await this.context.believing.ask([person])
    const known = this.context.people.of(person)
    if (colleague === undefined || known === null || !known.proven.includes(hashOf(colleague.certificate))) return UNPROVEN
    const { aik, notAfterUs } = verifyIdentity(colleague.certificate, this.context.people.trust)
    if (!equal(aik, known.aik)) return UNPROVEN
    const certificate = await this.account.sign(STAFF_CERTIFICATE, {
      deployment: this.context.people.trust.deployment, conversation: new Uint8Array(), person: uuidBytes(person), aik, role: known.role,
      pharmacy: this.context.me?.pharmacy.finess ?? "", notBeforeUs: hubNowUs(this.context) - SLACK_US, notAfterUs,
    })
    const certified = await this.context.requests.must({ kind: "staff.certify", certificate })
    await this.context.line(async () => {
      if (certified.receipt !== null) await this.receipts.take(certified, { type: "staff.certified", conversation: null })
    })
    return this.staff()
  }

  async devices(): Promise<Outcome> {
    this.show({ devices: await this.account.devices() })
    return DONE
  }

  async retire(device: string): Promise<Outcome> {
    const outcome = await this.account.retire(device)
    return outcome.ok ? this.devices() : outcome
  }

  /** What the other person holds, scanned or read aloud, against the key that this device knows. */
  async compare(person: string, scanned: string): Promise<Outcome> {
    const { people, me } = this.context
    const known = people.of(person)
    const text = scanned.trim()
    const digits = text.replace(/\s/g, "")
    if (known === null || me === null) return UNPROVEN
    if (!text.startsWith("colloque:1:") && !DIGITS.test(digits)) return { ok: false, trouble: fault("C_IDENTITY_UNREADABLE") }
    const same = text === fingerprintText(me.deployment, person, known.aik) || digits === fingerprintDigits(person, known.aik)
    if (!same) return { ok: false, trouble: fault("C_IDENTITY_DIFFERS") }
    return this.compared(person)
  }

  async compared(person: string): Promise<Outcome> {
    if (this.context.people.of(person) === null) return UNPROVEN
    await this.context.line(() => this.context.people.compared(person))
    return DONE
  }
}

function colleagueOf({ person, name, role, profession, certificate, staff }: StaffView): Colleague {
  const state = certificate.length === 0 ? "absent" : profession === "owner" ? "owner" : staff.length > 0 ? "certified" : "waiting"
  return { person, name, role, profession: professionOf(profession), state }
}

function professionOf(word: string): Colleague["profession"] {
  return word === "owner" || word === "deputy" || word === "locum" ? word : ""
}

/** The newest first, each once, and no more than a screen can hold. */
function merged(rows: readonly Access[]): readonly Access[] {
  const byKey = new Map(rows.map((row) => [row.key, row]))
  return [...byKey.values()].sort((a, b) => b.at - a.at || indexOf(b) - indexOf(a)).slice(0, MAX_ROWS)
}

function indexOf({ key }: Access): number {
  return Number(key.slice(key.lastIndexOf("/") + 1))
}

/** What its bytes say; those that say nothing are left out. */
function accessOf({ log, index, name, entry }: AccessRow): readonly Access[] {
  const read = legible(entry)
  if (read === null) return []
  const { type, ts, actor, conversation, decision } = read
  return [{
    key: `${log}/${index}`, at: ts / 1000, name, role: actor.role, type, conversation, permit: decision.effect === "permit", rule: decision.rule,
    detail: detailOf(read),
  }]
}

function legible(entry: Uint8Array): LogEntry | null {
  try {
    return readEntry(entry)
  } catch (error) {
    if (error instanceof BadShape) return null
    throw error
  }
}

function detailOf({ outcome }: LogEntry): string {
  const said = outcome?.["scopes"] ?? outcome?.["reason"]
  if (Array.isArray(said)) return said.filter((one) => typeof one === "string").join(" ")
  return typeof said === "string" ? said : ""
}

