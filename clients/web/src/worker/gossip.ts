/**
 * Whether everybody is shown the same log. Each message carries the last checkpoint of the `care` log that its
 * sender saw: of the same size as one held here, its root is the same; of another, the hub proves within a
 * minute that one log is the beginning of the other. Nothing else makes a checkpoint the newest one held.
 */
import { VerificationError } from "../core/errors"
import { fault } from "../core/faults"
import type { Checkpoint } from "../core/log/checkpoint"
import { verifyConsistency } from "../core/log/tree"
import { readConsistency } from "../core/wireCare"
import { inBackground, type Context } from "./context"
import type { Receipts } from "./receipts"
import { Disconnected } from "./requests"

/** What is not proven by then is a fork. */
const PROVE_MS = 60_000
const RETRY_MS = 10_000
// A question for each size that a message brought: more than a busy minute has.
const MAX_OPEN = 64

interface Question {
  readonly checkpoint: Checkpoint
  readonly note: string
}

export class Gossip {
  /** By size: what was said, and not proven yet. */
  readonly #open = new Map<number, Question>()
  #asking = false
  /** Questions whose minute ended while the hub could not be asked. */
  readonly #overdue = new Set<Question>()

  constructor(private readonly context: Context, private readonly receipts: Receipts) {}

  /** The head that the hub tells at hello: a log that is shorter than it was, or unsigned, is an alarm. */
  async told(note: string): Promise<void> {
    const told = this.receipts.signed(note)
    const { head } = this.receipts
    if (told === null || told.size < (head?.size ?? -1)) this.#alarm()
    else if (head === null) await this.receipts.observe(told, note)
    else this.#take(told, note)
  }

  /** A checkpoint that came inside a message, or with a proof. */
  heard(note: string): void {
    if (note === "") return
    const checkpoint = this.receipts.signed(note)
    if (checkpoint === null) this.#alarm()
    else this.#take(checkpoint, note)
  }

  connected(): void {
    for (const question of this.#overdue) this.#limit(question)
    this.#overdue.clear()
    this.#ask()
  }

  #alarm(): void {
    this.context.alarm(fault("C_LOG_FORKED"))
  }

  #take(checkpoint: Checkpoint, note: string): void {
    const asked = this.#open.get(checkpoint.size)
    if (this.receipts.differs(checkpoint) || (asked !== undefined && asked.note !== note && !sameRoot(asked.checkpoint, checkpoint))) {
      this.#alarm()
      return
    }
    if (this.receipts.knows(checkpoint) || asked !== undefined || checkpoint.size === 0) return
    if (this.#open.size >= MAX_OPEN) return
    const question = { checkpoint, note }
    this.#open.set(checkpoint.size, question)
    this.#limit(question)
    this.#ask()
  }

  #limit(question: Question): void {
    this.context.clock.after(PROVE_MS, () => {
      if (this.#open.get(question.checkpoint.size) !== question) return
      if (!this.context.requests.open) { this.#overdue.add(question); return; }
      this.#open.delete(question.checkpoint.size)
      this.#alarm()
    })
  }

  #ask(): void {
    if (this.#asking || this.#open.size === 0) return
    this.#asking = true
    inBackground(this.context, async () => {
      try {
        const proven = await this.#askAll()
        if (!proven) this.context.clock.after(RETRY_MS, () => { this.#ask() })
      } finally {
        this.#asking = false
      }
    })
  }

  /** One after the other. False: one of them has no proof yet. */
  async #askAll(): Promise<boolean> {
    let all = true
    for (const question of [...this.#open.values()].sort((a, b) => a.checkpoint.size - b.checkpoint.size)) {
      const proven = await this.#prove(question)
      if (proven) this.#open.delete(question.checkpoint.size)
      all &&= proven
    }
    return all && this.#open.size === 0
  }

  async #prove({ checkpoint, note }: Question): Promise<boolean> {
    const { head } = this.receipts
    if (head === null || this.receipts.knows(checkpoint)) return true
    const [older, newer] = head.size < checkpoint.size ? [head, checkpoint] : [checkpoint, head]
    const proof = await this.#proof(older.size, newer.size)
    if (proof === null || !isProven(older, newer, proof)) return false
    await this.context.line(() => this.receipts.observe(checkpoint, note))
    return true
  }

  async #proof(first: number, second: number): Promise<readonly Uint8Array[] | null> {
    try {
      const answer = await this.context.requests.ask({ kind: "log.consistency", first, second })
      return answer.kind === "ok" ? readConsistency(answer.result).proof : null
    } catch (error) {
      if (error instanceof Disconnected) return null
      throw error
    }
  }
}

function sameRoot(a: Checkpoint, b: Checkpoint): boolean {
  return isProven(a, b, [])
}

function isProven(older: Checkpoint, newer: Checkpoint, proof: readonly Uint8Array[]): boolean {
  try {
    verifyConsistency({ oldSize: older.size, newSize: newer.size, oldRoot: older.root, newRoot: newer.root, proof })
    return true
  } catch (error) {
    if (error instanceof VerificationError) return false
    throw error
  }
}
