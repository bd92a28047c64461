/**
 * The ends of delegations that only time brings. A carer's device closes its conversation by itself; where
 * nobody committed the removal two minutes later, a device that may does it, whatever the hub says.
 */
import type { Admission } from "./admission"
import { hubNowUs, inBackground, type Context } from "./context"
import { OVERDUE_MS } from "./holding"
import { leave } from "./leaving"

/** Timers take no more than 2^31 ms; a clock may be set right meanwhile. */
const LONGEST_MS = 3_600_000

export class Periods {
  /** Conversations that are looked at again, and when. */
  readonly #watched = new Map<string, number>()

  constructor(private readonly context: Context, private readonly admission: Admission) {}

  watchAll(): void {
    for (const id of this.context.rooms.keys()) this.watch(id)
  }

  /** Look at the next end in this conversation when it comes. */
  watch(conversation: string): void {
    const now = hubNowUs(this.context) / 1000
    const next = Math.min(...this.#ends(conversation).filter((at) => at > now))
    if (!Number.isFinite(next) || this.#watched.get(conversation) === next) return
    this.#watched.set(conversation, next)
    this.context.clock.after(Math.max(Math.min(next - now, LONGEST_MS), 1), () => {
      if (this.#watched.get(conversation) !== next) return
      this.#watched.delete(conversation)
      inBackground(this.context, () => this.#look(conversation))
    })
  }

  #ends(conversation: string): readonly number[] {
    const record = this.context.rooms.get(conversation)
    return (record?.room.group?.carers ?? []).flatMap(({ until }) => [until, until + OVERDUE_MS])
  }

  async #look(conversation: string): Promise<void> {
    const { me } = this.context
    const now = hubNowUs(this.context) / 1000
    const carers = this.context.rooms.get(conversation)?.room.group?.carers ?? []
    if (carers.some(({ person, until }) => person === me?.person && until <= now)) await this.context.line(() => this.#leave(conversation))
    else if (me?.role !== "carer" && carers.some(({ until }) => until + OVERDUE_MS <= now)) await this.admission.renew(conversation)
    this.watch(conversation)
  }

  async #leave(conversation: string): Promise<void> {
    const record = this.context.rooms.get(conversation)
    if (record !== undefined && record.room.over !== true) await leave(this.context, record)
  }
}
