/** Messages in the clear (RFC 9420, 6.2). */
import { concat, equal } from "../bytes"
import { InvalidMessage } from "./errors"
import { contentAuth, framedContentTbs, type AuthenticatedContent, type PublicMessage } from "./framing"
import type { GroupContext } from "./groupContext"
import type { CipherSuite } from "./suites"

function membershipTag(suite: CipherSuite, membershipKey: Uint8Array, { wire, framed, auth }: AuthenticatedContent, context: GroupContext): Uint8Array {
  const tbm = concat(framedContentTbs(wire, framed, context), contentAuth(framed.content.kind).encode(auth))
  return suite.hash.hmac(membershipKey, tbm)
}

/** `membershipKey`: only what comes from a member carries a tag. */
export function protectPublic(suite: CipherSuite, membershipKey: Uint8Array, content: AuthenticatedContent, context: GroupContext): PublicMessage {
  const { framed, auth } = content
  // RFC 9420, 6.2: application data must be encrypted.
  if (framed.content.kind === "application") throw new InvalidMessage("wrong_wire_format", "application data in the clear")
  const tag = framed.sender.kind === "member" ? membershipTag(suite, membershipKey, content, context) : null
  return { framed, auth, membershipTag: tag }
}

/** The content, whose signature is still to be verified; what only members can check is checked. */
export function unprotectPublic(suite: CipherSuite, membershipKey: Uint8Array, message: PublicMessage, context: GroupContext): AuthenticatedContent {
  const content = contentOf(message)
  const tag = message.membershipTag
  if (tag !== null && !equal(membershipTag(suite, membershipKey, content, context), tag)) {
    throw new InvalidMessage("bad_membership_tag", "the membership tag does not hold")
  }
  return content
}

export function contentOf({ framed, auth }: PublicMessage): AuthenticatedContent {
  if (framed.content.kind === "application") throw new InvalidMessage("wrong_wire_format", "application data in the clear")
  return { wire: "public", framed, auth }
}
