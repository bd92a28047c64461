/** Plain groups with a member of another implementation, both ways: what one makes the other takes. */
import { describe, expect, test } from "vitest"
import { encodeUtf8 } from "../../../src/core/bytes"
import { decodeMessage } from "../../../src/core/mls/framing"
import { Group } from "../../../src/core/mls/group"
import { generateKeyPackage, type KeyPackage } from "../../../src/core/mls/keyPackage"
import { OTHER_SUITES } from "../../../src/core/mls/otherSuites"
import { addSuites, suiteOf, type CipherSuite } from "../../../src/core/mls/suites"
import { ROOM, after, anOwnLeaf, dataTo, keyPackageMessage, nameOf, proposalTo, random, welcomeIn } from "./aGroup"
import { TsMlsPeer } from "./peers/tsMls"

addSuites(OTHER_SUITES)
const HELLO = encodeUtf8("Bonjour")
const AAD = Uint8Array.of(1, 2, 3)
const now = Math.floor(Date.now() / 1000)
const SUITES = [
  [1, "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"], [2, "MLS_128_DHKEMP256_AES128GCM_SHA256_P256"],
  [3, "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519"], [7, "MLS_256_DHKEMP384_AES256GCM_SHA384_P384"],
] as const

function ours(name: string, suite: CipherSuite): ReturnType<typeof anOwnLeaf> {
  return { ...anOwnLeaf(name, suite), lifetime: { notBefore: BigInt(now - 3600), notAfter: BigInt(now + 3600) } }
}

function keyPackageOf(message: Uint8Array): KeyPackage {
  const read = decodeMessage(message)
  if (read.kind !== "key_package") throw new Error("not a key package")
  return read.keyPackage
}

async function agree(group: Group, ...peers: readonly TsMlsPeer[]): Promise<void> {
  for (const peer of peers) {
    expect(peer.epoch).toBe(group.context.epoch)
    expect(peer.epochAuthenticator).toEqual(group.epochAuthenticator)
    expect(await peer.export("label", AAD, 32)).toEqual(group.export("label", AAD, 32))
  }
}

async function talk(group: Group, peer: TsMlsPeer): Promise<void> {
  expect(await peer.receive(group.encrypt(HELLO, { authenticatedData: AAD, random, padding: 5 }))).toEqual(HELLO)
  expect(dataTo(group, await peer.encrypt(HELLO, AAD))).toMatchObject({ data: HELLO, authenticatedData: AAD })
}

describe.each(SUITES)("with ts-mls, suite %i", (id, name) => {
  const suite = suiteOf(id)
  const keys = () => suite.signature.generate(random)

  test("we found a group; they join, talk, renew, and one of them is removed", async () => {
    const theirs = await TsMlsPeer.suite(name)
    const invited = (who: string) => TsMlsPeer.invitation(theirs, who, keys())
    const [jean, lea] = [await invited("jean"), await invited("lea")]
    const founder = Group.create(suite, ROOM, ours("claire", suite), [], random)
    const added = founder.commit({
      proposals: [jean, lea].map(({ message }) => ({ kind: "add", keyPackage: keyPackageOf(message) }) as const), now, random,
    })
    const [jeanIn, leaIn] = [await TsMlsPeer.join(theirs, welcomeIn(added), jean), await TsMlsPeer.join(theirs, welcomeIn(added), lea)]
    await agree(added.next, jeanIn, leaIn)
    await talk(added.next, jeanIn)

    const renewed = added.next.commit({ now, random })
    await jeanIn.receive(renewed.message)
    await leaIn.receive(renewed.message)
    await agree(renewed.next, jeanIn, leaIn)

    const byThem = await jeanIn.commit([])
    await leaIn.receive(byThem.message)
    const followed = after(renewed.next, byThem.message)
    await agree(followed, jeanIn, leaIn)

    const hidden = followed.commit({ wire: "private", proposals: [{ kind: "remove", removed: 2 }], now, random })
    await jeanIn.receive(hidden.message)
    await agree(hidden.next, jeanIn)
    await talk(hidden.next, jeanIn)
  })

  test("they found a group; we join, talk, renew, remove and add", async () => {
    const theirs = await TsMlsPeer.suite(name)
    const invited = (who: string) => TsMlsPeer.invitation(theirs, who, keys())
    const jean = await TsMlsPeer.found(theirs, "jean", keys(), ROOM)
    const bundle = generateKeyPackage(suite, { ...ours("claire", suite), capabilities: theirCapabilities(id) }, [], random)
    const added = await jean.add(keyPackageMessage(bundle.keyPackage))
    if (added.welcome === null) throw new Error("we were added")
    let claire = Group.join(added.welcome, bundle)
    await agree(claire, jean)
    await talk(claire, jean)

    const lea = await invited("lea")
    const byUs = claire.commit({ proposals: [{ kind: "add", keyPackage: keyPackageOf(lea.message) }], forcePath: true, now, random })
    await jean.receive(byUs.message)
    const leaIn = await TsMlsPeer.join(theirs, welcomeIn(byUs), lea)
    claire = byUs.next
    await agree(claire, jean, leaIn)

    const hidden = await jean.commit([], false)
    await leaIn.receive(hidden.message)
    claire = after(claire, hidden.message)
    await agree(claire, jean, leaIn)

    const proposed = claire.propose({ kind: "remove", removed: 2 }, { now, random })
    await jean.receive(proposed.message)
    await leaIn.receive(proposed.message)
    const gone = await jean.commit([])
    claire = after(proposed.next, gone.message)
    expect(claire.members.map(({ leafIndex }) => nameOf(claire, leafIndex))).toEqual(["jean", "claire"])
    await agree(claire, jean)
    await talk(claire, jean)
  })

  test("each commits what the other proposed", async () => {
    const theirs = await TsMlsPeer.suite(name)
    const invited = (who: string) => TsMlsPeer.invitation(theirs, who, keys())
    const [jean, lea] = [await invited("jean"), await invited("lea")]
    const founder = Group.create(suite, ROOM, ours("claire", suite), [], random)
    const added = founder.commit({ proposals: [{ kind: "add", keyPackage: keyPackageOf(jean.message) }], now, random })
    const jeanIn = await TsMlsPeer.join(theirs, welcomeIn(added), jean)

    const proposal = await jeanIn.propose({ proposalType: "add", add: { keyPackage: lea.keyPackage } })
    const made = proposalTo(added.next, proposal).next.commit({ now, random })
    await jeanIn.receive(made.message)
    const leaIn = await TsMlsPeer.join(theirs, welcomeIn(made), lea)
    await agree(made.next, jeanIn, leaIn)

    const update = made.next.proposeUpdate({}, { now, random })
    await jeanIn.receive(update.message)
    await leaIn.receive(update.message)
    const byThem = await leaIn.commit([])
    await jeanIn.receive(byThem.message)
    await agree(after(update.next, byThem.message), jeanIn, leaIn)
  })
})

function theirCapabilities(suite: number): ReturnType<typeof anOwnLeaf>["capabilities"] {
  return { versions: [1], cipherSuites: [suite], extensions: [], proposals: [], credentials: [1, 2] }
}
