/**
 * What the build weighs, printed after each build and bounded: a telephone on a poor network must
 * reach the first screen. The join route is the JavaScript that index.html loads by itself.
 */
import { readdirSync, readFileSync } from "node:fs"
import { basename, join, relative } from "node:path"
import { gzipSync } from "node:zlib"
import type { Plugin } from "vite"

const JOIN_ROUTE_KB = 40
const PERSON_KB = 220

/** Whose alone a file is, by its name; what is nobody's alone is everybody's. */
const LANGUAGES: readonly (readonly [string, RegExp])[] = [
  ["French", /^$/], ["simple French", /(?:^|\.)fr-simple-/], ["English", /(?:^|\.)en-/],
]
const ROLES: readonly (readonly [string, RegExp])[] = [
  ["staff", /^Staff-/], ["officer", /^Control-/], ["patient", /^patient-/], ["carer", /^carer-/],
]

interface Weight {
  readonly file: string
  readonly raw: number
  readonly gz: number
}

const kb = (bytes: number): string => (bytes / 1000).toFixed(1)

function weigh(folder: string): Weight[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:js|css)$/.test(entry.name))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const bytes = readFileSync(path)
      return { file: relative(folder, path), raw: bytes.length, gz: gzipSync(bytes, { level: 9 }).length }
    })
    .sort((a, b) => b.gz - a.gz)
}

const total = (weights: readonly Weight[]): number => weights.reduce((sum, { gz }) => sum + gz, 0)

function without(weights: readonly Weight[], others: readonly (readonly [string, RegExp])[], mine: string): Weight[] {
  return weights.filter(({ file }) => others.every(([name, files]) => name === mine || !files.test(basename(file))))
}

/** What each kind of person may load in all, the heaviest first. */
function people(weights: readonly Weight[]): { readonly who: string; readonly gz: number }[] {
  return LANGUAGES.flatMap(([language]) => ROLES.map(([role]) => ({
    who: `${role}, ${language}`, gz: total(without(without(weights, LANGUAGES, language), ROLES, role)),
  }))).sort((a, b) => b.gz - a.gz)
}

export function sizes(): Plugin {
  let folder = ""
  let failed = false
  return {
    name: "colloque-sizes",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir)
    },
    buildEnd(error) {
      failed = error !== undefined
    },
    closeBundle() {
      if (failed) return
      const page = readFileSync(join(folder, "index.html"), "utf8")
      const weights = weigh(folder)
      const joining = weights.filter(({ file }) => file.endsWith(".js") && page.includes(`"/${file}"`))
      for (const { file, raw, gz } of weights) console.log(`${file}: ${kb(raw)} kB, ${kb(gz)} kB gz`)
      console.log(`join route: ${kb(total(joining))} kB gz JavaScript`)
      console.log(`everything: ${kb(total(weights))} kB gz`)
      if (total(joining) > JOIN_ROUTE_KB * 1000) this.error(`the join route weighs more than ${String(JOIN_ROUTE_KB)} kB gz`)
      const [heaviest] = people(weights)
      if (heaviest === undefined) this.error("nothing was built")
      console.log(`one person at most: ${kb(heaviest.gz)} kB gz (${heaviest.who})`)
      if (heaviest.gz > PERSON_KB * 1000) this.error(`one person may load more than ${String(PERSON_KB)} kB gz`)
    },
  }
}
