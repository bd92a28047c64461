/** Groups in a test: members who are where their last commit or message left them. */
import { basicCredential } from "../../../src/core/mls/credential"
import type { Extension } from "../../../src/core/mls/extensions"
import { encodeMessage } from "../../../src/core/mls/framing"
import { Group } from "../../../src/core/mls/group"
import { generateKeyPackage, type KeyPackage, type KeyPackageBundle, type OwnLeaf } from "../../../src/core/mls/keyPackage"
import type { Committed } from "../../../src/core/mls/committing"
import type { ReceivedApplication, ReceivedCommit, ReceivedProposal } from "../../../src/core/mls/receiving"
import type { Proposal } from "../../../src/core/mls/proposal"
import type { PskLookup } from "../../../src/core/mls/psk"
import { SUITE_1, type CipherSuite } from "../../../src/core/mls/suites"
import { encodeUtf8 } from "../../../src/core/bytes"
import { randomBytes } from "./vectors/random"

export const NOW = 1_800_000_000
export const random = randomBytes
export const ROOM = new Uint8Array(16).fill(7)
/** A private extension, which these members support. */
export const PRIVATE = 0xf00d

export function privateExtension(text: string): Extension {
  return { type: PRIVATE, data: encodeUtf8(text) }
}

export function anOwnLeaf(name: string, suite: CipherSuite = SUITE_1): OwnLeaf {
  return {
    signaturePrivateKey: suite.signature.generate(random).privateKey, credential: basicCredential(encodeUtf8(name)), extensions: [],
    capabilities: { versions: [1], cipherSuites: [suite.id], extensions: [PRIVATE], proposals: [], credentials: [1] },
    lifetime: { notBefore: BigInt(NOW - 3600), notAfter: BigInt(NOW + 3600) },
  }
}

export function aKeyPackage(name: string, suite: CipherSuite = SUITE_1): KeyPackageBundle {
  return generateKeyPackage(suite, anOwnLeaf(name, suite), [], random)
}

export function keyPackageMessage(keyPackage: KeyPackage): Uint8Array {
  return encodeMessage({ kind: "key_package", keyPackage })
}

export function aFounder(name = "claire", extensions: readonly Extension[] = [], suite: CipherSuite = SUITE_1): Group {
  return Group.create(suite, ROOM, anOwnLeaf(name, suite), extensions, random)
}

export function adding(...bundles: readonly KeyPackageBundle[]): Proposal[] {
  return bundles.map(({ keyPackage }) => ({ kind: "add", keyPackage }))
}

export function welcomeIn({ welcome }: Committed<Group>): Uint8Array {
  if (welcome === null) throw new Error("this commit adds nobody")
  return welcome
}

/** A founder and others, all added by one commit. */
export function aGroupOf(names: readonly string[], extensions: readonly Extension[] = [], suite: CipherSuite = SUITE_1): Group[] {
  const [first = "claire", ...others] = names
  const bundles = others.map((name) => aKeyPackage(name, suite))
  const founder = aFounder(first, extensions, suite)
  if (bundles.length === 0) return [founder]
  const made = founder.commit({ proposals: adding(...bundles), now: NOW, random })
  return [made.next, ...bundles.map((bundle) => Group.join(welcomeIn(made), bundle))]
}

export function proposalTo(group: Group, message: Uint8Array): ReceivedProposal<Group> {
  const received = group.receive(message, { now: NOW })
  if (received.kind !== "proposal") throw new Error("not a proposal")
  return received
}

export function commitTo(group: Group, message: Uint8Array, psks?: PskLookup): ReceivedCommit<Group> {
  const received = group.receive(message, psks === undefined ? { now: NOW } : { now: NOW, psks })
  if (received.kind !== "commit") throw new Error("not a commit")
  return received
}

/** The group after another's commit, which keeps us. */
export function after(group: Group, message: Uint8Array, psks?: PskLookup): Group {
  const { next } = commitTo(group, message, psks)
  if (next === null) throw new Error("this commit removes us")
  return next
}

export function dataTo(group: Group, message: Uint8Array): ReceivedApplication {
  const received = group.receive(message, { now: NOW })
  if (received.kind !== "application") throw new Error("not application data")
  return received
}

export function nameOf(group: Group, leafIndex: number): string {
  const found = group.members.find((member) => member.leafIndex === leafIndex)
  return found === undefined ? "nobody" : new TextDecoder().decode(found.leafNode.credential.content)
}

export function names(group: Group): readonly string[] {
  return group.members.map(({ leafIndex }) => nameOf(group, leafIndex))
}
