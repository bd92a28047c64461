/** How requests are read, and how what the core says is told: the same words as in tests/interop/reports.py. */
import { encodeHex } from "../../src/core/bytes"
import { decode } from "../../src/core/mls/codec"
import type { Committed } from "../../src/core/mls/committing"
import { EXTENSIONS, type Extension } from "../../src/core/mls/extensions"
import { decodeMessage, type HandshakeWire, type Sender } from "../../src/core/mls/framing"
import type { Group } from "../../src/core/mls/group"
import type { KeyPackage } from "../../src/core/mls/keyPackage"
import { PROPOSAL, type Proposal } from "../../src/core/mls/proposal"
import type { CheckedCommit } from "../../src/core/mls/publicGroup"
import type { Received, ReceivedCommit } from "../../src/core/mls/receiving"
import type { SentProposal } from "../../src/core/mls/validation"
import { bytes, list, number, text, type Case } from "../core/mls/vectors/expect"

export type Request = Case
export type Answer = Readonly<Record<string, unknown>>
export type Action = (request: Request) => Answer

export { randomBytes as random } from "../core/mls/vectors/random"

export function found<T>(all: ReadonlyMap<string, T>, name: unknown): T {
  const one = all.get(text(name))
  if (one === undefined) throw new Error(`nothing here is called ${text(name)}`)
  return one
}

export function hexOrNull(value: Uint8Array | null): string | null {
  return value === null ? null : encodeHex(value)
}

export function extensionsOf(value: unknown): readonly Extension[] {
  return decode(EXTENSIONS, bytes(value))
}

export function proposalOf(value: unknown): Proposal {
  return decode(PROPOSAL, bytes(value))
}

export function keyPackageOf(message: Uint8Array): KeyPackage {
  const read = decodeMessage(message)
  if (read.kind !== "key_package") throw new Error("not a key package")
  return read.keyPackage
}

export function wireOf(value: unknown): HandshakeWire {
  return text(value) === "private" ? "private" : "public"
}

/** What every request that judges or signs says. */
export function surroundings(request: Request): { readonly now: number; readonly authenticatedData: Uint8Array } {
  return { now: number(request["now"]), authenticatedData: bytes(request["authenticated_data"]) }
}

export function sent({ message, welcome, groupInfo }: Committed<Group>): Answer {
  return { message: encodeHex(message), welcome: hexOrNull(welcome), group_info: encodeHex(groupInfo) }
}

function senderName(sender: Sender): string {
  switch (sender.kind) {
    case "member":
      return `member ${sender.leafIndex}`
    case "external":
      return `external ${sender.senderIndex}`
    default:
      return sender.kind
  }
}

function toldProposal({ proposal, sender, reference }: SentProposal): Answer {
  return { proposal: encodeHex(PROPOSAL.encode(proposal)), sender: senderName(sender), reference: hexOrNull(reference) }
}

/** What a member says of what it received. */
export function toldReceived(received: Received<Group>): Answer {
  const authenticated_data = encodeHex(received.authenticatedData)
  switch (received.kind) {
    case "application": {
      const { epoch, sender, generation, data } = received
      return { kind: "application", epoch: Number(epoch), sender, generation, data: encodeHex(data), authenticated_data }
    }
    case "proposal":
      return { kind: "proposal", ...toldProposal(received), authenticated_data }
    case "commit":
      return toldCommit(received, received.committer, howOf(received))
  }
}

function howOf({ sender, removed }: ReceivedCommit<Group>): CheckedCommit["kind"] {
  return sender.kind === "member" ? "member" : removed.length > 0 ? "resync" : "join"
}

type Effects = Pick<CheckedCommit, "authenticatedData" | "proposals" | "added" | "removed" | "updated">

export function toldCommit(effects: Effects, committer: number, how: CheckedCommit["kind"]): Answer {
  return {
    kind: "commit", how, committer, authenticated_data: encodeHex(effects.authenticatedData), proposals: effects.proposals.map(toldProposal),
    added: leaves(effects.added), removed: leaves(effects.removed), updated: leaves(effects.updated),
  }
}

function leaves(members: readonly { readonly leafIndex: number }[]): readonly number[] {
  return members.map(({ leafIndex }) => leafIndex)
}

export function bytesIn(value: unknown): readonly Uint8Array[] {
  return list(value).map(bytes)
}
