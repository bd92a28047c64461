/** GroupInfo (RFC 9420, 12.4.3): a member's word on what the group is. */
import { BYTES, U32, struct } from "./codec"
import { EXTENSIONS, type Extension } from "./extensions"
import { GROUP_CONTEXT, type GroupContext } from "./groupContext"
import { signWithLabel, verifyWithLabel } from "./labels"
import type { CipherSuite } from "./suites"

export interface GroupInfoContent {
  readonly groupContext: GroupContext
  readonly extensions: readonly Extension[]
  readonly confirmationTag: Uint8Array
  /** The leaf that signed it. */
  readonly signer: number
}

export interface GroupInfo extends GroupInfoContent {
  readonly signature: Uint8Array
}

const CONTENT_FIELDS = { groupContext: GROUP_CONTEXT, extensions: EXTENSIONS, confirmationTag: BYTES, signer: U32 }
const CONTENT = struct<GroupInfoContent>(CONTENT_FIELDS)

export const GROUP_INFO = struct<GroupInfo>({ ...CONTENT_FIELDS, signature: BYTES })

const LABEL = "GroupInfoTBS"

export function signGroupInfo(suite: CipherSuite, privateKey: Uint8Array, content: GroupInfoContent): GroupInfo {
  return { ...content, signature: signWithLabel(suite, privateKey, LABEL, CONTENT.encode(content)) }
}

export function verifyGroupInfo(suite: CipherSuite, groupInfo: GroupInfo, signatureKey: Uint8Array): void {
  verifyWithLabel(suite, signatureKey, LABEL, CONTENT.encode(groupInfo), groupInfo.signature)
}
