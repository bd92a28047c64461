/** Bytes and their spellings. Every decoder here accepts exactly one spelling of a value. */
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js"
import { malformed } from "./errors"

const BASE64_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const HEX = /^(?:[0-9a-f]{2})*$/
const LONE_SURROGATE = /\p{Surrogate}/u

export const encodeHex = bytesToHex
export const concat: (...parts: readonly Uint8Array[]) => Uint8Array = concatBytes

/** What may be the arguments of one call. */
const SHORT = 1024

/** Read lower-case hexadecimal. */
export function decodeHex(text: string): Uint8Array {
  if (!HEX.test(text)) throw malformed("not hexadecimal")
  return hexToBytes(text)
}

/** Compare without telling, by the time it takes, where two values differ. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  a.forEach((byte, i) => {
    difference |= byte ^ (b[i] ?? 0)
  })
  return difference === 0
}

/** Write UTF-8; refuse half a surrogate pair, which would become a replacement character. */
export function encodeUtf8(text: string): Uint8Array {
  if (LONE_SURROGATE.test(text)) throw malformed("half of a surrogate pair")
  return utf8ToBytes(text)
}

/** Read UTF-8; what is none is refused, not replaced. (The core is compiled without TextDecoder.) */
export function decodeUtf8(bytes: Uint8Array): string {
  if (bytes.length < SHORT && bytes.every((byte) => byte < 128)) return String.fromCharCode(...bytes)
  try {
    return decodeURIComponent(encodeHex(bytes).replace(/../g, "%$&"))
  } catch {
    throw malformed("not UTF-8")
  }
}

/** Write base64 with padding (RFC 4648, section 4). */
export function encodeBase64(data: Uint8Array): string {
  let text = ""
  for (let i = 0; i < data.length; i += 3) {
    const [a = 0, b = 0, c = 0] = data.subarray(i, i + 3)
    const bits = (a << 16) | (b << 8) | c
    for (const shift of [18, 12, 6, 0]) text += BASE64_ALPHABET.charAt((bits >> shift) & 63)
  }
  const padding = (3 - (data.length % 3)) % 3
  return text.slice(0, text.length - padding) + "=".repeat(padding)
}

/** Read base64; refuse white space, missing padding and stray low bits. */
export function decodeBase64(text: string): Uint8Array {
  if (!BASE64.test(text)) throw malformed("not base64")
  const digits = text.replace(/=+$/, "")
  const data = new Uint8Array(Math.floor((digits.length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (const digit of digits) {
    bits = ((bits << 6) | BASE64_ALPHABET.indexOf(digit)) & 0xffff
    held += 6
    if (held >= 8) {
      held -= 8
      data[at++] = (bits >> held) & 0xff
    }
  }
  if (encodeBase64(data) !== text) throw malformed("base64, but not in its canonical form")
  return data
}
