// Put into the page of a member whose client is not ours: what it asks its own worker to sign and
// encrypt passes through `calls.forge`, which returns the signals to send instead.
(() => {
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
  const digits = () => Array.from(crypto.getRandomValues(new Uint8Array(32)), (one) => one.toString(16).padStart(2, "0").toUpperCase()).join(":")
  const once = (change) => {
    calls.forge = (signal) => {
      if (signal.sdp === null) return [signal]
      calls.forge = null
      return change(signal)
    }
  }
  const FINGERPRINT = /a=fingerprint:sha-256 [0-9A-F:]+/g
  // Of the next offer or answer.
  calls.forgeries = {
    second_fingerprint: () => once((signal) => [{ ...signal, sdp: `${signal.sdp}a=fingerprint:sha-256 ${digits()}\r\n` }]),
    second_certificate: () => once((signal) => [signal, { ...signal, sdp: signal.sdp.replace(FINGERPRINT, `a=fingerprint:sha-256 ${digits()}`) }]),
    out_of_role: () => once((signal) => [{ ...signal, type: signal.type === "offer" ? "answer" : "offer" }, signal]),
  }
})()
