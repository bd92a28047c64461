/** The first epoch of a group (RFC 9420, 11). */
import { checkContextExtensions, type Extension } from "./extensions"
import type { GroupContext } from "./groupContext"
import { MLS_10, newLeaf, type OwnLeaf } from "./keyPackage"
import { epochOf } from "./keySchedule"
import { entered, type MemberState } from "./memberState"
import type { RandomBytes } from "./primitives"
import { treeOf } from "./ratchetTree"
import { confirmationTag } from "./transcript"
import { treeHash } from "./treeHash"
import { checkMembers } from "./validation"
import type { CipherSuite } from "./suites"

export function create(suite: CipherSuite, groupId: Uint8Array, own: OwnLeaf, extensions: readonly Extension[], random: RandomBytes): MemberState {
  const { leafNode, privateKey } = newLeaf(suite, own, random)
  const tree = treeOf(leafNode)
  checkContextExtensions(extensions)
  checkMembers(tree, extensions)
  const context: GroupContext = {
    version: MLS_10, suite: suite.id, groupId, epoch: 0n, treeHash: treeHash(suite, tree), confirmedTranscriptHash: new Uint8Array(), extensions,
  }
  const epoch = epochOf(suite, random(suite.hash.length))
  return entered({
    suite, tree, context, ownLeaf: 0, signaturePrivateKey: own.signaturePrivateKey, pathKeys: new Map([[0, privateKey]]), epoch, pastEpochs: [], reinit: null,
    confirmationTag: confirmationTag(suite, epoch.secrets.confirmationKey, context.confirmedTranscriptHash),
  })
}
