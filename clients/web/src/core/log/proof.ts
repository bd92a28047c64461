/**
 * A receipt anyone can check without the hub (c2sp.org/tlog-proof@v1).
 *
 * In the file a person keeps, the entry itself travels in `extra`. Nothing authenticates it: it is
 * believed only once it hashes to the proven leaf.
 */
import { decodeBase64, encodeBase64 } from "../bytes"
import { malformed } from "../errors"
import { MAX_CHECKPOINT_BYTES, parseCheckpoint, type UnverifiedCheckpoint } from "./checkpoint"
import { decodeDecimal, decodeHash } from "./text"
import { MAX_PROOF_HASHES } from "./tree"

export const MAX_ENTRY_BYTES = 8192

const MAGIC = "c2sp.org/tlog-proof@v1"
const EXTRA = "extra "
const INDEX = "index "
// An entry in base64, 64 hashes of 45 bytes, a checkpoint and two short lines.
const MAX_PROOF_LENGTH = Math.ceil((MAX_ENTRY_BYTES * 4) / 3) + 64 * 45 + MAX_CHECKPOINT_BYTES + 64

export interface LogProof {
  readonly index: number
  readonly hashes: readonly Uint8Array[]
  readonly checkpointText: string
  readonly extra: Uint8Array | null
}

/** A proof as it came: readable, not yet to be believed; `verifyReceipt` decides. */
export interface UnverifiedLogProof extends LogProof {
  readonly checkpoint: UnverifiedCheckpoint
}

/** Write a proof as text, ready to be kept as a `.tlog-proof` file. */
export function encodeLogProof({ index, hashes, checkpointText, extra }: LogProof): string {
  const lines = [MAGIC, ...(extra ? [EXTRA + encodeBase64(extra)] : []), INDEX + String(index)]
  return [...lines, ...hashes.map(encodeBase64)].join("\n") + "\n\n" + checkpointText
}

/** Read a proof and the checkpoint it ends with. */
export function parseLogProof(text: string): UnverifiedLogProof {
  if (text.length > MAX_PROOF_LENGTH) throw malformed("longer than a proof may be")
  const separator = text.indexOf("\n\n")
  if (separator < 0) throw malformed("a proof ends with a checkpoint")
  const [magic, ...lines] = text.slice(0, separator).split("\n")
  if (magic !== MAGIC) throw malformed("not a tlog-proof@v1")
  const extra = lines[0]?.startsWith(EXTRA) ? decodeExtra(lines.shift() ?? "") : null
  const index = decodeIndex(lines.shift() ?? "")
  if (lines.length > MAX_PROOF_HASHES) throw malformed("a proof has at most 64 hashes")
  const checkpointText = text.slice(separator + 2)
  return {
    index,
    hashes: lines.map(decodeHash),
    checkpointText,
    checkpoint: parseCheckpoint(checkpointText),
    extra,
  }
}

function decodeExtra(line: string): Uint8Array {
  const extra = decodeBase64(line.slice(EXTRA.length))
  if (extra.length > MAX_ENTRY_BYTES) throw malformed("longer than an entry may be")
  return extra
}

function decodeIndex(line: string): number {
  if (!line.startsWith(INDEX)) throw malformed("a proof names an index")
  return decodeDecimal(line.slice(INDEX.length))
}
