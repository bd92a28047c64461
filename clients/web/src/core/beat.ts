/** What two browsers tell each other directly, a few times a second: that they are there, and what they send. */

export interface Beat {
  readonly mic: boolean
  readonly cam: boolean
  /** « Écrire en grand », or "". */
  readonly text: string
  /** The picture is left out so that the sound comes through. */
  readonly lean: boolean
}

export const MAX_BIG_TEXT = 280
const MAX_LENGTH = 1_024

export function encodeBeat({ mic, cam, text, lean }: Beat): string {
  return JSON.stringify({ t: "beat", mic, cam, text: shown(text), lean })
}

/** Words alone: control characters take six each and say nothing, others would turn what stands around them. */
function shown(text: string): string {
  return text.replace(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/gu, " ").replace(/\n{3,}/g, "\n\n").slice(0, MAX_BIG_TEXT)
}

/** Null where it is none. */
export function decodeBeat(data: string): Beat | null {
  if (data.length > MAX_LENGTH) return null
  const value = parsed(data)
  if (typeof value !== "object" || value === null || !("t" in value) || value.t !== "beat") return null
  const flagOf = (name: "mic" | "cam" | "lean"): boolean => name in value && (value as Record<string, unknown>)[name] === true
  const text = "text" in value && typeof value.text === "string" ? shown(value.text) : ""
  return { mic: flagOf("mic"), cam: flagOf("cam"), lean: flagOf("lean"), text }
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return null
  }
}
