/** HPKE (RFC 9180) in base mode: single messages, the exported secret, and DeriveKeyPair. */
import { concat, encodeUtf8 } from "../bytes"
import { uint16 } from "./encoding"
import { InvalidMessage, InvalidTree } from "./errors"
import { expand, extract } from "./hkdf"
import { padded, type KeyPair, type RandomBytes } from "./primitives"
import type { CipherSuite } from "./suites"

const VERSION = encodeUtf8("HPKE-v1")
const NOTHING = new Uint8Array()
const MODE_BASE = Uint8Array.of(0)
const MAX_CANDIDATES = 256

export interface HpkeCiphertext {
  readonly kemOutput: Uint8Array
  readonly ciphertext: Uint8Array
}

interface Encapsulated {
  readonly kemOutput: Uint8Array
  readonly secret: Uint8Array
}

interface HpkeContext {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly exporterSecret: Uint8Array
}

function kemId({ group }: CipherSuite): Uint8Array {
  return concat(encodeUtf8("KEM"), uint16(group.kemId))
}

function hpkeId({ group, hash, aead }: CipherSuite): Uint8Array {
  return concat(encodeUtf8("HPKE"), uint16(group.kemId), uint16(hash.kdfId), uint16(aead.id))
}

function labeledExtract({ hash }: CipherSuite, id: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return extract(hash, salt, concat(VERSION, id, encodeUtf8(label), ikm))
}

function labeledExpand({ hash }: CipherSuite, id: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array {
  return expand(hash, prk, concat(uint16(length), VERSION, id, encodeUtf8(label), info), length)
}

/** DeriveKeyPair (RFC 9180, 7.1.3). */
export function deriveKeyPair(suite: CipherSuite, ikm: Uint8Array): KeyPair {
  const prk = labeledExtract(suite, kemId(suite), NOTHING, "dkp_prk", ikm)
  const privateKey = suite.group.bitmask === null
    ? labeledExpand(suite, kemId(suite), prk, "sk", NOTHING, suite.group.privateKeyLength)
    : candidate(suite, prk, suite.group.bitmask)
  return { privateKey, publicKey: suite.group.publicKey(privateKey) }
}

function candidate(suite: CipherSuite, prk: Uint8Array, bitmask: number): Uint8Array {
  for (let counter = 0; counter < MAX_CANDIDATES; counter++) {
    const key = labeledExpand(suite, kemId(suite), prk, "candidate", Uint8Array.of(counter), suite.group.privateKeyLength)
    key[0] = (key[0] ?? 0) & bitmask
    if (suite.group.isPrivateKey(key)) return key
  }
  throw new InvalidTree("bad_key", "no key can be derived from this")
}

export function generateKeyPair(suite: CipherSuite, random: RandomBytes): KeyPair {
  return deriveKeyPair(suite, random(suite.hash.length))
}

function agreed(suite: CipherSuite, dh: Uint8Array, kemOutput: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const prk = labeledExtract(suite, kemId(suite), NOTHING, "eae_prk", dh)
  return labeledExpand(suite, kemId(suite), prk, "shared_secret", concat(kemOutput, publicKey), suite.hash.length)
}

function encapsulate(suite: CipherSuite, publicKey: Uint8Array, random: RandomBytes): Encapsulated {
  const ephemeral = generateKeyPair(suite, random)
  const dh = suite.group.agree(ephemeral.privateKey, publicKey)
  ephemeral.privateKey.fill(0)
  return { kemOutput: ephemeral.publicKey, secret: agreed(suite, dh, ephemeral.publicKey, publicKey) }
}

function decapsulate(suite: CipherSuite, privateKey: Uint8Array, kemOutput: Uint8Array): Uint8Array {
  const key = padded(privateKey, suite.group.privateKeyLength)
  return agreed(suite, suite.group.agree(key, kemOutput), kemOutput, suite.group.publicKey(key))
}

/** KeySchedule (RFC 9180, 5.1) for one message: the nonce is that of the first. */
function contextOf(suite: CipherSuite, secret: Uint8Array, info: Uint8Array): HpkeContext {
  const id = hpkeId(suite)
  const idHash = labeledExtract(suite, id, NOTHING, "psk_id_hash", NOTHING)
  const infoHash = labeledExtract(suite, id, NOTHING, "info_hash", info)
  const context = concat(MODE_BASE, idHash, infoHash)
  const prk = labeledExtract(suite, id, secret, "secret", NOTHING)
  return {
    key: labeledExpand(suite, id, prk, "key", context, suite.aead.keyLength),
    nonce: labeledExpand(suite, id, prk, "base_nonce", context, suite.aead.nonceLength),
    exporterSecret: labeledExpand(suite, id, prk, "exp", context, suite.hash.length),
  }
}

export function seal(
  suite: CipherSuite, publicKey: Uint8Array, info: Uint8Array, plaintext: Uint8Array, random: RandomBytes, aad: Uint8Array = NOTHING,
): HpkeCiphertext {
  const { kemOutput, secret } = encapsulate(suite, publicKey, random)
  const { key, nonce } = contextOf(suite, secret, info)
  return { kemOutput, ciphertext: suite.aead.seal(key, nonce, aad, plaintext) }
}

export function open(
  suite: CipherSuite, privateKey: Uint8Array, info: Uint8Array, { kemOutput, ciphertext }: HpkeCiphertext, aad: Uint8Array = NOTHING,
): Uint8Array {
  if (!suite.group.isPublicKey(kemOutput)) throw new InvalidMessage("bad_ciphertext", "no KEM output of this suite")
  const { key, nonce } = contextOf(suite, decapsulate(suite, privateKey, kemOutput), info)
  return suite.aead.open(key, nonce, aad, ciphertext)
}

/** SendExport (RFC 9180, 6.2): a secret that only the owner of `publicKey` can find again. */
export function sendExport(suite: CipherSuite, publicKey: Uint8Array, exporterContext: Uint8Array, random: RandomBytes): Encapsulated {
  const { kemOutput, secret } = encapsulate(suite, publicKey, random)
  return { kemOutput, secret: exported(suite, secret, exporterContext) }
}

export function receiveExport(suite: CipherSuite, privateKey: Uint8Array, exporterContext: Uint8Array, kemOutput: Uint8Array): Uint8Array {
  if (!suite.group.isPublicKey(kemOutput)) throw new InvalidMessage("bad_ciphertext", "no KEM output of this suite")
  return exported(suite, decapsulate(suite, privateKey, kemOutput), exporterContext)
}

function exported(suite: CipherSuite, secret: Uint8Array, exporterContext: Uint8Array): Uint8Array {
  const { exporterSecret } = contextOf(suite, secret, NOTHING)
  return labeledExpand(suite, hpkeId(suite), exporterSecret, "sec", exporterContext, suite.hash.length)
}
