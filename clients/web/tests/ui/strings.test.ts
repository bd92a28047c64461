import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { FluentParser, serializeExpression, type Message, type Resource } from "@fluent/syntax"
import { describe, expect, it } from "vitest"
import { ENTRY_TYPES, MOTIVES, ROLES, slug } from "../../src/ui/words"

const WEB = join(import.meta.dirname, "../..")
const read = (path: string): string => readFileSync(join(WEB, path), "utf8")
const parse = (language: string): Resource => new FluentParser({ withSpans: false }).parse(read(`src/strings/${language}.ftl`))

const messagesOf = (language: string): ReadonlyMap<string, Message> =>
  new Map(parse(language).body.flatMap((entry) => (entry.type === "Message" ? [[entry.id.name, entry]] : [])))

const fr = messagesOf("fr")
const en = messagesOf("en")
const simple = messagesOf("fr-simple")

function variablesOf(message: Message | undefined): readonly string[] {
  const found = JSON.stringify(message).matchAll(/"type":"VariableReference","id":\{"type":"Identifier","name":"(\w+)"/g)
  return [...new Set([...found].map(([, name]) => name ?? ""))].sort()
}

const sources = readdirSync(join(WEB, "src/ui"), { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => read(join("src/ui", path)))
  .join("\n")

/** The texts that a key may be, from literals and templates: `a-${b}-c` is a pattern. */
const literals = new Set([...sources.matchAll(/"([a-z][A-Za-z0-9_-]*)"/g)].map(([, key]) => key ?? ""))
const templates = [...sources.matchAll(/`([a-z]+-[^`]*\$\{[^`]*|\$\{key\}-[a-z]+)`/g)].map(
  ([, template]) => new RegExp(`^${(template ?? "").replaceAll(/\$\{[^}]*\}/g, ".+")}$`),
)

describe("the sentences", () => {
  it.each(["fr", "en", "fr-simple"])("%s is Fluent without a fault and without a key twice", (language) => {
    const { body } = parse(language)
    const names = body.flatMap((entry) => (entry.type === "Message" ? [entry.id.name] : []))

    expect(body.filter(({ type }) => type === "Junk")).toEqual([])
    expect(names).toHaveLength(new Set(names).size)
  })

  it("English says all that French says", () => {
    expect([...en.keys()].sort()).toEqual([...fr.keys()].sort())
  })

  it("langage simple only says again what French says", () => {
    expect([...simple.keys()].filter((key) => !fr.has(key))).toEqual([])
  })

  it("no translation asks for a value that the French sentence does not have", () => {
    const asks = (messages: ReadonlyMap<string, Message>) =>
      [...messages].filter(([key, message]) => variablesOf(message).some((name) => !variablesOf(fr.get(key)).includes(name)))

    expect(asks(en).map(([key]) => key)).toEqual([])
    expect(asks(simple).map(([key]) => key)).toEqual([])
  })

  it("every sentence a screen asks for exists", () => {
    const asked = [...sources.matchAll(/\bt\("([^"]+)"/g)].map(([, key]) => key ?? "")

    expect(asked.filter((key) => !fr.has(key))).toEqual([])
  })

  it("no sentence is left that no screen says", () => {
    const said = (key: string) => literals.has(key) || templates.some((template) => template.test(key))

    expect([...fr.keys()].filter((key) => !said(key))).toEqual([])
  })
})

const BY_WORD: Readonly<Record<string, readonly string[]>> = {
  role: ROLES,
  motive: MOTIVES,
  "motive-choice": MOTIVES,
  entry: ENTRY_TYPES,
  kind: ["remote_dispensation", "care_thread"],
  "patient-kind": ["remote_dispensation", "care_thread"],
  delivery: ["waiting", "sent", "delivered", "read", "failed"],
  link: ["connecting", "offline", "restarting"],
  decision: ["permit", "deny"],
  proof: ["verified", "refused"],
  log: ["care", "technical"],
  fault: ["entry_altered", "entry_missing", "tree_altered", "signature", "shrunk", "forked", "log_key_changed"],
  day: ["today", "yesterday"],
  language: ["fr", "fr-simple", "en"],
}
const BY_TITLE: Readonly<Record<string, readonly string[]>> = {
  readiness: ["waiting_for_patient", "joining", "before_this_device", "broken"],
  failed: ["storage", "worker", "log_key_changed", "forbidden", "server", "code"],
  "signed-out": ["first", "expired", "left"],
  empty: ROLES,
}

describe("the words of the wire", () => {
  it.each(Object.entries(BY_WORD))("every %s has its word", (group, words) => {
    expect(words.map((word) => `${group}-${slug(word)}`).filter((key) => !fr.has(key))).toEqual([])
  })

  it.each(Object.entries(BY_TITLE))("every %s has a title and what to do", (group, words) => {
    const keys = words.flatMap((word) => [`${group}-${slug(word)}-title`, `${group}-${slug(word)}-body`])

    expect(keys.filter((key) => !fr.has(key))).toEqual([])
  })

  it("every refusal of the hub has its sentence, at both reading levels", () => {
    const codes = [...read("../../signaling/codes.py").matchAll(/^ {4}(E_[A-Z_]+) = "/gm)].map(([, code]) => `code-${code ?? ""}`)

    expect(codes.length).toBeGreaterThan(10)
    expect(codes.filter((key) => !fr.has(key) || !simple.has(key))).toEqual([])
  })

  it("French puts no breakable space before a high sign", () => {
    const source = read("src/strings/fr.ftl") + read("src/strings/fr-simple.ftl")
    const sentences = source.split("\n").filter((line) => !line.startsWith("#"))

    expect(sentences.filter((line) => / [;:!?»]|« /.test(line))).toEqual([])
  })
})

it("the parser and the reader of variables agree on a placeable", () => {
  const message = fr.get("name-you")
  const placeable = message?.value?.elements.find((element) => element.type === "Placeable")

  expect(placeable === undefined ? "" : serializeExpression(placeable)).toContain("$name")
  expect(variablesOf(message)).toEqual(["name"])
})
