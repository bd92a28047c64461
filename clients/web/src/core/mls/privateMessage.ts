/** Encrypted messages (RFC 9420, 6.3). */
import { concat } from "../bytes"
import { BYTES, U32, U64, decode, fixedBytes, struct, type Codec } from "./codec"
import { InvalidMessage } from "./errors"
import {
  CONTENT_BODIES, CONTENT_TYPE, contentAuth,
  type AuthenticatedContent, type Content, type ContentAuth, type ContentType, type PrivateMessage,
} from "./framing"
import { expandWithLabel } from "./hkdf"
import type { MessageKey } from "./ratchet"
import type { RandomBytes } from "./primitives"
import type { RatchetKind, SecretTree } from "./secretTree"
import type { CipherSuite } from "./suites"

const REUSE_GUARD_BYTES = 4

interface SenderData {
  readonly leafIndex: number
  readonly generation: number
  readonly reuseGuard: Uint8Array
}

const SENDER_DATA = struct<SenderData>({ leafIndex: U32, generation: U32, reuseGuard: fixedBytes(REUSE_GUARD_BYTES) })

type Addressed = Pick<PrivateMessage, "groupId" | "epoch" | "contentType">
const ADDRESSED = struct<Addressed>({ groupId: BYTES, epoch: U64, contentType: CONTENT_TYPE })

/** What encrypts and decrypts in one epoch. */
export interface EpochKeys {
  readonly senderDataSecret: Uint8Array
  readonly secretTree: SecretTree
}

/** Decrypted, but its signature is still to be verified; then `take` forgets its key. */
export interface Unprotected {
  readonly content: AuthenticatedContent
  readonly leafIndex: number
  readonly generation: number
  readonly take: () => void
}

function ratchetKind(contentType: ContentType): RatchetKind {
  return contentType === "application" ? "application" : "handshake"
}

function inside(type: ContentType): Codec<{ readonly content: Content; readonly auth: ContentAuth }> {
  return {
    encode: ({ content, auth }) => concat(CONTENT_BODIES[type].encode(content), contentAuth(type).encode(auth)),
    read: (reader) => {
      const content = CONTENT_BODIES[type].read(reader)
      const auth = contentAuth(type).read(reader)
      while (!reader.ended) if (reader.uint(1) !== 0) throw new InvalidMessage("bad_padding", "padding that is not zeros")
      return { content, auth }
    },
  }
}

/** Encrypt; the key is used up with it. */
export function protectPrivate(
  suite: CipherSuite, keys: EpochKeys, leafIndex: number, { framed, auth }: AuthenticatedContent, padding: number, random: RandomBytes,
): PrivateMessage {
  const { groupId, epoch, authenticatedData, content } = framed
  const addressed: Addressed = { groupId, epoch, contentType: content.kind }
  const plain = concat(inside(content.kind).encode({ content, auth }), new Uint8Array(padding))
  const found = keys.secretTree.next(leafIndex, ratchetKind(content.kind))
  const reuseGuard = random(REUSE_GUARD_BYTES)
  const nonce = guarded(found.nonce, reuseGuard)
  const ciphertext = suite.aead.seal(found.key, nonce, contentAad(addressed, authenticatedData), plain)
  const senderData = SENDER_DATA.encode({ leafIndex, generation: found.generation, reuseGuard })
  found.take()
  const outer = senderDataKey(suite, keys.senderDataSecret, ciphertext)
  const encryptedSenderData = suite.aead.seal(outer.key, outer.nonce, ADDRESSED.encode(addressed), senderData)
  return { ...addressed, authenticatedData, encryptedSenderData, ciphertext }
}

export function unprotectPrivate(suite: CipherSuite, keys: EpochKeys, message: PrivateMessage, own: number | null): Unprotected {
  const { contentType, authenticatedData } = message
  const { leafIndex, generation, reuseGuard } = openSenderData(suite, keys.senderDataSecret, message)
  if (leafIndex === own) throw new InvalidMessage("own_message", "our own message: nobody can open those")
  const found = keys.secretTree.find(leafIndex, ratchetKind(contentType), generation)
  const plain = suite.aead.open(found.key, guarded(found.nonce, reuseGuard), contentAad(message, authenticatedData), message.ciphertext)
  const { content, auth } = decode(inside(contentType), plain)
  const { groupId, epoch } = message
  const framed = { groupId, epoch, sender: { kind: "member", leafIndex }, authenticatedData, content } as const
  return { content: { wire: "private", framed, auth }, leafIndex, generation, take: found.take }
}

function openSenderData(suite: CipherSuite, senderDataSecret: Uint8Array, message: PrivateMessage): SenderData {
  const { key, nonce } = senderDataKey(suite, senderDataSecret, message.ciphertext)
  return decode(SENDER_DATA, suite.aead.open(key, nonce, ADDRESSED.encode(message), message.encryptedSenderData))
}

/** RFC 9420, 6.3.2: bound to a sample of the ciphertext. */
export function senderDataKey(suite: CipherSuite, senderDataSecret: Uint8Array, ciphertext: Uint8Array): MessageKey {
  const sample = ciphertext.slice(0, suite.hash.length)
  return {
    key: expandWithLabel(suite, senderDataSecret, "key", sample, suite.aead.keyLength),
    nonce: expandWithLabel(suite, senderDataSecret, "nonce", sample, suite.aead.nonceLength),
  }
}

function contentAad(addressed: Addressed, authenticatedData: Uint8Array): Uint8Array {
  return concat(ADDRESSED.encode(addressed), BYTES.encode(authenticatedData))
}

/** The first bytes of the nonce, made different even where a state was restored from a copy (RFC 9420, 6.3.1). */
function guarded(nonce: Uint8Array, guard: Uint8Array): Uint8Array {
  return nonce.map((byte, i) => byte ^ (guard[i] ?? 0))
}
