import { describe, expect, test } from "vitest"
import { encodeHex, encodeUtf8 } from "../../../src/core/bytes"
import { MlsError, type MlsFault } from "../../../src/core/mls/errors"
import { externalSendersExtension } from "../../../src/core/mls/extensions"
import { basicCredential } from "../../../src/core/mls/credential"
import { Group } from "../../../src/core/mls/group"
import { generateKeyPackage } from "../../../src/core/mls/keyPackage"
import { OTHER_SUITES } from "../../../src/core/mls/otherSuites"
import type { PreSharedKeyId } from "../../../src/core/mls/psk"
import { PublicGroup } from "../../../src/core/mls/publicGroup"
import { deserializeBundle, serializeBundle } from "../../../src/core/mls/serializing"
import { SUITE_1, addSuites, suiteOf } from "../../../src/core/mls/suites"
import {
  NOW, ROOM, aFounder, aGroupOf, aKeyPackage, adding, after, anOwnLeaf, commitTo, dataTo, nameOf, names, privateExtension, proposalTo, random, welcomeIn,
} from "./aGroup"

addSuites(OTHER_SUITES)
const HELLO = encodeUtf8("Bonjour")
const HUB = SUITE_1.signature.generate(random)
const HUB_SENDER = externalSendersExtension([{ signatureKey: HUB.publicKey, credential: basicCredential(encodeUtf8("hub")) }])

/** All hold the same secrets of the same epoch. */
function agree(...groups: readonly Group[]): void {
  const [first] = groups
  for (const group of groups) {
    expect(group.context).toEqual(first?.context)
    expect(group.epochAuthenticator).toEqual(first?.epochAuthenticator)
    expect(group.export("label", HELLO, 32)).toEqual(first?.export("label", HELLO, 32))
  }
}

/** Each can write to each of the others. */
function talk(...groups: readonly Group[]): void {
  for (const sender of groups) {
    const message = sender.encrypt(HELLO, { random, padding: 16 })
    for (const reader of groups.filter((group) => group !== sender)) {
      expect(dataTo(reader, message)).toMatchObject({ sender: sender.ownLeafIndex, data: HELLO })
    }
  }
}

function refusal(work: () => unknown): MlsFault | null {
  try {
    work()
    return null
  } catch (error) {
    if (error instanceof MlsError) return error.code
    throw error
  }
}

/** The refusal's code; nothing of the group may differ after it. */
function refused(group: Group, work: () => unknown): MlsFault | null {
  const before = encodeHex(group.serialize())
  const code = refusal(work)
  expect(encodeHex(group.serialize())).toBe(before)
  return code
}

