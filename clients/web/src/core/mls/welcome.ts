/** Welcomes (RFC 9420, 12.4.3.1). */
import { BYTES, U16, decode, listOf, optional, struct } from "./codec"
import { HPKE_CIPHERTEXT } from "./commit"
import { InvalidWelcome } from "./errors"
import { GROUP_INFO, type GroupInfo } from "./groupInfo"
import { expandWithLabel } from "./hkdf"
import type { HpkeCiphertext } from "./hpke"
import { decryptWithLabel, encryptWithLabel } from "./labels"
import type { RandomBytes } from "./primitives"
import { PRE_SHARED_KEY_ID, type PreSharedKeyId } from "./psk"
import type { CipherSuite } from "./suites"
import { equal } from "../bytes"

export interface EncryptedGroupSecrets {
  /** KeyPackageRef */
  readonly newMember: Uint8Array
  readonly encryptedGroupSecrets: HpkeCiphertext
}

export interface Welcome {
  readonly suite: number
  readonly secrets: readonly EncryptedGroupSecrets[]
  readonly encryptedGroupInfo: Uint8Array
}

export interface GroupSecrets {
  readonly joinerSecret: Uint8Array
  readonly pathSecret: { readonly secret: Uint8Array } | null
  readonly psks: readonly PreSharedKeyId[]
}

export const WELCOME = struct<Welcome>({
  suite: U16,
  secrets: listOf(struct<EncryptedGroupSecrets>({ newMember: BYTES, encryptedGroupSecrets: HPKE_CIPHERTEXT })),
  encryptedGroupInfo: BYTES,
})

export const GROUP_SECRETS = struct<GroupSecrets>({
  joinerSecret: BYTES, pathSecret: optional(struct<{ readonly secret: Uint8Array }>({ secret: BYTES })), psks: listOf(PRE_SHARED_KEY_ID),
})

const LABEL = "Welcome"
const NO_AAD = new Uint8Array()

function keyAndNonce(suite: CipherSuite, welcomeSecret: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const { keyLength, nonceLength } = suite.aead
  return [
    expandWithLabel(suite, welcomeSecret, "key", new Uint8Array(), keyLength),
    expandWithLabel(suite, welcomeSecret, "nonce", new Uint8Array(), nonceLength),
  ]
}

export function encryptGroupInfo(suite: CipherSuite, welcomeSecret: Uint8Array, groupInfo: GroupInfo): Uint8Array {
  const [key, nonce] = keyAndNonce(suite, welcomeSecret)
  return suite.aead.seal(key, nonce, NO_AAD, GROUP_INFO.encode(groupInfo))
}

export function decryptGroupInfo(suite: CipherSuite, welcomeSecret: Uint8Array, encrypted: Uint8Array): GroupInfo {
  const [key, nonce] = keyAndNonce(suite, welcomeSecret)
  return decode(GROUP_INFO, suite.aead.open(key, nonce, NO_AAD, encrypted))
}

export function encryptGroupSecrets(
  suite: CipherSuite, initKey: Uint8Array, encryptedGroupInfo: Uint8Array, secrets: GroupSecrets, random: RandomBytes,
): HpkeCiphertext {
  return encryptWithLabel(suite, initKey, LABEL, encryptedGroupInfo, GROUP_SECRETS.encode(secrets), random)
}

/** What a Welcome says to the owner of the key package named `ref`. */
export function decryptGroupSecrets(suite: CipherSuite, welcome: Welcome, ref: Uint8Array, initPrivateKey: Uint8Array): GroupSecrets {
  const mine = welcome.secrets.find(({ newMember }) => equal(newMember, ref))
  if (mine === undefined) throw new InvalidWelcome("not_for_us", "a Welcome for others")
  return decode(GROUP_SECRETS, opened(suite, initPrivateKey, welcome.encryptedGroupInfo, mine.encryptedGroupSecrets))
}

function opened(suite: CipherSuite, initPrivateKey: Uint8Array, encryptedGroupInfo: Uint8Array, sealed: HpkeCiphertext): Uint8Array {
  try {
    return decryptWithLabel(suite, initPrivateKey, LABEL, encryptedGroupInfo, sealed)
  } catch {
    throw new InvalidWelcome("bad_ciphertext", "secrets that do not open")
  }
}
