/** The directory's stock of this device's single-use key packages. */
import type { Change } from "./vault"
import type { Context } from "./context"
import type { Credential } from "./mls"
import type { Receipts } from "./receipts"

export const STOCK = 50
export const LOW = 10
/** Private halves kept here. The hub holds at most a hundred unclaimed: what is older was claimed and left. */
export const KEPT = 300

export class KeyPackages {
  #refilling = false

  constructor(private readonly context: Context, private readonly receipts: Receipts, private readonly stock: number) {}

  /** Their private halves are durable before the hub hears of them. */
  async refill(left: number): Promise<void> {
    const { credential } = this.context.account
    if (left >= Math.min(LOW, this.stock) || this.#refilling || credential === null) return
    this.#refilling = true
    try {
      const packages = await this.#make(this.stock - left, credential)
      const ok = await this.context.requests.must({ kind: "key_packages.publish", packages })
      await this.receipts.take(ok, { type: "key_packages.published", conversation: null })
    } finally {
      this.#refilling = false
    }
  }

  /** The hub says when to make more: without a bound it could fill this device's memory. */
  async #forgetOldest(): Promise<void> {
    const old = (await this.context.vault.keys("key_packages")).slice(0, -KEPT)
    await this.context.vault.write(old.map((key): Change => ({ store: "key_packages", key, value: null })))
  }

  async #make(count: number, credential: Credential): Promise<readonly Uint8Array[]> {
    const made = []
    for (let i = 0; i < count; i++) made.push(await this.context.mls.newKeyPackage(credential, this.context.device))
    const order = this.context.clock.now()
    await this.context.vault.write(made.map(({ ref, secret }): Change => ({ store: "key_packages", key: ref, order, value: { secret } })))
    await this.#forgetOldest()
    return made.map((one) => one.message)
  }
}
