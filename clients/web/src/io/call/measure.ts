/** From two counts of a connection to what happened between them. */
import type { Measured, Room } from "../../core/quality"
import { selectedPair } from "./peer"

interface Totals {
  readonly received: number
  readonly lost: number
}

export class Meter {
  #before: Totals = { received: 0, lost: 0 }

  /** What came in since the last time. */
  measure(report: RTCStatsReport): Measured {
    const inbound = all(report, "inbound-rtp") as readonly RTCInboundRtpStreamStats[]
    const now = {
      received: inbound.reduce((sum, one) => sum + (one.packetsReceived ?? 0), 0),
      lost: inbound.reduce((sum, one) => sum + Math.max(0, one.packetsLost ?? 0), 0),
    }
    const received = now.received - this.#before.received
    const lost = Math.max(0, now.lost - this.#before.lost)
    this.#before = now
    const audio = inbound.find((one) => one.kind === "audio")
    const video = inbound.find((one) => one.kind === "video" && (one.framesDecoded ?? 0) > 0)
    return {
      loss: received + lost > 0 ? lost / (received + lost) : null,
      jitter: audio?.jitter ?? null,
      roundTrip: selectedPair(report)?.currentRoundTripTime ?? null,
      framesPerSecond: video?.framesPerSecond ?? null,
    }
  }

  /** What this side can send. */
  room(report: RTCStatsReport): Room {
    const told = all(report, "remote-inbound-rtp") as readonly (RTCStats & { readonly fractionLost?: number })[]
    const shares = told.flatMap((one) => (one.fractionLost === undefined ? [] : [one.fractionLost]))
    return {
      available: selectedPair(report)?.availableOutgoingBitrate ?? null,
      lost: shares.length > 0 ? Math.max(...shares) : null,
    }
  }
}

function all(report: RTCStatsReport, type: RTCStatsType): readonly RTCStats[] {
  const found: RTCStats[] = []
  report.forEach((one: RTCStats) => { if (one.type === type) found.push(one) })
  return found
}
