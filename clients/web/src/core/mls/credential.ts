/**
 * Credentials (RFC 9420, 5.3). Both kinds the RFC defines are one vector, and so are the private ones
 * of every implementation we know: an unknown kind is carried as it came.
 */
import { BYTES, U16, struct, type Codec } from "./codec"
import { Reader } from "./encoding"

export const BASIC = 1
export const X509 = 2

export interface Credential {
  readonly type: number
  /** Of a basic credential, the identity. */
  readonly content: Uint8Array
}

const PLAIN = struct<Credential>({ type: U16, content: BYTES })

export const CREDENTIAL: Codec<Credential> = {
  encode: (value) => PLAIN.encode(value),
  read: (reader) => {
    const credential = PLAIN.read(reader)
    if (credential.type === X509) checkCertificates(credential.content)
    return credential
  },
}

function checkCertificates(content: Uint8Array): void {
  for (const reader = new Reader(content); !reader.ended;) reader.opaque()
}

export function basicCredential(identity: Uint8Array): Credential {
  return { type: BASIC, content: identity }
}
