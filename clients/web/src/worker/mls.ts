/**
 * What the worker asks of MLS (RFC 9420), and nothing more: the rest of our core is not its business.
 * A group is its serialised state: every call takes one and returns the next; nothing is kept here.
 * An identity is `person-uuid/device-uuid`, as a leaf's certificates name it: whether they hold, and whether
 * a change of the group may be, the caller judges (`trust.ts`, `following.ts`).
 */
import type { Credential } from "../core/mls/credential"
import type { Extension } from "../core/mls/extensions"

export type { Credential, Extension }

export interface DeviceKeys {
  readonly publicKey: Uint8Array
  readonly privateKey: Uint8Array
}

/** `ref`: the KeyPackageRef a Welcome names. `secret`: what `join` needs, private. */
export interface NewKeyPackage {
  readonly ref: string
  readonly message: Uint8Array
  readonly secret: Uint8Array
}

/** What stands in the clear on a message: not to be believed before it is decrypted. */
export interface UnverifiedHeader {
  readonly epoch: number
  readonly authenticatedData: Uint8Array
}

/** A commit of our own: `state` is the next epoch, to be taken up only once the hub has ordered it. */
export interface NewCommit {
  readonly state: Uint8Array
  readonly commit: Uint8Array
  readonly groupInfo: Uint8Array
}

/** A group that nobody but this device is in. */
export interface NewGroup {
  readonly state: Uint8Array
  readonly groupInfo: Uint8Array
}

/** `welcome`: null where it adds nobody. */
export interface Committed extends NewCommit {
  readonly welcome: Uint8Array | null
}

export interface Decrypted {
  readonly state: Uint8Array
  /** Of the leaf that signed the message. */
  readonly sender: string
  readonly authenticatedData: Uint8Array
  readonly payload: Uint8Array
}

/** A leaf: whose it says it is, and the key it signs with. */
export interface Member {
  readonly identity: string
  readonly signatureKey: Uint8Array
  readonly credential: Credential
}

/** What everybody may know of a group. */
export interface PublicFacts {
  readonly id: Uint8Array
  readonly epoch: number
  readonly members: readonly Member[]
  /** Of the group context. */
  readonly extensions: readonly Extension[]
}

export interface GroupFacts extends PublicFacts {
  readonly confirmedTranscriptHash: Uint8Array
  /** SHA-256 of the epoch authenticator: equal exactly where the epoch's secrets are. */
  readonly authenticatorHash: Uint8Array
}

/** What a GroupInfo says of its group. */
export interface Shown extends PublicFacts {
  readonly signer: Member
  /** Of the GroupInfo itself. */
  readonly infoExtensions: readonly Extension[]
}

/** What another's commit did; whether it might, the caller judges before it keeps `state`. */
export interface AppliedCommit {
  /** Null where it removed this device. */
  readonly state: Uint8Array | null
  /** By a newcomer, or by a device that comes back. */
  readonly external: boolean
  /** As its leaf stands after it. */
  readonly committer: Member
  readonly added: readonly Member[]
  readonly removed: readonly Member[]
  /** Those of `removed` whose removal the hub proposed. */
  readonly due: readonly string[]
  /** It leaves out no proposal that waited. */
  readonly complete: boolean
  readonly before: PublicFacts
  readonly after: PublicFacts
  readonly authenticatedData: Uint8Array
  /** It holds nothing but additions, removals, at most one change of the extensions, and its own coming. */
  readonly knownProposals: boolean
}

/** The hub's proposal to remove a device; why it may, the caller judges before it keeps `state`. */
export interface ProposedRemoval {
  readonly state: Uint8Array
  readonly removed: Member
  readonly authenticatedData: Uint8Array
}

/** What a commit is to do, beside renewing this device's keys and carrying out what was proposed. */
export interface Plan {
  readonly authenticatedData: Uint8Array
  readonly adds?: readonly Uint8Array[]
  /** Identities whose leaves go by this commit's own word. */
  readonly removes?: readonly string[]
  /** The group context's, whole, where they change. */
  readonly extensions?: readonly Extension[] | null
}

/** Signature keys by identity: a device's key never changes. */
export type KnownKeys = Readonly<Record<string, Uint8Array>>

/** A message that does not decode, decrypt or verify. It never carries what was inside. */
export class MlsFault extends Error {
  override readonly name = "MlsFault"

  /** The rule that was broken, in a word that may travel. */
  get code(): string {
    return /^[a-z0-9_]{1,64}$/.test(this.message) ? this.message : "refused"
  }
}

export interface Mls {
  newDeviceKeys(): Promise<DeviceKeys>
  newKeyPackage(credential: Credential, keys: DeviceKeys): Promise<NewKeyPackage>
  memberOf(keyPackage: Uint8Array): Member
  /** Found a group of this device alone. */
  create(groupId: Uint8Array, credential: Credential, keys: DeviceKeys, extensions: readonly Extension[]): Promise<NewGroup>
  commit(state: Uint8Array, plan: Plan): Promise<Committed>
  /** The key packages that a Welcome is for. */
  welcomed(welcome: Uint8Array): readonly string[]
  /** `known`: where it is not empty, one of these devices must vouch for the group by its key. */
  join(welcome: Uint8Array, secret: Uint8Array, known: KnownKeys): Promise<Uint8Array>
  /** Process another's commit; refuse it unless `committer` signed it. */
  apply(state: Uint8Array, commit: Uint8Array, committer: string): Promise<AppliedCommit>
  /** Take a proposal of the hub's to remove a device. */
  proposed(state: Uint8Array, proposal: Uint8Array): Promise<ProposedRemoval>
  /** Come into a group from outside, in the place of this device's old leaf where there is one. */
  enter(groupInfo: Uint8Array, credential: Credential, keys: DeviceKeys, authenticatedData: Uint8Array): Promise<NewCommit>
  /** A group as its GroupInfo shows it to anybody; `signer`: who vouches for it. */
  shown(groupInfo: Uint8Array): Promise<Shown>
  encrypt(state: Uint8Array, payload: Uint8Array, authenticatedData: Uint8Array): Promise<{ readonly state: Uint8Array; readonly message: Uint8Array }>
  decrypt(state: Uint8Array, message: Uint8Array): Promise<Decrypted>
  header(message: Uint8Array): UnverifiedHeader
  /** A secret of this epoch for one purpose (RFC 9420, 8.5): the same for every member, told to none else. */
  exporter(state: Uint8Array, label: string, context: Uint8Array, length: number): Promise<Uint8Array>
  facts(state: Uint8Array): GroupFacts
}
