/** The worker's MLS, with this machine's clock and randomness. */
import { openMls } from "../../src/worker/coreMls"
import type { Mls } from "../../src/worker/mls"

export function anMls(): Mls {
  return openMls(() => Math.floor(Date.now() / 1000), (size) => crypto.getRandomValues(new Uint8Array(size)))
}
