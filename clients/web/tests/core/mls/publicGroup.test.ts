import { describe, expect, test } from "vitest"
import { encodeHex, encodeUtf8 } from "../../../src/core/bytes"
import { basicCredential } from "../../../src/core/mls/credential"
import type { Committed } from "../../../src/core/mls/committing"
import { MlsError, type MlsFault } from "../../../src/core/mls/errors"
import { externalSendersExtension } from "../../../src/core/mls/extensions"
import { Group } from "../../../src/core/mls/group"
import { PublicGroup, type CheckedCommit } from "../../../src/core/mls/publicGroup"
import { SUITE_1 } from "../../../src/core/mls/suites"
import { NOW, ROOM, aFounder, aGroupOf, aKeyPackage, adding, after, anOwnLeaf, privateExtension, proposalTo, random } from "./aGroup"

const HUB = SUITE_1.signature.generate(random)
const SENDER = externalSendersExtension([{ signatureKey: HUB.publicKey, credential: basicCredential(encodeUtf8("hub")) }])
const WHY = encodeUtf8("justification")

function aWatchedGroup(): { hub: PublicGroup; claire: Group; jean: Group; hugo: Group } {
  const [claire, jean, hugo] = aGroupOf(["claire", "jean", "hugo"], [SENDER])
  if (claire === undefined || jean === undefined || hugo === undefined) throw new Error("three members")
  return { hub: PublicGroup.found(claire.groupInfo()), claire, jean, hugo }
}

function checked(hub: PublicGroup, { message, groupInfo, welcome }: Committed<Group>, pending: readonly Uint8Array[] = []): CheckedCommit {
  return hub.checkCommit(message, { groupInfo, welcome, pending, now: NOW })
}

function refused(hub: PublicGroup, work: () => unknown): MlsFault | null {
  const before = encodeHex(hub.serialize())
  try {
    work()
    return null
  } catch (error) {
    if (error instanceof MlsError) return error.code
    throw error
  } finally {
    expect(encodeHex(hub.serialize())).toBe(before)
  }
}

describe("the hub's view of a group", () => {
  test("follows every commit to the context that its members have", () => {
    const founder = aFounder("claire", [SENDER])
    const bundle = aKeyPackage("jean")
    const founded = PublicGroup.found(founder.groupInfo())
    const added = founder.commit({ proposals: adding(bundle), now: NOW, random })

    const seen = checked(founded, added)
    const empty = added.next.commit({ now: NOW, random })
    const next = checked(seen.next, empty)

    expect(seen).toMatchObject({ kind: "member", committer: { leafIndex: 0 }, removed: [] })
    expect(seen.added.map(({ leafIndex }) => leafIndex)).toEqual([1])
    expect(next.next.context).toEqual(empty.next.context)
    expect(next.updated.map(({ leafIndex }) => leafIndex)).toEqual([0])
  })

  test("sees extensions and a Remove in one commit", () => {
    const { hub, claire } = aWatchedGroup()
    const extensions = [SENDER, privateExtension("new")]
    const made = claire.commit({ proposals: [{ kind: "group_context_extensions", extensions }, { kind: "remove", removed: 1 }], now: NOW, random })

    const seen = checked(hub, made)

    expect(seen.extensionsBefore).toEqual([SENDER])
    expect(seen.extensionsAfter).toEqual(extensions)
    expect(seen.removed.map(({ leafIndex }) => leafIndex)).toEqual([1])
    expect(seen.next.context).toEqual(made.next.context)
  })

  test("tells a newcomer from a device that comes back", () => {
    const { hub, claire } = aWatchedGroup()

    expect(checked(hub, Group.joinExternal(claire.groupInfo(), anOwnLeaf("lea"), { now: NOW, random })).kind).toBe("join")
    expect(checked(hub, Group.joinExternal(claire.groupInfo(), anOwnLeaf("jean"), { removePrior: 1, now: NOW, random })).kind).toBe("resync")
  })

  test("is kept and read back, with the proposals of its epoch", () => {
    const { hub } = aWatchedGroup()
    const message = hub.externalProposal({ kind: "remove", removed: 2 }, { senderIndex: 0, signaturePrivateKey: HUB.privateKey, authenticatedData: WHY })
    const { next } = hub.receiveProposal(message, NOW)

    const kept = PublicGroup.deserialize(next.serialize())

    expect(encodeHex(kept.serialize())).toBe(encodeHex(next.serialize()))
    expect(kept.proposals.map(({ proposal }) => proposal)).toEqual([{ kind: "remove", removed: 2 }])
  })
})

