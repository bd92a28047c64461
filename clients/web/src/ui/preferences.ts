/** What a person chose for the look, kept on this device: language, text size, and whom to call. */
import { signal } from "@preact/signals"
import type { Role } from "../core/model"
import { LANGUAGES, speak, type Language } from "../strings/strings"

export type TextSize = "normal" | "large"
export interface Phone {
  readonly name: string
  readonly phone: string
}

// Private browsing may refuse storage: a preference is then for this page only.
function recall(key: string): string | null {
  try {
    return localStorage.getItem(`colloque.${key}`)
  } catch {
    return null
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(`colloque.${key}`, value)
  } catch {
    return
  }
}

export const textSize = signal<TextSize>(recall("text") === "large" ? "large" : "normal")

function applyTextSize(): void {
  document.documentElement.classList.toggle("text-large", textSize.value === "large")
}

export function chooseTextSize(size: TextSize): void {
  textSize.value = size
  keep("text", size)
  applyTextSize()
}

async function apply(language: Language): Promise<void> {
  await speak(language)
  document.documentElement.lang = language === "en" ? "en" : "fr"
}

export async function chooseLanguage(language: Language): Promise<void> {
  await apply(language)
  keep("language", language)
}

export async function applyPreferences(): Promise<void> {
  applyTextSize()
  const kept = LANGUAGES.find((each) => each === recall("language"))
  // Offline, a language that cannot be fetched leaves French on screen.
  if (kept !== undefined) await apply(kept).catch(() => undefined)
}

/** The pharmacy last seen on this device: a screen that fails before sign-in can still say whom to call. */
export function rememberPharmacy({ name, phone }: Phone): void {
  keep("pharmacy", JSON.stringify([name, phone]))
}

/** Whoever was last signed in here: the words of a screen without a session follow the reader. */
export function rememberRole(role: Role): void {
  keep("role", role)
}

export function rememberedRole(): string | null {
  return recall("role")
}

export function rememberedPharmacy(): Phone | null {
  try {
    const kept: unknown = JSON.parse(recall("pharmacy") ?? "null")
    const [name, phone] = Array.isArray(kept) ? kept.map((each: unknown) => each) : []
    return typeof name === "string" && typeof phone === "string" ? { name, phone } : null
  } catch {
    return null
  }
}

/** A question that the person put aside on this device. */
export function setAside(question: string): void {
  keep(`aside.${question}`, "1")
}

export function isSetAside(question: string): boolean {
  return recall(`aside.${question}`) !== null
}
