/** Framing (RFC 9420, 6): contents, who says them, and the messages that carry them. */
import { concat } from "../bytes"
import { BYTES, NOTHING, U16, U32, U64, U8, bytesUpTo, constant, decode, oneOf, select, struct, type Codec } from "./codec"
import { COMMIT, type Commit } from "./commit"
import { GROUP_CONTEXT, type GroupContext } from "./groupContext"
import { GROUP_INFO, type GroupInfo } from "./groupInfo"
import { KEY_PACKAGE, MLS_10, type KeyPackage } from "./keyPackage"
import { refHash, signWithLabel, verifyWithLabel } from "./labels"
import { PROPOSAL, type Proposal } from "./proposal"
import type { CipherSuite } from "./suites"
import { WELCOME, type Welcome } from "./welcome"

export type Sender =
  | { readonly kind: "member"; readonly leafIndex: number }
  | { readonly kind: "external"; readonly senderIndex: number }
  | { readonly kind: "new_member_proposal" }
  | { readonly kind: "new_member_commit" }

export type Content =
  | { readonly kind: "application"; readonly data: Uint8Array }
  | { readonly kind: "proposal"; readonly proposal: Proposal }
  | { readonly kind: "commit"; readonly commit: Commit }

export type ContentType = Content["kind"]

export interface FramedContent {
  readonly groupId: Uint8Array
  readonly epoch: bigint
  readonly sender: Sender
  readonly authenticatedData: Uint8Array
  readonly content: Content
}

/** `confirmationTag`: of a commit, and of nothing else. */
export interface ContentAuth {
  readonly signature: Uint8Array
  readonly confirmationTag: Uint8Array | null
}

export type HandshakeWire = "public" | "private"

export interface AuthenticatedContent {
  readonly wire: HandshakeWire
  readonly framed: FramedContent
  readonly auth: ContentAuth
}

/** `membershipTag`: of a member's message, and of no other. */
export interface PublicMessage {
  readonly framed: FramedContent
  readonly auth: ContentAuth
  readonly membershipTag: Uint8Array | null
}

export interface PrivateMessage {
  readonly groupId: Uint8Array
  readonly epoch: bigint
  readonly contentType: ContentType
  readonly authenticatedData: Uint8Array
  readonly encryptedSenderData: Uint8Array
  readonly ciphertext: Uint8Array
}

export type MlsMessage =
  | { readonly kind: "public_message"; readonly message: PublicMessage }
  | { readonly kind: "private_message"; readonly message: PrivateMessage }
  | { readonly kind: "welcome"; readonly welcome: Welcome }
  | { readonly kind: "group_info"; readonly groupInfo: GroupInfo }
  | { readonly kind: "key_package"; readonly keyPackage: KeyPackage }

// The hub's bounds, and the Python core's: what one takes, all take.
const GROUP_ID = bytesUpTo(64)
const AUTHENTICATED_DATA = bytesUpTo(4_096)

const WIRE = oneOf<HandshakeWire>(U16, { public: 1, private: 2 })
const VERSION = constant(U16, MLS_10)

export const CONTENT_TYPE = oneOf<ContentType>(U8, { application: 1, proposal: 2, commit: 3 })

const SENDER = select<Sender>(U8, {
  member: [1, struct({ leafIndex: U32 })],
  external: [2, struct({ senderIndex: U32 })],
  new_member_proposal: [3, NOTHING],
  new_member_commit: [4, NOTHING],
})

/** A content without its type, which a PrivateMessage says outside. */
export const CONTENT_BODIES: { readonly [K in ContentType]: Codec<Content> } = {
  application: bodyOf(BYTES, (data) => ({ kind: "application", data }), (content) => (content.kind === "application" ? content.data : null)),
  proposal: bodyOf(PROPOSAL, (proposal) => ({ kind: "proposal", proposal }), (content) => (content.kind === "proposal" ? content.proposal : null)),
  commit: bodyOf(COMMIT, (commit) => ({ kind: "commit", commit }), (content) => (content.kind === "commit" ? content.commit : null)),
}

function bodyOf<T>(codec: Codec<T>, wrap: (value: T) => Content, unwrap: (content: Content) => T | null): Codec<Content> {
  return {
    encode: (content) => {
      const value = unwrap(content)
      if (value === null) throw new TypeError("a content of another type")
      return codec.encode(value)
    },
    read: (reader) => wrap(codec.read(reader)),
  }
}

const CONTENT: Codec<Content> = {
  encode: (content) => concat(CONTENT_TYPE.encode(content.kind), CONTENT_BODIES[content.kind].encode(content)),
  read: (reader) => CONTENT_BODIES[CONTENT_TYPE.read(reader)].read(reader),
}

