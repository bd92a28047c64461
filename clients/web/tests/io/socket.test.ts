import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import type { LinkState } from "../../src/core/link"
import { Socket } from "../../src/io/socket"

class FakeSocket {
  static readonly OPEN = 1
  static readonly made: FakeSocket[] = []
  readyState = 1
  binaryType = ""
  readonly sent: Uint8Array[] = []
  closed = false
  readonly #heard = new Map<string, (event: unknown) => void>()

  constructor(readonly url: string, readonly protocols: readonly string[]) {
    FakeSocket.made.push(this)
  }

  addEventListener(kind: string, hear: (event: unknown) => void): void {
    this.#heard.set(kind, hear)
  }

  happens(kind: string, event: unknown = {}): void {
    this.#heard.get(kind)?.(event)
  }

  send(data: Uint8Array): void {
    this.sent.push(data)
  }

  close(): void {
    this.closed = true
  }
}

interface Scene {
  readonly socket: Socket
  readonly states: LinkState["kind"][]
  readonly told: string[]
}

function aSocket(): Scene {
  const states: LinkState["kind"][] = []
  const told: string[] = []
  const socket = new Socket("ws://claire.localhost/ws", {
    connected: () => told.push("connected"), disconnected: () => told.push("disconnected"),
    frame: (data) => told.push(`frame ${data.join(",")}`), state: (state) => states.push(state.kind),
  })
  return { socket, states, told }
}

function last(): FakeSocket {
  const made = FakeSocket.made.at(-1)
  if (made === undefined) throw new Error("no socket was opened")
  return made
}

beforeEach(() => {
  FakeSocket.made.length = 0
  vi.useFakeTimers()
  vi.stubGlobal("WebSocket", FakeSocket)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe("the socket", () => {
  test("speaks colloque.v1, and is online only once welcomed", () => {
    const { socket, states, told } = aSocket()
    socket.start()
    last().happens("open")
    expect(last().protocols).toEqual(["colloque.v1"])
    expect(states).toEqual(["connecting"])

    socket.welcomed()
    last().happens("message", { data: Uint8Array.of(1, 2).buffer })

    expect(states).toEqual(["connecting", "online"])
    expect(told).toEqual(["connected", "frame 1,2"])
  })

  test("comes back by itself after a break", () => {
    const { socket, states, told } = aSocket()
    socket.start()
    last().happens("close", { code: 1006 })
    expect(states).toEqual(["connecting", "waiting"])

    vi.advanceTimersByTime(10_000)

    expect(FakeSocket.made).toHaveLength(2)
    expect(told).toEqual(["disconnected"])
  })

  test("comes back at once when hurried, and not twice", () => {
    const { socket } = aSocket()
    socket.start()
    last().happens("close", { code: 1006 })

    socket.hurry()
    socket.hurry()

    expect(FakeSocket.made).toHaveLength(2)
  })

  test.each([[4401, "stopped"], [4403, "stopped"], [4409, "stopped"], [1009, "stopped"], [4500, "waiting"]] as const)("after %i it is %s", (code, kind) => {
    const { socket, states } = aSocket()
    socket.start()
    last().happens("close", { code })

    expect(states.at(-1)).toBe(kind)
  })

  test("hears nothing more from a connection it left", () => {
    const { socket, told } = aSocket()
    socket.start()
    const old = last()
    socket.welcomed()
    socket.drop()
    old.happens("message", { data: Uint8Array.of(9).buffer })
    old.happens("close", { code: 4409 })

    expect(old.closed).toBe(true)
    expect(told).toEqual(["disconnected"])
  })

  test("gives up a connection whose hello is never answered", () => {
    const { socket, states } = aSocket()
    socket.start()
    last().happens("open")

    vi.advanceTimersByTime(10_000)

    expect(states).toContain("waiting")
  })

  test("waits as long as a restarting hub says", () => {
    const { socket, states } = aSocket()
    socket.start()
    socket.welcomed()
    socket.restart(3_000)
    vi.advanceTimersByTime(2_999)
    expect(FakeSocket.made).toHaveLength(1)

    vi.advanceTimersByTime(1)

    expect(FakeSocket.made).toHaveLength(2)
    expect(states).toEqual(["connecting", "online", "waiting", "connecting"])
  })

  test("a stopped one stays stopped until it is started again", () => {
    const { socket } = aSocket()
    socket.start()
    socket.stop("other_tab")
    socket.hurry()
    vi.advanceTimersByTime(60_000)
    expect(FakeSocket.made).toHaveLength(1)

    socket.start()

    expect(FakeSocket.made).toHaveLength(2)
  })
})
