/** `Mls` carried by our own core, suite 1. A state is a serialised `Group`, a secret a serialised key package. */
import { encodeHex, encodeUtf8, equal } from "../core/bytes"
import { authenticatorHash } from "../core/statements"
import { BASIC, basicCredential } from "../core/mls/credential"
import { MlsError } from "../core/mls/errors"
import { EXTERNAL_SENDERS, externalSenders, externalSendersExtension, type Extension } from "../core/mls/extensions"
import { publicStateOf } from "../core/mls/externalJoin"
import { decodeMessage, encodeMessage, type PrivateMessage } from "../core/mls/framing"
import { Group } from "../core/mls/group"
import type { GroupContext } from "../core/mls/groupContext"
import { welcomeOf } from "../core/mls/joining"
import { generateKeyPackage, keyPackageRef, type KeyPackage, type OwnLeaf } from "../core/mls/keyPackage"
import type { LeafNode } from "../core/mls/leafNode"
import type { RandomBytes } from "../core/mls/primitives"
import { deserializeBundle, serializeBundle } from "../core/mls/serializing"
import { membersOf, type Member as TreeMember } from "../core/mls/ratchetTree"
import type { ReceivedCommit } from "../core/mls/receiving"
import { SUITE_1 } from "../core/mls/suites"
import {
  MlsFault, type AppliedCommit, type Decrypted, type Demands, type DeviceKeys, type GroupFacts, type KnownKeys, type Member, type Mls, type NewCommit,
  type NewGroup, type NewKeyPackage, type NewMembers, type ProposedRemoval, type PublicFacts, type UnverifiedHeader,
} from "./mls"

const BUCKET_BYTES = 256
const SIGNATURE_BYTES = 64
const KEY_PACKAGE_SECONDS = 30 * 24 * 3600
// A clock a little behind ours must not find the package not yet valid.
const CLOCK_SLACK_SECONDS = 3600
const IDENTITY = /^[0-9a-f-]{36}\/[0-9a-f-]{36}$/
const CAPABILITIES = { versions: [1], cipherSuites: [SUITE_1.id], extensions: [], proposals: [], credentials: [BASIC] }
// RFC 9420, 7.3, leaves it to who receives a leaf, and a device may read a commit weeks after it was made:
// the lifetime is judged by who adds, and by the hub.
const LIFETIMES_WERE_JUDGED = null
const HUB = basicCredential(encodeUtf8("hub"))
/** Members send no proposals of their own: a commit holds these, by value or as the hub's. */
const KNOWN_PROPOSALS: readonly string[] = ["add", "remove", "external_init"]

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

function identityIn({ credential }: LeafNode): string {
  if (credential.type !== BASIC) throw new MlsFault("a credential of another type")
  const identity = String.fromCharCode(...credential.content)
  if (!IDENTITY.test(identity)) throw new MlsFault("a credential that names no device")
  return identity
}

function memberIn({ leafNode }: TreeMember): Member {
  return { identity: identityIn(leafNode), signatureKey: leafNode.signatureKey }
}

function memberAt(members: readonly TreeMember[], leaf: number): Member {
  const member = members.find(({ leafIndex }) => leafIndex === leaf)
  if (member === undefined) throw new MlsFault("unknown_leaf")
  return memberIn(member)
}

function identitiesOf(members: readonly TreeMember[]): readonly string[] {
  return members.map(({ leafNode }) => identityIn(leafNode))
}

/** A second leaf of one name would sign as the first, and its messages be shown as the first's. */
function demandOneLeafEach(members: readonly TreeMember[]): void {
  const identities = identitiesOf(members)
  if (new Set(identities).size !== identities.length) throw new MlsFault("duplicate_identity")
}

function isKnown({ identity, signatureKey }: Member, known: KnownKeys): boolean {
  const key = known[identity]
  return key !== undefined && equal(key, signatureKey)
}

function hubKeyIn(extensions: readonly Extension[]): Uint8Array | null {
  const [only, ...more] = extensions
  if (only?.type !== EXTERNAL_SENDERS || more.length > 0) return null
  const [hub, ...others] = externalSenders(extensions)
  if (hub === undefined || others.length > 0 || hub.credential.type !== HUB.type || !equal(hub.credential.content, HUB.content)) return null
  return hub.signatureKey
}

