/** welcome, passive-client. */
import { equal } from "../../../../src/core/bytes"
import { decodeMessage } from "../../../../src/core/mls/framing"
import { Group } from "../../../../src/core/mls/group"
import { verifyGroupInfo } from "../../../../src/core/mls/groupInfo"
import { keyPackageRef, type KeyPackage, type KeyPackageBundle } from "../../../../src/core/mls/keyPackage"
import { newEpoch, welcomeSecret } from "../../../../src/core/mls/keySchedule"
import { NO_PSKS, pskSecret, type PskLookup } from "../../../../src/core/mls/psk"
import { suiteOf } from "../../../../src/core/mls/suites"
import { verifyConfirmationTag } from "../../../../src/core/mls/transcript"
import { decryptGroupInfo, decryptGroupSecrets } from "../../../../src/core/mls/welcome"
import { welcomeOf } from "../../../../src/core/mls/joining"
import { Mismatch, bytes, bytesOrNull, list, number, record, same, type Case } from "./expect"

function keyPackageOf(data: Uint8Array): KeyPackage {
  const message = decodeMessage(data)
  if (message.kind !== "key_package") throw new Mismatch("not a key package")
  return message.keyPackage
}

export function welcome(one: Case): void {
  const suite = suiteOf(number(one["cipher_suite"]))
  const opened = welcomeOf(bytes(one["welcome"]))
  const ref = keyPackageRef(suite, keyPackageOf(bytes(one["key_package"])))
  const secrets = decryptGroupSecrets(suite, opened, ref, bytes(one["init_priv"]))
  const psk = pskSecret(suite, secrets.psks, NO_PSKS)
  const groupInfo = decryptGroupInfo(suite, welcomeSecret(suite, secrets.joinerSecret, psk), opened.encryptedGroupInfo)
  verifyGroupInfo(suite, groupInfo, bytes(one["signer_pub"]))
  const { confirmationKey } = newEpoch(suite, secrets.joinerSecret, psk, groupInfo.groupContext).secrets
  verifyConfirmationTag(suite, confirmationKey, groupInfo.groupContext.confirmedTranscriptHash, groupInfo.confirmationTag)
}

function bundleOf(one: Case): KeyPackageBundle {
  return {
    keyPackage: keyPackageOf(bytes(one["key_package"])), initPrivateKey: bytes(one["init_priv"]),
    encryptionPrivateKey: bytes(one["encryption_priv"]), signaturePrivateKey: bytes(one["signature_priv"]),
  }
}

function psksOf(one: Case): PskLookup {
  const psks = list(one["external_psks"]).map(record)
  return (psk) => {
    const found = psks.find((candidate) => psk.kind === "external" && equal(bytes(candidate["psk_id"]), psk.pskId))
    return found === undefined ? null : bytes(found["psk"])
  }
}

export function passiveClient(one: Case): void {
  const psks = psksOf(one)
  let group = Group.join(bytes(one["welcome"]), bundleOf(one), { ratchetTree: bytesOrNull(one["ratchet_tree"]), psks })
  same("initial epoch authenticator", group.epochAuthenticator, one["initial_epoch_authenticator"])
  for (const epoch of list(one["epochs"]).map(record)) group = followed(group, epoch, psks)
}

function followed(before: Group, epoch: Case, psks: PskLookup): Group {
  const now = null
  let group = before
  for (const proposal of list(epoch["proposals"])) {
    const received = group.receive(bytes(proposal), { now, psks })
    if (received.kind !== "proposal") throw new Mismatch("not a proposal")
    group = received.next
  }
  const received = group.receive(bytes(epoch["commit"]), { now, psks })
  if (received.kind !== "commit" || received.next === null) throw new Mismatch("not a commit that keeps us")
  same("epoch authenticator", received.next.epochAuthenticator, epoch["epoch_authenticator"])
  return received.next
}
