/**
 * What this device believes of people. An account key is believed with the authority's certificate for it,
 * and that certificate only once it was found in the log; from then on the key is pinned. Another key of the
 * same person is believed on the word of two pharmacists and the authority alone.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { decodeHex, encodeHex, equal } from "../core/bytes"
import { VerificationError } from "../core/errors"
import { checkAccountRevocation } from "../core/policy/cosigned"
import { partsOf, verifyCredential, verifyIdentity, type Certified, type Trust } from "../core/policy/identity"
import type { ConversationPolicy } from "../core/policy/conversation"
import type { IdentityNotice } from "../core/model"
import { uuidText } from "../core/uuid"
import type { IdentityView } from "../core/wireCare"
import type { Context } from "./context"
import { leafOf } from "./context"
import { MlsFault, type Credential, type Member } from "./mls"
import type { Receipts } from "./receipts"
import type { Change, PersonRecord } from "./vault"

/** The pharmacy's owner, as first seen: who they are, then each account key they have had. */
const OWNER = "owner"
/** A certificate is issued when a role changes: nobody has had more. */
const MAX_PROVEN = 64
const MAX_CERTIFIED = 512

/** Somebody's account key is another than it was, and nobody who may has said why. */
export class IdentityChanged extends Error {
  override readonly name = "IdentityChanged"
}

/** What a look at somebody's certificates came to. */
export interface Believed {
  readonly person: PersonRecord
  /** The key took the place of another, as two pharmacists attested. */
  readonly changed: boolean
}

/** That somebody has this account key. */
export interface Claim {
  readonly person: string
  readonly aik: Uint8Array
}

export class People {
  readonly #people = new Map<string, PersonRecord>()
  /** Certificates of leaves that were found to hold, apart from their time; by credential and key. */
  readonly #certified = new Map<string, Certified>()
  /** Person, then keys in hexadecimal; empty until the owner was first seen. */
  #owner: readonly string[] = []

  readonly #notices = new Map<string, IdentityNotice>()

  constructor(private readonly context: Context, private readonly receipts: Receipts) {}

  async load(): Promise<void> {
    for (const notice of await this.context.vault.all("notices")) this.#notices.set(notice.key, notice)
    for (const person of await this.context.vault.all("people")) this.#people.set(person.person, person)
    this.#owner = ((await this.context.vault.read("pins", OWNER)) ?? "").split(" ").filter((one) => one !== "")
  }

  of(person: string): PersonRecord | null {
    return this.#people.get(person) ?? null
  }

