/** Entry v1 of the audit log, as a client reads it; the stored bytes are what is hashed. */
import { BadShape, anyMap, count, oneOf, optional, shape, text, type Check } from "./checks"

export interface LogEntry {
  readonly type: string
  /** Microseconds. */
  readonly ts: number
  readonly seq: number
  readonly class: "care" | "technical"
  readonly actor: { readonly person: string; readonly role: string; readonly device: string | null }
  readonly conversation: string | null
  readonly conversation_entry: number | null
  readonly decision: { readonly effect: "permit" | "deny"; readonly rule: string }
  readonly object: { readonly ciphertext: string; readonly franking_tag: string | null; readonly message: string | null } | null
  /** What the act led to, by its type. */
  readonly outcome: Readonly<Record<string, unknown>> | null
}

const check: Check<LogEntry> = shape<LogEntry>({
  type: text, ts: count, seq: count, class: oneOf("care", "technical"),
  actor: shape<LogEntry["actor"]>({ person: text, role: text, device: optional(text) }),
  conversation: optional(text), conversation_entry: optional(count),
  decision: shape<LogEntry["decision"]>({ effect: oneOf("permit", "deny"), rule: text }),
  object: optional(shape<NonNullable<LogEntry["object"]>>({
    ciphertext: text, franking_tag: optional(text), message: optional(text),
  })),
  outcome: optional(anyMap),
})

/** The stored bytes as text; canonical JSON is UTF-8. */
export function entryText(entry: Uint8Array): string {
  try {
    return decodeURIComponent(Array.from(entry, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""))
  } catch {
    throw new BadShape("an entry that is not UTF-8")
  }
}

export function readEntry(entry: Uint8Array): LogEntry {
  return check(parse(entryText(entry)))
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new BadShape("an entry that is not JSON")
  }
}

