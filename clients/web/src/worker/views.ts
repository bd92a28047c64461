/** What the screens see, computed from memory and posted once per turn, however much changed. */
import { conversationView, threadView, type Entry, type Written } from "../core/conversation"
import type { Thread } from "../core/model"
import type { Views } from "../core/rpc"
import type { Context } from "./context"
import type { Acquaintance } from "../core/conversation"
import { fingerprintDigits } from "../core/policy/account"
import type { Delegations } from "./delegations"
import type { Receipts } from "./receipts"

const STRANGER: Acquaintance = { compared: false, digits: "" }

export class Screens {
  #open: string | null = null
  #entries: readonly Entry[] = []
  #due = false
  #posted = -1

  constructor(
    private readonly context: Context, private readonly receipts: Receipts, private readonly delegations: Delegations,
    private readonly post: (views: Partial<Views>) => void,
  ) {}

  async open(conversation: string | null): Promise<void> {
    this.#open = conversation
    this.#entries = conversation === null ? [] : await this.context.vault.all("messages", conversation)
    this.changed()
  }

  /** A conversation that is over for this person: what was read there is gone. */
  closed(conversation: string): void {
    if (conversation === this.#open) this.#entries = []
  }

  /** A message took its place in the history. */
  appended(entry: Entry): void {
    if (entry.conversation === this.#open && !this.#entries.some((one) => one.seq === entry.seq)) {
      this.#entries = [...this.#entries, entry]
    }
  }

  changed(): void {
    if (this.#due) return
    this.#due = true
    this.context.clock.after(0, () => {
      this.#due = false
      this.#post()
    })
  }

  #post(): void {
    const me = this.context.me?.person
    if (me === undefined) return
    const rooms = [...this.context.rooms.values()].map(({ room }) => conversationView(room, me, this.#written(room.id), this.#known))
    this.post({
      conversations: rooms.sort((a, b) => b.lastAt - a.lastAt),
      thread: this.#thread(me),
      delegations: this.delegations.list,
      identity: this.context.account.view,
      notices: this.context.people.notices,
      linkRequests: this.context.account.requests,
      ...this.#proofs(),
    })
  }

  /** Each carries its file: posted only when there is a new one. */
  #proofs(): Partial<Views> {
    const { proofs, keys } = this.receipts
    if (proofs.length === this.#posted) return {}
    this.#posted = proofs.length
    return { proofs: [...proofs].sort((a, b) => b.at - a.at), logKeys: keys }
  }

  #thread(me: string): Thread | null {
    const record = this.#open === null ? undefined : this.context.rooms.get(this.#open)
    return record === undefined ? null : threadView(record.room, this.#entries, this.#written(record.room.id), me, this.#known)
  }

  readonly #known = (person: string): Acquaintance => {
    const known = this.context.people.of(person)
    return known === null ? STRANGER : { compared: known.compared || person === this.context.me?.person, digits: fingerprintDigits(person, known.aik) }
  }

  #written(conversation: string): readonly Written[] {
    return [...this.context.outbox.values()]
      .map((record) => record.written)
      .filter((one) => one.conversation === conversation)
      .sort((a, b) => a.order - b.order)
  }
}
