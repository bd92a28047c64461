/** messages: every structure is read, and written again byte for byte. */
import { decode, type Codec } from "../../../../src/core/mls/codec"
import { COMMIT } from "../../../../src/core/mls/commit"
import { decodeMessage, encodeMessage, type MlsMessage } from "../../../../src/core/mls/framing"
import { ADD, EXTERNAL_INIT, GROUP_CONTEXT_EXTENSIONS, PRE_SHARED_KEY, REINIT, REMOVE, UPDATE } from "../../../../src/core/mls/proposal"
import { RATCHET_TREE } from "../../../../src/core/mls/ratchetTree"
import { GROUP_SECRETS } from "../../../../src/core/mls/welcome"
import { bytes, same, sameValue, type Case } from "./expect"

const MESSAGES: Readonly<Record<string, MlsMessage["kind"]>> = {
  mls_welcome: "welcome", mls_group_info: "group_info", mls_key_package: "key_package",
  public_message_application: "public_message", public_message_proposal: "public_message", public_message_commit: "public_message",
  private_message: "private_message",
}

function again<T>(codec: Codec<T>): (data: Uint8Array) => Uint8Array {
  return (data) => codec.encode(decode(codec, data))
}

const STRUCTURES: Readonly<Record<string, (data: Uint8Array) => Uint8Array>> = {
  ratchet_tree: again(RATCHET_TREE), group_secrets: again(GROUP_SECRETS), add_proposal: again(ADD), update_proposal: again(UPDATE),
  remove_proposal: again(REMOVE), pre_shared_key_proposal: again(PRE_SHARED_KEY), re_init_proposal: again(REINIT),
  external_init_proposal: again(EXTERNAL_INIT), group_context_extensions_proposal: again(GROUP_CONTEXT_EXTENSIONS), commit: again(COMMIT),
}

export function messages(one: Case): void {
  sameValue("fields", Object.keys(one).filter((name) => !(name in MESSAGES) && !(name in STRUCTURES)), [])
  for (const [name, kind] of Object.entries(MESSAGES)) {
    const message = decodeMessage(bytes(one[name]))
    sameValue(name, message.kind, kind)
    same(name, encodeMessage(message), one[name])
  }
  for (const [name, codec] of Object.entries(STRUCTURES)) same(name, codec(bytes(one[name])), one[name])
}
