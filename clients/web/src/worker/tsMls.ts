/** `Mls` carried by ts-mls 1.6.4, suite 1. The deep imports are what its front door does not offer. */
import {
  createApplicationMessage, createCommit, createGroup, decodeGroupState, decodeMlsMessage, defaultKeyPackageEqualityConfig,
  emptyPskIndex, encodeGroupState, encodeMlsMessage, generateKeyPackageWithKey, getCiphersuiteFromName, getCiphersuiteImpl,
  joinGroup, mlsExporter, processPublicMessage, zeroOutUint8Array,
  type Capabilities, type CiphersuiteImpl, type ClientConfig, type ClientState, type Credential, type KeyPackage,
  type MLSMessage, type PrivateKeyPackage, type PrivateMessage, type Proposal, type Welcome,
} from "ts-mls"
import { createGroupInfoWithRatchetTree } from "ts-mls/createCommit.js"
import { makeKeyPackageRef } from "ts-mls/keyPackage.js"
import { unprotectPrivateMessage } from "ts-mls/messageProtection.js"
import { getCredentialFromLeafIndex } from "ts-mls/ratchetTree.js"
import { toLeafIndex } from "ts-mls/treemath.js"
import { decode, encode } from "@msgpack/msgpack"
import { bytes, shape } from "../core/checks"
import { MlsFault, type Decrypted, type DeviceKeys, type GroupFacts, type Mls, type NewCommit, type NewKeyPackage, type NewMembers, type UnverifiedHeader } from "./mls"

const SUITE = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"
const BUCKET_BYTES = 256
const SIGNATURE_BYTES = 64
const KEY_PACKAGE_SECONDS = 30 * 24 * 3600
// A clock a little behind ours must not find the package not yet valid.
const CLOCK_SLACK_SECONDS = 3600
const IDENTITY = /^[0-9a-f-]{36}\/[0-9a-f-]{36}$/

const CAPABILITIES: Capabilities = {
  versions: ["mls10"], ciphersuites: [SUITE], extensions: [], proposals: [], credentials: ["basic"],
}

const CONFIG: ClientConfig = {
  // The hub orders everything and refuses a message of a past epoch: none needs an old epoch's keys.
  keyRetentionConfig: { retainKeysForGenerations: 64, retainKeysForEpochs: 0, maximumForwardRatchetSteps: 1000 },
  lifetimeConfig: { maximumTotalLifetime: BigInt(KEY_PACKAGE_SECONDS + CLOCK_SLACK_SECONDS), validateLifetimeOnReceive: false },
  keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
  paddingConfig: { kind: "alwaysPad", paddingLength: 0 },
  authService: { validateCredential: (credential) => Promise.resolve(isIdentity(credential)) },
}

const readSecret = shape<PrivateKeyPackage & { keyPackage: Uint8Array }>({
  keyPackage: bytes, initPrivateKey: bytes, hpkePrivateKey: bytes, signaturePrivateKey: bytes,
})

function identity(credential: Credential): string {
  if (credential.credentialType !== "basic") throw new MlsFault("a credential of another type")
  return new TextDecoder("utf-8", { fatal: true }).decode(credential.identity)
}

function isIdentity(credential: Credential): boolean {
  return credential.credentialType === "basic" && IDENTITY.test(identity(credential))
}

function message<W extends MLSMessage["wireformat"]>(data: Uint8Array, wireformat: W): Extract<MLSMessage, { wireformat: W }> {
  const decoded = decodeMlsMessage(data, 0)
  if (decoded === undefined || decoded[1] !== data.length) throw new MlsFault("not an MLS message")
  if (!isWireformat(decoded[0], wireformat)) throw new MlsFault("an MLS message of another kind")
  return decoded[0]
}

function isWireformat<W extends MLSMessage["wireformat"]>(m: MLSMessage, w: W): m is Extract<MLSMessage, { wireformat: W }> {
  return m.wireformat === w
}

function keyPackageOf(data: Uint8Array): KeyPackage {
  return message(data, "mls_key_package").keyPackage
}

function load(state: Uint8Array): ClientState {
  const decoded = decodeGroupState(state, 0)
  if (decoded === undefined || decoded[1] !== state.length) throw new MlsFault("not a group state")
  return { ...decoded[0], clientConfig: CONFIG }
}

function save(state: ClientState, consumed: readonly Uint8Array[] = []): Uint8Array {
  const encoded = encodeGroupState(state)
  consumed.forEach(zeroOutUint8Array)
  return encoded
}

