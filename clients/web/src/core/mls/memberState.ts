/** What a member holds of a group in one epoch. A value, but for the secret tree. */
import { equal } from "../bytes"
import type { EpochSecrets, NewEpoch } from "./keySchedule"
import type { Psk, PskLookup } from "./psk"
import { nextPublicState, type CachedProposal, type PublicState } from "./provisional"
import type { ReInit } from "./proposal"
import type { GroupContext } from "./groupContext"
import { leafCount, type RatchetTree } from "./ratchetTree"
import { SecretTree } from "./secretTree"
import type { PathKeys } from "./treekem"
import type { CipherSuite } from "./suites"

/** Resumption keys of past epochs, for commits that name them. */
const MAX_PAST_EPOCHS = 16

export interface OwnUpdate {
  readonly reference: Uint8Array
  readonly privateKey: Uint8Array
}

export interface PastEpoch {
  readonly epoch: bigint
  readonly resumptionPsk: Uint8Array
}

export interface MemberState extends PublicState {
  readonly ownLeaf: number
  readonly signaturePrivateKey: Uint8Array
  /** Our leaf's private key, and those of the nodes above it that we were told. */
  readonly pathKeys: PathKeys
  readonly secrets: EpochSecrets
  readonly secretTree: SecretTree
  readonly proposals: readonly CachedProposal[]
  readonly ownUpdates: readonly OwnUpdate[]
  /** Newest last. */
  readonly pastEpochs: readonly PastEpoch[]
}

/** What a member brings into an epoch. */
export interface Entry {
  readonly suite: CipherSuite
  readonly tree: RatchetTree
  readonly context: GroupContext
  readonly confirmationTag: Uint8Array
  readonly ownLeaf: number
  readonly signaturePrivateKey: Uint8Array
  readonly pathKeys: PathKeys
  readonly epoch: NewEpoch
  readonly pastEpochs: readonly PastEpoch[]
  readonly reinit: ReInit | null
}

/** The beginning of an epoch. Keys are copied: wiping one epoch leaves the next its own. */
export function entered(entry: Entry): MemberState {
  const { suite, tree, context, confirmationTag, ownLeaf, epoch } = entry
  return {
    ...nextPublicState(suite, tree, context, confirmationTag, entry.reinit), ownLeaf,
    signaturePrivateKey: entry.signaturePrivateKey.slice(),
    pathKeys: new Map([...entry.pathKeys].map(([node, key]) => [node, key.slice()])),
    secrets: epoch.secrets, secretTree: SecretTree.from(suite, leafCount(tree), epoch.encryptionSecret),
    proposals: [], ownUpdates: [],
    pastEpochs: entry.pastEpochs.slice(-MAX_PAST_EPOCHS).map((past) => ({ ...past, resumptionPsk: past.resumptionPsk.slice() })),
  }
}

/** The past epochs of the state that follows `state`. */
export function pastWith({ pastEpochs, context, secrets }: MemberState): readonly PastEpoch[] {
  return [...pastEpochs, { epoch: context.epoch, resumptionPsk: secrets.resumptionPsk }]
}

/** The group's own resumption keys first, then whatever the application has. */
export function pskLookup(state: MemberState, others: PskLookup): PskLookup {
  return (psk) => ownPsk(state, psk) ?? others(psk)
}

function ownPsk(state: MemberState, psk: Psk): Uint8Array | null {
  if (psk.kind !== "resumption" || !equal(psk.groupId, state.context.groupId)) return null
  return pastWith(state).find(({ epoch }) => epoch === psk.epoch)?.resumptionPsk ?? null
}

/** Overwrite what this epoch's messages could be read with, and our keys. */
export function wipe({ secrets, secretTree, signaturePrivateKey, pathKeys, ownUpdates, pastEpochs }: MemberState): void {
  secretTree.wipe()
  const kept: readonly Uint8Array[] = Object.values(secrets) as Uint8Array[]
  const keys = [...kept, signaturePrivateKey, ...pathKeys.values(), ...ownUpdates.map((own) => own.privateKey), ...pastEpochs.map((past) => past.resumptionPsk)]
  for (const key of keys) key.fill(0)
}
