/** What a person signs of a delegation: its beginning, its confirmation, its duties, its end. The key is the account's. */
import { sha256 } from "@noble/hashes/sha2.js"
import { decodeHex, encodeUtf8 } from "../core/bytes"
import { fault } from "../core/faults"
import type { DelegationDraft, Outcome, Scope, SuspensionReason } from "../core/model"
import {
  ACCEPTANCE, CONFIRMATION, DELEGATION, RESIGNATION, REVOCATION, SUSPENSION, digestOf, unsignedStatement, type Delegation,
} from "../core/policy/statements"
import { LONE_PHARMACIST_DELAY_US } from "../core/policy/vocabulary"
import { anyMap } from "../core/checks"
import { uuidBytes, uuidText } from "../core/uuid"
import type { Ok } from "../core/wire"
import { readDelegation, type CareRequest, type DelegationView, type EndingWord } from "../core/wireCare"
import { NOWHERE, hubNowUs, keepRoom, type Context } from "./context"
import type { Delegations } from "./delegations"
import { leave } from "./leaving"
import type { Receipts } from "./receipts"

const DONE: Outcome = { ok: true }
const NOTHING = new Uint8Array()
const UNBELIEVED: Outcome = { ok: false, trouble: fault("C_DELEGATION") }
const UNPROVEN: Outcome = { ok: false, trouble: fault("C_IDENTITY_UNPROVEN") }
// The confirmation is signed a moment after the document.
const LONE_SLACK_US = 120_000_000
const ENTRIES: Readonly<Record<EndingWord, readonly string[]>> = {
  revocation: ["delegation.revoked", "delegation.narrowed"], resignation: ["delegation.resigned"], suspension: ["delegation.suspended"],
}

interface About {
  readonly deployment: string
  readonly conversation: Uint8Array
}

export class Mandates {
  constructor(private readonly context: Context, private readonly receipts: Receipts, private readonly delegations: Delegations) {}

  async propose(draft: DelegationDraft): Promise<Outcome> {
    // The key that is named is the carer's as it stands in the log, and as it is pinned here.
    if (!await this.context.believing.ask([draft.carer])) return OFFLINE
    const carer = this.context.people.of(draft.carer)
    const room = this.context.rooms.get(draft.conversation)?.room
    if (carer === null || room === undefined) return UNPROVEN
    const document = this.#document(draft, room.summary.patient, carer.aik)
    const delegation = document.mandate === "device" ? await this.context.account.sign(DELEGATION, document) : unsignedStatement(DELEGATION, document)
    await this.#say({ kind: "delegation.propose", conversation: draft.conversation, delegation }, ["delegation.proposed"])
    return document.mandate === "device" ? DONE : this.#confirm(draft.conversation, document, false)
  }

