/**
 * Cipher suites (RFC 9420, 5.1 and 17.1). Ours is here; suites 2 to 7 are in `otherSuites.ts`, so that
 * the application need not carry them.
 */
import { ed25519, x25519 } from "@noble/curves/ed25519.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { Unsupported } from "./errors"
import {
  AES_128_GCM, edwardsSignature, hashOf, montgomeryGroup, type Aead, type DiffieHellman, type Hash, type SignatureScheme,
} from "./primitives"

export interface CipherSuite {
  readonly id: number
  readonly hash: Hash
  readonly aead: Aead
  readonly group: DiffieHellman
  readonly signature: SignatureScheme
}

const SHA256 = hashOf(sha256, 1)
const P25519 = 2n ** 255n - 19n
// The points of order 1, 2, 4 and 8, on the curve and on its twist.
const SMALL_25519 = [
  0n, 1n, P25519 - 1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
]
const LADDER_25519 = montgomeryGroup(x25519, 0x0020, 32, P25519, SMALL_25519)
// The base point's multiples are tabulated on the Edwards twin of the curve: a fifth of the ladder's time.
const X25519: DiffieHellman = { ...LADDER_25519, publicKey: (key) => (key.length === 32 ? edwardsBase(key) : LADDER_25519.publicKey(key)) }
const ED25519 = edwardsSignature(ed25519)

/** MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519: ours. */
export const SUITE_1: CipherSuite = { id: 1, hash: SHA256, aead: AES_128_GCM, group: X25519, signature: ED25519 }

const known = new Map<number, CipherSuite>([[SUITE_1.id, SUITE_1]])

function edwardsBase(key: Uint8Array): Uint8Array {
  const clamped = key.map((byte, i) => (i === 0 ? byte & 248 : i === 31 ? (byte & 127) | 64 : byte))
  const scalar = clamped.reduceRight((total, byte) => total * 256n + BigInt(byte), 0n)
  const point = ed25519.Point.BASE.multiply(ed25519.Point.Fn.create(scalar))
  clamped.fill(0)
  return ed25519.utils.toMontgomery(point.toBytes())
}

/** Make more suites known, once they were fetched. */
export function addSuites(suites: readonly CipherSuite[]): void {
  for (const suite of suites) known.set(suite.id, suite)
}

export function suiteOf(id: number): CipherSuite {
  const suite = known.get(id)
  if (suite === undefined) throw new Unsupported("unsupported_suite", "a cipher suite that we do not have")
  return suite
}