describe("a group's members", () => {
  test.each([1, 2, 3, 4, 5, 6, 7])("found it, add each other and talk, in suite %i", (id) => {
    const suite = suiteOf(id)
    const [claire, jean] = aGroupOf(["claire", "jean"], [], suite)
    if (claire === undefined || jean === undefined) throw new Error("two members")

    agree(claire, jean)
    talk(claire, jean)
    expect(names(jean)).toEqual(["claire", "jean"])
  })

  test("come one after the other, each to a place of its own, with and without a path", () => {
    let groups = [aFounder()]
    for (const [i, name] of ["jean", "hugo", "lea", "amir"].entries()) {
      const bundle = aKeyPackage(name)
      const [committer, ...others] = groups.toReversed()
      if (committer === undefined) throw new Error("nobody commits")
      const made = committer.commit({ proposals: adding(bundle), forcePath: i % 2 === 0, now: NOW, random })
      groups = [...others.map((group) => after(group, made.message)).reverse(), made.next, Group.join(welcomeIn(made), bundle)]
    }

    agree(...groups)
    talk(...groups)
    expect(groups[0]?.context.epoch).toBe(4n)
  })

  test("renew their keys by an empty commit, in the open or encrypted", () => {
    const [claire, jean, hugo] = threeOf()
    const open = jean.commit({ now: NOW, random })
    const hidden = after(claire, open.message).commit({ wire: "private", authenticatedData: HELLO, now: NOW, random })

    const jeanAfter = commitTo(open.next, hidden.message)
    const hugoAfter = after(after(hugo, open.message), hidden.message)

    expect(jeanAfter.authenticatedData).toEqual(HELLO)
    expect(jeanAfter.updated.map(({ leafIndex }) => leafIndex)).toEqual([0])
    if (jeanAfter.next === null) throw new Error("jean is still there")
    agree(hidden.next, jeanAfter.next, hugoAfter)
    talk(hidden.next, jeanAfter.next, hugoAfter)
  })

  test("propose an Update, which another commits", () => {
    const [claire, jean, hugo] = threeOf()
    const update = jean.proposeUpdate({}, { wire: "private", now: NOW, random })
    const made = proposalTo(claire, update.message).next.commit({ now: NOW, random })

    const jeanAfter = after(update.next, made.message)
    const hugoAfter = after(proposalTo(hugo, update.message).next, made.message)

    agree(made.next, jeanAfter, hugoAfter)
    const again = jeanAfter.commit({ now: NOW, random })
    agree(again.next, after(made.next, again.message), after(hugoAfter, again.message))
  })

  test("change their signature key by a commit", () => {
    const [claire, jean] = threeOf()
    const key = SUITE_1.signature.generate(random)
    const made = jean.commit({ leaf: { signaturePrivateKey: key.privateKey }, now: NOW, random })
    const claireAfter = after(claire, made.message)

    expect(claireAfter.members[1]?.leafNode.signatureKey).toEqual(key.publicKey)
    talk(made.next, claireAfter)
  })

  test("remove one, who then knows nothing of the next epoch", () => {
    const [claire, jean, hugo] = threeOf()
    const made = claire.commit({ proposals: [{ kind: "remove", removed: 1 }], now: NOW, random })

    const seen = commitTo(jean, made.message)
    const hugoAfter = after(hugo, made.message)

    expect(seen.next).toBeNull()
    expect(seen.removed.map(({ leafIndex }) => nameOf(jean, leafIndex))).toEqual(["jean"])
    agree(made.next, hugoAfter)
    expect(names(hugoAfter)).toEqual(["claire", "hugo"])
    expect(refused(jean, () => jean.receive(made.next.encrypt(HELLO, { random }), { now: NOW }))).toBe("wrong_epoch")
  })

  test("take a place that became free, and the tree shrinks when its right half is empty", () => {
    const [claire, jean, hugo, lea] = aGroupOf(["claire", "jean", "hugo", "lea"])
    if (claire === undefined || jean === undefined || hugo === undefined || lea === undefined) throw new Error("four members")
    const gone = claire.commit({ proposals: [{ kind: "remove", removed: 2 }, { kind: "remove", removed: 3 }], now: NOW, random })
    const bundle = aKeyPackage("amir")
    const made = after(jean, gone.message).commit({ proposals: adding(bundle), now: NOW, random })
    const amir = Group.join(welcomeIn(made), bundle)

    expect(amir.ownLeafIndex).toBe(2)
    agree(amir, made.next, after(gone.next, made.message))
    talk(amir, made.next)
  })

  test("change the group's extensions and remove somebody in one commit", () => {
    const [claire, jean, hugo] = threeOf([privateExtension("before"), HUB_SENDER])
    const made = claire.commit({
      proposals: [{ kind: "group_context_extensions", extensions: [privateExtension("after"), HUB_SENDER] }, { kind: "remove", removed: 2 }],
      now: NOW, random,
    })

    const jeanAfter = after(jean, made.message)

    expect(jeanAfter.context.extensions).toEqual([privateExtension("after"), HUB_SENDER])
    expect(commitTo(hugo, made.message).next).toBeNull()
    agree(made.next, jeanAfter)
  })

  test("add somebody and change the extensions in one commit", () => {
    const [claire, jean] = threeOf([privateExtension("before")])
    const bundle = aKeyPackage("lea")
    const made = claire.commit({
      proposals: [{ kind: "group_context_extensions", extensions: [privateExtension("after")] }, ...adding(bundle)], now: NOW, random,
    })

    agree(made.next, after(jean, made.message), Group.join(welcomeIn(made), bundle))
  })
})

