/** The bytes of every statement and structure, as Python writes and reads them: `tests/vectors/policy/statements.json`. */
import { describe, expect, test } from "vitest"
import { decodeHex, encodeHex } from "../../../src/core/bytes"
import { decodeAuthenticatedData, encodeAuthenticatedData, type AuthenticatedData } from "../../../src/core/mls/authenticatedData"
import {
  decodeCommitData, decodeDelegations, decodePolicy, decodeRecord, encodeCommitData, encodeDelegations, encodePolicy, encodeRecord,
} from "../../../src/core/policy/conversation"
import { decodeCoSigned, encodeCoSigned } from "../../../src/core/policy/cosigned"
import { CREDENTIAL_TYPE, credentialOf, partsOf } from "../../../src/core/policy/identity"
import { decodeJustification, encodeJustification } from "../../../src/core/policy/removal"
import * as statements from "../../../src/core/policy/statements"
import { UnverifiedStatement, digestOf, signStatement, unsignedStatement, type Statement } from "../../../src/core/policy/statements"
import { expectRefusal, goldenText } from "../golden"

interface Golden {
  readonly seed: string
  readonly public_key: string
  readonly statements: readonly { readonly kind: string; readonly label: string; readonly fields: object; readonly digest: string;
    readonly signed: string; readonly unsigned: string }[]
  readonly structures: readonly { readonly kind: string; readonly fields: object; readonly bytes: string }[]
  readonly refused: readonly { readonly kind: string; readonly name: string; readonly bytes: string }[]
}

interface Structure {
  readonly decode: (bytes: Uint8Array) => unknown
  readonly encode: (value: never) => Uint8Array
}

const GOLDEN = JSON.parse(goldenText("policy/statements.json")) as Golden
const STATEMENTS = new Map(Object.values<unknown>(statements)
  .filter((one): one is Statement<unknown> => typeof one === "object" && one !== null && "label" in one)
  .map((kind) => [kind.label.replace("Colloque 1 ", ""), kind]))
const structure = <T>(decode: (bytes: Uint8Array) => T, encode: (value: T) => Uint8Array): Structure => ({ decode, encode })
const STRUCTURES = new Map<string, Structure>([
  ["CredentialParts", structure((content) => partsOf({ type: CREDENTIAL_TYPE, content }), (parts) => credentialOf(parts).content)],
  ["ConversationPolicy", structure(decodePolicy, encodePolicy)],
  ["DelegationRecord", structure(decodeRecord, encodeRecord)],
  ["Delegations", structure(decodeDelegations, encodeDelegations)],
  ["CommitData", structure(decodeCommitData, encodeCommitData)],
  ["RemoveJustification", structure(decodeJustification, encodeJustification)],
  ["CoSigned", structure(decodeCoSigned, encodeCoSigned)],
  ["AuthenticatedData", structure(decodeAuthenticatedData, encodeAuthenticatedData)],
])

/** What a value says, in Python's names. */
function told(value: unknown): unknown {
  if (value instanceof Uint8Array) return encodeHex(value)
  if (Array.isArray(value)) return value.map(told)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), told(one)]))
}

/** TypeScript keeps together what Python keeps apart: for whom, under what, by which version. */
function toldOfData({ acting, signal, ...data }: AuthenticatedData): unknown {
  const type = signal && ["offer", "answer", "candidates"].indexOf(signal.type) + 1
  const { for: actingFor, delegation, version } = acting ?? { for: new Uint8Array(), delegation: new Uint8Array(), version: 0 }
  return told({ ...data, actingFor, delegation, delegationVersion: version, signal: signal && { ...signal, type } })
}

function kindOf(name: string): Statement<unknown> {
  const kind = STATEMENTS.get(name)
  if (kind === undefined) throw new Error(`a statement that nobody reads: ${name}`)
  return kind
}

function structureOf(name: string): Structure {
  const found = STRUCTURES.get(name)
  if (found === undefined) throw new Error(`a structure that nobody reads: ${name}`)
  return found
}

describe("a golden statement", () => {
  test.each(GOLDEN.statements.map((one) => [one.kind, one] as const))("is read, believed and written again: %s", (_, golden) => {
    const kind = kindOf(golden.kind)
    const came = UnverifiedStatement.decode(kind, decodeHex(golden.signed))

    const said = came.verify(decodeHex(GOLDEN.public_key))

    expect(told(said)).toEqual(golden.fields)
    expect(kind.label).toBe(golden.label)
    expect(encodeHex(signStatement(kind, said, decodeHex(GOLDEN.seed)))).toBe(golden.signed)
    expect(encodeHex(unsignedStatement(kind, said))).toBe(golden.unsigned)
    expect(encodeHex(digestOf(kind, said))).toBe(golden.digest)
  })

  test("is there of each kind", () => {
    expect(new Set(GOLDEN.statements.map(({ kind }) => kind))).toEqual(new Set(STATEMENTS.keys()))
  })
})

describe("a golden structure", () => {
  test.each(GOLDEN.structures.map((one) => [one.kind, one] as const))("is read and written again: %s", (_, { kind, bytes, fields }) => {
    const { decode, encode } = structureOf(kind)
    const read = decode(decodeHex(bytes))

    expect(kind === "AuthenticatedData" ? toldOfData(read as AuthenticatedData) : told(read)).toEqual(fields)
    expect(encodeHex(encode(read as never))).toBe(bytes)
  })
})

describe("bytes with a fault", () => {
  test.each(GOLDEN.refused.map((one) => [one.name, one] as const))("are refused: %s", (_, { kind, bytes }) => {
    const statement = STATEMENTS.get(kind)

    expectRefusal(() => statement ? UnverifiedStatement.decode(statement, decodeHex(bytes)) : structureOf(kind).decode(decodeHex(bytes)), "malformed_input")
  })

  test("are there of every statement and structure", () => {
    expect(new Set(GOLDEN.refused.map(({ kind }) => kind))).toEqual(new Set([...STATEMENTS.keys(), ...STRUCTURES.keys()]))
  })
})
