// Put into every page before its own scripts: keeps the page's connections and sockets, and notes when
// each frame of each picture was shown. Instants are milliseconds since 1970, as Python's are.
(() => {
  const MOST_FRAMES = 50_000
  const MOST_TEXTS = 5_000
  const connections = []
  const sockets = []
  const pictures = new Map()
  const read = []
  const calls = { policy: null, pressed: 0, connections, sockets }
  const now = () => performance.timeOrigin + performance.now()

  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration = {}) {
      super(calls.policy === null ? configuration : { ...configuration, iceTransportPolicy: calls.policy })
      connections.push(this)
    }
  }

  window.WebSocket = class extends WebSocket {
    constructor(...told) {
      super(...told)
      const life = { opened: 0, heard: 0, closed: 0 }
      sockets.push(life)
      this.addEventListener("open", () => { life.opened = now() })
      this.addEventListener("message", () => { life.heard ||= now() })
      this.addEventListener("close", () => { life.closed = now() })
    }
  }

  const watch = (video) => {
    const name = video.getAttribute("aria-label") ?? ""
    if (!pictures.has(name)) pictures.set(name, [])
    const times = pictures.get(name)
    const note = (_, { presentationTime }) => {
      if (times.length < MOST_FRAMES) times.push(performance.timeOrigin + presentationTime)
      video.requestVideoFrameCallback(note)
    }
    video.requestVideoFrameCallback(note)
  }
  const watchAll = (node) => {
    if (read.length < MOST_TEXTS) read.push(node.textContent ?? "")
    if (node instanceof HTMLVideoElement) watch(node)
    else if (node instanceof Element) node.querySelectorAll("video").forEach(watch)
  }
  // Words that change in place are no new node.
  new MutationObserver((changes) => changes.forEach(({ addedNodes, target, type }) => (type === "characterData" ? watchAll(target) : addedNodes.forEach(watchAll))))
    .observe(document, { childList: true, subtree: true, characterData: true })
  addEventListener("click", ({ isTrusted }) => { if (isTrusted) calls.pressed = now() }, true)

  // Whether words stood on the screen, however shortly.
  calls.stood = (words) => read.some((text) => text.includes(words))
  calls.shown = (name) => pictures.get(name) ?? []
  calls.forget = () => pictures.forEach((times) => { times.length = 0 })
  calls.live = () => connections.filter(({ connectionState }) => connectionState === "connected")
  calls.reports = async () => {
    const all = []
    for (const one of calls.live()) all.push(...(await one.getStats()).values())
    return all
  }
  calls.decoded = async () => (await calls.reports())
    .filter(({ type, kind }) => type === "inbound-rtp" && kind === "video")
    .reduce((sum, { framesDecoded }) => sum + framesDecoded, 0)
  calls.sound = async () => (await calls.reports())
    .filter(({ type, kind }) => type === "inbound-rtp" && kind === "audio")
    .reduce((sum, { packetsReceived }) => sum + packetsReceived, 0)
  calls.lost = async () => (await calls.reports())
    .filter(({ type }) => type === "inbound-rtp")
    .reduce((sum, { packetsLost }) => sum + packetsLost, 0)
  // The pair of addresses that media flows between, as [local, remote] candidates.
  calls.paths = async () => {
    const reports = new Map((await calls.reports()).map((one) => [one.id, one]))
    return [...reports.values()].filter(({ type }) => type === "transport").map((transport) => {
      const pair = reports.get(transport.selectedCandidatePairId)
      return [reports.get(pair?.localCandidateId), reports.get(pair?.remoteCandidateId)]
        .map((one) => ({ type: one?.candidateType, address: one?.address, protocol: one?.relayProtocol ?? one?.protocol }))
    })
  }
  // Firefox lets nobody read those of a connection that is closed.
  const descriptions = (one) => {
    try {
      return [one.localDescription, one.remoteDescription]
    } catch {
      return []
    }
  }
  // Everything in any description that must never be found in the server's files.
  calls.secrets = () => {
    const said = connections.flatMap(descriptions)
    const lines = said.flatMap((one) => one?.sdp.split("\r\n") ?? [])
    const kept = ["a=fingerprint:sha-256 ", "a=ice-pwd:"]
    return [...new Set(lines.flatMap((line) => kept.filter((start) => line.startsWith(start)).map((start) => line.slice(start.length))))]
  }
  window.calls = calls
})()
