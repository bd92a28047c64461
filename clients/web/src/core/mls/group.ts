/**
 * A member's view of one epoch of a group. It is immutable: what changes the group gives the next one.
 * Only the secret tree inside changes, as messages use up their keys; the groups of one epoch share it.
 */
import { join, type Joining } from "./joining"
import type { KeyPackageBundle } from "./keyPackage"
import { exportSecret } from "./keySchedule"
import type { GroupContext } from "./groupContext"
import { wipe, type MemberState } from "./memberState"
import { NO_PSKS } from "./psk"
import { membersOf, type Member } from "./ratchetTree"
import { receive, type Received, type Surroundings } from "./receiving"

export class Group {
  private constructor(private readonly state: MemberState) {}

  /** Join by a Welcome, with the key package that it names. */
  static join(welcome: Uint8Array, bundle: KeyPackageBundle, { ratchetTree = null, psks = NO_PSKS }: Partial<Joining> = {}): Group {
    return new Group(join(welcome, bundle, { ratchetTree, psks }))
  }

  get context(): GroupContext {
    return this.state.context
  }

  get ownLeafIndex(): number {
    return this.state.ownLeaf
  }

  get epochAuthenticator(): Uint8Array {
    return this.state.secrets.epochAuthenticator.slice()
  }

  get resumptionPsk(): Uint8Array {
    return this.state.secrets.resumptionPsk.slice()
  }

  get members(): readonly Member[] {
    return membersOf(this.state.tree)
  }

  /** A secret of this epoch for one purpose (RFC 9420, 8.5). */
  export(label: string, context: Uint8Array, length: number): Uint8Array {
    return exportSecret(this.state.suite, this.state.secrets.exporterSecret, label, context, length)
  }

  /** Take one message of another's: verified whole, or refused with nothing changed. */
  receive(message: Uint8Array, { now, psks = NO_PSKS }: Pick<Surroundings, "now"> & Partial<Surroundings>): Received<Group> {
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
