/**
 * Committing what the hub proposed: the removal of a device. Any device of the group may; the hub names one
 * at a time, and whoever says hello while a removal waits does it before anything else.
 */
import type { Admission } from "./admission"
import { inBackground, type Context } from "./context"

export class Removals {
  /** Conversations in which this device was asked. */
  readonly #asked = new Set<string>()

  constructor(private readonly context: Context, private readonly admission: Admission) {}

  /** The proposal may still be on its way here. */
  asked(conversation: string): void {
    this.#asked.add(conversation)
    this.commit(conversation)
  }

  /** Of what is asked, whatever can be done now. */
  commit(conversation: string): void {
    const waits = (this.context.rooms.get(conversation)?.removing.length ?? 0) > 0
    if (waits && this.#asked.has(conversation)) inBackground(this.context, () => this.admission.renew(conversation))
  }

  /** The group moved on: whoever is to commit what still waits is asked anew. */
  settled(conversation: string): void {
    this.#asked.delete(conversation)
  }

  /** After hello: what was asked on another connection is asked again on this one. */
  connected(): void {
    this.#asked.clear()
    for (const { room } of this.context.rooms.values()) if (room.summary.removing) this.asked(room.id)
  }
}
