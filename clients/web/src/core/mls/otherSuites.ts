/** Suites 2 to 7, to be made known by `addSuites(OTHER_SUITES)`: nothing that the application loads imports this. */
import { chacha20poly1305 } from "@noble/ciphers/chacha.js"
import { ed448, x448 } from "@noble/curves/ed448.js"
import { p256, p384, p521 } from "@noble/curves/nist.js"
import { sha384, sha512 } from "@noble/hashes/sha2.js"
import { AES_256_GCM, aead, ecdsaSignature, edwardsSignature, hashOf, montgomeryGroup, weierstrassGroup } from "./primitives"
import { SUITE_1, type CipherSuite } from "./suites"

const CHACHA20_POLY1305 = aead(3, 32, chacha20poly1305)
const SHA384 = hashOf(sha384, 2)
const SHA512 = hashOf(sha512, 3)
const P448 = 2n ** 448n - 2n ** 224n - 1n
const X448 = montgomeryGroup(x448, 0x0021, 56, P448, [0n, 1n, P448 - 1n])
const ED448 = edwardsSignature(ed448)

export const OTHER_SUITES: readonly CipherSuite[] = [
  { ...SUITE_1, id: 2, group: weierstrassGroup(p256, 0x0010, 32, 0xff), signature: ecdsaSignature(p256, 32) },
  { ...SUITE_1, id: 3, aead: CHACHA20_POLY1305 },
  { id: 4, hash: SHA512, aead: AES_256_GCM, group: X448, signature: ED448 },
  { id: 5, hash: SHA512, aead: AES_256_GCM, group: weierstrassGroup(p521, 0x0012, 66, 0x01), signature: ecdsaSignature(p521, 66) },
  { id: 6, hash: SHA512, aead: CHACHA20_POLY1305, group: X448, signature: ED448 },
  { id: 7, hash: SHA384, aead: AES_256_GCM, group: weierstrassGroup(p384, 0x0011, 48, 0xff), signature: ecdsaSignature(p384, 48) },
]
