/** Joining by a Welcome (RFC 9420, 12.4.3.1), and what every joiner checks of a group. */
import { equal } from "../bytes"
import { CREDENTIAL } from "./credential"
import { InvalidGroupInfo, InvalidTree, InvalidWelcome, malformed } from "./errors"
import { EXTENSIONS, RATCHET_TREE as TREE_EXTENSION, checkContextExtensions, checkDistinctExtensions, findExtension } from "./extensions"
import { decodeMessage } from "./framing"
import type { GroupContext } from "./groupContext"
import { verifyGroupInfo, type GroupInfo } from "./groupInfo"
import { keyPackageRef, type KeyPackageBundle } from "./keyPackage"
import { newEpoch, welcomeSecret } from "./keySchedule"
import { LEAF_NODE, type LeafNode } from "./leafNode"
import { entered, pskLookup, type MemberState } from "./memberState"
import type { ReInit } from "./proposal"
import { pskSecret, type PreSharedKeyId, type Psk, type PskLookup } from "./psk"
import { decodeRatchetTree, filteredDirectPath, leafAt, leafCount, membersOf, parentAt, type RatchetTree } from "./ratchetTree"
import { verifyConfirmationTag } from "./transcript"
import { treeHash } from "./treeHash"
import { commonAncestor, directPath } from "./treeMath"
import { climb, type PathKeys } from "./treekem"
import { checkTree } from "./validation"
import { decryptGroupInfo, decryptGroupSecrets, type GroupSecrets, type Welcome } from "./welcome"
import { suiteOf, type CipherSuite } from "./suites"

/** Whether two leaves are of one client: the application's to say (RFC 9420, 11.3). */
export type SameClient = (one: LeafNode, other: LeafNode) => boolean

type Link = Extract<Psk, { kind: "resumption" }>

export interface Joining {
  /** Where the GroupInfo does not carry it. */
  readonly ratchetTree: Uint8Array | null
  readonly psks: PskLookup
  /** The group that this one continues: a ReInit or a branch is joined with it, or not at all. */
  readonly former: MemberState | null
  readonly sameClient: SameClient
  /** Throws where whoever vouches for the group (the GroupInfo's signer) may not: that is the application's to say. */
  readonly checkSigner: (leafNode: LeafNode) => void
}

export const ANY_SIGNER = (): void => undefined

export const sameCredential: SameClient = (one, other) => equal(CREDENTIAL.encode(one.credential), CREDENTIAL.encode(other.credential))

export function welcomeOf(bytes: Uint8Array): Welcome {
  const message = decodeMessage(bytes)
  if (message.kind !== "welcome") throw malformed("not a Welcome")
  return message.welcome
}

export function join(bytes: Uint8Array, bundle: KeyPackageBundle, { ratchetTree, psks, former, sameClient, checkSigner }: Joining): MemberState {
  const welcome = welcomeOf(bytes)
  const suite = suiteOf(welcome.suite)
  const { keyPackage } = bundle
  if (keyPackage.suite !== welcome.suite) throw new InvalidWelcome("wrong_suite", "a Welcome of another suite than the key package")
  const secrets = decryptGroupSecrets(suite, welcome, keyPackageRef(suite, keyPackage), bundle.initPrivateKey)
  checkPsks(suite, secrets.psks)
  const psk = pskSecret(suite, secrets.psks, former === null ? psks : pskLookup(former, psks))
  const groupInfo = decryptGroupInfo(suite, welcomeSecret(suite, secrets.joinerSecret, psk), welcome.encryptedGroupInfo)
  const tree = verifiedTree(suite, groupInfo, ratchetTree)
  checkSigner(signerOf(tree, groupInfo))
  const [link] = foundingPsks(secrets.psks)
  if (link !== undefined) checkLink(link, groupInfo.groupContext, tree, former, sameClient)
  const ownLeaf = ownLeafIn(tree, bundle)
  const told = toldKeys(suite, tree, secrets, groupInfo.signer, ownLeaf)
  checkAllTold(tree, ownLeaf, told)
  const epoch = newEpoch(suite, secrets.joinerSecret, psk, groupInfo.groupContext)
  const { confirmedTranscriptHash } = groupInfo.groupContext
  verifyConfirmationTag(suite, epoch.secrets.confirmationKey, confirmedTranscriptHash, groupInfo.confirmationTag)
  return entered({
    suite, tree, context: groupInfo.groupContext, confirmationTag: groupInfo.confirmationTag, ownLeaf,
    signaturePrivateKey: bundle.signaturePrivateKey, epoch, pastEpochs: [], reinit: null,
    pathKeys: new Map([[2 * ownLeaf, bundle.encryptionPrivateKey], ...told]),
  })
}