describe("from outside", () => {
  test("an external sender's Remove is committed by a member", () => {
    const [claire, jean, hugo] = threeOf([HUB_SENDER])
    const hub = PublicGroup.found(claire.groupInfo())
    const message = hub.externalProposal({ kind: "remove", removed: 2 }, { senderIndex: 0, signaturePrivateKey: HUB.privateKey, authenticatedData: HELLO })

    const claireKnows = proposalTo(claire, message)
    const made = claireKnows.next.commit({ now: NOW, random })
    const seen = commitTo(proposalTo(jean, message).next, made.message)

    expect(claireKnows.sender).toEqual({ kind: "external", senderIndex: 0 })
    expect(claireKnows.authenticatedData).toEqual(HELLO)
    expect(seen.proposals.map(({ sender }) => sender.kind)).toEqual(["external"])
    expect(commitTo(proposalTo(hugo, message).next, made.message).next).toBeNull()
    if (seen.next === null) throw new Error("jean is still there")
    agree(made.next, seen.next)
  })

  test("an external sender may not propose an Update, and nobody signs for it", () => {
    const [claire] = threeOf([HUB_SENDER])
    const hub = PublicGroup.found(claire.groupInfo())
    const update = claire.proposeUpdate({}, { now: NOW, random })
    const [{ proposal } = { proposal: null }] = update.next.proposals
    if (proposal === null) throw new Error("an Update was proposed")
    const from = { senderIndex: 0, signaturePrivateKey: HUB.privateKey, authenticatedData: HELLO }

    expect(refused(claire, () => claire.receive(hub.externalProposal(proposal, from), { now: NOW }))).toBe("forbidden_sender")
    expect(refusal(() => hub.externalProposal({ kind: "remove", removed: 1 }, { ...from, signaturePrivateKey: new Uint8Array(32) }))).toBe("unknown_sender")
  })

  test("somebody new joins by its own commit", () => {
    const [claire, jean, hugo] = threeOf()
    const made = Group.joinExternal(claire.groupInfo(), anOwnLeaf("lea"), { now: NOW, random })

    const seen = commitTo(jean, made.message)

    expect(seen.sender).toEqual({ kind: "new_member_commit" })
    expect(seen.committer).toBe(3)
    expect(made.welcome).toBeNull()
    if (seen.next === null) throw new Error("jean is still there")
    agree(made.next, seen.next, after(claire, made.message), after(hugo, made.message))
    talk(made.next, seen.next)
  })

  test("a device that lost its state comes back in the place of its former self", () => {
    const [claire, jean, hugo] = threeOf()
    const own = anOwnLeaf("hugo")
    const made = Group.joinExternal(claire.groupInfo(), own, { removePrior: 2, now: NOW, random })

    expect(commitTo(jean, made.message).removed.map(({ leafIndex }) => leafIndex)).toEqual([2])
    expect(commitTo(hugo, made.message).next).toBeNull()
    expect(made.next.ownLeafIndex).toBe(2)
    agree(made.next, after(claire, made.message), after(jean, made.message))
  })

  test("a device comes back with the very signature key that its former leaf had", () => {
    const own = anOwnLeaf("hugo")
    const bundle = generateKeyPackage(SUITE_1, own, [], random)
    const added = aFounder().commit({ proposals: adding(bundle, aKeyPackage("jean")), now: NOW, random })
    const made = Group.joinExternal(added.groupInfo, own, { removePrior: 1, now: NOW, random })

    agree(made.next, after(added.next, made.message))
    expect(refusal(() => Group.joinExternal(added.groupInfo, own, { now: NOW, random }))).toBe("duplicate_key")
  })
})