function publicFacts({ groupId, epoch, extensions }: GroupContext, members: readonly TreeMember[]): PublicFacts {
  return { id: groupId, epoch: Number(epoch), members: members.map(memberIn), hubKey: hubKeyIn(extensions) }
}

/** What a commit did to `before`, in the worker's words. */
function effectOf(before: Group, { sender, added, removed, proposals, next }: ReceivedCommit<Group>): Omit<AppliedCommit, "state"> {
  const named = proposals.flatMap(({ reference }) => (reference === null ? [] : [encodeHex(reference)]))
  const byHub = proposals.flatMap(({ proposal, sender: { kind } }) => (proposal.kind === "remove" && kind === "external" ? [proposal.removed] : []))
  return {
    external: sender.kind === "new_member_commit", added: identitiesOf(added), removed: identitiesOf(removed),
    due: identitiesOf(removed.filter(({ leafIndex }) => byHub.includes(leafIndex))),
    complete: before.proposals.every(({ reference }) => reference !== null && named.includes(encodeHex(reference))),
    sameExtensions: next === null || sameExtensions(before.context.extensions, next.context.extensions),
    knownProposals: proposals.every(({ proposal }) => KNOWN_PROPOSALS.includes(proposal.kind)),
  }
}

function sameExtensions(a: readonly Extension[], b: readonly Extension[]): boolean {
  return a.length === b.length && a.every(({ type, data }, i) => type === b[i]?.type && equal(data, b[i].data))
}

