/**
 * Why the hub has a leaf removed: the twin of `crypto/policy/removal.py`. It stands in the Remove's
 * authenticated data, under the hub's signature, which alone moves nobody. Bound to one device, one
 * conversation and one transcript, it proves nothing anywhere else.
 */
import { equal } from "../bytes"
import type { Leaf } from "../conversation"
import { bytesUpTo, decode } from "../mls/codec"
import { uuidBytes } from "../uuid"
import { MAX_ENDING_BYTES } from "./conversation"
import { checkAccountRevocation } from "./cosigned"
import { attempt, decide, need, take, type Verdict } from "./decision"
import { checkEnding, isOf, type Ending, type Why } from "./delegation"
import { ID, NUMBER, WORD, orNothing, versioned, type Read } from "./fields"
import type { Certified } from "./identity"
import { delegationNamed, hasLeaf, somebodyOf, type State } from "./state"
import { DEVICE_REVOCATION, MAX_STATEMENT_BYTES, MAX_TRANSCRIPT_BYTES, UnverifiedStatement } from "./statements"
import { CLOCK_TOLERANCE_US, isOneOf } from "./vocabulary"

const VERSION = 2
const JUSTIFICATION = versioned(VERSION, {
  conversation: ID, device: ID, confirmedTranscriptHash: bytesUpTo(MAX_TRANSCRIPT_BYTES), why: WORD, delegation: orNothing(16), atUs: NUMBER,
  statement: bytesUpTo(MAX_ENDING_BYTES), staff: bytesUpTo(MAX_STATEMENT_BYTES),
})
/** What stands in an external Remove's authenticated data; `atUs` is the hub's clock. */
export type RemoveJustification = Read<typeof JUSTIFICATION>

export const encodeJustification = (said: RemoveJustification): Uint8Array => JUSTIFICATION.encode(said)
export const decodeJustification = (bytes: Uint8Array): RemoveJustification => decode(JUSTIFICATION, bytes)

/** A removal that every member must carry out, and the delegations that end with it. */
export interface Justified {
  readonly target: Leaf
  readonly why: Why
  readonly ends: readonly Pick<Ending, "delegation" | "state">[]
}

/** Which leaf, in which epoch; `nowUs`: the reader's own clock, where there is one to compare with. */
export interface Removing {
  readonly target: Certified
  readonly state: State
  readonly transcript: Uint8Array
  readonly nowUs: number | null
}

const ENDINGS = ["revocation", "resignation", "suspension", "expiry"] as const

/** Whether the hub may have this leaf removed from the group in this epoch. */
export function checkRemoval(said: RemoveJustification, { target, state, transcript, nowUs }: Removing): Verdict<Justified> {
  return decide(() => {
    need(isFor(said, target, state) && equal(said.confirmedTranscriptHash, transcript), "E_IDENTITY")
    // The hub may not run ahead of its readers to end somebody's time early.
    need(nowUs === null || said.atUs <= nowUs + CLOCK_TOLERANCE_US, "E_CLOCK")
    if (isOneOf(ENDINGS, said.why)) return ended(said, said.why, target, state)
    need(said.delegation.length === 0 && said.staff.length === 0, "E_SIGNATURE")
    if (said.why === "device") return deviceGivenUp(said, target, state)
    need(said.why === "account", "E_SIGNATURE")
    return accountLost(said, target, state)
  })
}

function isFor(said: RemoveJustification, target: Certified, state: State): boolean {
  return equal(said.conversation, state.policy.conversation) && equal(said.device, uuidBytes(target.identity.device)) && hasLeaf(state, target)
}

/** A delegation ended: all leaves of its carer go, and no other. */
function ended(said: RemoveJustification, why: Why, target: Certified, state: State): Justified {
  const found = delegationNamed(state, said.delegation)
  need(found !== undefined && isOf(found, somebodyOf(target)), "E_NO_DELEGATION")
  const about = { policy: state.policy, trust: state.trust, delegation: found.delegation, atUs: said.atUs }
  return { target: target.identity, why, ends: [take(checkEnding(why, said.statement, said.staff, about))] }
}

/** A person gave up this device: their account key says so. */
function deviceGivenUp(said: RemoveJustification, target: Certified, { policy, trust }: State): Justified {
  const revocation = attempt(() => UnverifiedStatement.decode(DEVICE_REVOCATION, said.statement).verify(target.aik), "E_SIGNATURE")
  const { deployment, conversation, person, device, atUs } = revocation
  need(deployment === trust.deployment && equal(person, somebodyOf(target).person) && equal(device, said.device), "E_IDENTITY")
  need(conversation.length === 0 || equal(conversation, policy.conversation), "E_IDENTITY")
  need(atUs <= said.atUs + CLOCK_TOLERANCE_US, "E_CLOCK")
  return { target: target.identity, why: "device", ends: [] }
}

/** An account key was lost or stolen. Whoever holds a lost key acts for nobody any more. */
function accountLost(said: RemoveJustification, target: Certified, state: State): Justified {
  const { person, aik } = take(checkAccountRevocation(said.statement, state, said.atUs))
  const who = somebodyOf(target)
  need(equal(person, who.person) && equal(aik, who.aik), "E_IDENTITY")
  const ends = state.inForce.filter((one) => isOf(one, who)).map(({ delegation }) => ({ delegation: delegation.delegation, state: "suspended" as const }))
  return { target: target.identity, why: "account", ends }
}