describe("pre-shared keys", () => {
  const secret = encodeUtf8("read out at the counter")
  const external = (): PreSharedKeyId => ({ psk: { kind: "external", pskId: HELLO }, nonce: random(32) })
  const known = (): Uint8Array => secret

  test("change the epoch for those who have them, newcomers included", () => {
    const [claire, jean] = threeOf()
    const bundle = aKeyPackage("lea")
    const made = claire.commit({ proposals: [{ kind: "psk", psk: external() }, ...adding(bundle)], psks: known, now: NOW, random })

    agree(made.next, after(jean, made.message, known), Group.join(welcomeIn(made), bundle, { psks: known }))
    expect(refused(jean, () => jean.receive(made.message, { now: NOW }))).toBe("unknown_psk")
    expect(refused(jean, () => jean.receive(made.message, { now: NOW, psks: () => HELLO }))).toBe("bad_confirmation_tag")
    expect(refusal(() => Group.join(welcomeIn(made), bundle))).toBe("unknown_psk")
  })

  test("of a past epoch of the group itself need no looking up", () => {
    const [claire, jean] = threeOf()
    const empty = claire.commit({ now: NOW, random })
    const psk: PreSharedKeyId = { psk: { kind: "resumption", usage: "application", groupId: ROOM, epoch: claire.context.epoch }, nonce: random(32) }
    const made = empty.next.commit({ proposals: [{ kind: "psk", psk }], now: NOW, random })

    agree(made.next, after(after(jean, empty.message), made.message))
  })
})

describe("a group that continues another", () => {
  const reinit = { kind: "reinit", groupId: encodeUtf8("the next one"), version: 1, suite: 1, extensions: [HUB_SENDER] } as const
  type Link = Extract<PreSharedKeyId["psk"], { kind: "resumption" }>

  /** The new group's first commit, by claire, who adds jean. */
  function continued(usage: Link["usage"], former: Group, groupId: Uint8Array): { welcome: Uint8Array; bundle: ReturnType<typeof aKeyPackage>; next: Group } {
    const psk: PreSharedKeyId = { psk: { kind: "resumption", usage, groupId: ROOM, epoch: former.context.epoch }, nonce: random(32) }
    const bundle = aKeyPackage("jean")
    const founder = Group.create(SUITE_1, groupId, anOwnLeaf("claire"), [HUB_SENDER], random)
    const made = founder.commit({ proposals: [{ kind: "psk", psk }, ...adding(bundle)], psks: () => former.resumptionPsk, now: NOW, random })
    return { welcome: welcomeIn(made), bundle, next: made.next }
  }

  function closed(): [Group, Group] {
    const [claire, jean] = aGroupOf(["claire", "jean"])
    if (claire === undefined || jean === undefined) throw new Error("two members")
    const made = claire.commit({ proposals: [reinit], now: NOW, random })
    return [made.next, after(jean, made.message)]
  }

  test("after a ReInit is joined by who knows the old one, if it is what the ReInit said", () => {
    const [claire, jean] = closed()
    const { welcome, bundle, next } = continued("reinit", claire, reinit.groupId)

    agree(Group.join(welcome, bundle, { former: jean }), next)
    const psks = (): Uint8Array => jean.resumptionPsk
    expect(refusal(() => Group.join(welcome, bundle, { psks }))).toBe("not_the_reinit")
    const other = continued("reinit", claire, HELLO)
    expect(refusal(() => Group.join(other.welcome, other.bundle, { former: jean }))).toBe("not_the_reinit")
  })

  test("as a branch has members of the old one only", () => {
    const [claire, jean] = threeOf()
    const { welcome, bundle, next } = continued("branch", claire, HELLO)

    agree(Group.join(welcome, bundle, { former: jean }), next)
    const sameClient = (): boolean => false
    expect(refusal(() => Group.join(welcome, bundle, { former: jean, sameClient }))).toBe("not_the_branch")
  })

  test("uses such a key at its beginning and nowhere else", () => {
    const [claire] = threeOf()
    const psk: PreSharedKeyId = { psk: { kind: "resumption", usage: "branch", groupId: ROOM, epoch: 1n }, nonce: random(32) }

    expect(refused(claire, () => claire.commit({ proposals: [{ kind: "psk", psk }], now: NOW, random }))).toBe("psk_usage")
  })
})

