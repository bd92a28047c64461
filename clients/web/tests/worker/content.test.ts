import { encode } from "@msgpack/msgpack"
import { describe, expect, test } from "vitest"
import { encodePayload, frankingTag } from "../../src/core/mls/franking"
import { encodeAuthenticatedData, type Acting } from "../../src/core/mls/authenticatedData"
import { uuidBytes } from "../../src/core/uuid"
import type { ConversationEvent } from "../../src/core/wire"
import { NO_DELEGATIONS } from "../../src/core/policy/conversation"
import { stateOf, type State } from "../../src/core/policy/state"
import { verifyCredential } from "../../src/core/policy/identity"
import { openContent, type Opened } from "../../src/worker/content"
import type { Context } from "../../src/worker/context"
import type { Mls, NewKeyPackage } from "../../src/worker/mls"
import { aPolicy, added, theExtensions } from "./aGroup"
import { anMls } from "./anMls"
import { CLAIRE as MORGANE, JEAN as YANN, type Person } from "./aPerson"
import { FakeRegistry } from "./fakeRegistry"

const CLAIRE = { person: MORGANE.person, device: "c1a14e00-0000-4000-8000-00000000000d" }
const JEAN = { person: YANN.person, device: "1ea40000-0000-4000-8000-00000000000d" }
const MESSAGE = "3e55a6e0-0000-4000-8000-000000000001"
const CONVERSATION = "c0400000-0000-4000-8000-000000000001"
const SALT = new Uint8Array(32).fill(5)

const registry = new FakeRegistry("colloque.test", [MORGANE, YANN], () => ({ log: "", index: 0, entry: new Uint8Array(), proof: "" }))

async function invited(mls: Mls, who: Person, device: string): Promise<NewKeyPackage> {
  const keys = await mls.newDeviceKeys()
  return mls.newKeyPackage(registry.credential(who, device, keys.publicKey), keys)
}

async function founded(mls: Mls): Promise<Uint8Array> {
  const keys = await mls.newDeviceKeys()
  return (await mls.create(uuidBytes(CONVERSATION), registry.credential(MORGANE, CLAIRE.device, keys.publicKey), keys, theExtensions(CONVERSATION, new Uint8Array(32)))).state
}

/** What policy knows of the group. */
function standingOf(mls: Mls, state: Uint8Array): State {
  const policy = aPolicy(CONVERSATION)
  const trust = { deployment: registry.deployment, authority: registry.authority }
  const leaves = mls.facts(state).members.map(({ credential, signatureKey }) => verifyCredential(credential, { ...policy, signatureKey, trust, atUs: null }))
  const verdict = stateOf({ policy, trust }, NO_DELEGATIONS, leaves)
  if ("refused" in verdict) throw new Error(verdict.refused)
  return verdict.granted
}

interface Forged {
  readonly content?: unknown
  readonly raw?: Uint8Array
  readonly tag?: Uint8Array
  readonly id?: string
  readonly kind?: string
  readonly data?: Uint8Array
  readonly acting?: Acting
  readonly event?: Partial<ConversationEvent>
}

const HONEST = { v: 1, kind: "message", text: "Bonjour", checkpoint: "" }

/** A message of Claire's that really decrypts, with one thing wrong. */
async function opened(wrong: Forged): Promise<Opened> {
  const mls = anMls()
  const invitation = await invited(mls, YANN, JEAN.device)
  const made = await added(mls, await founded(mls), [invitation.message])
  const content = wrong.raw ?? encode(wrong.content ?? HONEST)
  const data = wrong.data ?? encodeAuthenticatedData({
    id: uuidBytes(wrong.id ?? MESSAGE), kind: wrong.kind ?? "message", counter: 1, sentAt: 1, frankingTag: wrong.tag ?? frankingTag(SALT, content), signal: null,
    ...(wrong.acting === undefined ? {} : { acting: wrong.acting }),
  })
  const { message } = await mls.encrypt(made.state, encodePayload(SALT, content), data)
  const state = await mls.join(made.welcome, invitation.secret, {})
  // Only its MLS is asked.
  return openContent({ mls } as Context, { state, standing: standingOf(mls, state), turned: () => { throw new Error("not asked") } }, {
    kind: "event", conversation: CONVERSATION, seq: 2, ts: 1, what: "message", ...CLAIRE, body: message, message: MESSAGE, ...wrong.event,
  })
}

describe("a message is shown only when everything about it agrees", () => {
  test("an honest one is", async () => {
    expect(await opened({})).toMatchObject({ text: "Bonjour" })
  })

  test.each<[string, Forged]>([
    ["another person is said to have sent it", { event: { person: JEAN.person } }],
    ["another device is said to have sent it", { event: { device: JEAN.device } }],
    ["the hub gives it another id", { event: { message: "3e55a6e0-0000-4000-8000-000000000002" } }],
    ["the hub gives it no id", { event: { message: null } }],
    ["its authenticated data name another message", { id: CONVERSATION }],
    ["its authenticated data are not ours", { data: Uint8Array.of(1, 2, 3) }],
    ["its franking tag commits to something else", { tag: new Uint8Array(32).fill(1) }],
    ["the kind outside is another", { kind: "document" }],
    ["the kind inside is another", { content: { ...HONEST, kind: "document" } }],
    ["its content is of a later version", { content: { ...HONEST, v: 2 } }],
    ["its content has no text", { content: { v: 1, kind: "message", checkpoint: "" } }],
    ["its content is not MessagePack", { raw: Uint8Array.of(0xc1) }],
  ])("hidden when %s; the group goes on", async (_, wrong) => {
    const result = await opened(wrong)

    expect(result).toMatchObject({ text: null, why: "proofs" })
    expect(result.state).not.toBeNull()
  })

  test("hidden as unauthorised when its sender claims to act for somebody, and is no carer", async () => {
    const acting = { for: uuidBytes(JEAN.person), delegation: uuidBytes(MESSAGE), version: 1 }

    expect(await opened({ acting })).toMatchObject({ text: null, why: "unauthorised" })
  })

  test("a body that does not decrypt is hidden and leaves the group where it was", async () => {
    expect(await opened({ event: { body: Uint8Array.of(0, 1) } })).toEqual({ state: null, text: null, why: "proofs", checkpoint: "" })
  })
})
