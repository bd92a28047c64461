// Put into a page before its own scripts: the test can send a frame of its own over the page's own
// connection, under its session and device, and reads what the hub answers to it.
(() => {
  const wire = { socket: null, heard: [], closed: [] }
  const Plain = window.WebSocket
  const base64 = (data) => btoa(Array.from(new Uint8Array(data), (one) => String.fromCharCode(one)).join(""))
  window.WebSocket = class extends Plain {
    constructor(...told) {
      super(...told)
      wire.socket = this
      this.addEventListener("message", ({ data }) => {
        if (wire.heard.length < 20_000 && data instanceof ArrayBuffer) wire.heard.push(base64(data))
      })
      this.addEventListener("close", ({ code }) => { wire.closed.push(code) })
    }
  }
  wire.send = (data) => {
    wire.socket.send(Uint8Array.from(atob(data), (one) => one.charCodeAt(0)))
  }
  // Screens know days; a test has seconds. What the patient signs next ends so many milliseconds from then.
  wire.lasts = null
  const post = Worker.prototype.postMessage
  Worker.prototype.postMessage = function (message, ...rest) {
    const draft = message?.args?.[0]
    if (wire.lasts === null || draft?.notAfter === undefined) return post.call(this, message, ...rest)
    return post.call(this, { ...message, args: [{ ...draft, notAfter: Date.now() + wire.lasts }, ...message.args.slice(1)] }, ...rest)
  }
  window.wire = wire
})()
