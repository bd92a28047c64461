/** What all members agree on in an epoch (RFC 9420, 8.1). */
import { BYTES, U16, U64, constant, struct } from "./codec"
import { EXTENSIONS, type Extension } from "./extensions"
import { MLS_10 } from "./keyPackage"

export interface GroupContext {
  readonly version: number
  readonly suite: number
  readonly groupId: Uint8Array
  readonly epoch: bigint
  readonly treeHash: Uint8Array
  readonly confirmedTranscriptHash: Uint8Array
  readonly extensions: readonly Extension[]
}

export const GROUP_CONTEXT = struct<GroupContext>({
  version: constant(U16, MLS_10), suite: U16, groupId: BYTES, epoch: U64, treeHash: BYTES, confirmedTranscriptHash: BYTES, extensions: EXTENSIONS,
})
