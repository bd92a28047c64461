/** Telling the hub how far this device is: coalesced, and never before what it says is durable. */
import { inBackground, type Context } from "./context"
import { Disconnected } from "./requests"

const PAUSE_MS = 150

export class Cursors {
  readonly #told = new Map<string, string>()
  readonly #due = new Set<string>()

  constructor(private readonly context: Context) {}

  /** A new connection: whatever the hub does not know yet is told again. */
  connected(): void {
    this.#told.clear()
    for (const { room } of this.context.rooms.values()) {
      const known = room.summary.members.find((member) => member.person === this.context.me?.person)
      this.#told.set(room.id, `${known?.delivered ?? 0}/${known?.read ?? 0}`)
      this.tell(room.id)
    }
  }

  tell(conversation: string): void {
    if (this.#due.has(conversation)) return
    this.#due.add(conversation)
    this.context.clock.after(PAUSE_MS, () => {
      this.#due.delete(conversation)
      inBackground(this.context, () => this.#send(conversation))
    })
  }

  async #send(conversation: string): Promise<void> {
    const record = this.context.rooms.get(conversation)
    if (record === undefined || record.founding !== null || record.state === null || !this.context.requests.open) return
    const { delivered, read } = record.room
    const said = `${delivered}/${read}`
    if (this.#told.get(conversation) === said) return
    this.#told.set(conversation, said)
    try {
      await this.context.requests.ask({ kind: "cursor.advance", conversation, delivered, read })
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error
    }
  }
}
