/**
 * Every sentence a screen says, through Fluent: French first, then « langage simple » (which
 * overrides French where it can be simpler) and English, each fetched when it is chosen. What only
 * later screens say comes with them, as a chapter.
 */
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle"
import { computed, signal } from "@preact/signals"
import fr from "./fr.ftl?raw"

export type Language = "fr" | "fr-simple" | "en"
export const LANGUAGES: readonly Language[] = ["fr", "fr-simple", "en"]
export type Arguments = Readonly<Record<string, FluentVariable>>

const LOCALES: Readonly<Record<Language, string>> = { fr: "fr-FR", "fr-simple": "fr-FR", en: "en-GB" }

type Fetch = () => Promise<{ readonly default: string }>
type Translations = Readonly<Record<Exclude<Language, "fr">, Fetch>>

/** The sentences of screens that are fetched later; the French ones come with these screens. */
export interface Chapter extends Translations {
  readonly fr: string
}

function bundle(language: Language, sources: readonly string[]): FluentBundle {
  // Isolation marks would stand between a screen reader and a name; names here are left to right.
  const made = new FluentBundle(LOCALES[language], { useIsolating: false })
  for (const source of sources) made.addResource(new FluentResource(source))
  return made
}

const french = bundle("fr", [fr])
const fetched: Translations = {
  "fr-simple": () => import("./fr-simple.ftl?raw"),
  en: () => import("./en.ftl?raw"),
}
const chapters = new Set<Chapter>()

const spoken = signal<{ readonly language: Language; readonly bundles: readonly FluentBundle[] }>({
  language: "fr",
  bundles: [french],
})

export const language = computed(() => spoken.value.language)
export const locale = computed(() => LOCALES[spoken.value.language])

async function bundlesOf(wanted: Language): Promise<readonly FluentBundle[]> {
  if (wanted === "fr") return [french]
  const parts = [fetched, ...chapters]
  const sources = await Promise.all(parts.map((part) => part[wanted]()))
  // A chapter may have been learnt meanwhile.
  if (chapters.size >= parts.length) return bundlesOf(wanted)
  return [bundle(wanted, sources.map((source) => source.default)), french]
}

/** Speak `wanted` from now on; the sentences on screen stay as they are until it has arrived. */
export async function speak(wanted: Language): Promise<void> {
  const bundles = await bundlesOf(wanted)
  spoken.value = { language: wanted, bundles }
}

/** Learn a chapter: in French at once, in the language spoken as soon as it has come. */
export async function learn(chapter: Chapter): Promise<void> {
  if (chapters.has(chapter)) return
  chapters.add(chapter)
  french.addResource(new FluentResource(chapter.fr))
  const { language } = spoken.value
  // A translation that cannot be fetched leaves these sentences in French.
  const bundles = await bundlesOf(language).catch(() => spoken.value.bundles)
  if (spoken.value.language === language) spoken.value = { language, bundles }
}

export function has(key: string): boolean {
  // Read for its signal: a chapter that arrives may bring the sentence.
  return spoken.value.bundles.length > 0 && french.hasMessage(key)
}

/** The sentence `key`; reading it in a component follows the language. */
export function t(key: string, args?: Arguments): string {
  for (const each of spoken.value.bundles) {
    const pattern = each.getMessage(key)?.value
    if (pattern !== undefined && pattern !== null) return each.formatPattern(pattern, args)
  }
  throw new Error(`no sentence for ${key}`)
}
