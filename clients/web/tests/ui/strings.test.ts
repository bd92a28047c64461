import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { FluentParser, serializeExpression, type Message, type Resource } from "@fluent/syntax"
import { describe, expect, it } from "vitest"
import { codeKey, ENTRY_TYPES, MOTIVES, ROLES, slug } from "../../src/ui/words"

const WEB = join(import.meta.dirname, "../..")
const read = (path: string): string => readFileSync(join(WEB, path), "utf8")
const parse = (file: string): Resource => new FluentParser({ withSpans: false }).parse(read(`src/strings/${file}.ftl`))
const namesOf = ({ body }: Resource): readonly string[] => body.flatMap((entry) => (entry.type === "Message" ? [entry.id.name] : []))

/** What the first screens say, and the chapters that come with later ones. */
const CHAPTERS = ["", "call.", "care.", "log."] as const
const LANGUAGES = ["fr", "en", "fr-simple"] as const

const messagesOf = (language: string, chapters: readonly string[] = CHAPTERS): ReadonlyMap<string, Message> =>
  new Map(chapters.flatMap((chapter) => parse(`${chapter}${language}`).body).flatMap((entry) => (entry.type === "Message" ? [[entry.id.name, entry]] : [])))

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
  it.each(LANGUAGES)("%s is Fluent without a fault and without a key twice, its chapters together", (language) => {
    const files = CHAPTERS.map((chapter) => parse(`${chapter}${language}`))
    const names = files.flatMap(namesOf)

    expect(files.flatMap(({ body }) => body).filter(({ type }) => type === "Junk")).toEqual([])
    expect(names).toHaveLength(new Set(names).size)
  })

  it.each(CHAPTERS)("English says all that French says, in the same chapter: %j", (chapter) => {
    expect([...messagesOf("en", [chapter]).keys()].sort()).toEqual([...messagesOf("fr", [chapter]).keys()].sort())
  })

  it.each(CHAPTERS)("langage simple only says again what French says, in the same chapter: %j", (chapter) => {
    const said = messagesOf("fr", [chapter])

    expect([...messagesOf("fr-simple", [chapter]).keys()].filter((key) => !said.has(key))).toEqual([])
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

/** The words that Python's `StrEnum` of that name holds: the other end of the wire. */
function wordsOf(file: string, name: string): readonly string[] {
  const [, after = ""] = read(`../../${file}`).split(`class ${name}(StrEnum):`)
  const [members = ""] = after.split(/^(?:class |@)/m)
  return [...members.matchAll(/^ {4}[A-Z_]+ = "([^"]+)"/gm)].map(([, word]) => word ?? "")
}

const VOCABULARY = "crypto/policy/vocabulary.py"
const PEOPLE_STATES = ["waiting", "ringing", "joined", "left", "declined", "call_me", "missed", "away", "absent", "invited"]

const BY_WORD: Readonly<Record<string, readonly string[]>> = {
  role: ROLES,
  motive: MOTIVES,
  "motive-choice": MOTIVES,
  entry: ENTRY_TYPES,
  kind: ["remote_dispensation", "care_thread", "private_aside"],
  "patient-kind": ["remote_dispensation", "care_thread", "private_aside"],
  scope: wordsOf(VOCABULARY, "Scope"),
  basis: wordsOf(VOCABULARY, "LegalBasis"),
  mandate: wordsOf(VOCABULARY, "Mandate").filter((word) => word !== "device"),
  suspension: wordsOf(VOCABULARY, "SuspensionReason"),
  delegation: [...wordsOf(VOCABULARY, "DelegationState"), "accepted", "ending", "second", "later"],
  team: ["certified", "waiting", "absent", "owner"],
  part: ["conversation.send", "call.join", "delivery.receive"],
  delivery: ["waiting", "sent", "delivered", "read", "failed"],
  link: ["connecting", "offline", "restarting"],
  decision: ["permit", "deny"],
  proof: ["verified", "refused"],
  log: ["care", "technical"],
  fault: ["entry_altered", "entry_missing", "tree_altered", "signature", "shrunk", "forked", "log_key_changed"],
  day: ["today", "yesterday"],
  language: ["fr", "fr-simple", "en"],
  "call-where": PEOPLE_STATES,
  "call-door": ["start", "wait", "return"],
  "call-lobby": ["caller", "waiting"],
  "call-act": ["ring", "admit", "enter", "come_back"],
  "call-link": ["connecting", "reconnecting", "audio_only"],
  "call-quality": ["good", "fair", "poor"],
  "call-sound": ["good", "fair", "poor"],
  "call-news": ["waits", "joined", "left", "lost", "back", "audio_only"],
  "call-device": ["camera", "microphone", "speaker"],
  "call-verdict": ["good", "relay_only", "no_relay", "blocked", "busy"],
  "call-ended": ["over", "taken", "declined", "cancelled", "lost", "unsafe", "unanswered", "missed"],
}
const BY_TITLE: Readonly<Record<string, readonly string[]>> = {
  readiness: ["waiting_for_patient", "joining", "before_this_device", "broken", "refused", "removed"],
  failed: ["storage", "worker", "log_key_changed", "hub_key_changed", "retired", "forbidden", "server", "code"],
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
    const codes = [...wordsOf("signaling/codes.py", "Code"), ...wordsOf(VOCABULARY, "Refusal")]

    expect(codes).toEqual(expect.arrayContaining(["E_ROLE", "call.taken", "call.server_restart"]))
    expect(codes.map(codeKey).filter((key) => !fr.has(key) || !simple.has(key))).toEqual([])
  })

  it("every kind of entry that the hub writes is known here", () => {
    expect([...ENTRY_TYPES].sort()).toEqual([...wordsOf("server/domain/audit.py", "EntryType")].sort())
  })

  it("French puts no breakable space before a high sign", () => {
    const source = CHAPTERS.flatMap((chapter) => [read(`src/strings/${chapter}fr.ftl`), read(`src/strings/${chapter}fr-simple.ftl`)]).join("\n")
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
