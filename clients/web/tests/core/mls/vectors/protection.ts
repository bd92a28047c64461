/** message-protection: what others protected opens, and what we protect opens again. */
import { encodeHex } from "../../../../src/core/bytes"
import { decode } from "../../../../src/core/mls/codec"
import { COMMIT } from "../../../../src/core/mls/commit"
import {
  decodeMessage, encodeMessage, signContent, verifyContent,
  type AuthenticatedContent, type Content, type FramedContent, type HandshakeWire,
} from "../../../../src/core/mls/framing"
import type { GroupContext } from "../../../../src/core/mls/groupContext"
import { protectPrivate, unprotectPrivate } from "../../../../src/core/mls/privateMessage"
import { PROPOSAL } from "../../../../src/core/mls/proposal"
import { protectPublic, unprotectPublic } from "../../../../src/core/mls/publicMessage"
import { SecretTree } from "../../../../src/core/mls/secretTree"
import { suiteOf } from "../../../../src/core/mls/suites"
import { Mismatch, bytes, number, sameValue, type Case } from "./expect"
import { randomBytes } from "./random"

const MEMBERS = 2
const SENDER = 1
const PADDING = 7


/** The content of a case, from its own field, and as it stands in a message. */
const KINDS: { readonly [K in Content["kind"]]: (one: Case) => Content } = {
  application: (one) => ({ kind: "application", data: bytes(one["application"]) }),
  proposal: (one) => ({ kind: "proposal", proposal: decode(PROPOSAL, bytes(one["proposal"])) }),
  commit: (one) => ({ kind: "commit", commit: decode(COMMIT, bytes(one["commit"])) }),
}

function plainOf(content: Content): Uint8Array {
  if (content.kind === "application") return content.data
  return content.kind === "proposal" ? PROPOSAL.encode(content.proposal) : COMMIT.encode(content.commit)
}

export function messageProtection(one: Case): void {
  for (const kind of ["proposal", "commit", "application"] as const) {
    const content = KINDS[kind](one)
    for (const data of [bytes(one[`${kind}_priv`]), ours(one, content, "private")]) opened(one, data, content)
    if (kind !== "application") for (const data of [bytes(one[`${kind}_pub`]), ours(one, content, "public")]) opened(one, data, content)
  }
}

function contextOf(one: Case): GroupContext {
  return {
    version: 1, suite: number(one["cipher_suite"]), groupId: bytes(one["group_id"]), epoch: BigInt(number(one["epoch"])),
    treeHash: bytes(one["tree_hash"]), confirmedTranscriptHash: bytes(one["confirmed_transcript_hash"]), extensions: [],
  }
}

function keysOf(one: Case): { senderDataSecret: Uint8Array; secretTree: SecretTree; membershipKey: Uint8Array } {
  const suite = suiteOf(number(one["cipher_suite"]))
  return {
    senderDataSecret: bytes(one["sender_data_secret"]), membershipKey: bytes(one["membership_key"]),
    secretTree: SecretTree.from(suite, MEMBERS, bytes(one["encryption_secret"])),
  }
}

function ours(one: Case, content: Content, wire: HandshakeWire): Uint8Array {
  const suite = suiteOf(number(one["cipher_suite"]))
  const context = contextOf(one)
  const framed: FramedContent = {
    groupId: context.groupId, epoch: context.epoch, sender: { kind: "member", leafIndex: SENDER }, authenticatedData: new Uint8Array([1, 2]), content,
  }
  const signature = signContent(suite, bytes(one["signature_priv"]), wire, framed, context)
  const confirmationTag = content.kind === "commit" ? randomBytes(suite.hash.length) : null
  const authenticated: AuthenticatedContent = { wire, framed, auth: { signature, confirmationTag } }
  const keys = keysOf(one)
  return encodeMessage(wire === "public"
    ? { kind: "public_message", message: protectPublic(suite, keys.membershipKey, authenticated, context) }
    : { kind: "private_message", message: protectPrivate(suite, keys, SENDER, authenticated, PADDING, randomBytes) })
}

function opened(one: Case, data: Uint8Array, content: Content): void {
  const suite = suiteOf(number(one["cipher_suite"]))
  const context = contextOf(one)
  const authenticated = unprotected(one, data)
  verifyContent(suite, bytes(one["signature_pub"]), authenticated, context)
  sameValue(content.kind, encodeHex(plainOf(authenticated.framed.content)), encodeHex(plainOf(content)))
}

function unprotected(one: Case, data: Uint8Array): AuthenticatedContent {
  const suite = suiteOf(number(one["cipher_suite"]))
  const message = decodeMessage(data)
  const keys = keysOf(one)
  if (message.kind === "public_message") return unprotectPublic(suite, keys.membershipKey, message.message, contextOf(one))
  if (message.kind !== "private_message") throw new Mismatch("neither a public nor a private message")
  return unprotectPrivate(suite, keys, message.message, null).content
}
