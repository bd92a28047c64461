/** Who may sign in at this address and whether someone is: HTTP, same origin, JSON. */
import { BadShape, anyMap, flag, list, oneOf, optional, shape, text, type Check } from "../core/checks"
import { fault } from "../core/faults"
import type { Outcome, Persona } from "../core/model"

export interface Session {
  readonly demo: boolean
  readonly personas: readonly Persona[]
  readonly persona: Persona | null
  readonly signed_in: boolean
  readonly expired: boolean
}

const persona: Check<Persona> = shape<Persona>({
  slug: text, name: text, about: text, pharmacy: text, origin: text,
  role: oneOf("patient", "carer", "pharmacist", "technician", "courier", "compliance_officer", "second_reviewer"),
})

const readSession: Check<Session> = shape<Session>({
  demo: flag, personas: list(persona), persona: optional(persona), signed_in: flag, expired: flag,
})

/** The server could not be asked, or answered something that makes no sense. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer"
}

const SESSION = "/api/session"
const DONE: Outcome = { ok: true }

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(path, { credentials: "same-origin", cache: "no-store", ...init })
  } catch {
    throw new NoAnswer()
  }
}

export async function loadSession(): Promise<Session> {
  const response = await ask(SESSION)
  if (!response.ok) throw new NoAnswer()
  try {
    return readSession(await response.json())
  } catch {
    throw new NoAnswer()
  }
}

async function outcome(response: Response): Promise<Outcome> {
  if (response.ok) return DONE
  try {
    const problem = anyMap(await response.json())
    return { ok: false, trouble: { code: text(problem["code"]), text: text(problem["detail"] ?? problem["title"]) } }
  } catch (error) {
    if (error instanceof BadShape || error instanceof SyntaxError) return { ok: false, trouble: fault("C_SERVER") }
    throw error
  }
}

async function act(method: "POST" | "DELETE", path: string, body: object): Promise<Outcome> {
  const headers = { "content-type": "application/json" }
  try {
    return await outcome(await ask(path, { method, headers, body: JSON.stringify(body) }))
  } catch (error) {
    if (error instanceof NoAnswer) return { ok: false, trouble: fault("C_OFFLINE") }
    throw error
  }
}

export function openSession(): Promise<Outcome> {
  return act("POST", SESSION, {})
}

export function closeSession(): Promise<Outcome> {
  return act("DELETE", SESSION, {})
}

/** Demonstration only: alter one stored byte, as an intruder in the database would. */
export function tamperWith(conversation: string): Promise<Outcome> {
  return act("POST", "/api/demo/tamper", { conversation })
}
