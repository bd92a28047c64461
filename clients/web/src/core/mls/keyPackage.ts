/** Key packages (RFC 9420, 10): how somebody who is not there yet can be added. */
import { BYTES, U16, struct } from "./codec"
import { EXTENSIONS, type Extension } from "./extensions"
import { generateKeyPair } from "./hpke"
import { refHash, signWithLabel, verifyWithLabel } from "./labels"
import { LEAF_NODE, signLeafNode, type Capabilities, type LeafNode, type Lifetime } from "./leafNode"
import type { Credential } from "./credential"
import type { RandomBytes } from "./primitives"
import type { CipherSuite } from "./suites"

export const MLS_10 = 1

export interface KeyPackageContent {
  readonly version: number
  readonly suite: number
  readonly initKey: Uint8Array
  readonly leafNode: LeafNode
  readonly extensions: readonly Extension[]
}

export interface KeyPackage extends KeyPackageContent {
  readonly signature: Uint8Array
}

/** A key package and the private keys to it. */
export interface KeyPackageBundle {
  readonly keyPackage: KeyPackage
  readonly initPrivateKey: Uint8Array
  readonly encryptionPrivateKey: Uint8Array
  readonly signaturePrivateKey: Uint8Array
}

/** What a member says of itself in its leaf, and the key it signs with. */
export interface OwnLeaf {
  readonly signaturePrivateKey: Uint8Array
  readonly credential: Credential
  readonly capabilities: Capabilities
  readonly extensions: readonly Extension[]
  readonly lifetime: Lifetime
}

const CONTENT_FIELDS = { version: U16, suite: U16, initKey: BYTES, leafNode: LEAF_NODE, extensions: EXTENSIONS }
const CONTENT = struct<KeyPackageContent>(CONTENT_FIELDS)

export const KEY_PACKAGE = struct<KeyPackage>({ ...CONTENT_FIELDS, signature: BYTES })

const LABEL = "KeyPackageTBS"

export function generateKeyPackage(suite: CipherSuite, own: OwnLeaf, extensions: readonly Extension[], random: RandomBytes): KeyPackageBundle {
  const init = generateKeyPair(suite, random)
  const { leafNode, privateKey } = newLeaf(suite, own, random)
  const content: KeyPackageContent = { version: MLS_10, suite: suite.id, initKey: init.publicKey, leafNode, extensions }
  const signature = signWithLabel(suite, own.signaturePrivateKey, LABEL, CONTENT.encode(content))
  return {
    keyPackage: { ...content, signature }, initPrivateKey: init.privateKey,
    encryptionPrivateKey: privateKey, signaturePrivateKey: own.signaturePrivateKey,
  }
}

/** A leaf with a fresh key, as it stands in a key package. */
export function newLeaf(suite: CipherSuite, own: OwnLeaf, random: RandomBytes): { readonly leafNode: LeafNode; readonly privateKey: Uint8Array } {
  const { privateKey, publicKey } = generateKeyPair(suite, random)
  const { credential, capabilities, extensions, lifetime, signaturePrivateKey } = own
  const leafNode = signLeafNode(suite, signaturePrivateKey, {
    encryptionKey: publicKey, signatureKey: suite.signature.publicKey(signaturePrivateKey),
    credential, capabilities, extensions, source: { kind: "key_package", lifetime },
  }, null)
  return { leafNode, privateKey }
}

export function verifyKeyPackage(suite: CipherSuite, keyPackage: KeyPackage): void {
  verifyWithLabel(suite, keyPackage.leafNode.signatureKey, LABEL, CONTENT.encode(keyPackage), keyPackage.signature)
}

/** KeyPackageRef: the name under which a Welcome speaks of a key package (RFC 9420, 5.2). */
export function keyPackageRef(suite: CipherSuite, keyPackage: KeyPackage): Uint8Array {
  return refHash(suite, "MLS 1.0 KeyPackage Reference", KEY_PACKAGE.encode(keyPackage))
}
