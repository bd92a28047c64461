/** ts-mls 1.6.4 as another member: another implementation, by other hands. For tests only. */
import {
  createApplicationMessage, createCommit, createGroup, createProposal, decodeMlsMessage, defaultCapabilities, defaultLifetime, emptyPskIndex,
  encodeMlsMessage, generateKeyPackageWithKey, getCiphersuiteFromName, getCiphersuiteImpl, joinGroup, mlsExporter, processMessage,
  type CiphersuiteImpl, type CiphersuiteName, type ClientState, type Credential, type KeyPackage, type MLSMessage, type PrivateKeyPackage,
  type Proposal,
} from "ts-mls"
import { encodeUtf8 } from "../../../../src/core/bytes"
import type { KeyPair } from "../../../../src/core/mls/primitives"

const NO_DATA = new Uint8Array()

export interface PeerCommit {
  readonly message: Uint8Array
  readonly welcome: Uint8Array | null
}

export interface PeerInvitation {
  readonly message: Uint8Array
  readonly keyPackage: KeyPackage
  readonly privateKeys: PrivateKeyPackage
}

function decoded<W extends MLSMessage["wireformat"]>(data: Uint8Array, wireformat: W): Extract<MLSMessage, { wireformat: W }> {
  const read = decodeMlsMessage(data, 0)?.[0]
  if (read?.wireformat !== wireformat) throw new Error(`not a ${wireformat}`)
  return read as Extract<MLSMessage, { wireformat: W }>
}

export class TsMlsPeer {
  private constructor(private readonly suite: CiphersuiteImpl, private state: ClientState) {}

  static async suite(name: CiphersuiteName): Promise<CiphersuiteImpl> {
    return getCiphersuiteImpl(getCiphersuiteFromName(name))
  }

  /** `keys` are made here: its own ECDSA keys are compressed points, which RFC 9420 (5.1.1) does not have. */
  static async invitation(suite: CiphersuiteImpl, name: string, keys: KeyPair): Promise<PeerInvitation> {
    const credential: Credential = { credentialType: "basic", identity: encodeUtf8(name) }
    const { publicPackage, privatePackage } = await generateKeyPackageWithKey(
      credential, defaultCapabilities(), defaultLifetime, [], { signKey: keys.privateKey, publicKey: keys.publicKey }, suite)
    const message = encodeMlsMessage({ version: "mls10", wireformat: "mls_key_package", keyPackage: publicPackage })
    return { message, keyPackage: publicPackage, privateKeys: privatePackage }
  }

  static async found(suite: CiphersuiteImpl, name: string, keys: KeyPair, groupId: Uint8Array): Promise<TsMlsPeer> {
    const { keyPackage, privateKeys } = await TsMlsPeer.invitation(suite, name, keys)
    return new TsMlsPeer(suite, await createGroup(groupId, keyPackage, privateKeys, [], suite))
  }

  static async join(suite: CiphersuiteImpl, welcome: Uint8Array, { keyPackage, privateKeys }: PeerInvitation): Promise<TsMlsPeer> {
    return new TsMlsPeer(suite, await joinGroup(decoded(welcome, "mls_welcome").welcome, keyPackage, privateKeys, emptyPskIndex, suite))
  }

  get epoch(): bigint {
    return this.state.groupContext.epoch
  }

  get epochAuthenticator(): Uint8Array {
    return this.state.keySchedule.epochAuthenticator
  }

  export(label: string, context: Uint8Array, length: number): Promise<Uint8Array> {
    return mlsExporter(this.state.keySchedule.exporterSecret, label, context, length, this.suite)
  }

  async encrypt(data: Uint8Array, authenticatedData: Uint8Array): Promise<Uint8Array> {
    const { newState, privateMessage } = await createApplicationMessage(this.state, data, this.suite, authenticatedData)
    this.state = newState
    return encodeMlsMessage({ version: "mls10", wireformat: "mls_private_message", privateMessage })
  }

  add(invitation: Uint8Array): Promise<PeerCommit> {
    return this.commit([{ proposalType: "add", add: { keyPackage: decoded(invitation, "mls_key_package").keyPackage } }])
  }

  remove(leaf: number): Promise<PeerCommit> {
    return this.commit([{ proposalType: "remove", remove: { removed: leaf } }])
  }

  /** Commit and go on with it at once; `inTheOpen`: as a PublicMessage. */
  async commit(proposals: Proposal[], inTheOpen = true): Promise<PeerCommit> {
    const { newState, commit, welcome } = await createCommit(
      { state: this.state, cipherSuite: this.suite }, { wireAsPublicMessage: inTheOpen, ratchetTreeExtension: true, extraProposals: proposals })
    this.state = newState
    const sent = welcome === undefined ? null : encodeMlsMessage({ version: "mls10", wireformat: "mls_welcome", welcome })
    return { message: encodeMlsMessage(commit), welcome: sent }
  }

  async propose(proposal: Proposal): Promise<Uint8Array> {
    const { newState, message } = await createProposal(this.state, true, proposal, this.suite, NO_DATA)
    this.state = newState
    return encodeMlsMessage(message)
  }

  /** Take any message to the group; returns what it says, where it is an application message. */
  async receive(data: Uint8Array): Promise<Uint8Array | null> {
    const read = decodeMlsMessage(data, 0)?.[0]
    if (read?.wireformat !== "mls_public_message" && read?.wireformat !== "mls_private_message") throw new Error("not a message to a group")
    const result = await processMessage(read, this.state, emptyPskIndex, () => "accept", this.suite)
    this.state = result.newState
    return result.kind === "applicationMessage" ? result.message : null
  }
}
