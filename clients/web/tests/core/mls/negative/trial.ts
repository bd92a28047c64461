/** How a trial of the negative suite is made: through the public functions, from stored states. */
import { readdirSync } from "node:fs"
import { decodeHex, encodeUtf8, equal } from "../../../../src/core/bytes"
import { malformed } from "../../../../src/core/mls/errors"
import { decodeMessage } from "../../../../src/core/mls/framing"
import { Group } from "../../../../src/core/mls/group"
import type { PskLookup } from "../../../../src/core/mls/psk"
import { PublicGroup } from "../../../../src/core/mls/publicGroup"
import { deserializeBundle, serializeBundle } from "../../../../src/core/mls/serializing"
import { SUITE_1 } from "../../../../src/core/mls/suites"
import { checkKeyPackage } from "../../../../src/core/mls/validation"
import { VECTORS, goldenText } from "../../golden"

interface Named {
  readonly data: string
}

type What = "group" | "public_group_proposal" | "public_group_commit" | "found" | "welcome" | "external_join" | "key_package"

/** What goes in: which of these a trial has, `what` says. */
interface Written {
  readonly what: What
  readonly state?: Named
  readonly message?: Named
  readonly group_info?: Named
  readonly ratchet_tree?: Named | null
  readonly welcome?: Named | null
  readonly psk?: Named | null
  readonly pending?: readonly Named[]
  readonly remove_prior?: number | null
  readonly now?: number
}

interface Case {
  readonly name: string
  readonly expect: string
  readonly bad: Written
  readonly good: Written
}

interface NegativeFile {
  readonly data: Readonly<Record<string, string>>
  readonly cases: readonly Case[]
}

/** A trial ready to be made: what the receiver holds before and afterwards, and the attempt itself. */
interface Trial {
  readonly before: Uint8Array | null
  readonly after: () => Uint8Array | null
  readonly attempt: () => unknown
}

export function negativeFiles(): readonly (readonly [string, NegativeFile])[] {
  const names = readdirSync(new URL("mls/negative/", VECTORS)).filter((name) => name.endsWith(".json")).sort()
  return names.map((name) => [name.replace(".json", ""), JSON.parse(goldenText(`mls/negative/${name}`)) as NegativeFile])
}

export function trialOf(written: Written, data: NegativeFile["data"]): Trial {
  const read = (named: Named | null | undefined): Uint8Array | null => (named == null ? null : bytes(named, data))
  return TRIALS[written.what](new Inputs(written, read))
}

function bytes(named: Named, data: NegativeFile["data"]): Uint8Array {
  const hex = data[named.data]
  if (hex === undefined) throw new TypeError("data that the file does not have")
  return decodeHex(hex)
}

class Inputs {
  constructor(private readonly written: Written, private readonly read: (named: Named | null | undefined) => Uint8Array | null) {}

  get state(): Uint8Array { return present(this.read(this.written.state)) }
  get message(): Uint8Array { return present(this.read(this.written.message)) }
  get groupInfo(): Uint8Array { return present(this.read(this.written.group_info)) }
  get ratchetTree(): Uint8Array | null { return this.read(this.written.ratchet_tree) }
  get welcome(): Uint8Array | null { return this.read(this.written.welcome) }
  get pending(): readonly Uint8Array[] { return (this.written.pending ?? []).map((one) => present(this.read(one))) }
  get removePrior(): number | null { return this.written.remove_prior ?? null }
  get now(): number { return present(this.written.now) }

  get psks(): PskLookup {
    const held = this.read(this.written.psk)
    return (wanted) => (wanted.kind === "external" && equal(wanted.pskId, encodeUtf8("psk")) ? held : null)
  }
}

function present<T>(value: T | null | undefined): T {
  if (value == null) throw new TypeError("a trial without what goes into it")
  return value
}

const TRIALS: { readonly [W in What]: (inputs: Inputs) => Trial } = {
  group: ({ state, message, now, psks }) => {
    const group = Group.deserialize(state)
    return { before: state, after: () => group.serialize(), attempt: () => group.receive(message, { now, psks }) }
  },
  public_group_proposal: ({ state, message, now }) => {
    const hub = PublicGroup.deserialize(state)
    return { before: state, after: () => hub.serialize(), attempt: () => hub.receiveProposal(message, now) }
  },
  public_group_commit: ({ state, message, groupInfo, welcome, pending, now }) => {
    const hub = PublicGroup.deserialize(state)
    return { before: state, after: () => hub.serialize(), attempt: () => hub.checkCommit(message, { groupInfo, welcome, pending, now }) }
  },
  found: ({ groupInfo, ratchetTree }) => ({ ...NOBODY, attempt: () => PublicGroup.found(groupInfo, { ratchetTree }) }),
  welcome: ({ state, message, psks }) => {
    const bundle = deserializeBundle(state)
    return { before: state, after: () => serializeBundle(bundle), attempt: () => Group.join(message, bundle, { psks }) }
  },
  external_join: ({ state, groupInfo, removePrior, now }) => {
    const bundle = deserializeBundle(state)
    const { signaturePrivateKey, keyPackage: { leafNode: { credential, capabilities, extensions } } } = bundle
    const own = { signaturePrivateKey, credential, capabilities, extensions, lifetime: { notBefore: 0n, notAfter: 0n } }
    const options = { now, random: (size: number) => new Uint8Array(size).fill(7), removePrior }
    return { before: state, after: () => serializeBundle(bundle), attempt: () => Group.joinExternal(groupInfo, own, options) }
  },
  key_package: ({ message, now }) => ({ ...NOBODY, attempt: () => { checkPublished(message, now) } }),
}

const NOBODY = { before: null, after: () => null }

/** What a directory does with a key package. */
function checkPublished(message: Uint8Array, now: number): void {
  const decoded = decodeMessage(message)
  if (decoded.kind !== "key_package") throw malformed("not a key package")
  checkKeyPackage({ suite: SUITE_1 }, decoded.keyPackage, now)
}
