/** `Mls` carried by our own core, suite 1. A state is a serialised `Group`, a secret a serialised key package. */
import { encodeHex, equal } from "../core/bytes"
import { VerificationError } from "../core/errors"
import type { Credential } from "../core/mls/credential"
import { MlsError } from "../core/mls/errors"
import type { Extension } from "../core/mls/extensions"
import { publicStateOf } from "../core/mls/externalJoin"
import { decodeMessage, encodeMessage, type PrivateMessage } from "../core/mls/framing"
import { Group } from "../core/mls/group"
import type { GroupContext } from "../core/mls/groupContext"
import { welcomeOf } from "../core/mls/joining"
import { generateKeyPackage, keyPackageRef, type KeyPackage, type OwnLeaf } from "../core/mls/keyPackage"
import type { LeafNode } from "../core/mls/leafNode"
import type { RandomBytes } from "../core/mls/primitives"
import type { Proposal } from "../core/mls/proposal"
import { deserializeBundle, serializeBundle } from "../core/mls/serializing"
import { membersOf, type Member as TreeMember } from "../core/mls/ratchetTree"
import type { ReceivedCommit } from "../core/mls/receiving"
import { SUITE_1 } from "../core/mls/suites"
import { LEAF_EXTENSIONS } from "../core/policy/conversation"
import { CREDENTIAL_TYPE, identityOf as nameOf } from "../core/policy/identity"
import { authenticatorHash } from "../core/policy/statements"
import { identityOf } from "./context"
import {
  MlsFault, type AppliedCommit, type Committed, type Decrypted, type DeviceKeys, type GroupFacts, type KnownKeys, type Member, type Mls, type NewCommit,
  type NewGroup, type NewKeyPackage, type Plan, type ProposedRemoval, type PublicFacts, type Shown, type UnverifiedHeader,
} from "./mls"

const BUCKET_BYTES = 256
const SIGNATURE_BYTES = 64
const KEY_PACKAGE_SECONDS = 30 * 24 * 3600
// A clock a little behind ours must not find the package not yet valid.
const CLOCK_SLACK_SECONDS = 3600
const CAPABILITIES = {
  versions: [1], cipherSuites: [SUITE_1.id], extensions: LEAF_EXTENSIONS, proposals: [], credentials: [CREDENTIAL_TYPE],
}
// RFC 9420, 7.3, leaves it to who receives a leaf, and a device may read a commit weeks after it was made:
// the lifetime is judged by who adds, and by the hub.
const LIFETIMES_WERE_JUDGED = null
/** Members send no proposals of their own: a commit holds these, by value or as the hub's. */
const KNOWN_PROPOSALS: readonly string[] = ["add", "remove", "external_init", "group_context_extensions"]

/** What the core refuses, in the one word that the worker knows. */
function faults<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof MlsError) throw new MlsFault(error.code)
    throw error
  }
}

/** Refusals reject, as they did when the work was asynchronous. */
function later<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => { resolve(faults(work)) })
}

/** Whose a leaf says it is, by the names in its certificates. */
function identityIn({ credential }: LeafNode): string {
  try {
    const { person, device } = nameOf(credential)
    return identityOf(person, device)
  } catch (error) {
    if (error instanceof VerificationError || error instanceof MlsError) throw new MlsFault("bad_identity")
    throw error
  }
}

function memberIn(leafNode: LeafNode): Member {
  return { identity: identityIn(leafNode), signatureKey: leafNode.signatureKey, credential: leafNode.credential }
}

function memberAt(members: readonly TreeMember[], leaf: number): Member {
  const member = members.find(({ leafIndex }) => leafIndex === leaf)
  if (member === undefined) throw new MlsFault("unknown_leaf")
  return memberIn(member.leafNode)
}

function allIn(members: readonly TreeMember[]): readonly Member[] {
  return members.map(({ leafNode }) => memberIn(leafNode))
}

