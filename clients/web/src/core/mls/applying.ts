/** What a list of proposals makes of a group (RFC 9420, 12.3). */
import type { Extension } from "./extensions"
import type { GroupContext } from "./groupContext"
import type { KeyPackage } from "./keyPackage"
import type { LeafNode } from "./leafNode"
import type { ReInit } from "./proposal"
import type { PreSharedKeyId } from "./psk"
import { addLeaf, leafAt, removeLeaf, truncated, updateLeaf, type Member, type RatchetTree } from "./ratchetTree"
import type { SentProposal } from "./validation"

export interface Added extends Member {
  readonly keyPackage: KeyPackage
}

export interface Updated extends Member {
  readonly before: LeafNode
}

export interface Applied {
  readonly tree: RatchetTree
  readonly extensions: readonly Extension[]
  readonly added: readonly Added[]
  readonly removed: readonly Member[]
  readonly updated: readonly Updated[]
  readonly psks: readonly PreSharedKeyId[]
  readonly reinit: ReInit | null
  /** The KEM output of an ExternalInit. */
  readonly externalInit: Uint8Array | null
}

/** `proposals` are valid: what is absent here was refused before. */
export function applyProposals(tree: RatchetTree, context: GroupContext, proposals: readonly SentProposal[]): Applied {
  const updated = updatesOf(tree, proposals)
  const removed = removesOf(tree, proposals)
  const afterUpdates = updated.reduce((after, { leafIndex, leafNode }) => updateLeaf(after, leafIndex, leafNode), tree)
  const afterRemoves = removed.reduce((after, { leafIndex }) => removeLeaf(after, leafIndex), afterUpdates)
  const { tree: afterAdds, added } = withAdds(removed.length > 0 ? truncated(afterRemoves) : afterRemoves, proposals)
  return {
    tree: afterAdds, added, removed, updated,
    extensions: proposals.flatMap(({ proposal }) => (proposal.kind === "group_context_extensions" ? [proposal.extensions] : []))[0] ?? context.extensions,
    psks: proposals.flatMap(({ proposal }) => (proposal.kind === "psk" ? [proposal.psk] : [])),
    reinit: proposals.flatMap(({ proposal }) => (proposal.kind === "reinit" ? [proposal] : []))[0] ?? null,
    externalInit: proposals.flatMap(({ proposal }) => (proposal.kind === "external_init" ? [proposal.kemOutput] : []))[0] ?? null,
  }
}

function updatesOf(tree: RatchetTree, proposals: readonly SentProposal[]): readonly Updated[] {
  return proposals.flatMap(({ proposal, sender }) => {
    if (proposal.kind !== "update" || sender.kind !== "member") return []
    const before = leafAt(tree, sender.leafIndex)
    return before === null ? [] : [{ leafIndex: sender.leafIndex, leafNode: proposal.leafNode, before }]
  })
}

function removesOf(tree: RatchetTree, proposals: readonly SentProposal[]): readonly Member[] {
  return proposals.flatMap(({ proposal }) => {
    if (proposal.kind !== "remove") return []
    const leafNode = leafAt(tree, proposal.removed)
    return leafNode === null ? [] : [{ leafIndex: proposal.removed, leafNode }]
  })
}

function withAdds(before: RatchetTree, proposals: readonly SentProposal[]): { tree: RatchetTree; added: readonly Added[] } {
  const added: Added[] = []
  let tree = before
  for (const { proposal } of proposals) {
    if (proposal.kind !== "add") continue
    const { keyPackage } = proposal
    const after = addLeaf(tree, keyPackage.leafNode)
    added.push({ leafIndex: after.leafIndex, leafNode: keyPackage.leafNode, keyPackage })
    tree = after.tree
  }
  return { tree, added }
}
