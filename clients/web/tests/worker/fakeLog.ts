/** A log that signs what it is told, for tests: receipts and checkpoints as the hub makes them. */
import { ed25519 } from "@noble/curves/ed25519.js"
import { concat, encodeBase64 } from "../../src/core/bytes"
import { encodeCheckpoint, encodeVerifierKey } from "../../src/core/log/checkpoint"
import { encodeLogProof } from "../../src/core/log/proof"
import { leafHash, rootHash } from "../../src/core/log/tree"
import type { PageRow, Receipt } from "../../src/core/wire"
import { sha256 } from "@noble/hashes/sha2.js"

function proofOf(index: number, leaves: readonly Uint8Array[]): readonly Uint8Array[] {
  if (leaves.length <= 1) return []
  const split = 2 ** Math.ceil(Math.log2(leaves.length) - 1)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split
    ? [...proofOf(index, left), rootHash(right)]
    : [...proofOf(index - split, right), rootHash(left)]
}

/** RFC 9162, 2.1.4.1. */
function consistencyOf(first: number, leaves: readonly Uint8Array[], whole = true): readonly Uint8Array[] {
  if (first === leaves.length) return whole ? [] : [rootHash(leaves)]
  const split = 2 ** Math.ceil(Math.log2(leaves.length) - 1)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return first <= split
    ? [...consistencyOf(first, left, whole), rootHash(right)]
    : [...consistencyOf(first - split, right, false), rootHash(left)]
}

export class FakeLog {
  readonly entries: Uint8Array[] = []
  readonly #secret = ed25519.utils.randomSecretKey()

  constructor(readonly name: string) {}

  get vkey(): string {
    const publicKey = ed25519.getPublicKey(this.#secret)
    return encodeVerifierKey({ name: this.name, publicKey, keyId: this.#keyId(publicKey) })
  }

  get leaves(): readonly Uint8Array[] {
    return this.entries.map(leafHash)
  }

  checkpoint(size = this.entries.length): string {
    return this.sign(size, rootHash(this.leaves.slice(0, size)))
  }

  sign(size: number, root: Uint8Array): string {
    const text = encodeCheckpoint({ origin: this.name, size, root })
    const signature = ed25519.sign(new TextEncoder().encode(text), this.#secret)
    const line = encodeBase64(concat(this.#keyId(ed25519.getPublicKey(this.#secret)), signature))
    return `${text}\n— ${this.name} ${line}\n`
  }

  append(entry: Record<string, unknown>): Receipt {
    const index = this.entries.length
    const bytes = new TextEncoder().encode(JSON.stringify({ ...entry, seq: index, v: 1 }))
    this.entries.push(bytes)
    const proof = encodeLogProof({ index, hashes: proofOf(index, this.leaves), checkpointText: this.checkpoint(), extra: null })
    return { log: this.name, index, entry: bytes, proof }
  }

  /** That the log of size `first` begins the one of `second`. */
  consistency(first: number, second: number): readonly Uint8Array[] {
    return first === second ? [] : consistencyOf(first, this.leaves.slice(0, second))
  }

  rows(): PageRow[] {
    const { leaves } = this
    return this.entries.map((entry, index) => ({ index, entry, leaf: leafHash(entry), proof: proofOf(index, leaves) }))
  }

  #keyId(publicKey: Uint8Array): Uint8Array {
    return sha256(concat(new TextEncoder().encode(`${this.name}\n`), Uint8Array.of(1), publicKey)).slice(0, 4)
  }
}

