/** Of what waits, a member commits all that may stand in one commit; nothing that came can stop it. */
import { describe, expect, it } from "vitest"
import { committable } from "../../../src/core/mls/committable"
import type { Sender } from "../../../src/core/mls/framing"
import type { Proposal } from "../../../src/core/mls/proposal"
import type { SentProposal } from "../../../src/core/mls/validation"
import { aKeyPackage } from "./aGroup"

const HUB: Sender = { kind: "external", senderIndex: 0 }
const REMOVE: Proposal = { kind: "remove", removed: 2 }
const REINIT: Proposal = { kind: "reinit", groupId: new Uint8Array(), version: 1, suite: 1, extensions: [] }
const EXTENSIONS: Proposal = { kind: "group_context_extensions", extensions: [] }

let references = 0

function sent(proposal: Proposal, by: number | Sender = 1): SentProposal {
  const sender: Sender = typeof by === "number" ? { kind: "member", leafIndex: by } : by
  return { proposal, sender, reference: Uint8Array.of(++references) }
}

function anUpdate(): Proposal {
  return { kind: "update", leafNode: aKeyPackage("jean").keyPackage.leafNode }
}

describe("what a member commits of what waits", () => {
  it("leaves its own Update and its own removal", () => {
    expect(committable([sent(anUpdate(), 0), sent({ kind: "remove", removed: 0 })], 0)).toEqual([])
  })

  it("takes the hub's Remove of a leaf before a member's, in whatever order they came", () => {
    const [hub, member] = [sent(REMOVE, HUB), sent(REMOVE)]

    expect(committable([hub, member], 0)).toEqual([hub])
    expect(committable([member, hub], 0)).toEqual([hub])
  })

  it("takes a Remove before an Update of the same leaf, and the last of two Updates", () => {
    const [remove, first, second] = [sent(REMOVE), sent(anUpdate(), 2), sent(anUpdate(), 2)]

    expect(committable([remove, first], 0)).toEqual([remove])
    expect(committable([first, second], 0)).toEqual([second])
  })

  it("takes the group's extensions once, the last of them", () => {
    const [first, second] = [sent(EXTENSIONS), sent(EXTENSIONS)]

    expect(committable([first, second], 0)).toEqual([second])
  })

  it("takes a ReInit only where there is nothing else", () => {
    const [reinit, again, remove] = [sent(REINIT), sent(REINIT), sent(REMOVE)]

    expect(committable([reinit, remove], 0)).toEqual([remove])
    expect(committable([reinit, again], 0)).toEqual([reinit])
  })
})
