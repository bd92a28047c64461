/** key-schedule, secret-tree, transcript-hashes. */
import { GROUP_CONTEXT, type GroupContext } from "../../../../src/core/mls/groupContext"
import { decode } from "../../../../src/core/mls/codec"
import { AUTHENTICATED_CONTENT } from "../../../../src/core/mls/framing"
import { exportSecret, externalKeyPair, joinerSecret, newEpoch, welcomeSecret } from "../../../../src/core/mls/keySchedule"
import { senderDataKey } from "../../../../src/core/mls/privateMessage"
import { SecretTree } from "../../../../src/core/mls/secretTree"
import { suiteOf, type CipherSuite } from "../../../../src/core/mls/suites"
import { confirmationTag, confirmedTranscriptHash, interimTranscriptHash, verifyConfirmationTag } from "../../../../src/core/mls/transcript"
import { encodeUtf8 } from "../../../../src/core/bytes"
import { bytes, list, number, record, same, text, type Case } from "./expect"

export function keySchedule(one: Case): void {
  const suite = suiteOf(number(one["cipher_suite"]))
  let init = bytes(one["initial_init_secret"])
  list(one["epochs"]).map(record).forEach((epoch, i) => {
    init = scheduledEpoch(suite, bytes(one["group_id"]), BigInt(i), init, epoch)
  })
}

function scheduledEpoch(suite: CipherSuite, groupId: Uint8Array, epoch: bigint, init: Uint8Array, one: Case): Uint8Array {
  const context: GroupContext = {
    version: 1, suite: suite.id, groupId, epoch, treeHash: bytes(one["tree_hash"]),
    confirmedTranscriptHash: bytes(one["confirmed_transcript_hash"]), extensions: [],
  }
  same("group_context", GROUP_CONTEXT.encode(context), one["group_context"])
  const joiner = joinerSecret(suite, init, bytes(one["commit_secret"]), context)
  same("joiner_secret", joiner, one["joiner_secret"])
  same("welcome_secret", welcomeSecret(suite, joiner, bytes(one["psk_secret"])), one["welcome_secret"])
  const { secrets, encryptionSecret } = newEpoch(suite, joiner, bytes(one["psk_secret"]), context)
  same("init_secret", secrets.initSecret, one["init_secret"])
  same("sender_data_secret", secrets.senderDataSecret, one["sender_data_secret"])
  same("encryption_secret", encryptionSecret, one["encryption_secret"])
  same("exporter_secret", secrets.exporterSecret, one["exporter_secret"])
  same("epoch_authenticator", secrets.epochAuthenticator, one["epoch_authenticator"])
  same("external_secret", secrets.externalSecret, one["external_secret"])
  same("confirmation_key", secrets.confirmationKey, one["confirmation_key"])
  same("membership_key", secrets.membershipKey, one["membership_key"])
  same("resumption_psk", secrets.resumptionPsk, one["resumption_psk"])
  same("external_pub", externalKeyPair(suite, secrets.externalSecret).publicKey, one["external_pub"])
  const exporter = record(one["exporter"])
  const exported = exportSecret(
    suite, secrets.exporterSecret, text(exporter["label"]), bytes(exporter["context"]), number(exporter["length"]))
  same("exporter", exported, exporter["secret"])
  return secrets.initSecret
}

export function secretTree(one: Case): void {
  const suite = suiteOf(number(one["cipher_suite"]))
  const outer = record(one["sender_data"])
  const senderData = senderDataKey(suite, bytes(outer["sender_data_secret"]), bytes(outer["ciphertext"]))
  same("sender data key", senderData.key, outer["key"])
  same("sender data nonce", senderData.nonce, outer["nonce"])
  const leaves = list(one["leaves"])
  const tree = SecretTree.from(suite, leaves.length, bytes(one["encryption_secret"]))
  leaves.forEach((generations, leaf) => {
    for (const generation of list(generations).map(record)) leafKeys(tree, leaf, generation)
  })
}

function leafKeys(tree: SecretTree, leaf: number, one: Case): void {
  for (const kind of ["application", "handshake"] as const) {
    const found = tree.find(leaf, kind, number(one["generation"]))
    same(`${kind} key`, found.key, one[`${kind}_key`])
    same(`${kind} nonce`, found.nonce, one[`${kind}_nonce`])
    found.take()
  }
}

export function transcriptHashes(one: Case): void {
  const suite = suiteOf(number(one["cipher_suite"]))
  const content = decode(AUTHENTICATED_CONTENT, bytes(one["authenticated_content"]))
  const tag = content.auth.confirmationTag ?? encodeUtf8("absent")
  const confirmed = confirmedTranscriptHash(suite, bytes(one["interim_transcript_hash_before"]), content)
  same("confirmed", confirmed, one["confirmed_transcript_hash_after"])
  same("interim", interimTranscriptHash(suite, confirmed, tag), one["interim_transcript_hash_after"])
  verifyConfirmationTag(suite, bytes(one["confirmation_key"]), confirmed, tag)
  same("confirmation tag", tag, Buffer.from(confirmationTag(suite, bytes(one["confirmation_key"]), confirmed)).toString("hex"))
}
