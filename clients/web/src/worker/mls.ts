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

export interface GroupFacts {
  readonly id: Uint8Array
  readonly epoch: number
  readonly identities: readonly string[]
}

/** A message that does not decode, decrypt or verify. It never carries what was inside. */
export class MlsFault extends Error {
  override readonly name = "MlsFault"
}

export interface Mls {
  newDeviceKeys(): Promise<DeviceKeys>
  newKeyPackage(identity: string, keys: DeviceKeys): Promise<NewKeyPackage>
  identityOf(keyPackage: Uint8Array): string
  create(groupId: Uint8Array, identity: string, keys: DeviceKeys): Promise<{ readonly state: Uint8Array; readonly groupInfo: Uint8Array }>
  add(state: Uint8Array, keyPackages: readonly Uint8Array[]): Promise<NewMembers>
  /** A commit that changes nobody but renews this device's keys, and by them the epoch's. */
  update(state: Uint8Array): Promise<NewCommit>
  /** The key packages that a Welcome is for. */
  welcomed(welcome: Uint8Array): readonly string[]
  join(welcome: Uint8Array, secret: Uint8Array): Promise<Uint8Array>
  /** Process another member's commit; refuse it unless `committer` signed it. */
  apply(state: Uint8Array, commit: Uint8Array, committer: string): Promise<Uint8Array>
  encrypt(state: Uint8Array, payload: Uint8Array, authenticatedData: Uint8Array): Promise<{ readonly state: Uint8Array; readonly message: Uint8Array }>
  decrypt(state: Uint8Array, message: Uint8Array): Promise<Decrypted>
  header(message: Uint8Array): UnverifiedHeader
  /** A secret of this epoch for one purpose (RFC 9420, 8.5): the same for every member, told to none else. */
  exporter(state: Uint8Array, label: string, context: Uint8Array, length: number): Promise<Uint8Array>
  facts(state: Uint8Array): GroupFacts
}