/** A second leaf of one name would sign as the first, and its messages be shown as the first's. */
function demandOneLeafEach(members: readonly TreeMember[]): void {
  const identities = members.map(({ leafNode }) => identityIn(leafNode))
  if (new Set(identities).size !== identities.length) throw new MlsFault("duplicate_identity")
}

function isKnown({ identity, signatureKey }: Pick<Member, "identity" | "signatureKey">, known: KnownKeys): boolean {
  const key = known[identity]
  return key !== undefined && equal(key, signatureKey)
}

function publicFacts({ groupId, epoch, extensions }: GroupContext, members: readonly TreeMember[]): PublicFacts {
  return { id: groupId, epoch: Number(epoch), members: allIn(members), extensions }
}

/** What a commit did to `before`, in the worker's words. */
function effectOf(before: Group, received: ReceivedCommit<Group>): Omit<AppliedCommit, "state" | "committer"> {
  const { sender, added, removed, proposals } = received
  const named = proposals.flatMap(({ reference }) => (reference === null ? [] : [encodeHex(reference)]))
  const byHub = proposals.flatMap(({ proposal, sender: { kind } }) => (proposal.kind === "remove" && kind === "external" ? [proposal.removed] : []))
  const kinds = proposals.map(({ proposal }) => proposal.kind)
  return {
    external: sender.kind === "new_member_commit", added: allIn(added), removed: allIn(removed),
    due: allIn(removed.filter(({ leafIndex }) => byHub.includes(leafIndex))).map(({ identity }) => identity),
    complete: before.proposals.every(({ reference }) => reference !== null && named.includes(encodeHex(reference))),
    before: publicFacts(before.context, before.members), after: factsAfter(before, received), authenticatedData: received.authenticatedData,
    knownProposals: kinds.every((kind) => KNOWN_PROPOSALS.includes(kind)) && kinds.filter((kind) => kind === "group_context_extensions").length < 2,
  }
}

/** Who is removed has no next epoch to look at: it follows from the proposals. */
function factsAfter(before: Group, { next, proposals, added, removed }: ReceivedCommit<Group>): PublicFacts {
  if (next !== null) return publicFacts(next.context, next.members)
  const gone = removed.map(({ leafIndex }) => leafIndex)
  const extensions = proposals.flatMap(({ proposal }) => (proposal.kind === "group_context_extensions" ? [proposal.extensions] : []))[0]
  const { groupId, epoch } = before.context
  return {
    id: groupId, epoch: Number(epoch) + 1, extensions: extensions ?? before.context.extensions,
    members: allIn([...before.members.filter(({ leafIndex }) => !gone.includes(leafIndex)), ...added]),
  }
}

/** The device that signed a commit, as its leaf stands after it: a member, or who came by it. */
function committerOf(before: Group, { sender, committer, next }: ReceivedCommit<Group>): Member {
  if (sender.kind !== "member" && sender.kind !== "new_member_commit") throw new MlsFault("forbidden_sender")
  if (next !== null) return memberAt(next.members, committer)
  if (sender.kind !== "member") throw new MlsFault("forbidden_sender")
  return memberAt(before.members, sender.leafIndex)
}

function keyPackageOf(data: Uint8Array): KeyPackage {
  const message = decodeMessage(data)
  if (message.kind !== "key_package") throw new MlsFault("not a key package")
  return message.keyPackage
}

function privateMessageOf(data: Uint8Array): PrivateMessage {
  const message = decodeMessage(data)
  if (message.kind !== "private_message") throw new MlsFault("not an encrypted message")
  if (message.message.contentType !== "application") throw new MlsFault("an encrypted handshake")
  return message.message
}

/** Padding that fills the plaintext (content, signature) to whole buckets, so that sizes say little. */
function padding(payload: Uint8Array): number {
  const prefix = payload.length < 64 ? 1 : payload.length < 16_384 ? 2 : 4
  const plain = prefix + payload.length + 2 + SIGNATURE_BYTES
  return (BUCKET_BYTES - (plain % BUCKET_BYTES)) % BUCKET_BYTES
}

/** The group's bytes; what was read to make them is overwritten. */
function saved(group: Group): Uint8Array {
  const bytes = group.serialize()
  group.wipe()
  return bytes
}

