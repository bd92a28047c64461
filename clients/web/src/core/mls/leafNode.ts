/** Leaf nodes (RFC 9420, 7.2). */
import { BYTES, NOTHING, U16, U32, U64, U8, listOf, select, struct, type Codec } from "./codec"
import { CREDENTIAL, type Credential } from "./credential"
import { concat } from "../bytes"
import { EXTENSIONS, type Extension } from "./extensions"
import { signWithLabel, verifyWithLabel } from "./labels"
import type { CipherSuite } from "./suites"

export interface Capabilities {
  readonly versions: readonly number[]
  readonly cipherSuites: readonly number[]
  readonly extensions: readonly number[]
  readonly proposals: readonly number[]
  readonly credentials: readonly number[]
}

/** In seconds since 1970. */
export interface Lifetime {
  readonly notBefore: bigint
  readonly notAfter: bigint
}

export type LeafNodeSource =
  | { readonly kind: "key_package"; readonly lifetime: Lifetime }
  | { readonly kind: "update" }
  | { readonly kind: "commit"; readonly parentHash: Uint8Array }

export interface LeafNodeContent {
  readonly encryptionKey: Uint8Array
  readonly signatureKey: Uint8Array
  readonly credential: Credential
  readonly capabilities: Capabilities
  readonly source: LeafNodeSource
  readonly extensions: readonly Extension[]
}

export interface LeafNode extends LeafNodeContent {
  readonly signature: Uint8Array
}

/** Where a leaf stands: what its signature covers unless it comes from a key package. */
export interface LeafPlace {
  readonly groupId: Uint8Array
  readonly leafIndex: number
}

const TYPES = listOf(U16)
const CAPABILITIES = struct<Capabilities>({ versions: TYPES, cipherSuites: TYPES, extensions: TYPES, proposals: TYPES, credentials: TYPES })
const LIFETIME = struct<Lifetime>({ notBefore: U64, notAfter: U64 })
const SOURCE = select<LeafNodeSource>(U8, {
  key_package: [1, struct({ lifetime: LIFETIME })],
  update: [2, NOTHING],
  commit: [3, struct({ parentHash: BYTES })],
})
const CONTENT_FIELDS = {
  encryptionKey: BYTES, signatureKey: BYTES, credential: CREDENTIAL, capabilities: CAPABILITIES, source: SOURCE, extensions: EXTENSIONS,
}
const CONTENT = struct<LeafNodeContent>(CONTENT_FIELDS)
const PLACE = struct<LeafPlace>({ groupId: BYTES, leafIndex: U32 })

export const LEAF_NODE: Codec<LeafNode> = struct<LeafNode>({ ...CONTENT_FIELDS, signature: BYTES })

const LABEL = "LeafNodeTBS"

function toBeSigned(content: LeafNodeContent, place: LeafPlace | null): Uint8Array {
  return content.source.kind === "key_package" || place === null
    ? CONTENT.encode(content)
    : concat(CONTENT.encode(content), PLACE.encode(place))
}

/** `place`: null for the leaf of a key package, which has none yet. */
export function signLeafNode(suite: CipherSuite, privateKey: Uint8Array, content: LeafNodeContent, place: LeafPlace | null): LeafNode {
  return { ...content, signature: signWithLabel(suite, privateKey, LABEL, toBeSigned(content, place)) }
}

export function verifyLeafNode(suite: CipherSuite, leaf: LeafNode, place: LeafPlace): void {
  verifyWithLabel(suite, leaf.signatureKey, LABEL, toBeSigned(leaf, place), leaf.signature)
}
