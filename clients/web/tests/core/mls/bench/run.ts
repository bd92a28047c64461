/**
 * How fast the browser's MLS core is under Node, beside the bare primitives in the same run. Times are
 * of the processor, so that a machine shared with others gives the same figures.
 */
import { loadavg, cpus } from "node:os"
import { gcm } from "@noble/ciphers/aes.js"
import { ed25519 } from "@noble/curves/ed25519.js"
import { hmac } from "@noble/hashes/hmac.js"
import { sha256 } from "@noble/hashes/sha2.js"
import type { Committed } from "../../../../src/core/mls/committing"
import { Group } from "../../../../src/core/mls/group"
import type { Proposal } from "../../../../src/core/mls/proposal"
import { PublicGroup } from "../../../../src/core/mls/publicGroup"
import { NOW, aFounder, aKeyPackage, adding, anOwnLeaf, random, welcomeIn } from "../aGroup"

const PAYLOAD_BYTES = 256
const SIZES = [3, 10, 100]
const ROUNDS = 5
const MESSAGES = 100
const COMMITS = 100

export function bench(): void {
  console.log(`load of the machine: ${(loadavg()[0] ?? 0).toFixed(1)} on ${cpus().length} cores`)
  console.log(`messages of ${PAYLOAD_BYTES} bytes, per second of one core`)
  for (const size of SIZES) messages(size)
  console.log("PublicGroup.checkCommit, 100 members")
  commits(100)
}

function messages(size: number): void {
  const [sender, reader] = twoOf(size)
  const data = random(PAYLOAD_BYTES)
  const bare = aBareMessage(data.length + 250)
  const sent: Uint8Array[] = []
  const encrypting = inTurns(() => { sent.push(sender.encrypt(data, { random })) }, bare.encrypt)
  const unread = sent[Symbol.iterator]()
  const decrypting = inTurns(() => { reader.receive(next(unread), { now: NOW }) }, bare.decrypt)
  tell("encrypted", size, encrypting)
  tell("decrypted", size, decrypting)
}

function next(from: Iterator<Uint8Array>): Uint8Array {
  const result: IteratorResult<Uint8Array, unknown> = from.next()
  if (result.done === true) throw new Error("all messages were read")
  return result.value
}

function twoOf(size: number): readonly [Group, Group] {
  const [first, ...others] = Array.from({ length: size - 1 }, (_, i) => aKeyPackage(`member ${i}`))
  if (first === undefined) throw new Error("a group of one has nobody to write to")
  const made = aFounder().commit({ proposals: adding(first, ...others), now: NOW, random })
  return [made.next, Group.join(welcomeIn(made), first)]
}

interface Bare {
  readonly encrypt: () => void
  readonly decrypt: () => void
}

/** The primitives of one message: two AEADs, five HKDF-Expands, one signature, and nothing around them. */
function aBareMessage(signedBytes: number): Bare {
  const [key, nonce, plain, signed] = [random(16), random(12), random(PAYLOAD_BYTES + 70), random(signedBytes)]
  const { secretKey, publicKey } = ed25519.keygen()
  const signature = ed25519.sign(signed, secretKey)
  const sealed = gcm(key, nonce, nonce).encrypt(plain)
  const sender = gcm(key, nonce, nonce).encrypt(nonce)
  const derive = (): void => { for (let i = 0; i < 5; i++) hmac(sha256, key, plain.subarray(0, 40)) }
  return {
    encrypt: () => {
      ed25519.sign(signed, secretKey)
      derive()
      gcm(key, nonce, nonce).encrypt(plain)
      gcm(key, nonce, nonce).encrypt(nonce)
    },
    decrypt: () => {
      derive()
      gcm(key, nonce, nonce).decrypt(sender)
      gcm(key, nonce, nonce).decrypt(sealed)
      ed25519.verify(signature, signed, publicKey, { zip215: false })
    },
  }
}

interface Pace {
  readonly ours: number
  readonly bare: number
}

/** Both in turns; the median of the rounds counts. The first round only warms up. */
function inTurns(ours: () => void, bare: () => void): Pace {
  const rounds = Array.from({ length: ROUNDS + 1 }, () => [secondsOf(ours), secondsOf(bare)] as const).slice(1)
  return { ours: MESSAGES / median(rounds.map(([one]) => one)), bare: MESSAGES / median(rounds.map(([, one]) => one)) }
}

function secondsOf(run: () => void): number {
  const began = process.cpuUsage()
  for (let i = 0; i < MESSAGES; i++) run()
  return elapsed(began)
}

function elapsed(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1e6
}

function median(values: readonly number[]): number {
  return percentile(values, 50)
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0
}

function tell(what: string, size: number, { ours, bare }: Pace): void {
  console.log(`  ${what} in a group of ${size}: ${ours.toFixed(0)}  bare ${bare.toFixed(0)}  ${(bare / ours).toFixed(2)} x`)
}

/** A group in which everybody has committed once, so that no node above a leaf is blank. */
function settled(size: number): { group: Group; hub: PublicGroup } {
  let [group] = twoOf(size)
  let hub = PublicGroup.found(group.groupInfo())
  for (let leaf = 0; leaf < size; leaf++) {
    const made = Group.joinExternal(group.groupInfo(), anOwnLeaf(`member ${leaf}`), { now: NOW, random, removePrior: leaf })
    hub = checked(hub, made)
    group = made.next
  }
  return { group, hub }
}

function checked(hub: PublicGroup, { message, groupInfo, welcome }: Committed<Group>): PublicGroup {
  return hub.checkCommit(message, { groupInfo, welcome, pending: [], now: NOW }).next
}

function commits(size: number): void {
  let { group, hub } = settled(size)
  const other = group.ownLeafIndex === 0 ? 1 : 0
  const kinds: readonly (readonly [string, Proposal[]])[] = [
    ["fresh keys", []], ["an Add", adding(aKeyPackage("newcomer"))], ["a Remove", [{ kind: "remove", removed: other }]],
  ]
  for (const [name, proposals] of kinds) {
    const times: number[] = []
    for (let i = 0; i < COMMITS; i++) {
      const made = group.commit({ proposals, forcePath: true, now: NOW, random })
      const began = process.cpuUsage()
      const after = checked(hub, made)
      times.push(elapsed(began))
      if (proposals.length === 0) {
        group = made.next
        hub = after
      }
    }
    const [p50, p99] = [percentile(times, 50), percentile(times, 99)]
    console.log(`  ${name}: p50 ${(1000 * p50).toFixed(1)} ms, p99 ${(1000 * p99).toFixed(1)} ms of the processor`)
  }
}
