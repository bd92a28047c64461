/**
 * Others' signed words on which epoch they are in. One of a pharmacy's device is what the patient waits for
 * after having ended a delegation; one that names other secrets than those held here is an alarm.
 */
import { equal } from "../core/bytes"
import { VerificationError } from "../core/errors"
import { fault } from "../core/faults"
import { EPOCH_RECEIPT, UnverifiedStatement, type EpochReceipt } from "../core/policy/statements"
import { uuidBytes, uuidText } from "../core/uuid"
import { keepRoom, type Context } from "./context"
import { generationOf } from "./epochs"
import type { InGroup } from "./following"
import { isBefore } from "./holding"
import { MlsFault, type GroupFacts } from "./mls"

/** Words on an epoch whose step is still on its way here. */
const MAX_EARLY = 32

export class Confirmations {
  readonly #early = new Map<string, Uint8Array[]>()

  /** `confirmed`: what waited for it may go on. */
  constructor(private readonly context: Context, private readonly confirmed: (conversation: string) => void) {}

  /** Runs in the line of changes. */
  async heard(conversation: string, receipt: Uint8Array): Promise<void> {
    const record = this.context.rooms.get(conversation)
    const said = read(receipt)
    if (record?.state == null || said === null) return
    const facts = this.context.mls.facts(record.state)
    if (said.content.epoch > facts.epoch || !equal(said.content.groupId, facts.id)) this.#keepEarly(conversation, receipt)
    else if (said.content.epoch === facts.epoch) await this.#take({ ...record, state: record.state }, facts, said)
  }

  /** In a new epoch: what was said of it already. */
  async entered(conversation: string): Promise<void> {
    const early = this.#early.get(conversation) ?? []
    this.#early.delete(conversation)
    for (const receipt of early) await this.heard(conversation, receipt)
  }

  #keepEarly(conversation: string, receipt: Uint8Array): void {
    this.#early.set(conversation, [...this.#early.get(conversation) ?? [], receipt].slice(-MAX_EARLY))
  }

  async #take(record: InGroup, facts: GroupFacts, said: UnverifiedStatement<EpochReceipt>): Promise<void> {
    const leaf = this.context.standings.of(record).leaves.find(({ identity }) => identity.device === uuidText(said.content.device))
    if (leaf === undefined || !isSigned(said, leaf.signatureKey) || !this.#isHere(record, said.content)) return
    const same = equal(said.content.confirmedTranscriptHash, facts.confirmedTranscriptHash) && equal(said.content.authenticatorHash, facts.authenticatorHash)
    if (!same) { this.context.alarm(fault("C_GROUP_FORKED")); return; }
    const place = { generation: generationOf(record.room.id, facts.id), epoch: facts.epoch }
    const vouches = record.unvouched === true && leaf.role !== "carer"
    const confirms = leaf.role === "pharmacist" && isBefore(record.confirmed, place)
    if (!vouches && !confirms) return
    await keepRoom(this.context, { ...record, unvouched: vouches ? false : record.unvouched ?? false, confirmed: confirms ? place : record.confirmed })
    this.confirmed(record.room.id)
  }

  #isHere({ room }: InGroup, { deployment, conversation }: EpochReceipt): boolean {
    return deployment === this.context.me?.deployment && equal(conversation, uuidBytes(room.id))
  }
}

function read(receipt: Uint8Array): UnverifiedStatement<EpochReceipt> | null {
  try {
    return UnverifiedStatement.decode(EPOCH_RECEIPT, receipt)
  } catch (error) {
    if (error instanceof VerificationError) return null
    throw error
  }
}

function isSigned(said: UnverifiedStatement<EpochReceipt>, key: Uint8Array): boolean {
  try {
    said.verify(key)
    return true
  } catch (error) {
    if (error instanceof VerificationError || error instanceof MlsFault) return false
    throw error
  }
}
