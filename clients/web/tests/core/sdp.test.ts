import { describe, expect, test } from "vitest"
import { BadShape } from "../../src/core/checks"
import { MAX_SDP_BYTES, fingerprintOf, fits, isCandidate } from "../../src/core/sdp"
import { withoutStrayCodecs } from "../../src/core/strayCodecs"
import { FINGERPRINT, OTHER_FINGERPRINT, anSdp } from "./anSdp"

describe("the fingerprint of a description", () => {
  test("is the one certificate it names, however often", () => {
    expect(fingerprintOf(anSdp([`a=fingerprint:sha-256 ${FINGERPRINT}`]))).toBe(FINGERPRINT)
    expect(fingerprintOf(anSdp([`a=fingerprint:sha-256 ${FINGERPRINT}`, "m=video 9", `a=fingerprint:SHA-256 ${FINGERPRINT.toLowerCase()}`]))).toBe(FINGERPRINT)
  })

  test.each([
    ["none is named", anSdp([])],
    ["two are named", anSdp([`a=fingerprint:sha-256 ${FINGERPRINT}`, `a=fingerprint:sha-256 ${OTHER_FINGERPRINT}`])],
    ["another hash is used", anSdp(["a=fingerprint:sha-1 AA:BB"])],
    ["another hash is used besides", anSdp([`a=fingerprint:sha-256 ${FINGERPRINT}`, `a=fingerprint:sha-512 ${FINGERPRINT}`])],
    ["its name is in capitals", anSdp([`a=FINGERPRINT:sha-256 ${FINGERPRINT}`])],
    ["it is too short", anSdp([`a=fingerprint:sha-256 ${FINGERPRINT.slice(3)}`])],
    ["something follows it", anSdp([`a=fingerprint:sha-256 ${FINGERPRINT} `])],
    ["keys stand in the description itself", anSdp([`a=fingerprint:sha-256 ${FINGERPRINT}`, "a=crypto:1 AES_CM_128 inline:x"])],
    ["a line ends where only some parsers end it", `v=0\r\ns=-\ra=fingerprint:sha-256 ${OTHER_FINGERPRINT}\r\na=fingerprint:sha-256 ${FINGERPRINT}\r\n`],
    ["a line ends without its carriage return", `v=0\na=fingerprint:sha-256 ${FINGERPRINT}\n`],
    ["a line begins with a space", anSdp([` a=fingerprint:sha-256 ${FINGERPRINT}`])],
    ["a character is not ASCII", anSdp([`a=fingerprint:sha-256 ${FINGERPRINT}`, "s=\u2028"])],
    ["it is empty", ""],
  ])("is refused where %s", (_, sdp) => {
    expect(() => fingerprintOf(sdp)).toThrow(BadShape)
  })
})

describe("the bounds of a description", () => {
  test("16 kB fit, one byte more does not", () => {
    expect(fits("x".repeat(MAX_SDP_BYTES))).toBe(true)
    expect(fits("x".repeat(MAX_SDP_BYTES + 1))).toBe(false)
  })
})

describe("a candidate", () => {
  const candidate = "candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host generation 0 ufrag abcd"

  test.each([candidate, ""])("is one line or the end of them: %j", (line) => {
    expect(isCandidate({ candidate: line, sdpMid: "0", sdpMLineIndex: 0 })).toBe(true)
  })

  test.each([
    ["a second line", { candidate: `${candidate}\r\na=fingerprint:sha-256 ${FINGERPRINT}` }],
    ["more than 512 characters", { candidate: `candidate:${"1".repeat(512)}` }],
    ["another attribute", { candidate: "fingerprint:sha-256" }],
    ["a line for a medium that cannot be", { sdpMLineIndex: 16 }],
    ["a name of a medium in two lines", { sdpMid: "0\r\n" }],
  ])("is refused with %s", (_, changed) => {
    expect(isCandidate({ candidate, sdpMid: "0", sdpMLineIndex: 0, ...changed })).toBe(false)
  })
})

describe("one's own description", () => {
  const offered = ["m=audio 9 UDP/TLS/RTP/SAVPF 109", "a=rtpmap:109 opus/48000/2", "a=rtcp-fb:109 transport-cc"]
  const picture = ["m=video 0 UDP/TLS/RTP/SAVPF 120 124", "a=fmtp:124 apt=120", "a=rtcp-fb:120 nack pli"]

  test("loses what Firefox says of codecs that it does not offer", () => {
    const strays = ["a=rtcp-fb:99 nack", "a=rtpmap:109 of-another-medium/1", "a=fmtp:121 x"]

    expect(withoutStrayCodecs(anSdp([...offered, ...picture, ...strays]))).toBe(anSdp([...offered, ...picture]))
  })

  test("is otherwise the same, to the last line", () => {
    const whole = anSdp([`a=fingerprint:sha-256 ${FINGERPRINT}`, ...offered, ...picture, "a=rtcp-fb:* ccm tmmbr", "a=mid:1"])

    expect(withoutStrayCodecs(whole)).toBe(whole)
  })
})
