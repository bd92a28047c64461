/** Suites 2 and 4 to 7, to be made known by `addSuites(OTHER_SUITES)`: nothing that the application loads imports this. */
import { ed448, x448 } from "@noble/curves/ed448.js"
import { p256, p384, p521 } from "@noble/curves/nist.js"
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js"
import { AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, ecdsaSignature, edwardsSignature, hashOf, montgomeryGroup, weierstrassGroup } from "./primitives"
import type { CipherSuite } from "./suites"

const SHA256 = hashOf(sha256, 1)
const SHA384 = hashOf(sha384, 2)
const SHA512 = hashOf(sha512, 3)
const P448 = 2n ** 448n - 2n ** 224n - 1n
const X448 = montgomeryGroup(x448, 0x0021, 56, P448, [0n, 1n, P448 - 1n])
const ED448 = edwardsSignature(ed448)

export const OTHER_SUITES: readonly CipherSuite[] = [
  { id: 2, hash: SHA256, aead: AES_128_GCM, group: weierstrassGroup(p256, 0x0010, 32, 0xff), signature: ecdsaSignature(p256, 32) },
  { id: 4, hash: SHA512, aead: AES_256_GCM, group: X448, signature: ED448 },
  { id: 5, hash: SHA512, aead: AES_256_GCM, group: weierstrassGroup(p521, 0x0012, 66, 0x01), signature: ecdsaSignature(p521, 66) },
  { id: 6, hash: SHA512, aead: CHACHA20_POLY1305, group: X448, signature: ED448 },
  { id: 7, hash: SHA384, aead: AES_256_GCM, group: weierstrassGroup(p384, 0x0011, 48, 0xff), signature: ecdsaSignature(p384, 48) },
]
