/** Pre-shared keys (RFC 9420, 8.4). */
import { BYTES, U16, U64, U8, oneOf, select, struct, type Codec } from "./codec"
import { InvalidProposal } from "./errors"
import { expandWithLabel, extract } from "./hkdf"
import type { CipherSuite } from "./suites"

export type ResumptionUsage = "application" | "reinit" | "branch"

export type Psk =
  | { readonly kind: "external"; readonly pskId: Uint8Array }
  | { readonly kind: "resumption"; readonly usage: ResumptionUsage; readonly groupId: Uint8Array; readonly epoch: bigint }

export interface PreSharedKeyId {
  readonly psk: Psk
  readonly nonce: Uint8Array
}

/** Find a key that is not the group's own; null where there is none. */
export type PskLookup = (psk: Psk) => Uint8Array | null

export const NO_PSKS: PskLookup = () => null

const PSK = select<Psk>(U8, {
  external: [1, struct({ pskId: BYTES })],
  resumption: [2, struct({
    usage: oneOf<ResumptionUsage>(U8, { application: 1, reinit: 2, branch: 3 }), groupId: BYTES, epoch: U64,
  })],
})

export const PRE_SHARED_KEY_ID: Codec<PreSharedKeyId> = struct<PreSharedKeyId>({ psk: PSK, nonce: BYTES })

interface PskLabel {
  readonly id: PreSharedKeyId
  readonly index: number
  readonly count: number
}

const PSK_LABEL = struct<PskLabel>({ id: PRE_SHARED_KEY_ID, index: U16, count: U16 })

/** One secret out of all of them, zeros where there are none. */
export function pskSecret(suite: CipherSuite, ids: readonly PreSharedKeyId[], lookup: PskLookup): Uint8Array {
  const zero = new Uint8Array(suite.hash.length)
  return ids.reduce<Uint8Array>((secret, id, index) => {
    const extracted = extract(suite.hash, zero, found(id, lookup))
    const label = PSK_LABEL.encode({ id, index, count: ids.length })
    return extract(suite.hash, expandWithLabel(suite, extracted, "derived psk", label, suite.hash.length), secret)
  }, zero)
}

function found({ psk }: PreSharedKeyId, lookup: PskLookup): Uint8Array {
  const key = lookup(psk)
  if (key === null) throw new InvalidProposal("unknown_psk", "a pre-shared key that is not here")
  return key
}