/** The device that signed a commit: a member before it, or who came by it. */
function committerOf(before: Group, { sender, committer, next }: ReceivedCommit<Group>): Member {
  if (sender.kind === "member") return memberAt(before.members, sender.leafIndex)
  if (sender.kind !== "new_member_commit" || next === null) throw new MlsFault("forbidden_sender")
  return memberAt(next.members, committer)
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

/** A group that the hub shows is this conversation's, and no older than what is known of it. */
function demand({ id, epoch, hubKey, members }: PublicFacts, signer: Member, { known, ...demands }: Demands): void {
  if (!equal(id, demands.id)) throw new MlsFault("wrong_group")
  if (epoch < demands.epoch) throw new MlsFault("wrong_epoch")
  if (hubKey === null || !equal(hubKey, demands.hubKey)) throw new MlsFault("wrong_extensions")
  if (!isKnown(signer, known)) throw new MlsFault("wrong_signer")
  if (members.some((one) => one.identity in known && !isKnown(one, known))) throw new MlsFault("other_key")
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

  newKeyPackage(who: string, keys: DeviceKeys): Promise<NewKeyPackage> {
    return later(() => {
      const bundle = generateKeyPackage(SUITE_1, this.#leaf(who, keys), [], this.random)
      const message = encodeMessage({ kind: "key_package", keyPackage: bundle.keyPackage })
      return { ref: encodeHex(keyPackageRef(SUITE_1, bundle.keyPackage)), message, secret: serializeBundle(bundle) }
    })
  }

  memberOf(keyPackage: Uint8Array): Member {
    return faults(() => memberIn({ leafIndex: 0, leafNode: keyPackageOf(keyPackage).leafNode }))
  }

  create(groupId: Uint8Array, who: string, keys: DeviceKeys, hubKey: Uint8Array): Promise<NewGroup> {
    return later(() => {
      const extensions = [externalSendersExtension([{ signatureKey: hubKey, credential: HUB }])]
      const group = Group.create(SUITE_1, groupId, this.#leaf(who, keys), extensions, this.random)
      return { groupInfo: group.groupInfo(), state: saved(group) }
    })
  }

  add(state: Uint8Array, keyPackages: readonly Uint8Array[]): Promise<NewMembers> {
    return later(() => {
      const { welcome, ...made } = this.#commit(state, keyPackages.map(keyPackageOf))
      if (welcome === null) throw new MlsFault("a commit that adds nobody")
      return { ...made, welcome }
    })
  }

  update(state: Uint8Array): Promise<NewCommit> {
    return later(() => {
      const { commit, groupInfo, state: next } = this.#commit(state, [])
      return { commit, groupInfo, state: next }
    })
  }

  welcomed(welcome: Uint8Array): readonly string[] {
    return faults(() => welcomeOf(welcome).secrets.map(({ newMember }) => encodeHex(newMember)))
  }

  join(welcome: Uint8Array, secret: Uint8Array, known: KnownKeys): Promise<Uint8Array> {
    return later(() => {
      const checkSigner = (leafNode: LeafNode): void => {
        const vouches = isKnown(memberIn({ leafIndex: 0, leafNode }), known)
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
      if (committerOf(before, received).identity !== committer) throw new MlsFault("wrong_committer")
      if (received.next !== null) demandOneLeafEach(received.next.members)
      const effect = effectOf(before, received)
      before.wipe()
      return { ...effect, state: received.next === null ? null : saved(received.next) }
    })
  }

  proposed(state: Uint8Array, proposal: Uint8Array): Promise<ProposedRemoval> {
    return later(() => {
      const before = Group.deserialize(state)
      if (decodeMessage(proposal).kind !== "public_message") throw new MlsFault("wrong_wire_format")
      const received = before.receive(proposal, { now: LIFETIMES_WERE_JUDGED })
      if (received.kind !== "proposal" || received.proposal.kind !== "remove") throw new MlsFault("wrong_content")
      if (received.sender.kind !== "external") throw new MlsFault("forbidden_sender")
      const removed = memberAt(before.members, received.proposal.removed).identity
      return { removed, authenticatedData: received.authenticatedData, state: saved(received.next) }
    })
  }

  shown(groupInfo: Uint8Array): Promise<PublicFacts & { readonly signer: Member }> {
    return later(() => {
      const { members, facts, signer } = this.#shown(groupInfo)
      return { ...facts, signer: memberAt(members, signer) }
    })
  }

  rejoin(groupInfo: Uint8Array, who: string, keys: DeviceKeys, demands: Demands): Promise<NewCommit | null> {
    return later(() => {
      const { members, facts, signer } = this.#shown(groupInfo)
      demand(facts, memberAt(members, signer), demands)
      const prior = members.find(({ leafNode }) => identityIn(leafNode) === who)
      if (prior === undefined) return null
      const made = Group.joinExternal(groupInfo, this.#leaf(who, keys), { removePrior: prior.leafIndex, now: this.seconds(), random: this.random })
      return { commit: made.message, groupInfo: made.groupInfo, state: saved(made.next) }
    })
  }

  #shown(groupInfo: Uint8Array): { readonly members: readonly TreeMember[]; readonly facts: PublicFacts; readonly signer: number } {
    const { state, groupInfo: { signer } } = publicStateOf(groupInfo, null)
    if (state.suite.id !== SUITE_1.id) throw new MlsFault("wrong_suite")
    const members = membersOf(state.tree)
    demandOneLeafEach(members)
    return { members, signer, facts: publicFacts(state.context, members) }
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
        ...publicFacts(group.context, group.members), identities: identitiesOf(group.members),
        confirmedTranscriptHash: group.context.confirmedTranscriptHash, authenticatorHash: authenticatorHash(group.epochAuthenticator),
      }
    })
  }

  #leaf(who: string, keys: DeviceKeys): OwnLeaf {
    const now = this.seconds()
    return {
      signaturePrivateKey: keys.privateKey, credential: basicCredential(encodeUtf8(who)), capabilities: CAPABILITIES, extensions: [],
      lifetime: { notBefore: BigInt(now - CLOCK_SLACK_SECONDS), notAfter: BigInt(now + KEY_PACKAGE_SECONDS) },
    }
  }

  #commit(state: Uint8Array, keyPackages: readonly KeyPackage[]): NewCommit & { welcome: Uint8Array | null } {
    const group = Group.deserialize(state)
    const proposals = keyPackages.map((keyPackage) => ({ kind: "add", keyPackage }) as const)
    const { message, welcome, groupInfo, next } = group.commit({ proposals, forcePath: true, now: this.seconds(), random: this.random })
    return { commit: message, welcome, groupInfo, state: saved(next) }
  }
}

/** `seconds`: the clock that dates key packages, in seconds since 1970. */
export function openMls(seconds: () => number, random: RandomBytes): Mls {
  return new CoreMls(seconds, random)
}