describe("what is kept", () => {
  test("a group read back is the same group, byte for byte, with its ratchets, proposals and keys", () => {
    const [claire, jean, hugo] = threeOf([HUB_SENDER])
    const [first, second] = [claire.encrypt(HELLO, { random }), claire.encrypt(HELLO, { random })]
    dataTo(jean, second)
    const update = jean.proposeUpdate({}, { now: NOW, random })

    const kept = Group.deserialize(update.next.serialize())

    expect(encodeHex(kept.serialize())).toBe(encodeHex(update.next.serialize()))
    expect(dataTo(kept, first).data).toEqual(HELLO)
    expect(refused(kept, () => kept.receive(second, { now: NOW }))).toBe("consumed_generation")
    const made = proposalTo(hugo, update.message).next.commit({ now: NOW, random })
    agree(after(kept, made.message), made.next)
  })

  test("a key package and its private keys come back as they were", () => {
    const bundle = aKeyPackage("jean")

    expect(deserializeBundle(serializeBundle(bundle))).toEqual(bundle)
  })

  test.each(["a state cut short", "a state of another version", "bytes after the end"])("%s is refused", (fault) => {
    const bytes = aFounder().serialize()
    const broken = fault === "a state cut short" ? bytes.slice(0, -1)
      : fault === "bytes after the end" ? Uint8Array.of(...bytes, 0) : Uint8Array.of(9, ...bytes.slice(1))

    expect(refusal(() => Group.deserialize(broken))).toBe("malformed")
  })

  test("after wiping, nothing of the epoch opens any more, and the next epoch lives on", () => {
    const [claire, jean] = threeOf()
    const made = claire.commit({ now: NOW, random })
    const jeanAfter = after(jean, made.message)
    const late = claire.encrypt(HELLO, { random })
    jean.wipe()

    expect(refusal(() => jean.receive(late, { now: NOW }))).toBe("bad_ciphertext")
    agree(jeanAfter, made.next)
    talk(jeanAfter, made.next)
  })
})

