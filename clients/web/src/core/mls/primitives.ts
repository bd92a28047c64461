/**
 * What a cipher suite is made of, over the `@noble` packages: the same small faces for every curve,
 * hash and cipher. Their errors become ours here, so that a bad key is a refusal and never a surprise.
 */
import { gcm } from "@noble/ciphers/aes.js"
import type { ECDSA } from "@noble/curves/abstract/weierstrass.js"
import type { EdDSA } from "@noble/curves/abstract/edwards.js"
import type { MontgomeryECDH } from "@noble/curves/abstract/montgomery.js"
import { hmac } from "@noble/hashes/hmac.js"
import type { CHash } from "@noble/hashes/utils.js"
import { InvalidMessage, InvalidTree } from "./errors"

export type RandomBytes = (size: number) => Uint8Array

export interface Hash {
  readonly length: number
  /** The HKDF's number in HPKE (RFC 9180, 7.2). */
  readonly kdfId: number
  digest(bytes: Uint8Array): Uint8Array
  hmac(key: Uint8Array, message: Uint8Array): Uint8Array
}

export interface Aead {
  /** Its number in HPKE (RFC 9180, 7.3). */
  readonly id: number
  readonly keyLength: number
  readonly nonceLength: number
  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array
  /** Throws where the ciphertext is not what this key sealed. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array
}

/** A Diffie-Hellman group, as a KEM uses it (RFC 9180, 7.1). */
export interface DiffieHellman {
  readonly kemId: number
  readonly privateKeyLength: number
  /** What DeriveKeyPair does to the first byte of a candidate; null where any bytes are a private key. */
  readonly bitmask: number | null
  isPrivateKey(key: Uint8Array): boolean
  /** Whether somebody can encrypt to it: a key for which nobody can would stop a group. */
  isPublicKey(key: Uint8Array): boolean
  publicKey(privateKey: Uint8Array): Uint8Array
  agree(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array
}

export interface SignatureScheme {
  generate(random: RandomBytes): KeyPair
  publicKey(privateKey: Uint8Array): Uint8Array
  sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array
  isValid(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

export interface KeyPair {
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
}

export function hashOf(hash: CHash, kdfId: number): Hash {
  return { length: hash.outputLen, kdfId, digest: (bytes) => hash(bytes), hmac: (key, message) => hmac(hash, key, message) }
}

type NobleAead = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array) => { encrypt(plain: Uint8Array): Uint8Array; decrypt(cipher: Uint8Array): Uint8Array }

export function aead(id: number, keyLength: number, cipher: NobleAead): Aead {
  return {
    id, keyLength, nonceLength: 12,
    seal: (key, nonce, aad, plaintext) => cipher(key, nonce, aad).encrypt(plaintext),
    open: (key, nonce, aad, ciphertext) => {
      try {
        return cipher(key, nonce, aad).decrypt(ciphertext)
      } catch {
        throw new InvalidMessage("bad_ciphertext", "the ciphertext does not open")
      }
    },
  }
}

export const AES_128_GCM = aead(1, 16, gcm)
export const AES_256_GCM = aead(2, 32, gcm)

/** X25519 or X448. `smallOrder`: the u coordinates, below `prime`, with which every agreement gives zeros. */
export function montgomeryGroup(
  curve: MontgomeryECDH, kemId: number, length: number, prime: bigint, smallOrder: readonly bigint[],
): DiffieHellman {
  return {
    kemId, privateKeyLength: length, bitmask: null,
    isPrivateKey: (key) => key.length === length,
    isPublicKey: (key) => key.length === length && !smallOrder.includes(coordinate(key) % prime),
    publicKey: (privateKey) => asPrivateKey(() => curve.getPublicKey(privateKey)),
    // A point of small order gives zeros, which noble refuses (RFC 9180, 7.1.4).
    agree: (privateKey, publicKey) => asPublicKey(() => curve.getSharedSecret(privateKey, publicKey)),
  }
}

/** RFC 7748, 5: little-endian; of the 32 bytes of X25519 the last bit does not count. */
function coordinate(key: Uint8Array): bigint {
  const number = key.reduceRight((total, byte) => total * 256n + BigInt(byte), 0n)
  return key.length === 32 ? number % 2n ** 255n : number
}

/** A NIST curve: uncompressed points, and the x coordinate as the shared secret. */
export function weierstrassGroup(curve: ECDSA, kemId: number, length: number, bitmask: number): DiffieHellman {
  return {
    kemId, privateKeyLength: length, bitmask,
    isPrivateKey: (key) => curve.utils.isValidSecretKey(key),
    isPublicKey: (key) => curve.utils.isValidPublicKey(key, false),
    publicKey: (privateKey) => asPrivateKey(() => curve.getPublicKey(privateKey, false)),
    agree: (privateKey, publicKey) => asPublicKey(() => {
      // RFC 9180, 7.1.1 knows the uncompressed form only.
      if (publicKey.length !== 1 + 2 * length) throw new RangeError("not an uncompressed point")
      return curve.getSharedSecret(privateKey, publicKey, false).slice(1, 1 + length)
    }),
  }
}

export function edwardsSignature(curve: EdDSA): SignatureScheme {
  return {
    generate: (random) => {
      const privateKey = random(curve.lengths.seed ?? 0)
      return { privateKey, publicKey: curve.getPublicKey(privateKey) }
    },
    publicKey: (privateKey) => asPrivateKey(() => curve.getPublicKey(privateKey)),
    sign: (privateKey, message) => asPrivateKey(() => curve.sign(message, privateKey)),
    // One spelling of a point and of a scalar, as RFC 8032 and OpenSSL have it.
    isValid: (publicKey, message, signature) => holds(() => curve.verify(signature, message, publicKey, { zip215: false })),
  }
}

export function ecdsaSignature(curve: ECDSA, length: number): SignatureScheme {
  return {
    generate: (random) => {
      const privateKey = curve.utils.randomSecretKey(random(curve.lengths.seed ?? 0))
      return { privateKey, publicKey: curve.getPublicKey(privateKey, false) }
    },
    publicKey: (privateKey) => asPrivateKey(() => curve.getPublicKey(padded(privateKey, length), false)),
    sign: (privateKey, message) => asPrivateKey(() => curve.sign(message, padded(privateKey, length), { format: "der", lowS: false })),
    isValid: (publicKey, message, signature) =>
      publicKey.length === 1 + 2 * length && holds(() => curve.verify(signature, message, publicKey, { format: "der", lowS: false })),
  }
}

/** A scalar at its field's full length: some write it without its leading zeros. */
export function padded(key: Uint8Array, length: number): Uint8Array {
  if (key.length >= length) return key
  const full = new Uint8Array(length)
  full.set(key, length - key.length)
  return full
}

function holds(verify: () => boolean): boolean {
  try {
    return verify()
  } catch {
    return false
  }
}

function asPrivateKey(work: () => Uint8Array): Uint8Array {
  try {
    return work()
  } catch {
    throw new InvalidTree("bad_key", "not a private key of this suite")
  }
}

function asPublicKey(work: () => Uint8Array): Uint8Array {
  try {
    return work()
  } catch {
    throw new InvalidTree("bad_key", "not a public key of this suite")
  }
}
