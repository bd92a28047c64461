/** A member's GroupInfo of its epoch: with the tree, and the key to join from outside by. */
import { RATCHET_TREE as TREE_EXTENSION, externalPubExtension, type Extension } from "./extensions"
import { signGroupInfo, type GroupInfo } from "./groupInfo"
import { externalKeyPair } from "./keySchedule"
import type { MemberState } from "./memberState"
import { RATCHET_TREE } from "./ratchetTree"

export function signedGroupInfo(state: MemberState): GroupInfo {
  const { suite, context, tree, secrets, confirmationTag, ownLeaf } = state
  const extensions: readonly Extension[] = [
    { type: TREE_EXTENSION, data: RATCHET_TREE.encode(tree) },
    externalPubExtension(externalKeyPair(suite, secrets.externalSecret).publicKey),
  ]
  return signGroupInfo(suite, state.signaturePrivateKey, { groupContext: context, extensions, confirmationTag, signer: ownLeaf })
}
