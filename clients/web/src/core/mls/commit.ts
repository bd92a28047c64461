/** Commits and their paths (RFC 9420, 12.4 and 7.6). */
import { BYTES, U8, listOf, optional, select, struct } from "./codec"
import type { HpkeCiphertext } from "./hpke"
import { LEAF_NODE, type LeafNode } from "./leafNode"
import { PROPOSAL, type Proposal } from "./proposal"

export type ProposalOrRef =
  | { readonly kind: "proposal"; readonly proposal: Proposal }
  | { readonly kind: "reference"; readonly reference: Uint8Array }

export interface UpdatePathNode {
  readonly encryptionKey: Uint8Array
  readonly encryptedPathSecret: readonly HpkeCiphertext[]
}

export interface UpdatePath {
  readonly leafNode: LeafNode
  readonly nodes: readonly UpdatePathNode[]
}

export interface Commit {
  readonly proposals: readonly ProposalOrRef[]
  readonly path: UpdatePath | null
}

export const HPKE_CIPHERTEXT = struct<HpkeCiphertext>({ kemOutput: BYTES, ciphertext: BYTES })

const PROPOSAL_OR_REF = select<ProposalOrRef>(U8, {
  proposal: [1, struct({ proposal: PROPOSAL })],
  reference: [2, struct({ reference: BYTES })],
})

const NODE = struct<UpdatePathNode>({ encryptionKey: BYTES, encryptedPathSecret: listOf(HPKE_CIPHERTEXT) })

export const UPDATE_PATH = struct<UpdatePath>({ leafNode: LEAF_NODE, nodes: listOf(NODE) })

export const COMMIT = struct<Commit>({ proposals: listOf(PROPOSAL_OR_REF), path: optional(UPDATE_PATH) })