  /** Whose key changed, as two pharmacists attested, and has not been read yet. */
  get notices(): readonly IdentityNotice[] {
    return [...this.#notices.values()]
  }

  async dismiss(key: string): Promise<void> {
    await this.context.vault.write([{ store: "notices", key, value: null }])
    this.#notices.delete(key)
    this.context.changed()
  }

  get trust(): Trust {
    const { me } = this.context
    if (me === null) throw new Error("nobody is believed before the first hello")
    return { deployment: me.deployment, authority: me.authority }
  }

  /** The account key of the pharmacy's owner: the last one, by which groups are founded. */
  get ownerAik(): Uint8Array | null {
    const last = this.#owner.slice(1).at(-1)
    return last === undefined ? null : decodeHex(last)
  }

  /** Whether this was ever the owner's account key: a group keeps the one it was founded with. */
  isOwner(aik: Uint8Array): boolean {
    return this.#owner.slice(1).includes(encodeHex(aik))
  }

  get owner(): string | null {
    return this.#owner[0] ?? null
  }

  /** A leaf's certificates, held against the conversation it is in; throws `MlsFault` where they do not hold. */
  certified(member: Pick<Member, "signatureKey" | "credential">, policy: ConversationPolicy, atUs: number | null): Certified {
    const key = `${hashOf(member.credential.content)}/${encodeHex(member.signatureKey)}/${encodeHex(policy.ownerAik)}/${policy.pharmacy}`
    const known = atUs === null ? this.#certified.get(key) : undefined
    if (known !== undefined) return known
    const judged = verified(() => verifyCredential(member.credential, {
      signatureKey: member.signatureKey, trust: this.trust, ownerAik: policy.ownerAik, pharmacy: policy.pharmacy, atUs,
    }))
    this.#keep(key, judged)
    return judged
  }

  #keep(key: string, certified: Certified): void {
    if (this.#certified.size >= MAX_CERTIFIED) this.#certified.clear()
    this.#certified.set(key, certified)
  }

  /** Those whose certificates were not found in the log yet. */
  unproven(members: readonly Member[]): readonly Member[] {
    return members.filter((one) => !this.#isProven(one))
  }

  #isProven({ identity, credential }: Member): boolean {
    const known = this.#people.get(leafOf(identity).person)
    return known !== undefined && known.proven.includes(hashOf(identityIn(credential)))
  }

  /** Whether this is the account key that is pinned for somebody. */
  isNow({ person, aik }: Claim): boolean {
    const known = this.#people.get(person)
    return known !== undefined && equal(known.aik, aik)
  }

  /** Throw `MlsFault` unless each of these has the account key that is pinned for its person. */
  demandPinned(leaves: readonly Certified[]): void {
    if (!leaves.every(({ identity: { person }, aik }) => this.isNow({ person, aik }))) throw new MlsFault("other_account")
  }

  /** Take what the hub tells of somebody's certificates: all of it holds, or it throws and nothing changes. */
  async believe(view: IdentityView): Promise<Believed> {
    const certificate = verified(() => verifyIdentity(view.certificate, this.trust))
    if (uuidText(certificate.person) !== view.person || certificate.role !== view.role) throw new MlsFault("bad_identity")
    const hash = hashOf(view.certificate)
    const before = this.#people.get(view.person) ?? null
    if (before === null || !before.proven.includes(hash)) this.receipts.proveIdentity(view.receipt, view.person, hash)
    const changed = before !== null && !equal(before.aik, certificate.aik)
    if (changed) this.#demandRevoked(view, before)
    const person: PersonRecord = {
      person: view.person, name: view.name, role: view.role, aik: certificate.aik, staff: view.staff,
      proven: [...(changed ? [] : before?.proven ?? []).filter((one) => one !== hash), hash].slice(-MAX_PROVEN),
      compared: !changed && (before?.compared ?? false),
    }
    const notice = changed ? [noticeOf(person, this.context.clock.now())] : []
    const told = notice.map((value): Change => ({ store: "notices", key: value.key, value }))
    await this.context.vault.write([putPerson(person), ...told, ...this.#ownersKey(person, certificate.profession)])
    this.#people.set(person.person, person)
    for (const one of notice) this.#notices.set(one.key, one)
    return { person, changed }
  }

  #demandRevoked({ revoked }: IdentityView, before: PersonRecord): void {
    const { ownerAik } = this
    if (revoked.length === 0 || ownerAik === null) throw new IdentityChanged()
    const verdict = checkAccountRevocation(revoked, { trust: this.trust, policy: this.#pharmacy(ownerAik) }, null)
    if ("refused" in verdict) throw new IdentityChanged()
    const { person, aik } = verdict.granted
    if (uuidText(person) !== before.person || !equal(aik, before.aik)) throw new IdentityChanged()
  }

  /** Who is a pharmacist here, outside of any conversation. */
  #pharmacy(ownerAik: Uint8Array): ConversationPolicy {
    const [nobody, id] = [new Uint8Array(), new Uint8Array(16)]
    const pharmacy = this.context.me?.pharmacy.finess ?? ""
    return { conversation: id, kind: "care_thread", pharmacy, ownerAik, patient: id, patientAik: nobody, suiteFloor: 1 }
  }

  /** The authority may call anybody an owner: who it is was settled at first sight. */
  #ownersKey({ person, aik }: PersonRecord, profession: string): readonly Change[] {
    const hex = encodeHex(aik)
    if (this.owner === null) return profession === "owner" ? [this.#withOwner([person, hex])] : []
    return person !== this.owner || this.#owner.includes(hex) ? [] : [this.#withOwner([...this.#owner, hex])]
  }

  #withOwner(owner: readonly string[]): Change {
    this.#owner = owner
    return { store: "pins", key: OWNER, value: owner.join(" ") }
  }

  async compared(person: string): Promise<void> {
    const known = this.#people.get(person)
    if (known === undefined) return
    const after = { ...known, compared: true }
    await this.context.vault.write([putPerson(after)])
    this.#people.set(person, after)
    this.context.changed()
  }
}

function noticeOf({ person, name, aik }: PersonRecord, at: number): IdentityNotice {
  return { key: `${person}/${encodeHex(aik).slice(0, 16)}`, person, name, at }
}

function putPerson(record: PersonRecord): Change {
  return { store: "people", key: record.person, value: record }
}

export function hashOf(certificate: Uint8Array): string {
  return encodeHex(sha256(certificate))
}

function identityIn(credential: Credential): Uint8Array {
  return verified(() => partsOf(credential)).identity
}

/** Whatever does not hold, in the one word that the worker knows. */
export function verified<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof VerificationError) throw new MlsFault("bad_identity")
    throw error
  }
}
