import { encode } from "@msgpack/msgpack"
import { describe, expect, test } from "vitest"
import { encodePayload, frankingTag } from "../../src/core/mls/franking"
import { encodeAuthenticatedData } from "../../src/core/mls/authenticatedData"
import { uuidBytes } from "../../src/core/uuid"
import type { ConversationEvent } from "../../src/core/wire"
import { openContent, type Opened } from "../../src/worker/content"
import { anMls } from "./anMls"

const CLAIRE = { person: "c1a14e00-0000-4000-8000-000000000001", device: "c1a14e00-0000-4000-8000-00000000000d" }
const JEAN = { person: "1ea40000-0000-4000-8000-000000000002", device: "1ea40000-0000-4000-8000-00000000000d" }
const MESSAGE = "3e55a6e0-0000-4000-8000-000000000001"
const CONVERSATION = "c0400000-0000-4000-8000-000000000001"
const SALT = new Uint8Array(32).fill(5)

const named = ({ person, device }: typeof CLAIRE): string => `${person}/${device}`

interface Forged {
  readonly content?: unknown
  readonly raw?: Uint8Array
  readonly tag?: Uint8Array
  readonly id?: string
  readonly kind?: string
  readonly data?: Uint8Array
  readonly event?: Partial<ConversationEvent>
}

const HONEST = { v: 1, kind: "message", text: "Bonjour", checkpoint: "" }

/** A message of Claire's that really decrypts, with one thing wrong. */
async function opened(wrong: Forged): Promise<Opened> {
  const mls = anMls()
  const created = await mls.create(uuidBytes(CONVERSATION), named(CLAIRE), await mls.newDeviceKeys(), new Uint8Array(32))
  const invitation = await mls.newKeyPackage(named(JEAN), await mls.newDeviceKeys())
  const added = await mls.add(created.state, [invitation.message])
  const content = wrong.raw ?? encode(wrong.content ?? HONEST)
  const data = wrong.data ?? encodeAuthenticatedData({
    id: uuidBytes(wrong.id ?? MESSAGE), kind: wrong.kind ?? "message", counter: 1, sentAt: 1, frankingTag: wrong.tag ?? frankingTag(SALT, content), signal: null,
  })
  const { message } = await mls.encrypt(added.state, encodePayload(SALT, content), data)
  return openContent(mls, await mls.join(added.welcome, invitation.secret, {}), {
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

    expect(result.text).toBeNull()
    expect(result.state).not.toBeNull()
  })

  test("a body that does not decrypt is hidden and leaves the group where it was", async () => {
    expect(await opened({ event: { body: Uint8Array.of(0, 1) } })).toEqual({ state: null, text: null, checkpoint: "" })
  })
})
