/** Saves drafts as they are typed: a change at once, and while one is being saved only the last of those after it. */
export class Drafts {
  readonly #save: (conversation: string, text: string) => Promise<unknown>
  readonly #waiting = new Map<string, string>()
  readonly #saving = new Set<string>()

  constructor(save: (conversation: string, text: string) => Promise<unknown>) {
    this.#save = save
  }

  change(conversation: string, text: string): void {
    this.#waiting.set(conversation, text)
    if (!this.#saving.has(conversation)) void this.#drain(conversation)
  }

  /** What is sent is no draft any more, even if its last change was still to be saved. */
  forget(conversation: string): void {
    this.#waiting.delete(conversation)
  }

  forgetAll(): void {
    this.#waiting.clear()
  }

  async #drain(conversation: string): Promise<void> {
    this.#saving.add(conversation)
    for (let text = this.#take(conversation); text !== undefined; text = this.#take(conversation)) {
      await this.#save(conversation, text)
    }
    this.#saving.delete(conversation)
  }

  #take(conversation: string): string | undefined {
    const text = this.#waiting.get(conversation)
    this.#waiting.delete(conversation)
    return text
  }
}
