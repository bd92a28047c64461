/** Extensions (RFC 9420, 13): those we know have codecs; the others are carried as they came. */
import { BYTES, U16, decode, listOf, struct, type Codec } from "./codec"
import { CREDENTIAL, type Credential } from "./credential"
import { InvalidTree } from "./errors"

export const APPLICATION_ID = 1
export const RATCHET_TREE = 2
export const REQUIRED_CAPABILITIES = 3
export const EXTERNAL_PUB = 4
export const EXTERNAL_SENDERS = 5
const LAST_DEFAULT = 5

export interface Extension {
  readonly type: number
  readonly data: Uint8Array
}

export interface RequiredCapabilities {
  readonly extensionTypes: readonly number[]
  readonly proposalTypes: readonly number[]
  readonly credentialTypes: readonly number[]
}

export interface ExternalSender {
  readonly signatureKey: Uint8Array
  readonly credential: Credential
}

export const EXTENSIONS = listOf(struct<Extension>({ type: U16, data: BYTES }))

const TYPES = listOf(U16)
const REQUIRED = struct<RequiredCapabilities>({ extensionTypes: TYPES, proposalTypes: TYPES, credentialTypes: TYPES })
const SENDERS = listOf(struct<ExternalSender>({ signatureKey: BYTES, credential: CREDENTIAL }))
const ANYTHING: RequiredCapabilities = { extensionTypes: [], proposalTypes: [], credentialTypes: [] }

/** What everybody supports without saying so (RFC 9420, 7.2). */
export function isDefaultExtension(type: number): boolean {
  return type >= APPLICATION_ID && type <= LAST_DEFAULT
}

export function findExtension(extensions: readonly Extension[], type: number): Uint8Array | null {
  return extensions.find((one) => one.type === type)?.data ?? null
}

function read<T>(extensions: readonly Extension[], type: number, codec: Codec<T>): T | null {
  const data = findExtension(extensions, type)
  return data === null ? null : decode(codec, data)
}

export function requiredCapabilities(extensions: readonly Extension[]): RequiredCapabilities {
  return read(extensions, REQUIRED_CAPABILITIES, REQUIRED) ?? ANYTHING
}

export function externalSenders(extensions: readonly Extension[]): readonly ExternalSender[] {
  return read(extensions, EXTERNAL_SENDERS, SENDERS) ?? []
}

/** The key with which a group can be joined from outside: an opaque inside the opaque. */
export function externalPub(extensions: readonly Extension[]): Uint8Array | null {
  return read(extensions, EXTERNAL_PUB, BYTES)
}

export function requiredCapabilitiesExtension(required: RequiredCapabilities): Extension {
  return { type: REQUIRED_CAPABILITIES, data: REQUIRED.encode(required) }
}

export function externalSendersExtension(senders: readonly ExternalSender[]): Extension {
  return { type: EXTERNAL_SENDERS, data: SENDERS.encode(senders) }
}

export function externalPubExtension(publicKey: Uint8Array): Extension {
  return { type: EXTERNAL_PUB, data: BYTES.encode(publicKey) }
}

/** RFC 9420, 13.4: at most one of each type. What means nothing where it stands is not looked into. */
export function checkDistinctExtensions(extensions: readonly Extension[]): void {
  const types = extensions.map(({ type }) => type)
  if (new Set(types).size !== types.length) throw new InvalidTree("duplicate_extension", "one type of extension twice")
}

/** Extensions of the group context: none twice, and what we know must read. */
export function checkContextExtensions(extensions: readonly Extension[]): void {
  checkDistinctExtensions(extensions)
  requiredCapabilities(extensions)
  externalSenders(extensions)
  externalPub(extensions)
}
