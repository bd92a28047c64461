/** Which of the proposals that came by themselves a member may commit together (RFC 9420, 12.2). */
import { encodeHex } from "../bytes"
import { PRE_SHARED_KEY_ID } from "./psk"
import type { SentProposal } from "./validation"

/**
 * Not our own Updates, nor what removes us; of several that change one leaf the Remove of an external
 * sender (the hub insists on its own), else a Remove, else the last Update; of several changes of the
 * group's extensions the last; a ReInit only where there is nothing else. The same in Python.
 */
export function committable(proposals: readonly SentProposal[], ownLeaf: number): readonly SentProposal[] {
  const chosen = new Map<string, SentProposal>()
  for (const sent of proposals.filter((one) => !isOursToLeave(one, ownLeaf))) {
    const place = placeOf(sent)
    const held = chosen.get(place)
    if (held === undefined || rank(held) <= rank(sent)) chosen.set(place, sent)
  }
  const all = [...chosen.values()]
  const others = all.filter(({ proposal }) => proposal.kind !== "reinit")
  return others.length > 0 ? others : all.slice(0, 1)
}

function isOursToLeave({ proposal, sender }: SentProposal, ownLeaf: number): boolean {
  if (proposal.kind === "remove") return proposal.removed === ownLeaf
  return proposal.kind === "update" && sender.kind === "member" && sender.leafIndex === ownLeaf
}

function rank({ proposal, sender }: SentProposal): number {
  if (proposal.kind !== "remove") return 0
  return sender.kind === "external" ? 2 : 1
}

/** What two proposals of one commit must not both be about. */
function placeOf({ proposal, sender, reference }: SentProposal): string {
  switch (proposal.kind) {
    case "remove":
      return `leaf ${proposal.removed}`
    case "update":
      return sender.kind === "member" ? `leaf ${sender.leafIndex}` : "nobody"
    case "group_context_extensions":
      return "extensions"
    case "psk":
      return `psk ${encodeHex(PRE_SHARED_KEY_ID.encode(proposal.psk))}`
    case "add":
    case "reinit":
    case "external_init":
      return `reference ${reference === null ? "" : encodeHex(reference)}`
  }
}
