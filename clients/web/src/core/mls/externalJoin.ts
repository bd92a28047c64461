/** Joining from outside by one's own commit (RFC 9420, 12.4.3.2), anew or in the place of a former self. */
import { author, encoded, type Committed } from "./committing"
import { InvalidGroupInfo, malformed } from "./errors"
import { externalPub } from "./extensions"
import { decodeMessage, encodeMessage } from "./framing"
import type { GroupInfo } from "./groupInfo"
import { verifiedTree } from "./joining"
import type { OwnLeaf } from "./keyPackage"
import { sendExternalInit } from "./keySchedule"
import type { MemberState } from "./memberState"
import type { RandomBytes } from "./primitives"
import { nextPublicState, type PublicState } from "./provisional"
import type { Proposal } from "./proposal"
import type { PreSharedKeyId, PskLookup } from "./psk"
import { protectPublic } from "./publicMessage"
import { suiteOf } from "./suites"
import type { Now } from "./validation"

export interface JoiningFromOutside {
  readonly ratchetTree: Uint8Array | null
  /** The leaf of our former self, to be removed by the same commit. */
  readonly removePrior: number | null
  readonly pskIds: readonly PreSharedKeyId[]
  readonly psks: PskLookup
  readonly authenticatedData: Uint8Array
  readonly now: Now
  readonly random: RandomBytes
}

/** The public side of a group, from a GroupInfo that is thereby verified. */
export function publicStateOf(bytes: Uint8Array, ratchetTree: Uint8Array | null): { readonly state: PublicState; readonly groupInfo: GroupInfo } {
  const message = decodeMessage(bytes)
  if (message.kind !== "group_info") throw malformed("not a GroupInfo")
  const { groupInfo } = message
  const suite = suiteOf(groupInfo.groupContext.suite)
  const tree = verifiedTree(suite, groupInfo, ratchetTree)
  return { groupInfo, state: nextPublicState(suite, tree, groupInfo.groupContext, groupInfo.confirmationTag, null) }
}

export function joinExternal(bytes: Uint8Array, own: OwnLeaf, options: JoiningFromOutside): Committed<MemberState> {
  const { state, groupInfo } = publicStateOf(bytes, options.ratchetTree)
  const pub = externalPub(groupInfo.extensions)
  if (pub === null) throw new InvalidGroupInfo("missing_external_pub", "a group that cannot be joined from outside")
  const { suite, context } = state
  const init = sendExternalInit(suite, pub, options.random)
  const { signaturePrivateKey, credential, capabilities, extensions } = own
  const authored = author({
    state, committer: null, initSecret: init.secret, signaturePrivateKey, newSignaturePrivateKey: signaturePrivateKey,
    leaf: { credential, capabilities, extensions, signatureKey: suite.signature.publicKey(signaturePrivateKey) },
    psks: options.psks, pastEpochs: [], keysAfter: () => new Map(),
  }, proposalsOf(init.kemOutput, options).map((proposal) => ({ proposal, sender: { kind: "new_member_commit" }, reference: null })), {
    wire: "public", authenticatedData: options.authenticatedData, forcePath: true, leaf: null, now: options.now, random: options.random,
  })
  // A newcomer's message carries no membership tag: no key is needed.
  const message = encodeMessage({ kind: "public_message", message: protectPublic(suite, new Uint8Array(), authored.content, context) })
  return { ...encoded(authored), message }
}

function proposalsOf(kemOutput: Uint8Array, { removePrior, pskIds }: JoiningFromOutside): readonly Proposal[] {
  return [
    { kind: "external_init", kemOutput },
    ...(removePrior === null ? [] : [{ kind: "remove", removed: removePrior } as const]),
    ...pskIds.map((psk) => ({ kind: "psk", psk }) as const),
  ]
}
