/** The directory's stock of this device's single-use key packages. */
import type { Change } from "./vault"
import { identityOf, type Context } from "./context"
import type { Receipts } from "./receipts"

export const STOCK = 50
export const LOW = 10

export class KeyPackages {
  #refilling = false

  constructor(private readonly context: Context, private readonly receipts: Receipts) {}

  /** Their private halves are durable before the hub hears of them. */
  async refill(left: number): Promise<void> {
    if (left >= LOW || this.#refilling || this.context.me === null) return
    this.#refilling = true
    try {
      const packages = await this.#make(STOCK - left, identityOf(this.context.me.person, this.context.device.device))
      const ok = await this.context.requests.must({ kind: "key_packages.publish", packages })
      await this.receipts.take(ok, { type: "key_packages.published", conversation: null })
    } finally {
      this.#refilling = false
    }
  }

  async #make(count: number, identity: string): Promise<readonly Uint8Array[]> {
    const made = []
    for (let i = 0; i < count; i++) made.push(await this.context.mls.newKeyPackage(identity, this.context.device))
    await this.context.vault.write(made.map(({ ref, secret }): Change => ({ store: "key_packages", key: ref, value: { secret } })))
    return made.map((one) => one.message)
  }
}
