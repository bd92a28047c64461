/**
 * « Tester ma connexion »: a connection of its own to the hub's echo, which sends back what it hears.
 * In a call with a relay, each way to the relay is tried too.
 */
import type { LineTest, Trouble } from "../../core/model"

const ECHO = "/api/echo"
const GATHER_MS = 2_000
const CONNECT_MS = 8_000
const LISTEN_MS = 5_000
const RELAY_MS = 4_000
const ENOUGH_PACKETS = 50

type Verdict = Extract<LineTest, { kind: "done" }>["verdict"]
type Step = Extract<LineTest, { kind: "running" }>["step"]

const BLOCKED: Trouble = { code: "call.network_blocked", text: "" }

export async function testLine(servers: readonly RTCIceServer[], tell: (test: LineTest) => void): Promise<void> {
  const relays = await testRelays(servers, (step) => { tell({ kind: "running", step }) })
  tell({ kind: "running", step: "echo" })
  tell(conclude(await testEcho(), relays))
}

type Echo = { readonly heard: boolean } | { readonly refused: Trouble }

function conclude(echo: Echo, relays: readonly Step[] | null): LineTest {
  const done = (verdict: Verdict, trouble: Trouble | null = null): LineTest => ({ kind: "done", verdict, trouble })
  if ("refused" in echo) return done(echo.refused.code === "call.network_blocked" ? "blocked" : "busy", echo.refused)
  if (!echo.heard) return relays !== null && relays.length > 0 ? done("relay_only") : done("blocked", BLOCKED)
  return relays !== null && relays.length === 0 ? done("no_relay") : done("good")
}

/** The kinds of relay that answer; null where there is none to try. */
async function testRelays(servers: readonly RTCIceServer[], tell: (step: Step) => void): Promise<readonly Step[] | null> {
  const urls = servers.flatMap((server) => (typeof server.urls === "string" ? [server.urls] : server.urls).map((url) => ({ ...server, urls: url })))
  if (urls.length === 0) return null
  const answering: Step[] = []
  for (const step of ["udp", "tcp", "tls"] as const) {
    const some = urls.filter((server) => stepOf(server.urls) === step)
    if (some.length === 0) continue
    tell(step)
    if (await answers(some)) answering.push(step)
  }
  return answering
}

function stepOf(url: string): Step {
  if (url.startsWith("turns:")) return "tls"
  return url.includes("transport=tcp") ? "tcp" : "udp"
}

async function answers(iceServers: RTCIceServer[]): Promise<boolean> {
  const pc = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" })
  try {
    return await new Promise<boolean>((resolve) => {
      setTimeout(() => { resolve(false) }, RELAY_MS)
      pc.addEventListener("icecandidate", ({ candidate }) => { if (candidate?.type === "relay") resolve(true) })
      pc.createDataChannel("test")
      pc.setLocalDescription().catch(() => { resolve(false) })
    })
  } finally {
    pc.close()
  }
}

async function testEcho(): Promise<Echo> {
  const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" })
  const audio = new AudioContext()
  try {
    const [voice] = spoken(audio).getAudioTracks()
    if (voice !== undefined) pc.addTrack(voice)
    const remote = await ask(await offer(pc))
    if (typeof remote !== "string") return { refused: remote }
    await pc.setRemoteDescription({ type: "answer", sdp: remote })
    return { heard: await hears(pc) }
  } finally {
    pc.close()
    void audio.close()
  }
}

/** Something to send back: the person's own voice is not needed, so no permission is asked. */
function spoken(audio: AudioContext): MediaStream {
  const oscillator = audio.createOscillator()
  const out = audio.createMediaStreamDestination()
  oscillator.connect(out)
  oscillator.start()
  return out.stream
}

async function offer(pc: RTCPeerConnection): Promise<string> {
  const gathered = new Promise<void>((resolve) => {
    setTimeout(resolve, GATHER_MS)
    pc.addEventListener("icegatheringstatechange", () => { if (pc.iceGatheringState === "complete") resolve() })
  })
  await pc.setLocalDescription()
  await gathered
  return pc.localDescription?.sdp ?? ""
}

async function ask(sdp: string): Promise<string | Trouble> {
  try {
    const response = await fetch(ECHO, {
      method: "POST", credentials: "same-origin", headers: { "content-type": "application/json" }, body: JSON.stringify({ sdp }),
    })
    const body: unknown = await response.json()
    const answer = textIn(body, "sdp")
    if (response.ok && answer !== "") return answer
    return { code: textIn(body, "code") || "C_SERVER", text: textIn(body, "detail") }
  } catch {
    return BLOCKED
  }
}

function textIn(body: unknown, name: string): string {
  const value = typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : undefined
  return typeof value === "string" ? value : ""
}

/** Whether two seconds of sound and more came back within the time. */
async function hears(pc: RTCPeerConnection): Promise<boolean> {
  const deadline = Date.now() + CONNECT_MS + LISTEN_MS
  while (Date.now() < deadline && pc.connectionState !== "failed") {
    if (await packets(pc) >= ENOUGH_PACKETS) return true
    await new Promise((resolve) => { setTimeout(resolve, 200) })
  }
  return false
}

async function packets(pc: RTCPeerConnection): Promise<number> {
  let received = 0
  const report = await pc.getStats()
  report.forEach((one: RTCStats) => {
    if (one.type === "inbound-rtp") received += (one as RTCInboundRtpStreamStats).packetsReceived ?? 0
  })
  return received
}
