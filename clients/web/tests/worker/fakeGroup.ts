/** A conversation's MLS group as the hub holds it: its public state, what the hub demands, who confirmed. */
import { equal } from "../../src/core/bytes"
import { breachOf } from "../../src/core/membership"
import { MlsError } from "../../src/core/mls/errors"
import { externalSendersExtension } from "../../src/core/mls/extensions"
import { basicCredential } from "../../src/core/mls/credential"
import { PublicGroup, type CheckedCommit } from "../../src/core/mls/publicGroup"
import type { Member } from "../../src/core/mls/ratchetTree"
import { EPOCH_RECEIPT, UnverifiedStatement, encodeJustification, type EpochReceipt, type RemoveJustification } from "../../src/core/statements"
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
  const [person = "", device = ""] = new TextDecoder().decode(leafNode.credential.content).split("/")
  return { person, device }
}

export function senders(hubKey: Uint8Array): Parameters<typeof externalSendersExtension>[0] {
  return [{ signatureKey: hubKey, credential: basicCredential(new TextEncoder().encode("hub")) }]
}

/** What the core refuses, as the hub answers it. */
function checked<T>(code: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof MlsError) throw new RefusedGroup(error.code === "missing_remove" ? "E_REMOVE_PENDING" : code, error.code)
    throw error
  }
}

export interface Kept {
  readonly epoch: number
  readonly device: string
  readonly content: EpochReceipt
}

export class FakeGroup {
  readonly receipts: Kept[] = []
  readonly stuck = new Set<string>()

  private constructor(public group: PublicGroup, public groupInfo: Uint8Array, readonly id: Uint8Array) {}

  /** A new group: epoch 0, this device alone, open to the hub and nobody else. */
  static found(groupInfo: Uint8Array, id: Uint8Array, founder: Leaf, hubKey: Uint8Array): FakeGroup {
    const group = checked("E_GROUP_INFO", () => PublicGroup.found(groupInfo))
    const [extension, ...more] = group.context.extensions
    const wanted = externalSendersExtension(senders(hubKey))
    const [first, ...others] = group.members
    const alone = first !== undefined && others.length === 0 && leafOf(first).device === founder.device && leafOf(first).person === founder.person
    const open = extension !== undefined && more.length === 0 && extension.type === wanted.type && equal(extension.data, wanted.data)
    if (!equal(group.context.groupId, id) || group.context.epoch !== 0n || !alone || !open) throw new RefusedGroup("E_GROUP_INFO", "wrong_group")
    return new FakeGroup(group, groupInfo, id)
  }

  get epoch(): number {
    return Number(this.group.context.epoch)
  }

  get leaves(): readonly Leaf[] {
    return this.group.members.map(leafOf)
  }

  check(frame: CommitFrame, from: Leaf, role: string, due: readonly string[]): CheckedCommit {
    const pending = this.group.proposals.flatMap(({ reference }) => (reference === null ? [] : [reference]))
    const made = checked("E_COMMIT", () => this.group.checkCommit(frame.commit, { groupInfo: frame.group_info, welcome: frame.welcome, pending, now: null }))
    const by = leafOf(made.committer)
    if (by.device !== from.device || by.person !== from.person) throw new RefusedGroup("E_SENDER")
    const breach = breachOf({
      committer: by, role, external: made.kind !== "member", before: this.leaves.filter(({ device }) => !due.includes(device)),
      added: made.added.map(leafOf), removed: made.removed.map(leafOf), due: this.leaves.filter(({ device }) => due.includes(device)),
      sameExtensions: made.extensionsBefore.every(({ data }, i) => equal(data, made.extensionsAfter[i]?.data ?? new Uint8Array())),
      knownProposals: made.proposals.every(({ proposal: { kind } }) => ["add", "remove", "external_init"].includes(kind)),
    })
    if (breach !== null) throw new RefusedGroup("E_POLICY", breach)
    return made
  }

  move({ next }: CheckedCommit, groupInfo: Uint8Array): void {
    this.group = next
    this.groupInfo = groupInfo
  }

  /** The hub's proposal to remove a device, with what it says for it. */
  propose(device: string, conversation: string, statement: Uint8Array, hubSecret: Uint8Array, bend: Partial<RemoveJustification> = {}): Uint8Array {
    const removed = this.group.members.find((member) => leafOf(member).device === device)?.leafIndex ?? 99
    const authenticatedData = encodeJustification({
      conversation: uuidBytes(conversation), device: uuidBytes(device), statement,
      confirmedTranscriptHash: this.group.context.confirmedTranscriptHash, ...bend,
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
    if (!this.receipts.some((one) => one.epoch === epoch && one.device === device)) this.receipts.push({ epoch, device, content })
  }

  confirmedBy(epoch = this.epoch): readonly string[] {
    return this.receipts.filter((one) => one.epoch === epoch).map((one) => one.device)
  }
}
