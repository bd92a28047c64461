/** What is left out of one's own session description. Apart from what checks one that came: the page needs no more. */

const PAYLOAD = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /

/**
 * Return one's own description without what it says of codecs that it does not offer. Firefox leaves
 * such lines behind where codecs were chosen (153 ESR, `a=rtcp-fb`), and Chromium refuses them.
 */
export function withoutStrayCodecs(sdp: string): string {
  let offered: ReadonlySet<string> = new Set()
  return sdp.split("\r\n").filter((line) => {
    if (line.startsWith("m=")) offered = new Set(line.split(" ").slice(3))
    const payload = PAYLOAD.exec(line)?.[1]
    return payload === undefined || offered.has(payload)
  }).join("\r\n")
}