describe("a Remove by the hub", () => {
  function removing(): ReturnType<typeof aWatchedGroup> & { message: Uint8Array; reference: Uint8Array; watching: PublicGroup } {
    const group = aWatchedGroup()
    const message = group.hub.externalProposal(
      { kind: "remove", removed: 2 }, { senderIndex: 0, signaturePrivateKey: HUB.privateKey, authenticatedData: WHY })
    const { reference, next } = group.hub.receiveProposal(message, NOW)
    return { ...group, message, reference, watching: next }
  }

  test("is in the next commit of a member, or that commit is refused", () => {
    const { claire, message, reference, watching } = removing()
    const without = claire.commit({ now: NOW, random })
    const made = proposalTo(claire, message).next.commit({ now: NOW, random })

    expect(refused(watching, () => checked(watching, without, [reference]))).toBe("missing_remove")
    const seen = checked(watching, made, [reference])
    expect(seen.removed.map(({ leafIndex }) => leafIndex)).toEqual([2])
    expect(seen.next.context).toEqual(made.next.context)
  })

  test("does not bind somebody who joins from outside: it cannot know of it", () => {
    const { claire, reference, watching } = removing()
    const joined = Group.joinExternal(claire.groupInfo(), anOwnLeaf("lea"), { now: NOW, random })

    expect(checked(watching, joined, [reference]).kind).toBe("join")
  })
})

describe("what the hub refuses, and keeps nothing of", () => {
  test("a commit of a past epoch, and one of another group", () => {
    const { hub, claire, jean } = aWatchedGroup()
    const made = claire.commit({ now: NOW, random })
    const { next } = checked(hub, made)
    const other = Group.create(SUITE_1, encodeUtf8("elsewhere"), anOwnLeaf("claire"), [], random)

    expect(refused(next, () => checked(next, jean.commit({ now: NOW, random })))).toBe("wrong_epoch")
    expect(refused(hub, () => checked(hub, other.commit({ now: NOW, random })))).toBe("wrong_group")
    expect(hub.context.groupId).toEqual(ROOM)
  })

  test("a GroupInfo that is not the committer's word on the new epoch", () => {
    const { hub, claire, jean } = aWatchedGroup()
    const made = claire.commit({ now: NOW, random })
    const other = claire.commit({ now: NOW, random })
    const infos = [
      [claire.groupInfo(), "wrong_context"],
      [other.groupInfo, "wrong_context"],
      [after(jean, made.message).groupInfo(), "wrong_signer"],
      [made.groupInfo.map((byte, i) => (i === made.groupInfo.length - 1 ? byte ^ 1 : byte)), "bad_signature"],
      [made.message, "malformed"],
      [made.groupInfo.slice(0, -1), "malformed"],
    ] as const

    for (const [groupInfo, code] of infos) expect(refused(hub, () => checked(hub, { ...made, groupInfo }))).toBe(code)
  })

  test("a Welcome that is missing, too much, or for others", () => {
    const { hub, claire } = aWatchedGroup()
    const made = claire.commit({ proposals: adding(aKeyPackage("lea")), now: NOW, random })
    const other = claire.commit({ proposals: adding(aKeyPackage("amir")), now: NOW, random })
    const empty = claire.commit({ now: NOW, random })

    expect(refused(hub, () => checked(hub, { ...made, welcome: null }))).toBe("wrong_welcome")
    expect(refused(hub, () => checked(hub, { ...made, welcome: other.welcome }))).toBe("wrong_welcome")
    expect(refused(hub, () => checked(hub, { ...empty, welcome: other.welcome }))).toBe("wrong_welcome")
    expect(checked(hub, made).added).toHaveLength(1)
  })

  test("an encrypted commit, and a commit whose bytes were changed", () => {
    const { hub, claire } = aWatchedGroup()
    const hidden = claire.commit({ wire: "private", now: NOW, random })
    const made = claire.commit({ now: NOW, random })

    expect(refused(hub, () => checked(hub, hidden))).toBe("wrong_wire_format")
    // The last 33 bytes are the membership tag, which the hub cannot check.
    for (let at = 0; at < made.message.length - 33; at += 29) {
      const message = made.message.map((byte, i) => (i === at ? byte ^ 0x10 : byte))
      expect(refused(hub, () => checked(hub, { ...made, message }))).not.toBeNull()
    }
  })

  test("a founding GroupInfo whose signature does not hold", () => {
    const info = aFounder().groupInfo()
    const forged = info.map((byte, i) => (i === info.length - 3 ? byte ^ 1 : byte))
    const { hub } = aWatchedGroup()

    expect(refused(hub, () => PublicGroup.found(forged))).toBe("bad_signature")
  })
})
