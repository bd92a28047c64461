/**
 * The secret tree (RFC 9420, 9): the only thing in a group that changes. `find` changes nothing; what it
 * found is `taken` once the message is proven, and then its key and all secrets it came from are gone.
 */
import { expandWithLabel } from "./hkdf"
import { advance, newRatchet, wipeKey, wipePassed, type MessageKey, type Ratchet } from "./ratchet"
import { directPath, isUnder, left, right, root } from "./treeMath"
import type { CipherSuite } from "./suites"
import { InvalidMessage } from "./errors"
import { encodeUtf8 } from "../bytes"

export type RatchetKind = "handshake" | "application"

export interface Ratchets {
  readonly handshake: Ratchet
  readonly application: Ratchet
}

export interface FoundKey extends MessageKey {
  readonly generation: number
  /** Its message is proven: forget the key. */
  readonly take: () => void
}

interface Opened {
  readonly ratchets: Ratchets
  /** Secrets that stand in the tree afterwards, and those that do not any more. */
  readonly kept: readonly (readonly [number, Uint8Array])[]
  readonly spent: readonly number[]
}

const LEFT = encodeUtf8("left")
const RIGHT = encodeUtf8("right")

export class SecretTree {
  readonly #nodes: Map<number, Uint8Array>
  readonly #ratchets: Map<number, Ratchets>

  constructor(
    private readonly suite: CipherSuite, private readonly leaves: number,
    nodes: ReadonlyMap<number, Uint8Array>, ratchets: ReadonlyMap<number, Ratchets>,
  ) {
    this.#nodes = new Map(nodes)
    this.#ratchets = new Map(ratchets)
  }

  static from(suite: CipherSuite, leaves: number, encryptionSecret: Uint8Array): SecretTree {
    return new SecretTree(suite, leaves, new Map([[root(leaves), encryptionSecret]]), new Map())
  }

  /** What is left of the tree, sorted. */
  get nodes(): readonly (readonly [number, Uint8Array])[] {
    return sorted(this.#nodes)
  }

  get ratchets(): readonly (readonly [number, Ratchets])[] {
    return sorted(this.#ratchets)
  }

  /** The key for the next message that `leaf` sends. */
  next(leaf: number, kind: RatchetKind): FoundKey {
    const opened = this.#open(leaf)
    return this.#find(leaf, kind, opened.ratchets[kind].generation, opened)
  }

  find(leaf: number, kind: RatchetKind, generation: number): FoundKey {
    return this.#find(leaf, kind, generation, this.#open(leaf))
  }

  wipe(): void {
    for (const secret of this.#nodes.values()) secret.fill(0)
    for (const { handshake, application } of this.#ratchets.values()) {
      for (const { secret, skipped } of [handshake, application]) {
        secret.fill(0)
        skipped.forEach(wipeKey)
      }
    }
    this.#nodes.clear()
    this.#ratchets.clear()
  }

  #find(leaf: number, kind: RatchetKind, generation: number, opened: Opened): FoundKey {
    const before = opened.ratchets[kind]
    const { key, nonce, next } = advance(this.suite, before, generation)
    const take = (): void => {
      this.#install(opened)
      this.#ratchets.set(leaf, { ...opened.ratchets, [kind]: next })
      wipePassed(before, next)
      wipeKey({ key, nonce })
    }
    return { key, nonce, generation, take }
  }

  #install({ kept, spent }: Opened): void {
    for (const node of spent) {
      this.#nodes.get(node)?.fill(0)
      this.#nodes.delete(node)
    }
    for (const [node, secret] of kept) this.#nodes.set(node, secret)
  }

  /** The ratchets of a leaf: those there are, or those that the tree above it gives. */
  #open(leaf: number): Opened {
    if (leaf >= this.leaves) throw new InvalidMessage("unknown_sender", "a leaf that the tree does not have")
    const ratchets = this.#ratchets.get(leaf)
    if (ratchets !== undefined) return { ratchets, kept: [], spent: [] }
    const node = 2 * leaf
    const from = [node, ...directPath(node, this.leaves)].find((one) => this.#nodes.has(one))
    const secret = from === undefined ? undefined : this.#nodes.get(from)
    if (from === undefined || secret === undefined) throw new InvalidMessage("consumed_generation", "no secret for this leaf is left")
    return this.#descend(node, from, secret)
  }

  #descend(node: number, from: number, top: Uint8Array): Opened {
    const kept: (readonly [number, Uint8Array])[] = []
    let secret = top
    let at = from
    while (at !== node) {
      const [low, high] = [left(at) ?? at, right(at) ?? at]
      const [mine, other] = isUnder(node, low) ? [low, high] : [high, low]
      kept.push([other, this.#child(secret, other === low)])
      secret = this.#child(secret, mine === low)
      at = mine
    }
    return { ratchets: this.#ratchetsOf(secret), kept, spent: [from] }
  }

  #child(secret: Uint8Array, isLeft: boolean): Uint8Array {
    return expandWithLabel(this.suite, secret, "tree", isLeft ? LEFT : RIGHT, this.suite.hash.length)
  }

  #ratchetsOf(leafSecret: Uint8Array): Ratchets {
    const first = (label: RatchetKind): Ratchet =>
      newRatchet(expandWithLabel(this.suite, leafSecret, label, new Uint8Array(), this.suite.hash.length))
    return { handshake: first("handshake"), application: first("application") }
  }
}

function sorted<T>(map: ReadonlyMap<number, T>): readonly (readonly [number, T])[] {
  return [...map].sort(([a], [b]) => a - b)
}
