/** The golden files of `tests/vectors`: the Python tests read the same. */
import { readFileSync } from "node:fs"
import { expect } from "vitest"
import { VerificationError, type Fault } from "../../src/core/errors"

export const VECTORS = new URL("../../../../tests/vectors/", import.meta.url)

export interface Trees {
  readonly roots: readonly { readonly size: number; readonly root: string }[]
  readonly inclusion: readonly { readonly index: number; readonly size: number; readonly proof: readonly string[] }[]
  readonly consistency: readonly {
    readonly old_size: number
    readonly new_size: number
    readonly proof: readonly string[]
  }[]
}

export interface Receipts {
  readonly verifier_key: string
  readonly receipts: readonly {
    readonly index: number
    readonly size: number
    readonly entry: string
    readonly proof: string
  }[]
}

export interface Message {
  readonly id: string
  readonly kind: string
  readonly counter: number
  readonly sent_at: number
  readonly salt: string
  readonly content: string
  readonly franking_tag: string
  readonly authenticated_data: string
  readonly payload: string
  readonly acting?: { readonly for: string; readonly delegation: string; readonly version: number }
  readonly signal?: { readonly call: string; readonly to: string; readonly generation: number; readonly type: number }
}

export const goldenTrees = (): Trees => JSON.parse(goldenText("log/trees.json")) as Trees
export const goldenReceipts = (): Receipts => JSON.parse(goldenText("log/receipts.json")) as Receipts
export const goldenMessages = (): Message[] => JSON.parse(goldenText("mls/messages.json")) as Message[]
export const goldenRefused = (): Record<string, Fault> =>
  JSON.parse(goldenText("log/refused.json")) as Record<string, Fault>

/** Read one golden file. */
export function goldenText(path: string): string {
  return readFileSync(new URL(path, VECTORS), "utf-8")
}

/** Expect `run` to be refused for `fault`, or for any reason at all. */
export function expectRefusal(run: () => unknown, fault?: Fault): void {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(VerificationError)
    if (fault) expect((error as VerificationError).fault).toBe(fault)
    return
  }
  expect.unreachable("it was accepted")
}

/** Every text that differs from `text` in one bit, and is text at all. */
export function flippedBits(text: string): string[] {
  const bytes = new TextEncoder().encode(text)
  const flipped: string[] = []
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const copy = bytes.slice()
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    try {
      flipped.push(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(copy))
    } catch {
      continue
    }
  }
  return flipped
}
