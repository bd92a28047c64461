/**
 * What an application message carries, and the checks that stand before it is shown: the leaf that
 * signed it is the device the hub names, its authenticated data is this very message's, its franking
 * tag commits to its content, and the kind inside is the kind outside.
 */
import { decode, encode } from "@msgpack/msgpack"
import { BadShape, anyMap, text } from "../core/checks"
import { decodeAuthenticatedData, encodeAuthenticatedData, type AuthenticatedData } from "../core/mls/authenticatedData"
import { decodePayload, encodePayload, frankingTag, verifyFrankingTag } from "../core/mls/franking"
import { uuidBytes, uuidText } from "../core/uuid"
import type { ConversationEvent } from "../core/wire"
import { identityOf } from "./context"
import { MlsFault, type Decrypted, type Mls } from "./mls"

const VERSION = 1
const KIND = "message"

/** `state`: the group after it, or null where it did not even open. `text`: null where a check failed. */
export interface Opened {
  readonly state: Uint8Array | null
  readonly text: string | null
  readonly checkpoint: string
}

class Unproven extends Error {
  override readonly name = "Unproven"
}

export async function openContent(mls: Mls, state: Uint8Array, event: ConversationEvent): Promise<Opened> {
  try {
    const opened = await mls.decrypt(state, event.body)
    return { state: opened.state, ...proven(opened, event) }
  } catch (error) {
    if (error instanceof MlsFault) return { state: null, text: null, checkpoint: "" }
    throw error
  }
}

function proven(opened: Decrypted, event: ConversationEvent): { text: string | null; checkpoint: string } {
  try {
    if (opened.sender !== identityOf(event.person, event.device)) throw new Unproven("another leaf signed it")
    const data = decodeAuthenticatedData(opened.authenticatedData)
    if (data.kind !== KIND || uuidText(data.id) !== event.message) throw new Unproven("another message's data")
    return readContent(verifyFrankingTag(data.frankingTag, decodePayload(opened.payload)))
  } catch {
    return { text: null, checkpoint: "" }
  }
}

function readContent(content: Uint8Array): { text: string; checkpoint: string } {
  const map = anyMap(decode(content))
  if (map["v"] !== VERSION || map["kind"] !== KIND) throw new BadShape("another kind of content")
  return { text: text(map["text"]), checkpoint: text(map["checkpoint"]) }
}

/** The plaintext of a new message and the tag that commits to it. */
export function newPayload(salt: Uint8Array, message: string, checkpoint: string): { payload: Uint8Array; tag: Uint8Array } {
  const content = encode({ v: VERSION, kind: KIND, text: message, checkpoint })
  return { payload: encodePayload(salt, content), tag: frankingTag(salt, content) }
}

export function authenticatedData(id: string, counter: number, sentAt: number, tag: Uint8Array): Uint8Array {
  const data: AuthenticatedData = { id: uuidBytes(id), kind: KIND, counter, sentAt, frankingTag: tag, signal: null }
  return encodeAuthenticatedData(data)
}