/** Padding that fills the plaintext (content, signature) to whole buckets, so that sizes say little. */
function padding(payload: Uint8Array): number {
  const prefix = payload.length < 64 ? 1 : payload.length < 16_384 ? 2 : 4
  const plain = prefix + payload.length + 2 + SIGNATURE_BYTES
  return (BUCKET_BYTES - (plain % BUCKET_BYTES)) % BUCKET_BYTES
}

function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function leafIdentity(state: ClientState, leaf: number): string {
  return identity(getCredentialFromLeafIndex(state.ratchetTree, toLeafIndex(leaf)))
}

function identitiesOf({ ratchetTree }: ClientState): readonly string[] {
  return ratchetTree.flatMap((node) => (node?.nodeType === "leaf" ? [identity(node.leaf.credential)] : []))
}

/** A second leaf of one name would sign as the first, and its messages be shown as the first's. */
function demandOneLeafEach(state: ClientState): void {
  const identities = identitiesOf(state)
  if (new Set(identities).size !== identities.length) throw new MlsFault("two leaves of one name")
}

function lifetime(now: number): { notBefore: bigint; notAfter: bigint } {
  return { notBefore: BigInt(now - CLOCK_SLACK_SECONDS), notAfter: BigInt(now + KEY_PACKAGE_SECONDS) }
}

/** Everything below turns the library's many errors into one. */
async function faults<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof MlsFault) throw error
    throw new MlsFault(error instanceof Error ? error.name : "unknown")
  }
}

class TsMls implements Mls {
  constructor(private readonly suite: CiphersuiteImpl, private readonly seconds: () => number) {}

  async newDeviceKeys(): Promise<DeviceKeys> {
    const { publicKey, signKey } = await this.suite.signature.keygen()
    return { publicKey, privateKey: signKey }
  }

  async newKeyPackage(who: string, keys: DeviceKeys): Promise<NewKeyPackage> {
    const { publicPackage, privatePackage } = await this.#generate(who, keys)
    const encoded = encodeMlsMessage({ version: "mls10", wireformat: "mls_key_package", keyPackage: publicPackage })
    const ref = hex(await makeKeyPackageRef(publicPackage, this.suite.hash))
    return { ref, message: encoded, secret: encode({ ...privatePackage, keyPackage: encoded }) }
  }

  identityOf(keyPackage: Uint8Array): string {
    return identity(keyPackageOf(keyPackage).leafNode.credential)
  }

