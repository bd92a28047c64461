/**
 * A member's view of one epoch of a group. It is immutable: what changes the group gives the next one.
 * Only the secret tree inside changes, as messages use up their keys; the groups of one epoch share it.
 */
import { commit, type Committed, type Committing, type LeafChanges } from "./committing"
import { create } from "./creating"
import type { Extension } from "./extensions"
import { joinExternal, type JoiningFromOutside } from "./externalJoin"
import { encodeMessage } from "./framing"
import type { GroupContext } from "./groupContext"
import { ANY_SIGNER, join, sameCredential, type Joining } from "./joining"
import type { KeyPackageBundle, OwnLeaf } from "./keyPackage"
import { exportSecret } from "./keySchedule"
import { wipe, type MemberState } from "./memberState"
import type { RandomBytes } from "./primitives"
import { encrypt, propose, proposeUpdate, type Encrypting, type Proposed, type Proposing } from "./proposing"
import { sentProposal } from "./provisional"
import type { Proposal, ReInit } from "./proposal"
import { NO_PSKS } from "./psk"
import { membersOf, type Member } from "./ratchetTree"
import { receive, type Received, type Surroundings } from "./receiving"
import { deserializeMember, serializeMember } from "./serializing"
import { signedGroupInfo } from "./signedGroupInfo"
import type { CipherSuite } from "./suites"
import type { SentProposal } from "./validation"

/** What must be said, beside what may be. */
type Said<T, K extends keyof T> = Pick<T, K> & Partial<T>

type GroupJoining = Omit<Joining, "former"> & { readonly former: Group | null }

const NO_DATA = new Uint8Array()

export class Group {
  private constructor(private readonly state: MemberState) {}

  /** Found a group of which we are the only member. */
  static create(suite: CipherSuite, groupId: Uint8Array, own: OwnLeaf, extensions: readonly Extension[], random: RandomBytes): Group {
    return new Group(create(suite, groupId, own, extensions, random))
  }

  /** Join by a Welcome, with the key package that it names. */
  static join(welcome: Uint8Array, bundle: KeyPackageBundle, options: Partial<GroupJoining> = {}): Group {
    const { ratchetTree = null, psks = NO_PSKS, former = null, sameClient = sameCredential, checkSigner = ANY_SIGNER } = options
    return new Group(join(welcome, bundle, { ratchetTree, psks, former: former === null ? null : former.state, sameClient, checkSigner }))
  }

  /** Join from outside by our own commit; `removePrior` puts us in the place of a former self. */
  static joinExternal(groupInfo: Uint8Array, own: OwnLeaf, options: Said<JoiningFromOutside, "now" | "random">): Committed<Group> {
    const made = joinExternal(groupInfo, own, {
      ratchetTree: null, removePrior: null, pskIds: [], psks: NO_PSKS, authenticatedData: NO_DATA, ...options,
    })
    return { ...made, next: new Group(made.next) }
  }

  static deserialize(bytes: Uint8Array): Group {
    return new Group(deserializeMember(bytes))
  }

  serialize(): Uint8Array {
    return serializeMember(this.state)
  }

  get context(): GroupContext {
    return this.state.context
  }

  get ownLeafIndex(): number {
    return this.state.ownLeaf
  }

  get members(): readonly Member[] {
    return membersOf(this.state.tree)
  }

  /** Those of this epoch that wait for a commit. */
  get proposals(): readonly SentProposal[] {
    return this.state.proposals.map(sentProposal)
  }

  /** What closed the group: nothing is sent in it any more. */
  get reinit(): ReInit | null {
    return this.state.reinit
  }

  get epochAuthenticator(): Uint8Array {
    return this.state.secrets.epochAuthenticator.slice()
  }

  get resumptionPsk(): Uint8Array {
    return this.state.secrets.resumptionPsk.slice()
  }

  /** A secret of this epoch for one purpose (RFC 9420, 8.5). */
  export(label: string, context: Uint8Array, length: number): Uint8Array {
    return exportSecret(this.state.suite, this.state.secrets.exporterSecret, label, context, length)
  }

  /** Our signed word on this epoch, with the tree and the key to join from outside by. */
  groupInfo(): Uint8Array {
    return encodeMessage({ kind: "group_info", groupInfo: signedGroupInfo(this.state) })
  }

  propose(proposal: Proposal, options: Said<Proposing, "now" | "random">): Proposed<Group> {
    const made = propose(this.state, proposal, { wire: "public", authenticatedData: NO_DATA, ...options })
    return { ...made, next: new Group(made.next) }
  }

  /** Propose a new key for our own leaf. */
  proposeUpdate(changes: Omit<LeafChanges, "signaturePrivateKey">, options: Said<Proposing, "now" | "random">): Proposed<Group> {
    const made = proposeUpdate(this.state, changes, { wire: "public", authenticatedData: NO_DATA, ...options })
    return { ...made, next: new Group(made.next) }
  }

  /** Make a commit. Nothing of it counts before it is ordered: then the caller goes on with `next`. */
  commit(options: Said<Committing, "now" | "random">): Committed<Group> {
    const made = commit(this.state, {
      proposals: [], references: null, forcePath: false, leaf: null, wire: "public", authenticatedData: NO_DATA, psks: NO_PSKS, ...options,
    })
    return { ...made, next: new Group(made.next) }
  }

  encrypt(data: Uint8Array, options: Said<Encrypting, "random">): Uint8Array {
    return encrypt(this.state, data, { authenticatedData: NO_DATA, padding: 0, ...options })
  }

  /** Take one message of another's: verified whole, or refused with nothing changed. */
  receive(message: Uint8Array, { now, psks = NO_PSKS }: Said<Surroundings, "now">): Received<Group> {
    const received = receive(this.state, message, { now, psks })
    switch (received.kind) {
      case "application":
        return received
      case "proposal":
        return { ...received, next: new Group(received.next) }
      case "commit":
        return { ...received, next: received.next === null ? null : new Group(received.next) }
    }
  }

  /** Overwrite the secrets of this epoch; the group is of no use afterwards. */
  wipe(): void {
    wipe(this.state)
  }
}