function checkPsks(suite: CipherSuite, psks: readonly PreSharedKeyId[]): void {
  if (psks.some(({ nonce }) => nonce.length !== suite.hash.length)) throw new InvalidWelcome("psk_nonce", "a nonce of another length")
  if (foundingPsks(psks).length > 1) throw new InvalidWelcome("psk_usage", "a group that continues two others")
}

/** The keys that say from which group this one was made. */
function foundingPsks(psks: readonly PreSharedKeyId[]): readonly Link[] {
  return psks.flatMap(({ psk }) => (psk.kind === "resumption" && psk.usage !== "application" ? [psk] : []))
}

/** RFC 9420, 12.4.3.1, last item: the new group is the one that the old one said it would be. */
function checkLink({ usage, groupId, epoch }: Link, context: GroupContext, tree: RatchetTree, former: MemberState | null, same: SameClient): void {
  const isFormer = former !== null && equal(former.context.groupId, groupId) && former.context.epoch === epoch
  const fits = isFormer && context.epoch === 1n && (usage === "branch"
    ? context.suite === former.suite.id && allIn(tree, former.tree, same)
    : isReinit(context, former.reinit) && allIn(former.tree, tree, same))
  if (!fits) throw new InvalidWelcome(usage === "branch" ? "not_the_branch" : "not_the_reinit", "not the group that it is said to continue")
}

function isReinit({ groupId, suite, extensions }: GroupContext, reinit: ReInit | null): boolean {
  return reinit !== null && equal(groupId, reinit.groupId) && suite === reinit.suite
    && equal(EXTENSIONS.encode(extensions), EXTENSIONS.encode(reinit.extensions))
}

function allIn(some: RatchetTree, others: RatchetTree, same: SameClient): boolean {
  return membersOf(some).every(({ leafNode }) => membersOf(others).some((other) => same(leafNode, other.leafNode)))
}

/** The tree of a GroupInfo, once both are proven: hash, signer, leaves, parent hashes. */
export function verifiedTree(suite: CipherSuite, groupInfo: GroupInfo, given: Uint8Array | null): RatchetTree {
  const { groupContext: context, extensions } = groupInfo
  if (context.suite !== suite.id) throw new InvalidGroupInfo("wrong_suite", "a group of another suite")
  const bytes = findExtension(extensions, TREE_EXTENSION) ?? given
  if (bytes === null) throw new InvalidGroupInfo("missing_tree", "a group without its tree")
  const tree = decodeRatchetTree(bytes)
  if (!equal(treeHash(suite, tree), context.treeHash)) throw new InvalidTree("tree_hash", "another tree than the group's")
  verifyGroupInfo(suite, groupInfo, signerOf(tree, groupInfo).signatureKey)
  checkDistinctExtensions(extensions)
  checkContextExtensions(context.extensions)
  checkTree({ suite, context, tree })
  return tree
}

function signerOf(tree: RatchetTree, { signer }: GroupInfo): LeafNode {
  const signed = leafAt(tree, signer)
  if (signed === null) throw new InvalidGroupInfo("wrong_signer", "a GroupInfo signed by nobody")
  return signed
}

function ownLeafIn(tree: RatchetTree, { keyPackage }: KeyPackageBundle): number {
  const own = LEAF_NODE.encode(keyPackage.leafNode)
  const found = membersOf(tree).find(({ leafNode }) => equal(LEAF_NODE.encode(leafNode), own))
  if (found === undefined) throw new InvalidWelcome("not_for_us", "a group that we are not in")
  return found.leafIndex
}

/** The keys of the nodes that we share with who added us, where its commit had a path. */
function toldKeys(suite: CipherSuite, tree: RatchetTree, { pathSecret }: GroupSecrets, signer: number, ownLeaf: number): PathKeys {
  if (pathSecret === null) return new Map()
  const shared = commonAncestor(2 * signer, 2 * ownLeaf, leafCount(tree))
  const steps = filteredDirectPath(tree, signer)
  const from = steps.findIndex(({ node }) => node === shared)
  if (from < 0) throw new InvalidWelcome("path_secret", "a path secret for a node that has none")
  return climb(suite, tree, steps.slice(from), pathSecret.secret).keys
}

/** Not an item of the RFC: a commit encrypted to a key that we were not told would lose us. */
function checkAllTold(tree: RatchetTree, ownLeaf: number, keys: PathKeys): void {
  for (const node of directPath(2 * ownLeaf, leafCount(tree))) {
    const parent = parentAt(tree, node)
    if (parent !== null && !parent.unmergedLeaves.includes(ownLeaf) && !keys.has(node)) {
      throw new InvalidWelcome("path_secret", "a node above us whose key we were not told")
    }
  }
}
