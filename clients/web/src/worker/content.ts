/**
 * What an application message carries, and the checks that stand before it is shown: the leaf that
 * signed it is the device the hub names, its authenticated data is this very message's, its franking
 * tag commits to its content, the kind inside is the kind outside, and its sender may write it.
 */
import { decode, encode } from "../core/msgpack"
import { BadShape, anyMap, text } from "../core/checks"
import type { Acting as Acted } from "../core/conversation"
import { decodeAuthenticatedData, encodeAuthenticatedData, type Acting, type AuthenticatedData } from "../core/mls/authenticatedData"
import { decodePayload, encodePayload, frankingTag, verifyFrankingTag } from "../core/mls/franking"
import type { Verdict } from "../core/policy/decision"
import type { InForce } from "../core/policy/delegation"
import type { Certified } from "../core/policy/identity"
import { mayAct } from "../core/policy/membership"
import { delegationOf, type State } from "../core/policy/state"
import { uuidBytes, uuidText } from "../core/uuid"
import type { ConversationEvent } from "../core/wire"
import { identityOf, type Context } from "./context"
import type { Opening } from "./late"
import { MlsFault, type Decrypted } from "./mls"
import { leafIn } from "./standing"
import type { WrittenRecord } from "./vault"

const VERSION = 1
const KIND = "message"
const NOTHING = new Uint8Array()

/** `state`: the group after it, or null where it did not even open. `text`: null where it is hidden, and `why`. */
export interface Opened {
  readonly state: Uint8Array | null
  readonly text: string | null
  readonly why: "proofs" | "unauthorised"
  readonly checkpoint: string
  readonly acting?: Acted | undefined
}

export const HIDDEN: Opened = { state: null, text: null, why: "proofs", checkpoint: "" }

class Unproven extends Error {
  override readonly name = "Unproven"
}

export async function openContent({ mls }: Context, { state, standing }: Opening, event: ConversationEvent): Promise<Opened> {
  try {
    const opened = await mls.decrypt(state, event.body)
    return { ...proven(opened, event, standing), state: opened.state }
  } catch (error) {
    if (error instanceof MlsFault) return HIDDEN
    throw error
  }
}

function proven(opened: Decrypted, event: ConversationEvent, standing: State): Opened {
  try {
    if (opened.sender !== identityOf(event.person, event.device)) throw new Unproven("another leaf signed it")
    const data = decodeAuthenticatedData(opened.authenticatedData)
    if (data.kind !== KIND || uuidText(data.id) !== event.message) throw new Unproven("another message's data")
    const content = readContent(verifyFrankingTag(data.frankingTag, decodePayload(opened.payload)))
    // The later of what its sender and the hub say: neither writes itself back into a period that is over.
    const verdict = maySend(leafIn(standing, opened.sender), data, standing, Math.max(event.ts, data.sentAt * 1000))
    if ("refused" in verdict) return { ...HIDDEN, why: "unauthorised", checkpoint: content.checkpoint }
    return { ...HIDDEN, ...content, acting: actedUnder(verdict.granted, standing) }
  } catch {
    return HIDDEN
  }
}

/** Whether whoever sealed this might, as whom it says. */
export function maySend(leaf: Certified, { kind, acting }: AuthenticatedData, standing: State, atUs: number): Verdict<InForce | null> {
  return mayAct(leaf, kind, standing, {
    actingFor: acting?.for ?? NOTHING, delegation: acting?.delegation ?? NOTHING, delegationVersion: acting?.version ?? 0,
  }, atUs)
}

/** For whom somebody acts, to be shown. */
export function actedUnder(found: InForce | null, { policy }: State): Acted | undefined {
  return found === null ? undefined : { person: uuidText(policy.patient), until: found.delegation.notAfterUs / 1000 }
}

/** As whom this device sends: a carer's says for whom, under which delegation and version. */
export function actingOf(own: Certified, standing: State): Acting | undefined {
  const found = own.role === "carer" ? delegationOf(standing, own) : undefined
  if (found === undefined) return undefined
  return { for: standing.policy.patient, delegation: found.delegation.delegation, version: standing.number }
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

/** `sentAt`: milliseconds of hub time, as it is encrypted. */
export function authenticatedData({ written, counter, tag }: WrittenRecord, sentAt: number, acting: Acting | undefined): Uint8Array {
  const data: AuthenticatedData = {
    id: uuidBytes(written.id), kind: KIND, counter, sentAt, frankingTag: tag, ...(acting === undefined ? {} : { acting }), signal: null,
  }
  return encodeAuthenticatedData(data)
}