const FRAMED_CONTENT = struct<FramedContent>({ groupId: GROUP_ID, epoch: U64, sender: SENDER, authenticatedData: AUTHENTICATED_DATA, content: CONTENT })

/** Which fields an auth has depends on the content before it (RFC 9420, 6.1). */
export function contentAuth(type: ContentType): Codec<ContentAuth> {
  return {
    encode: ({ signature, confirmationTag }) =>
      concat(BYTES.encode(signature), type === "commit" ? BYTES.encode(confirmationTag ?? new Uint8Array()) : new Uint8Array()),
    read: (reader) => ({ signature: reader.opaque(), confirmationTag: type === "commit" ? reader.opaque() : null }),
  }
}

export const AUTHENTICATED_CONTENT: Codec<AuthenticatedContent> = {
  encode: ({ wire, framed, auth }) => concat(WIRE.encode(wire), FRAMED_CONTENT.encode(framed), contentAuth(framed.content.kind).encode(auth)),
  read: (reader) => {
    const wire = WIRE.read(reader)
    const framed = FRAMED_CONTENT.read(reader)
    return { wire, framed, auth: contentAuth(framed.content.kind).read(reader) }
  },
}

const PUBLIC_MESSAGE: Codec<PublicMessage> = {
  encode: ({ framed, auth, membershipTag }) => concat(
    FRAMED_CONTENT.encode(framed), contentAuth(framed.content.kind).encode(auth),
    framed.sender.kind === "member" ? BYTES.encode(membershipTag ?? new Uint8Array()) : new Uint8Array()),
  read: (reader) => {
    const framed = FRAMED_CONTENT.read(reader)
    const auth = contentAuth(framed.content.kind).read(reader)
    return { framed, auth, membershipTag: framed.sender.kind === "member" ? reader.opaque() : null }
  },
}

const PRIVATE_MESSAGE = struct<PrivateMessage>({
  groupId: GROUP_ID, epoch: U64, contentType: CONTENT_TYPE, authenticatedData: AUTHENTICATED_DATA, encryptedSenderData: BYTES, ciphertext: BYTES,
})

const MESSAGE = select<MlsMessage>(U16, {
  public_message: [1, struct({ message: PUBLIC_MESSAGE })],
  private_message: [2, struct({ message: PRIVATE_MESSAGE })],
  welcome: [3, struct({ welcome: WELCOME })],
  group_info: [4, struct({ groupInfo: GROUP_INFO })],
  key_package: [5, struct({ keyPackage: KEY_PACKAGE })],
})

export function encodeMessage(message: MlsMessage): Uint8Array {
  return concat(VERSION.encode(MLS_10), MESSAGE.encode(message))
}

export function decodeMessage(bytes: Uint8Array): MlsMessage {
  return decode({ encode: encodeMessage, read: (reader) => { VERSION.read(reader); return MESSAGE.read(reader) } }, bytes)
}

const LABEL = "FramedContentTBS"

/** FramedContentTBS: a member's signature covers the context too, so that it holds in one epoch only. */
export function framedContentTbs(wire: HandshakeWire, framed: FramedContent, context: GroupContext): Uint8Array {
  const inside = framed.sender.kind === "member" || framed.sender.kind === "new_member_commit"
  return concat(
    VERSION.encode(MLS_10), WIRE.encode(wire), FRAMED_CONTENT.encode(framed), inside ? GROUP_CONTEXT.encode(context) : new Uint8Array())
}

export function signContent(suite: CipherSuite, privateKey: Uint8Array, wire: HandshakeWire, framed: FramedContent, context: GroupContext): Uint8Array {
  return signWithLabel(suite, privateKey, LABEL, framedContentTbs(wire, framed, context))
}

export function verifyContent(suite: CipherSuite, publicKey: Uint8Array, { wire, framed, auth }: AuthenticatedContent, context: GroupContext): void {
  verifyWithLabel(suite, publicKey, LABEL, framedContentTbs(wire, framed, context), auth.signature)
}

/** ProposalRef (RFC 9420, 5.2). */
export function proposalRef(suite: CipherSuite, content: AuthenticatedContent): Uint8Array {
  return refHash(suite, "MLS 1.0 Proposal Reference", AUTHENTICATED_CONTENT.encode(content))
}

/** ConfirmedTranscriptHashInput and InterimTranscriptHashInput are made of these (RFC 9420, 8.2). */
export function confirmedTranscriptHashInput({ wire, framed, auth }: AuthenticatedContent): Uint8Array {
  return concat(WIRE.encode(wire), FRAMED_CONTENT.encode(framed), BYTES.encode(auth.signature))
}
