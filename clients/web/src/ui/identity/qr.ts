/** A QR code as one path of an SVG: no canvas, no image, nothing the content policy forbids. */
import { encode } from "uqr"

export interface Squares {
  readonly size: number
  readonly path: string
}

export function squares(text: string): Squares {
  const { data, size } = encode(text, { ecc: "M", border: 0 })
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join("")
  return { size, path }
}