class CoreMls implements Mls {
  constructor(private readonly seconds: () => number, private readonly random: RandomBytes) {}

  newDeviceKeys(): Promise<DeviceKeys> {
    return later(() => SUITE_1.signature.generate(this.random))
  }

  newKeyPackage(credential: Credential, keys: DeviceKeys): Promise<NewKeyPackage> {
    return later(() => {
      const bundle = generateKeyPackage(SUITE_1, this.#leaf(credential, keys), [], this.random)
      const message = encodeMessage({ kind: "key_package", keyPackage: bundle.keyPackage })
      return { ref: encodeHex(keyPackageRef(SUITE_1, bundle.keyPackage)), message, secret: serializeBundle(bundle) }
    })
  }

  memberOf(keyPackage: Uint8Array): Member {
    return faults(() => memberIn(keyPackageOf(keyPackage).leafNode))
  }

  create(groupId: Uint8Array, credential: Credential, keys: DeviceKeys, extensions: readonly Extension[]): Promise<NewGroup> {
    return later(() => {
      const group = Group.create(SUITE_1, groupId, this.#leaf(credential, keys), extensions, this.random)
      return { groupInfo: group.groupInfo(), state: saved(group) }
    })
  }

  commit(state: Uint8Array, { authenticatedData, adds = [], removes = [], extensions = null }: Plan): Promise<Committed> {
    return later(() => {
      const group = Group.deserialize(state)
      const leaves = group.members.filter(({ leafNode }) => removes.includes(identityIn(leafNode)))
      const proposals: readonly Proposal[] = [
        ...leaves.map(({ leafIndex }) => ({ kind: "remove", removed: leafIndex }) as const),
        ...adds.map((bytes) => ({ kind: "add", keyPackage: keyPackageOf(bytes) }) as const),
        ...(extensions === null ? [] : [{ kind: "group_context_extensions", extensions } as const]),
      ]
      const { message, welcome, groupInfo, next } = group.commit({ proposals, authenticatedData, forcePath: true, now: this.seconds(), random: this.random })
      return { commit: message, welcome, groupInfo, state: saved(next) }
    })
  }

  welcomed(welcome: Uint8Array): readonly string[] {
    return faults(() => welcomeOf(welcome).secrets.map(({ newMember }) => encodeHex(newMember)))
  }

  join(welcome: Uint8Array, secret: Uint8Array, known: KnownKeys): Promise<Uint8Array> {
    return later(() => {
      const checkSigner = (leafNode: LeafNode): void => {
        const vouches = isKnown(memberIn(leafNode), known)
        if (!vouches && Object.keys(known).length > 0) throw new MlsFault("wrong_signer")
      }
      const group = Group.join(welcome, deserializeBundle(secret), { checkSigner })
      demandOneLeafEach(group.members)
      return saved(group)
    })
  }

  apply(state: Uint8Array, commit: Uint8Array, committer: string): Promise<AppliedCommit> {
    return later(() => {
      const before = Group.deserialize(state)
      if (decodeMessage(commit).kind !== "public_message") throw new MlsFault("wrong_wire_format")
      const received = before.receive(commit, { now: LIFETIMES_WERE_JUDGED })
      if (received.kind !== "commit") throw new MlsFault("wrong_content")
      const by = committerOf(before, received)
      if (by.identity !== committer) throw new MlsFault("wrong_committer")
      if (received.next !== null) demandOneLeafEach(received.next.members)
      const effect = effectOf(before, received)
      before.wipe()
      return { ...effect, committer: by, state: received.next === null ? null : saved(received.next) }
    })
  }

  proposed(state: Uint8Array, proposal: Uint8Array): Promise<ProposedRemoval> {
    return later(() => {
      const before = Group.deserialize(state)
      if (decodeMessage(proposal).kind !== "public_message") throw new MlsFault("wrong_wire_format")
      const received = before.receive(proposal, { now: LIFETIMES_WERE_JUDGED })
      if (received.kind !== "proposal" || received.proposal.kind !== "remove") throw new MlsFault("wrong_content")
      if (received.sender.kind !== "external") throw new MlsFault("forbidden_sender")
      const removed = memberAt(before.members, received.proposal.removed)
      return { removed, authenticatedData: received.authenticatedData, state: saved(received.next) }
    })
  }

  shown(groupInfo: Uint8Array): Promise<Shown> {
    return later(() => {
      const { members, facts, signer, infoExtensions } = this.#shown(groupInfo)
      return { ...facts, infoExtensions, signer: memberAt(members, signer) }
    })
  }

  enter(groupInfo: Uint8Array, credential: Credential, keys: DeviceKeys, authenticatedData: Uint8Array): Promise<NewCommit> {
    return later(() => {
      const leaf = this.#leaf(credential, keys)
      const who = nameOf(credential)
      const prior = this.#shown(groupInfo).members.find(({ leafNode }) => identityIn(leafNode) === identityOf(who.person, who.device))
      const made = Group.joinExternal(groupInfo, leaf, { removePrior: prior?.leafIndex ?? null, authenticatedData, now: this.seconds(), random: this.random })
      return { commit: made.message, groupInfo: made.groupInfo, state: saved(made.next) }
    })
  }

  #shown(groupInfo: Uint8Array): Pick<Shown, "infoExtensions"> & { readonly members: readonly TreeMember[]; readonly facts: PublicFacts; readonly signer: number } {
    const { state, groupInfo: { signer, extensions: infoExtensions } } = publicStateOf(groupInfo, null)
    if (state.suite.id !== SUITE_1.id) throw new MlsFault("wrong_suite")
    const members = membersOf(state.tree)
    demandOneLeafEach(members)
    return { members, signer, infoExtensions, facts: publicFacts(state.context, members) }
  }

  encrypt(state: Uint8Array, payload: Uint8Array, authenticatedData: Uint8Array): Promise<{ state: Uint8Array; message: Uint8Array }> {
    return later(() => {
      const group = Group.deserialize(state)
      const message = group.encrypt(payload, { authenticatedData, padding: padding(payload), random: this.random })
      return { message, state: saved(group) }
    })
  }

  decrypt(state: Uint8Array, data: Uint8Array): Promise<Decrypted> {
    return later(() => {
      privateMessageOf(data)
      const group = Group.deserialize(state)
      const opened = group.receive(data, { now: LIFETIMES_WERE_JUDGED })
      if (opened.kind !== "application") throw new MlsFault("not a member's message")
      const sender = memberAt(group.members, opened.sender).identity
      return { sender, authenticatedData: opened.authenticatedData, payload: opened.data, state: saved(group) }
    })
  }

  header(data: Uint8Array): UnverifiedHeader {
    return faults(() => {
      const { epoch, authenticatedData } = privateMessageOf(data)
      return { epoch: Number(epoch), authenticatedData }
    })
  }

  exporter(state: Uint8Array, label: string, context: Uint8Array, length: number): Promise<Uint8Array> {
    return later(() => Group.deserialize(state).export(label, context, length))
  }

  facts(state: Uint8Array): GroupFacts {
    return faults(() => {
      const group = Group.deserialize(state)
      return {
        ...publicFacts(group.context, group.members),
        confirmedTranscriptHash: group.context.confirmedTranscriptHash, authenticatorHash: authenticatorHash(group.epochAuthenticator),
      }
    })
  }

  #leaf(credential: Credential, keys: DeviceKeys): OwnLeaf {
    const now = this.seconds()
    return {
      signaturePrivateKey: keys.privateKey, credential, capabilities: CAPABILITIES, extensions: [],
      lifetime: { notBefore: BigInt(now - CLOCK_SLACK_SECONDS), notAfter: BigInt(now + KEY_PACKAGE_SECONDS) },
    }
  }
}

/** `seconds`: the clock that dates key packages, in seconds since 1970. */
export function openMls(seconds: () => number, random: RandomBytes): Mls {
  return new CoreMls(seconds, random)
}