  async create(groupId: Uint8Array, who: string, keys: DeviceKeys): Promise<{ state: Uint8Array; groupInfo: Uint8Array }> {
    const { publicPackage, privatePackage } = await this.#generate(who, keys)
    const state = await createGroup(groupId, publicPackage, privatePackage, [], this.suite, CONFIG)
    return { state: save(state), groupInfo: await this.#groupInfo(state) }
  }

  add(state: Uint8Array, keyPackages: readonly Uint8Array[]): Promise<NewMembers> {
    return faults(async () => {
      const { welcome, ...made } = await this.#commit(state, keyPackages.map((data) => ({
        proposalType: "add", add: { keyPackage: keyPackageOf(data) },
      })))
      if (welcome === undefined) throw new MlsFault("a commit that adds nobody")
      return { ...made, welcome: encodeMlsMessage({ version: "mls10", wireformat: "mls_welcome", welcome }) }
    })
  }

  update(state: Uint8Array): Promise<NewCommit> {
    return faults(async () => {
      const { groupInfo, state: after, commit } = await this.#commit(state, [])
      return { groupInfo, state: after, commit }
    })
  }

  welcomed(welcome: Uint8Array): readonly string[] {
    return message(welcome, "mls_welcome").welcome.secrets.map((secret) => hex(secret.newMember))
  }

  join(welcome: Uint8Array, secret: Uint8Array): Promise<Uint8Array> {
    return faults(async () => {
      const { keyPackage, ...privateKeys } = readSecret(decode(secret))
      const opened = message(welcome, "mls_welcome").welcome
      const state = await joinGroup(
        opened, keyPackageOf(keyPackage), privateKeys, emptyPskIndex, this.suite, undefined, undefined, CONFIG)
      demandOneLeafEach(state)
      return save(state)
    })
  }

  apply(state: Uint8Array, commit: Uint8Array, committer: string): Promise<Uint8Array> {
    return faults(async () => {
      const before = load(state)
      const pm = message(commit, "mls_public_message").publicMessage
      if (pm.content.contentType !== "commit") throw new MlsFault("a public message that is no commit")
      if (pm.content.sender.senderType !== "member") throw new MlsFault("a commit from outside the group")
      if (leafIdentity(before, pm.content.sender.leafIndex) !== committer) throw new MlsFault("a commit of somebody else")
      if (!sameBytes(pm.content.groupId, before.groupContext.groupId)) throw new MlsFault("another group")
      const after = await processPublicMessage(before, pm, emptyPskIndex, this.suite)
      demandOneLeafEach(after.newState)
      return save(after.newState, after.consumed)
    })
  }

  encrypt(state: Uint8Array, payload: Uint8Array, authenticatedData: Uint8Array): Promise<{ state: Uint8Array; message: Uint8Array }> {
    return faults(async () => {
      const padded: ClientConfig = { ...CONFIG, paddingConfig: { kind: "alwaysPad", paddingLength: padding(payload) } }
      const made = await createApplicationMessage({ ...load(state), clientConfig: padded }, payload, this.suite, authenticatedData)
      const encoded = encodeMlsMessage({ version: "mls10", wireformat: "mls_private_message", privateMessage: made.privateMessage })
      return { state: save(made.newState, made.consumed), message: encoded }
    })
  }

  decrypt(state: Uint8Array, data: Uint8Array): Promise<Decrypted> {
    return faults(async () => {
      const before = load(state)
      const pm = message(data, "mls_private_message").privateMessage
      checkAddressed(pm, before)
      const opened = await unprotectPrivateMessage(
        before.keySchedule.senderDataSecret, pm, before.secretTree, before.ratchetTree, before.groupContext,
        CONFIG.keyRetentionConfig, this.suite)
      const { content } = opened.content
      if (content.contentType !== "application" || content.sender.senderType !== "member") throw new MlsFault("not a member's message")
      const sender = leafIdentity(before, content.sender.leafIndex)
      return {
        sender, authenticatedData: pm.authenticatedData, payload: content.applicationData,
        state: save({ ...before, secretTree: opened.tree }, opened.consumed),
      }
    })
  }

  header(data: Uint8Array): UnverifiedHeader {
    const { epoch, authenticatedData } = message(data, "mls_private_message").privateMessage
    return { epoch: Number(epoch), authenticatedData }
  }

  exporter(state: Uint8Array, label: string, context: Uint8Array, length: number): Promise<Uint8Array> {
    return faults(() => mlsExporter(load(state).keySchedule.exporterSecret, label, context, length, this.suite))
  }

  facts(state: Uint8Array): GroupFacts {
    const loaded = load(state)
    const { groupId, epoch } = loaded.groupContext
    return { id: groupId, epoch: Number(epoch), identities: identitiesOf(loaded) }
  }

  #generate(who: string, keys: DeviceKeys): Promise<{ publicPackage: KeyPackage; privatePackage: PrivateKeyPackage }> {
    const credential: Credential = { credentialType: "basic", identity: new TextEncoder().encode(who) }
    return generateKeyPackageWithKey(
      credential, CAPABILITIES, lifetime(this.seconds()), [],
      { signKey: keys.privateKey, publicKey: keys.publicKey }, this.suite)
  }

  async #commit(state: Uint8Array, extraProposals: Proposal[]): Promise<NewCommit & { welcome: Welcome | undefined }> {
    const made = await createCommit(
      { state: load(state), cipherSuite: this.suite },
      { wireAsPublicMessage: true, ratchetTreeExtension: true, extraProposals },
    )
    return {
      groupInfo: await this.#groupInfo(made.newState), state: save(made.newState),
      commit: encodeMlsMessage(made.commit), welcome: made.welcome,
    }
  }

  async #groupInfo(state: ClientState): Promise<Uint8Array> {
    // Without external_pub: this library encodes it wrongly, and nobody joins by external commit yet.
    const groupInfo = await createGroupInfoWithRatchetTree(
      state.groupContext, state.confirmationTag, state, state.ratchetTree, [], this.suite)
    return encodeMlsMessage({ version: "mls10", wireformat: "mls_group_info", groupInfo })
  }
}

function checkAddressed(pm: PrivateMessage, state: ClientState): void {
  if (pm.contentType !== "application") throw new MlsFault("an encrypted handshake")
  if (pm.epoch !== state.groupContext.epoch) throw new MlsFault("another epoch")
  if (!sameBytes(pm.groupId, state.groupContext.groupId)) throw new MlsFault("another group")
}

/** `seconds`: the clock that dates key packages, in seconds since 1970. */
export async function openTsMls(seconds: () => number): Promise<Mls> {
  return new TsMls(await getCiphersuiteImpl(getCiphersuiteFromName(SUITE)), seconds)
}
