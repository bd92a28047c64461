/**
 * Every sentence a screen says, through Fluent: French first, then « langage simple » (which
 * overrides French where it can be simpler) and English, each fetched when it is chosen.
 */
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle"
import { computed, signal } from "@preact/signals"
import fr from "./fr.ftl?raw"

export type Language = "fr" | "fr-simple" | "en"
export const LANGUAGES: readonly Language[] = ["fr", "fr-simple", "en"]
export type Arguments = Readonly<Record<string, FluentVariable>>

const LOCALES: Readonly<Record<Language, string>> = { fr: "fr-FR", "fr-simple": "fr-FR", en: "en-GB" }

function bundle(language: Language, source: string): FluentBundle {
  // Isolation marks would stand between a screen reader and a name; names here are left to right.
  const made = new FluentBundle(LOCALES[language], { useIsolating: false })
  made.addResource(new FluentResource(source))
  return made
}

const french = bundle("fr", fr)
const fetched: Readonly<Record<Exclude<Language, "fr">, () => Promise<{ readonly default: string }>>> = {
  "fr-simple": () => import("./fr-simple.ftl?raw"),
  en: () => import("./en.ftl?raw"),
}

const spoken = signal<{ readonly language: Language; readonly bundles: readonly FluentBundle[] }>({
  language: "fr",
  bundles: [french],
})

export const language = computed(() => spoken.value.language)
export const locale = computed(() => LOCALES[spoken.value.language])

/** Speak `wanted` from now on; the sentences on screen stay as they are until it has arrived. */
export async function speak(wanted: Language): Promise<void> {
  const bundles =
    wanted === "fr" ? [french] : [bundle(wanted, (await fetched[wanted]()).default), french]
  spoken.value = { language: wanted, bundles }
}

export function has(key: string): boolean {
  return french.hasMessage(key)
}

/** The sentence `key`; reading it in a component follows the language. */
export function t(key: string, args?: Arguments): string {
  for (const each of spoken.value.bundles) {
    const pattern = each.getMessage(key)?.value
    if (pattern !== undefined && pattern !== null) return each.formatPattern(pattern, args)
  }
  throw new Error(`no sentence for ${key}`)
}
