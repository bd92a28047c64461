/** `Mls` carried by our own core, suite 1. A state is a serialised `Group`, a secret a serialised key package. */
import { encodeHex, encodeUtf8 } from "../core/bytes"
import { BASIC, basicCredential } from "../core/mls/credential"
import { MlsError } from "../core/mls/errors"
import { decodeMessage, encodeMessage, type PrivateMessage } from "../core/mls/framing"
import { Group } from "../core/mls/group"
import { welcomeOf } from "../core/mls/joining"
import { generateKeyPackage, keyPackageRef, type KeyPackage, type OwnLeaf } from "../core/mls/keyPackage"
import type { LeafNode } from "../core/mls/leafNode"
import type { RandomBytes } from "../core/mls/primitives"
import { deserializeBundle, serializeBundle } from "../core/mls/serializing"
import { SUITE_1 } from "../core/mls/suites"
import {
  MlsFault, type Decrypted, type DeviceKeys, type GroupFacts, type Mls, type NewCommit, type NewKeyPackage, type NewMembers, type UnverifiedHeader,
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

function identitiesOf(group: Group): readonly string[] {
  return group.members.map(({ leafNode }) => identityIn(leafNode))
}

function identityAt(group: Group, leaf: number): string {
  const member = group.members.find(({ leafIndex }) => leafIndex === leaf)
  if (member === undefined) throw new MlsFault("nobody is at this leaf")
  return identityIn(member.leafNode)
}

/** A second leaf of one name would sign as the first, and its messages be shown as the first's. */
function demandOneLeafEach(group: Group): void {
  const identities = identitiesOf(group)
  if (new Set(identities).size !== identities.length) throw new MlsFault("two leaves of one name")
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

  newKeyPackage(who: string, keys: DeviceKeys): Promise<NewKeyPackage> {
    return later(() => {
      const bundle = generateKeyPackage(SUITE_1, this.#leaf(who, keys), [], this.random)
      const message = encodeMessage({ kind: "key_package", keyPackage: bundle.keyPackage })
      return { ref: encodeHex(keyPackageRef(SUITE_1, bundle.keyPackage)), message, secret: serializeBundle(bundle) }
    })
  }

  identityOf(keyPackage: Uint8Array): string {
    return faults(() => identityIn(keyPackageOf(keyPackage).leafNode))
  }

  create(groupId: Uint8Array, who: string, keys: DeviceKeys): Promise<{ state: Uint8Array; groupInfo: Uint8Array }> {
    return later(() => {
      const group = Group.create(SUITE_1, groupId, this.#leaf(who, keys), [], this.random)
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

  join(welcome: Uint8Array, secret: Uint8Array): Promise<Uint8Array> {
    return later(() => {
      const group = Group.join(welcome, deserializeBundle(secret))
      demandOneLeafEach(group)
      return saved(group)
    })
  }

  apply(state: Uint8Array, commit: Uint8Array, committer: string): Promise<Uint8Array> {
    return later(() => {
      const before = Group.deserialize(state)
      if (decodeMessage(commit).kind !== "public_message") throw new MlsFault("a commit that is not in the open")
      const received = before.receive(commit, { now: LIFETIMES_WERE_JUDGED })
      if (received.kind !== "commit") throw new MlsFault("a public message that is no commit")
      if (received.sender.kind !== "member") throw new MlsFault("a commit from outside the group")
      if (identityAt(before, received.sender.leafIndex) !== committer) throw new MlsFault("a commit of somebody else")
      before.wipe()
      if (received.next === null) throw new MlsFault("a commit that removes us")
      demandOneLeafEach(received.next)
      return saved(received.next)
    })
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
      const sender = identityAt(group, opened.sender)
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
      const { groupId, epoch } = group.context
      return { id: groupId, epoch: Number(epoch), identities: identitiesOf(group) }
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
