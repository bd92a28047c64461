/** The key schedule (RFC 9420, 8). */
import { GROUP_CONTEXT, type GroupContext } from "./groupContext"
import { deriveSecret, expandWithLabel, extract } from "./hkdf"
import { deriveKeyPair, receiveExport, sendExport } from "./hpke"
import type { KeyPair, RandomBytes } from "./primitives"
import { encodeUtf8 } from "../bytes"
import type { CipherSuite } from "./suites"

/** What a member keeps of an epoch. */
export interface EpochSecrets {
  readonly initSecret: Uint8Array
  readonly senderDataSecret: Uint8Array
  readonly exporterSecret: Uint8Array
  readonly externalSecret: Uint8Array
  readonly confirmationKey: Uint8Array
  readonly membershipKey: Uint8Array
  readonly resumptionPsk: Uint8Array
  readonly epochAuthenticator: Uint8Array
}

/** Both that begin an epoch: the secret tree is made of the second, which is then no more. */
export interface NewEpoch {
  readonly secrets: EpochSecrets
  readonly encryptionSecret: Uint8Array
}

export function joinerSecret(suite: CipherSuite, initSecret: Uint8Array, commitSecret: Uint8Array, context: GroupContext): Uint8Array {
  const mixed = extract(suite.hash, initSecret, commitSecret)
  return expandWithLabel(suite, mixed, "joiner", GROUP_CONTEXT.encode(context), suite.hash.length)
}

function memberSecret(suite: CipherSuite, joiner: Uint8Array, pskSecret: Uint8Array): Uint8Array {
  return extract(suite.hash, joiner, pskSecret)
}

export function welcomeSecret(suite: CipherSuite, joiner: Uint8Array, pskSecret: Uint8Array): Uint8Array {
  return deriveSecret(suite, memberSecret(suite, joiner, pskSecret), "welcome")
}

export function newEpoch(suite: CipherSuite, joiner: Uint8Array, pskSecret: Uint8Array, context: GroupContext): NewEpoch {
  const member = memberSecret(suite, joiner, pskSecret)
  return epochOf(suite, expandWithLabel(suite, member, "epoch", GROUP_CONTEXT.encode(context), suite.hash.length))
}

/** All that follows from an epoch secret; that of a group's first epoch is random (RFC 9420, 11). */
export function epochOf(suite: CipherSuite, epochSecret: Uint8Array): NewEpoch {
  const derived = (label: string): Uint8Array => deriveSecret(suite, epochSecret, label)
  const secrets: EpochSecrets = {
    initSecret: derived("init"), senderDataSecret: derived("sender data"), exporterSecret: derived("exporter"),
    externalSecret: derived("external"), confirmationKey: derived("confirm"), membershipKey: derived("membership"),
    resumptionPsk: derived("resumption"), epochAuthenticator: derived("authentication"),
  }
  return { secrets, encryptionSecret: derived("encryption") }
}

/** MLS-Exporter (RFC 9420, 8.5). */
export function exportSecret(suite: CipherSuite, exporterSecret: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array {
  return expandWithLabel(suite, deriveSecret(suite, exporterSecret, label), "exported", suite.hash.digest(context), length)
}

/** The key that an external joiner encrypts to (RFC 9420, 8.3). */
export function externalKeyPair(suite: CipherSuite, externalSecret: Uint8Array): KeyPair {
  return deriveKeyPair(suite, externalSecret)
}

const EXTERNAL_INIT_LABEL = encodeUtf8("MLS 1.0 external init secret")

/** The init secret that an external joiner brings with it, and what tells the members of it. */
export function sendExternalInit(suite: CipherSuite, externalPub: Uint8Array, random: RandomBytes): { readonly kemOutput: Uint8Array; readonly secret: Uint8Array } {
  return sendExport(suite, externalPub, EXTERNAL_INIT_LABEL, random)
}

export function receiveExternalInit(suite: CipherSuite, externalSecret: Uint8Array, kemOutput: Uint8Array): Uint8Array {
  return receiveExport(suite, externalKeyPair(suite, externalSecret).privateKey, EXTERNAL_INIT_LABEL, kemOutput)
}
