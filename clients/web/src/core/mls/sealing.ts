/** A member's message, on its way out. */
import { encodeMessage, type AuthenticatedContent } from "./framing"
import type { MemberState } from "./memberState"
import type { RandomBytes } from "./primitives"
import { protectPrivate } from "./privateMessage"
import { protectPublic } from "./publicMessage"

/** As it leaves: encrypted with the next key of our ratchet, or in the clear with the membership tag. */
export function sealed(state: MemberState, content: AuthenticatedContent, padding: number, random: RandomBytes): Uint8Array {
  const { suite, secrets: { senderDataSecret, membershipKey }, secretTree, ownLeaf, context } = state
  return encodeMessage(content.wire === "public"
    ? { kind: "public_message", message: protectPublic(suite, membershipKey, content, context) }
    : { kind: "private_message", message: protectPrivate(suite, { senderDataSecret, secretTree }, ownLeaf, content, padding, random) })
}
