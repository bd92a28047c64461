/** A conversation's MLS group as the hub holds it: its public state, what the hub demands, who confirmed. */
import { equal } from "../../src/core/bytes"
import { VerificationError } from "../../src/core/errors"
import { MlsError } from "../../src/core/mls/errors"
import { PublicGroup, type CheckedCommit } from "../../src/core/mls/publicGroup"
import type { Member } from "../../src/core/mls/ratchetTree"
import { decodeCommitData, readExtensions, sameOthers, type CommitData, type ConversationPolicy } from "../../src/core/policy/conversation"
import { identityOf, verifyCredential, type Certified, type Trust } from "../../src/core/policy/identity"
import { checkCommit } from "../../src/core/policy/membership"
import { encodeJustification, type Justified, type RemoveJustification } from "../../src/core/policy/removal"
import { stateOf, type State } from "../../src/core/policy/state"
import { EPOCH_RECEIPT, UnverifiedStatement, type EpochReceipt } from "../../src/core/policy/statements"
import { uuidBytes } from "../../src/core/uuid"
import type { Request } from "../../src/core/wire"

type CommitFrame = Extract<Request, { kind: "group.commit" }>
export type Leaf = { readonly person: string; readonly device: string }

export class RefusedGroup extends Error {
  constructor(readonly code: string, readonly reason: string | null = null) {
    super(code)
  }
}

export function leafOf({ leafNode }: Pick<Member, "leafNode">): Leaf {
  return identityOf(leafNode.credential)
}

/** What the core refuses, as the hub answers it. */
function checked<T>(code: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof MlsError) throw new RefusedGroup(error.code === "missing_remove" ? "E_REMOVE_PENDING" : code, error.code)
    if (error instanceof VerificationError) throw new RefusedGroup("E_IDENTITY", error.fault)
    throw error
  }
}

export interface Kept {
  readonly epoch: number
  readonly device: string
  readonly content: EpochReceipt
}

export class FakeGroup {
  readonly receipts: (Kept & { readonly bytes: Uint8Array })[] = []
  readonly stuck = new Set<string>()
  atUs = 0

  private constructor(public group: PublicGroup, public groupInfo: Uint8Array, readonly id: Uint8Array, readonly trust: Trust) {}

  /** A new group: epoch 0, this device alone. */
  static found(groupInfo: Uint8Array, id: Uint8Array, founder: Leaf, trust: Trust): FakeGroup {
    const group = checked("E_GROUP_INFO", () => PublicGroup.found(groupInfo))
    const [first, ...others] = group.members
    const alone = first !== undefined && others.length === 0 && leafOf(first).device === founder.device && leafOf(first).person === founder.person
    if (!equal(group.context.groupId, id) || group.context.epoch !== 0n || !alone) throw new RefusedGroup("E_GROUP_INFO", "wrong_group")
    const founded = new FakeGroup(group, groupInfo, id, trust)
    checked("E_GROUP_INFO", () => founded.standing)
    return founded
  }

  get epoch(): number {
    return Number(this.group.context.epoch)
  }

  get leaves(): readonly Leaf[] {
    return this.group.members.map(leafOf)
  }

  get policy(): ConversationPolicy {
    return readExtensions(this.group.context.extensions).policy
  }

  get standing(): State {
    return this.#standingOf(this.group, null)
  }

  #standingOf(group: PublicGroup, known: State | null): State {
    const { policy, delegations } = readExtensions(group.context.extensions)
    const verdict = stateOf({ policy, trust: this.trust }, delegations, group.members.map((member) => this.#certified(member, policy)), known)
    if ("refused" in verdict) throw new RefusedGroup(verdict.refused, verdict.breach)
    return verdict.granted
  }

  #certified({ leafNode: { credential, signatureKey } }: Pick<Member, "leafNode">, { ownerAik, pharmacy }: ConversationPolicy): Certified {
    return verifyCredential(credential, { signatureKey, trust: this.trust, ownerAik, pharmacy, atUs: null })
  }

  /** `due`: what the hub has proposed. `nowUs`: the hub's clock. */
  check(frame: CommitFrame, from: Leaf, due: readonly Justified[], nowUs: number): CheckedCommit & { readonly data: CommitData } {
    const pending = this.group.proposals.flatMap(({ reference }) => (reference === null ? [] : [reference]))
    const made = checked("E_COMMIT", () => this.group.checkCommit(frame.commit, { groupInfo: frame.group_info, welcome: frame.welcome, pending, now: null }))
    const by = leafOf(made.committer)
    if (by.device !== from.device || by.person !== from.person) throw new RefusedGroup("E_SENDER")
    const before = this.standing
    const after = checked("E_COMMIT", () => this.#standingOf(made.next, before))
    const data = checked("E_COMMIT", () => decodeCommitData(made.authenticatedData))
    const external = made.kind !== "member"
    const committer = (external ? after : before).leaves.find(({ identity }) => identity.device === by.device)
    if (committer === undefined) throw new RefusedGroup("E_SENDER")
    const kinds = made.proposals.map(({ proposal }) => proposal.kind)
    const verdict = checkCommit(before, {
      committer, external, added: made.added.map(leafOf), removed: made.removed.map(leafOf), due, barred: [], statements: data.statements,
      knownProposals: kinds.every((kind) => ["add", "remove", "external_init", "group_context_extensions"].includes(kind)),
      sameOtherExtensions: sameOthers(made.extensionsBefore, made.extensionsAfter),
    }, after, { atUs: data.atUs, notBelowUs: this.atUs, nowUs })
    if ("refused" in verdict) throw new RefusedGroup(verdict.refused, verdict.breach)
    return { ...made, data }
  }

  move({ next, data }: CheckedCommit & { readonly data: CommitData }, groupInfo: Uint8Array): void {
    this.group = next
    this.groupInfo = groupInfo
    this.atUs = data.atUs
  }

  /** The hub's proposal to remove a device, with what it says for it. */
  propose(device: string, said: Partial<RemoveJustification> & Pick<RemoveJustification, "conversation" | "why" | "atUs">, hubSecret: Uint8Array): Uint8Array {
    const removed = this.group.members.find((member) => leafOf(member).device === device)?.leafIndex ?? 99
    const nothing = new Uint8Array()
    const authenticatedData = encodeJustification({
      device: uuidBytes(device), statement: nothing, delegation: nothing, staff: nothing,
      confirmedTranscriptHash: this.group.context.confirmedTranscriptHash, ...said,
    })
    const message = this.group.externalProposal({ kind: "remove", removed }, { senderIndex: 0, signaturePrivateKey: hubSecret, authenticatedData })
    this.group = this.group.receiveProposal(message, null).next
    return message
  }

  confirm(bytes: Uint8Array, { device }: Leaf, deviceKey: Uint8Array): void {
    const content = checked("E_RECEIPT", () => UnverifiedStatement.decode(EPOCH_RECEIPT, bytes).verify(deviceKey))
    const { epoch } = content
    if (epoch !== this.epoch && epoch !== this.epoch - 1) throw new RefusedGroup("E_EPOCH")
    const right = equal(content.groupId, this.id) && equal(content.device, uuidBytes(device))
    const now = epoch !== this.epoch || equal(content.confirmedTranscriptHash, this.group.context.confirmedTranscriptHash)
    if (!right || !now) throw new RefusedGroup("E_RECEIPT")
    if (!this.receipts.some((one) => one.epoch === epoch && one.device === device)) this.receipts.push({ epoch, device, content, bytes })
  }

  confirmedBy(epoch = this.epoch): readonly string[] {
    return this.receipts.filter((one) => one.epoch === epoch).map((one) => one.device)
  }
}
