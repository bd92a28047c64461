// Put into the page of a member whose client is not ours: what it asks its own worker to sign and
// encrypt passes through `calls.forge`, which returns the signals to send instead.
(() => {
  // A page from nowhere, as every tab begins.
  if (navigator.mediaDevices === undefined) return
  const post = Worker.prototype.postMessage
  let ids = 1_000_000
  calls.forge = null
  Worker.prototype.postMessage = function (message, ...rest) {
    if (message?.name !== "signal" || calls.forge === null) return post.call(this, message, ...rest)
    for (const forged of calls.forge(message.args[0])) {
      const own = forged === message.args[0]
      post.call(this, own ? message : { ...message, id: ids++, args: [forged] })
    }
  }
  // Everything a browser ever handed over, to see whether it was let go.
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  calls.tracks = []
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await ask(wanted)
    calls.tracks.push(...stream.getTracks())
    return stream
  }
  const digits = () => Array.from(crypto.getRandomValues(new Uint8Array(32)), (one) => one.toString(16).padStart(2, "0").toUpperCase()).join(":")
  const once = (change) => {
    calls.forge = (signal) => {
      if (signal.sdp === null) return [signal]
      calls.forge = null
      return change(signal)
    }
  }
  const FINGERPRINT = /a=fingerprint:sha-256 [0-9A-F:]+/g
  const with_line = (line) => () => once((signal) => [{ ...signal, sdp: `${signal.sdp}${line}\r\n` }])
  // Of the next offer or answer.
  calls.forgeries = {
    second_picture: with_line("m=video 9 UDP/TLS/RTP/SAVPF 96"),
    unencrypted_sound: with_line("m=audio 9 RTP/AVP 0"),
    name_to_ask: with_line("a=candidate:1 1 udp 1 beacon.example 9 typ host"),
    keys_in_the_description: with_line("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA"),
    bare_line_feed: with_line("a=x:\na=fingerprint:sha-256 00"),
    no_fingerprint: () => once((signal) => [{ ...signal, sdp: signal.sdp.replaceAll(/a=fingerprint:.*\r\n/g, "") }]),
    second_fingerprint: () => once((signal) => [{ ...signal, sdp: `${signal.sdp}a=fingerprint:sha-256 ${digits()}\r\n` }]),
    second_certificate: () => once((signal) => [signal, { ...signal, sdp: signal.sdp.replace(FINGERPRINT, `a=fingerprint:sha-256 ${digits()}`) }]),
    out_of_role: () => once((signal) => [{ ...signal, type: signal.type === "offer" ? "answer" : "offer" }, signal]),
  }
})()