  #document(draft: DelegationDraft, patient: string, granteeAik: Uint8Array): Delegation {
    const now = hubNowUs(this.context)
    const mandate = draft.mandate ?? "device"
    return {
      deployment: this.context.people.trust.deployment, conversation: uuidBytes(draft.conversation), delegation: this.context.random(16),
      grantor: uuidBytes(patient), grantorAik: mandate === "device" ? this.context.account.aik ?? NOTHING : NOTHING,
      grantee: uuidBytes(draft.carer), granteeAik, scopes: [...new Set(draft.scopes)].sort(), legalBasis: draft.basis ?? "patient_mandate", mandate,
      notBeforeUs: draft.alone === true ? now + LONE_PHARMACIST_DELAY_US + LONE_SLACK_US : now, notAfterUs: Math.floor(draft.notAfter * 1000),
      textHash: sha256(encodeUtf8(draft.text)), readingLevel: draft.level, language: draft.language,
      evidence: draft.evidence === undefined ? NOTHING : decodeHex(draft.evidence.hash), issuer: encodeUtf8(draft.evidence?.issuer ?? ""),
    }
  }

  /** Only of a document that holds on this device too. */
  async confirm(id: string, heardAlone: boolean): Promise<Outcome> {
    const known = this.delegations.documentOf(id)
    return known === null ? UNBELIEVED : this.#confirm(known.view.conversation, known.document, heardAlone)
  }

  async #confirm(conversation: string, document: Delegation, heardAlone: boolean): Promise<Outcome> {
    const confirmation = await this.context.account.sign(CONFIRMATION, {
      ...this.#about(conversation), delegationHash: digestOf(DELEGATION, document), pharmacist: uuidBytes(this.#person), heardAlone,
      atUs: hubNowUs(this.context),
    })
    return this.#say({
      kind: "delegation.confirm", conversation, delegation: uuidText(document.delegation), confirmation,
    }, ["delegation.confirmed"])
  }

  async accept(id: string, dutiesText: string): Promise<Outcome> {
    const known = this.delegations.documentOf(id)
    if (known === null) return UNBELIEVED
    const { conversation } = known.view
    const acceptance = await this.context.account.sign(ACCEPTANCE, {
      ...this.#about(conversation), delegationHash: digestOf(DELEGATION, known.document), dutiesHash: sha256(encodeUtf8(dutiesText)),
      atUs: hubNowUs(this.context),
    })
    return this.#say({ kind: "delegation.accept", conversation, delegation: id, acceptance }, ["delegation.accepted"])
  }

  /** Some scopes, or (none named) all of it. */
  async withdraw(id: string, scopes: readonly Scope[]): Promise<Outcome> {
    const conversation = this.#conversationOf(id)
    if (conversation === null) return UNBELIEVED
    const statement = await this.context.account.sign(REVOCATION, { ...this.#ending(id, conversation), scopes: [...new Set(scopes)].sort() })
    const outcome = await this.#end(conversation, "revocation", statement)
    // From here on the patient's device waits until the group has followed, whatever the hub says.
    if (outcome.ok && scopes.length === 0) await this.context.line(() => this.#waitFor(conversation, id))
    return outcome
  }

  async resign(id: string): Promise<Outcome> {
    const conversation = this.#conversationOf(id)
    if (conversation === null) return UNBELIEVED
    const statement = await this.context.account.sign(RESIGNATION, this.#ending(id, conversation))
    const outcome = await this.#end(conversation, "resignation", statement)
    if (outcome.ok) await this.context.line(() => this.#leave(conversation))
    return outcome
  }

  async suspend(id: string, reason: SuspensionReason): Promise<Outcome> {
    const conversation = this.#conversationOf(id)
    if (conversation === null) return UNBELIEVED
    const statement = await this.context.account.sign(SUSPENSION, { ...this.#ending(id, conversation), pharmacist: uuidBytes(this.#person), reason })
    const outcome = await this.#end(conversation, "suspension", statement)
    if (outcome.ok) await this.context.line(() => this.#waitFor(conversation, id))
    return outcome
  }

  async #waitFor(conversation: string, id: string): Promise<void> {
    const record = this.context.rooms.get(conversation)
    if (record === undefined || record.ending.includes(id) || id in record.ended) return
    const inForce = record.room.group?.carers.some(({ delegation }) => delegation === id) ?? false
    // Whoever the hub keeps this from may still let the carer in: there is nothing to wait for, and that is not followed.
    await keepRoom(this.context, inForce ? { ...record, ending: [...record.ending, id] } : { ...record, ended: { ...record.ended, [id]: NOWHERE } })
  }

  async #leave(conversation: string): Promise<void> {
    const record = this.context.rooms.get(conversation)
    if (record !== undefined && record.room.over !== true) await leave(this.context, record)
  }

  #conversationOf(id: string): string | null {
    return this.delegations.list.find((one) => one.id === id)?.conversation ?? null
  }

  #end(conversation: string, what: EndingWord, statement: Uint8Array): Promise<Outcome> {
    return this.#say({ kind: "delegation.end", conversation, what, statement }, ENTRIES[what])
  }

  async #say(request: Extract<CareRequest, { readonly conversation: string }>, type: readonly string[]): Promise<Outcome> {
    const ok = await this.context.requests.must(request)
    await this.context.line(() => this.#taken(ok, type, request.conversation))
    return DONE
  }

  async #taken(ok: Ok, type: readonly string[], conversation: string): Promise<void> {
    // What was so already leaves no entry, and so no receipt.
    if (ok.receipt !== null) await this.receipts.take(ok, { type, conversation })
    const told = toldIn(ok)
    if (told !== null) await this.delegations.heard(told)
  }

  #about(conversation: string): About {
    return { deployment: this.context.people.trust.deployment, conversation: uuidBytes(conversation) }
  }

  #ending(id: string, conversation: string): About & { readonly delegation: Uint8Array; readonly atUs: number } {
    return { ...this.#about(conversation), delegation: uuidBytes(id), atUs: hubNowUs(this.context) }
  }

  get #person(): string {
    return this.context.me?.person ?? ""
  }
}

const OFFLINE: Outcome = { ok: false, trouble: fault("C_OFFLINE") }

/** An answer may tell the delegation as it is now; if not, a push does. */
function toldIn({ result }: Ok): DelegationView | null {
  return result === null || anyMap(result)["delegation"] === undefined ? null : readDelegation(result).delegation
}
