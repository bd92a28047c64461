/**
 * What the worker asks of MLS (RFC 9420), and nothing more: the rest of our core is not its business.
 * A group is its serialised state: every call takes one and returns the next; nothing is kept here.
 * An identity is `person-uuid/device-uuid`.
 */

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

export interface NewMembers extends NewCommit {
  readonly welcome: Uint8Array
}

export interface Decrypted {
  readonly state: Uint8Array
  /** Of the leaf that signed the message. */
  readonly sender: string
  readonly authenticatedData: Uint8Array
  readonly payload: Uint8Array
}

/** A leaf: whose it is, and the key it signs with. */
export interface Member {
  readonly identity: string
  readonly signatureKey: Uint8Array
}

/** What everybody may know of a group. */
export interface PublicFacts {
  readonly id: Uint8Array
  readonly epoch: number
  readonly members: readonly Member[]
  /** Who may propose from outside: the hub, by this key; null where it is anybody else, or anything else is said. */
  readonly hubKey: Uint8Array | null
}

export interface GroupFacts extends PublicFacts {
  readonly identities: readonly string[]
  readonly confirmedTranscriptHash: Uint8Array
  /** SHA-256 of the epoch authenticator: equal exactly where the epoch's secrets are. */
  readonly authenticatorHash: Uint8Array
}

/** What another's commit did; whether it might, the caller judges before it keeps `state`. */
export interface AppliedCommit {
  /** Null where it removed this device. */
  readonly state: Uint8Array | null
  /** By a newcomer, or by a device that comes back. */
  readonly external: boolean
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** Those of `removed` whose removal the hub proposed. */
  readonly due: readonly string[]
  /** It leaves out no proposal that waited. */
  readonly complete: boolean
  readonly sameExtensions: boolean
  /** It holds nothing but additions, removals and its own coming. */
  readonly knownProposals: boolean
}

/** The hub's proposal to remove a device; why it may, the caller judges before it keeps `state`. */
export interface ProposedRemoval {
  readonly state: Uint8Array
  readonly removed: string
  readonly authenticatedData: Uint8Array
}

/** What a group must be for this device to go back into it. */
export interface Demands {
  readonly id: Uint8Array
  /** At least. */
  readonly epoch: number
  readonly hubKey: Uint8Array
  readonly known: KnownKeys
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
  newKeyPackage(identity: string, keys: DeviceKeys): Promise<NewKeyPackage>
  memberOf(keyPackage: Uint8Array): Member
  /** Found a group of this device alone, in which the hub, and nobody else outside, may propose. */
  create(groupId: Uint8Array, identity: string, keys: DeviceKeys, hubKey: Uint8Array): Promise<NewGroup>
  add(state: Uint8Array, keyPackages: readonly Uint8Array[]): Promise<NewMembers>
  /** A commit of what was proposed; of nothing else but this device's new keys, and by them the epoch's. */
  update(state: Uint8Array): Promise<NewCommit>
  /** The key packages that a Welcome is for. */
  welcomed(welcome: Uint8Array): readonly string[]
  /** `known`: where it is not empty, one of these devices must vouch for the group by its key. */
  join(welcome: Uint8Array, secret: Uint8Array, known: KnownKeys): Promise<Uint8Array>
  /** Process another's commit; refuse it unless `committer` signed it. */
  apply(state: Uint8Array, commit: Uint8Array, committer: string): Promise<AppliedCommit>
  /** Take a proposal of the hub's to remove a device. */
  proposed(state: Uint8Array, proposal: Uint8Array): Promise<ProposedRemoval>
  /** Come back into a group in the place of this device's old leaf; null where it has none there any more. */
  rejoin(groupInfo: Uint8Array, identity: string, keys: DeviceKeys, demands: Demands): Promise<NewCommit | null>
  /** A group as its GroupInfo shows it to anybody; `signer`: who vouches for it. */
  shown(groupInfo: Uint8Array): Promise<PublicFacts & { readonly signer: Member }>
  encrypt(state: Uint8Array, payload: Uint8Array, authenticatedData: Uint8Array): Promise<{ readonly state: Uint8Array; readonly message: Uint8Array }>
  decrypt(state: Uint8Array, message: Uint8Array): Promise<Decrypted>
  header(message: Uint8Array): UnverifiedHeader
  /** A secret of this epoch for one purpose (RFC 9420, 8.5): the same for every member, told to none else. */
  exporter(state: Uint8Array, label: string, context: Uint8Array, length: number): Promise<Uint8Array>
  facts(state: Uint8Array): GroupFacts
}