describe("a refusal leaves everything as it was", () => {
  test("a message for another group, another epoch, or from oneself", () => {
    const [claire, jean] = threeOf()
    const [stranger] = aGroupOf(["amir", "lea"])
    const made = claire.commit({ now: NOW, random })
    if (stranger === undefined) throw new Error("a stranger")
    const own = jean.encrypt(HELLO, { random })

    expect(refused(jean, () => jean.receive(made.next.encrypt(HELLO, { random }), { now: NOW }))).toBe("wrong_epoch")
    expect(refused(jean, () => jean.receive(own, { now: NOW }))).toBe("own_message")
    expect(refused(jean, () => jean.receive(jean.commit({ now: NOW, random }).message, { now: NOW }))).toBe("own_message")
    expect(refused(jean, () => jean.receive(stranger.encrypt(HELLO, { random }), { now: NOW }))).toBe("bad_ciphertext")
  })

  test("a message a second time, and one too far ahead", () => {
    const [claire, jean] = threeOf()
    const message = claire.encrypt(HELLO, { random })
    dataTo(jean, message)
    for (let i = 0; i < 1_001; i++) claire.encrypt(HELLO, { random })

    expect(refused(jean, () => jean.receive(message, { now: NOW }))).toBe("consumed_generation")
    expect(refused(jean, () => jean.receive(claire.encrypt(HELLO, { random }), { now: NOW }))).toBe("too_far_ahead")
  })

  test("late and reordered messages open once each, as far back as 64", () => {
    const [claire, jean] = threeOf()
    const messages = Array.from({ length: 70 }, (_, i) => claire.encrypt(Uint8Array.of(i), { random }))
    const last = messages.at(-1)
    if (last === undefined) throw new Error("seventy messages")
    expect(dataTo(jean, last).data).toEqual(Uint8Array.of(69))

    const opened = messages.toReversed().slice(1).filter((message) => refusal(() => jean.receive(message, { now: NOW })) === null)

    expect(opened).toHaveLength(64)
  })

  test.each(["public", "private"] as const)("every changed byte of a %s commit", (wire) => {
    const [claire, jean] = threeOf()
    const { message, next } = claire.commit({ wire, now: NOW, random })

    for (let at = 0; at < message.length; at += 23) {
      const changed = message.map((byte, i) => (i === at ? byte ^ 0x10 : byte))
      expect(refused(jean, () => jean.receive(changed, { now: NOW }))).not.toBeNull()
    }
    agree(after(jean, message), next)
  })

  test.each([
    ["a Remove of oneself", { kind: "remove", removed: 0 }, "own_remove"],
    ["a Remove of nobody", { kind: "remove", removed: 9 }, "unknown_leaf"],
    ["an ExternalInit", { kind: "external_init", kemOutput: HELLO }, "external_init"],
    ["a short PSK nonce", { kind: "psk", psk: { psk: { kind: "external", pskId: HELLO }, nonce: HELLO } }, "psk_nonce"],
    ["one extension twice", { kind: "group_context_extensions", extensions: [privateExtension("a"), privateExtension("b")] }, "duplicate_extension"],
    ["an extension nobody supports", { kind: "group_context_extensions", extensions: [{ type: 0xf0f0, data: HELLO }] }, "unsupported_extension"],
  ] as const)("%s is not even committed by an honest member", (_, proposal, code) => {
    const [claire] = threeOf()

    expect(refused(claire, () => claire.commit({ proposals: [proposal], now: NOW, random }))).toBe(code)
  })

  test("a key package out of its lifetime, of another suite, or with a signature that does not hold", () => {
    const [claire] = threeOf()
    const late = { ...anOwnLeaf("lea"), lifetime: { notBefore: 0n, notAfter: BigInt(NOW - 1) } }
    const forged = aKeyPackage("lea").keyPackage
    const packages = [
      [generateKeyPackage(SUITE_1, late, [], random).keyPackage, "bad_lifetime"],
      [aKeyPackage("lea", suiteOf(3)).keyPackage, "wrong_suite"],
      [{ ...forged, extensions: [privateExtension("added")] }, "bad_signature"],
      [{ ...forged, initKey: forged.leafNode.encryptionKey }, "bad_signature"],
    ] as const

    for (const [keyPackage, code] of packages) {
      expect(refused(claire, () => claire.commit({ proposals: [{ kind: "add", keyPackage }], now: NOW, random }))).toBe(code)
    }
  })

  test("nothing is written while a proposal waits: whom it removes could still read", () => {
    const [claire] = threeOf()
    const { next } = claire.propose({ kind: "remove", removed: 2 }, { now: NOW, random })

    expect(refused(next, () => next.encrypt(HELLO, { random }))).toBe("pending_proposals")
  })

  test("a closed group sends nothing any more", () => {
    const [claire, jean] = threeOf()
    const reinit = { kind: "reinit", groupId: HELLO, version: 1, suite: 1, extensions: [] } as const
    const made = claire.commit({ proposals: [reinit], now: NOW, random })
    const jeanAfter = Group.deserialize(after(jean, made.message).serialize())

    expect(jeanAfter.reinit).toMatchObject({ groupId: HELLO })
    expect(refused(jeanAfter, () => jeanAfter.encrypt(HELLO, { random }))).toBe("group_closed")
    expect(refused(jeanAfter, () => jeanAfter.commit({ now: NOW, random }))).toBe("group_closed")
  })
})

function threeOf(extensions: Parameters<typeof aGroupOf>[1] = []): [Group, Group, Group] {
  const [claire, jean, hugo] = aGroupOf(["claire", "jean", "hugo"], extensions)
  if (claire === undefined || jean === undefined || hugo === undefined) throw new Error("three members")
  return [claire, jean, hugo]
}
