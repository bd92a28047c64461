/**
 * The number that both screens show, drawn from the group's own secrets: six groups of five digits,
 * about 100 bits. Words or fewer digits could be ground until two middlemen's codes agree.
 */

export const CODE_BYTES = 32
const GROUPS = 6
const GROUP_BYTES = 5
const GROUP_VALUES = 100_000

/** Return the 30 digits of 32 exported bytes. */
export function callCode(exported: Uint8Array): string {
  if (exported.length !== CODE_BYTES) throw new RangeError("a code is drawn from 32 bytes")
  return Array.from({ length: GROUPS }, (_, i) => group(exported.subarray(GROUP_BYTES * i, GROUP_BYTES * (i + 1)))).join(" ")
}

// 2^40 values onto 10^5: the bias is below one in ten million.
function group(bytes: Uint8Array): string {
  const value = bytes.reduce((total, byte) => total * 256 + byte, 0)
  return String(value % GROUP_VALUES).padStart(5, "0")
}
