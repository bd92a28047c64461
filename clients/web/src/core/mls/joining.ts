/** Joining by a Welcome (RFC 9420, 12.4.3.1), and what every joiner checks of a group. */
import { equal } from "../bytes"
import { InvalidGroupInfo, InvalidMessage, InvalidTree, InvalidWelcome } from "./errors"
import { RATCHET_TREE as TREE_EXTENSION, checkExtensions, findExtension } from "./extensions"
import { decodeMessage } from "./framing"
import { verifyGroupInfo, type GroupInfo } from "./groupInfo"
import { keyPackageRef, type KeyPackageBundle } from "./keyPackage"
import { newEpoch, welcomeSecret } from "./keySchedule"
import { LEAF_NODE, type LeafNode } from "./leafNode"
import { entered, type MemberState } from "./memberState"
import { pskSecret, type PreSharedKeyId, type PskLookup } from "./psk"
import { decodeRatchetTree, filteredDirectPath, leafAt, leafCount, membersOf, type RatchetTree } from "./ratchetTree"
import { verifyConfirmationTag } from "./transcript"
import { treeHash } from "./treeHash"
import { commonAncestor } from "./treeMath"
import { climb, type PathKeys } from "./treekem"
import { checkTree } from "./validation"
import { decryptGroupInfo, decryptGroupSecrets, type GroupSecrets, type Welcome } from "./welcome"
import { suiteOf, type CipherSuite } from "./suites"

export interface Joining {
  /** Where the GroupInfo does not carry it. */
  readonly ratchetTree: Uint8Array | null
  readonly psks: PskLookup
  /** Throws where whoever vouches for the group (the GroupInfo's signer) may not: that is the application's to say. */
  readonly checkSigner: (leafNode: LeafNode) => void
}

export const ANY_SIGNER = (): void => undefined

export function welcomeOf(bytes: Uint8Array): Welcome {
  const message = decodeMessage(bytes)
  if (message.kind !== "welcome") throw new InvalidMessage("wrong_wire_format", "not a Welcome")
  return message.welcome
}

export function join(bytes: Uint8Array, bundle: KeyPackageBundle, { ratchetTree, psks, checkSigner }: Joining): MemberState {
  const welcome = welcomeOf(bytes)
  const suite = suiteOf(welcome.suite)
  const { keyPackage } = bundle
  if (keyPackage.suite !== welcome.suite) throw new InvalidWelcome("wrong_suite", "a Welcome of another suite than the key package")
  const secrets = decryptGroupSecrets(suite, welcome, keyPackageRef(suite, keyPackage), bundle.initPrivateKey)
  checkPsks(suite, secrets.psks)
  const psk = pskSecret(suite, secrets.psks, psks)
  const groupInfo = decryptGroupInfo(suite, welcomeSecret(suite, secrets.joinerSecret, psk), welcome.encryptedGroupInfo)
  const tree = verifiedTree(suite, groupInfo, ratchetTree)
  checkSigner(signerOf(tree, groupInfo))
  checkResumption(secrets.psks, groupInfo)
  const ownLeaf = ownLeafIn(tree, bundle)
  const epoch = newEpoch(suite, secrets.joinerSecret, psk, groupInfo.groupContext)
  const { confirmedTranscriptHash } = groupInfo.groupContext
  verifyConfirmationTag(suite, epoch.secrets.confirmationKey, confirmedTranscriptHash, groupInfo.confirmationTag)
  return entered({
    suite, tree, context: groupInfo.groupContext, confirmationTag: groupInfo.confirmationTag, ownLeaf,
    signaturePrivateKey: bundle.signaturePrivateKey, epoch, pastEpochs: [], reinit: null,
    pathKeys: new Map([[2 * ownLeaf, bundle.encryptionPrivateKey], ...toldKeys(suite, tree, secrets, groupInfo.signer, ownLeaf)]),
  })
}

function checkPsks(suite: CipherSuite, psks: readonly PreSharedKeyId[]): void {
  if (psks.some(({ nonce }) => nonce.length !== suite.hash.length)) throw new InvalidWelcome("psk_nonce", "a nonce of another length")
  if (foundingPsks(psks).length > 1) throw new InvalidWelcome("psk_usage", "a group that continues two others")
}

/** The keys that say from which group this one was made. */
function foundingPsks(psks: readonly PreSharedKeyId[]): readonly PreSharedKeyId[] {
  return psks.filter(({ psk }) => psk.kind === "resumption" && psk.usage !== "application")
}

/** RFC 9420, 11.2 and 11.3. Who must be in it is the application's to compare: its lookup was asked for the key. */
function checkResumption(psks: readonly PreSharedKeyId[], { groupContext }: GroupInfo): void {
  if (foundingPsks(psks).length > 0 && groupContext.epoch !== 1n) throw new InvalidWelcome("psk_usage", "a continued group that does not begin")
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
  checkExtensions(extensions)
  checkExtensions(context.extensions)
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
