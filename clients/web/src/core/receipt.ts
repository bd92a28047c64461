/**
 * From the hub's acknowledgement to a proof: the receipt verifies under the pinned key of the log it
 * names, and its entry is about this very act of this very device.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { encodeHex } from "./bytes"
import { BadShape } from "./checks"
import { readEntry, type LogEntry } from "./entry"
import { VerificationError } from "./errors"
import { encodeLogProof, parseLogProof } from "./log/proof"
import { parseVerifierKey, type Checkpoint } from "./log/checkpoint"
import { verifyReceipt } from "./log/verify"
import type { Receipt } from "./wire"

/** What this device did, to be found again in the entry. */
export interface Act {
  readonly types: readonly string[]
  readonly conversation: string | null
  readonly ciphertext?: Uint8Array
  readonly message?: { readonly id: string; readonly tag: Uint8Array }
  /** SHA-256 (hexadecimal) of the certificate that was issued. */
  readonly certificate?: string
}

export interface Actor {
  readonly person: string
  readonly device: string
}

export interface ProvenAct {
  readonly entry: LogEntry
  readonly checkpoint: Checkpoint
  readonly checkpointText: string
  /** The proof with the entry inside: what a person keeps. */
  readonly file: string
}

const ISSUED = "identity.issued"

function require(holds: boolean, sentence: string): void {
  if (!holds) throw new VerificationError("wrong_entry", sentence)
}

/** Return what the receipt proves of `act`; throw what says why it proves nothing. */
export function verifyAct(receipt: Receipt, key: string, act: Act, actor: Actor): ProvenAct {
  const verified = verifyReceipt(receipt.proof, parseVerifierKey(key), receipt.entry)
  require(verified.checkpoint.origin === receipt.log, "the receipt names another log")
  require(verified.index === receipt.index, "the receipt names another index")
  const entry = read(receipt.entry)
  checkActor(entry, actor)
  checkAct(entry, act)
  const proof = parseLogProof(receipt.proof)
  return {
    entry, checkpoint: verified.checkpoint, checkpointText: proof.checkpointText,
    file: encodeLogProof({ ...proof, extra: receipt.entry }),
  }
}

/** The checkpoint under which the log holds the issue of this certificate to this person; throws where it proves nothing of it. */
export function verifyIssued(receipt: Receipt, key: string, person: string, certificate: string): Pick<ProvenAct, "checkpoint" | "checkpointText"> {
  const { checkpoint } = verifyReceipt(receipt.proof, parseVerifierKey(key), receipt.entry)
  const entry = read(receipt.entry)
  require(entry.decision.effect === "permit", "a refusal, not an act")
  require(entry.actor.person === person, "another person's certificate")
  checkAct(entry, { types: [ISSUED], conversation: null, certificate })
  return { checkpoint, checkpointText: parseLogProof(receipt.proof).checkpointText }
}

function read(entry: Uint8Array): LogEntry {
  try {
    return readEntry(entry)
  } catch (error) {
    if (error instanceof BadShape) throw new VerificationError("wrong_entry", "the entry is no entry")
    throw error
  }
}

function checkActor(entry: LogEntry, actor: Actor): void {
  require(entry.actor.person === actor.person, "another person's act")
  require(entry.actor.device === actor.device, "another device's act")
  require(entry.decision.effect === "permit", "a refusal, not an act")
}

function checkAct(entry: LogEntry, act: Act): void {
  require(act.types.includes(entry.type), "another kind of act")
  require(entry.conversation === act.conversation, "another conversation's act")
  if (act.ciphertext !== undefined) {
    require(entry.object?.ciphertext === encodeHex(sha256(act.ciphertext)), "another ciphertext")
  }
  if (act.certificate !== undefined) require(entry.outcome?.["certificate"] === act.certificate, "another certificate")
  if (act.message !== undefined) {
    require(entry.object?.message === act.message.id, "another message")
    require(entry.object?.franking_tag === encodeHex(act.message.tag), "another franking tag")
  }
}
