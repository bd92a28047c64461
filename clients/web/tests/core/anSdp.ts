/** Session descriptions for tests. */

const byte = (i: number): string => i.toString(16).padStart(2, "0").toUpperCase()
export const FINGERPRINT = Array.from({ length: 32 }, (_, i) => byte(i)).join(":")
export const OTHER_FINGERPRINT = Array.from({ length: 32 }, (_, i) => byte(255 - i)).join(":")

export function anSdp(lines: readonly string[]): string {
  return ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", ...lines, ""].join("\r\n")
}

/** As a browser makes it, with one certificate. */
export function aDescription(fingerprint: string = FINGERPRINT): string {
  return anSdp(["m=audio 9 UDP/TLS/RTP/SAVPF 111", `a=fingerprint:sha-256 ${fingerprint}`, "a=setup:actpass"])
}
