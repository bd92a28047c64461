import { describe, expect, test } from "vitest"
import { BadShape } from "../../src/core/checks"
import { MAX_SDP_BYTES, fingerprintOf, fits, isCandidate, isOrdinary } from "../../src/core/sdp"
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

describe("a description of a call", () => {
  const audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111 126"
  const video = "m=video 9 UDP/TLS/RTP/SAVPF 96 97"
  const channel = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"
  const way = "a=candidate:1 1 udp 1 192.0.2.1 5 typ host"

  test.each([
    [[audio]], [[audio, video]], [[audio, way, video, channel]], [["m=audio 0 UDP/TLS/RTP/SAVPF 0", video.replace("UDP", "TCP")]],
  ])("is ordinary with %j", (lines) => {
    expect(isOrdinary(anSdp(lines))).toBe(true)
  })

  test.each([
    ["a second picture", [audio, video, video]],
    ["a second sound", [audio, audio]],
    ["a second channel", [audio, video, channel, channel]],
    ["what is not encrypted", ["m=audio 9 RTP/AVP 0"]],
    ["what is encrypted by keys in the description", ["m=video 9 RTP/SAVPF 96"]],
    ["a channel without encryption", ["m=application 9 SCTP 5000"]],
    ["something else", [audio, "m=image 9 udptl t38"]],
    ["a medium of no format", ["m=audio 9 UDP/TLS/RTP/SAVPF "]],
    ["a way by a name", [audio, "a=candidate:1 1 udp 1 beacon.example 5 typ host"]],
    ["a way written otherwise", [audio, "a=CANDIDATE:1 1 udp 1 beacon.example 5 typ host"]],
    ["a way that is none", [audio, "a=candidate:"]],
  ])("is not with %s", (_, lines) => {
    expect(isOrdinary(anSdp(lines))).toBe(false)
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

  test.each([
    candidate, "",
    // As browsers say them: Chromium, Firefox, their hidden names, IPv6, a relay, and TCP outward.
    "candidate:3498480650 1 udp 2122260223 10.77.0.1 47313 typ host generation 0 ufrag 9qAL network-id 1 network-cost 50",
    "candidate:0 1 UDP 2122252543 192.0.2.7 38204 typ host",
    "candidate:842163049 1 udp 1677729535 198.51.100.4 61000 typ srflx raddr 0.0.0.0 rport 0 generation 0 ufrag abcd network-cost 999",
    "candidate:1 1 udp 2113937151 4a56e4a5-2b0c-4b4f-9a5e-0f6d3a1b2c3d.local 50000 typ host generation 0 ufrag abcd network-cost 999",
    "candidate:2 1 udp 2122262783 2001:db8::a1:5 50000 typ host generation 0",
    "candidate:2 1 udp 41885439 ::ffff:192.0.2.9 50000 typ relay raddr 192.0.2.1 rport 50000 generation 0",
    "candidate:344579997 1 tcp 1518280447 10.77.0.1 9 typ host tcptype active generation 0 ufrag 9qAL network-id 1",
    "candidate:1 1 TCP 2105524479 192.0.2.7 9 typ host tcptype active",
  ])("is one line or the end of them: %j", (line) => {
    expect(isCandidate({ candidate: line, sdpMid: "0", sdpMLineIndex: 0 })).toBe(true)
  })

  test.each([
    ["a second line", { candidate: `${candidate}\r\na=fingerprint:sha-256 ${FINGERPRINT}` }],
    ["more than 512 characters", { candidate: `candidate:${"1".repeat(512)}` }],
    ["another attribute", { candidate: "fingerprint:sha-256" }],
    ["a line for a medium that cannot be", { sdpMLineIndex: 16 }],
    ["a name of a medium in two lines", { sdpMid: "0\r\n" }],
    ["a name that somebody would be asked for", { candidate: candidate.replace("192.0.2.1", "beacon.example") }],
    ["a name in another network", { candidate: candidate.replace("192.0.2.1", `${"a".repeat(56)}.onion`) }],
    ["a name of this network that is no browser's", { candidate: candidate.replace("192.0.2.1", "printer.local") }],
    ["a way by TCP that waits to be called", { candidate: `${candidate.replace("udp", "tcp")} tcptype passive` }],
    ["a way by TCP of two kinds", { candidate: `${candidate.replace("udp", "tcp")} tcptype active tcptype passive` }],
    ["a way by TCP of no kind", { candidate: candidate.replace("udp", "tcp") }],
    ["a way by TLS", { candidate: candidate.replace("udp", "ssltcp") }],
    ["a port that is none", { candidate: candidate.replace("50000", "500000") }],
    ["a third component", { candidate: candidate.replace(" 1 udp", " 3 udp") }],
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
