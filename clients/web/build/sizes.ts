/**
 * What the build weighs, printed after each build and bounded: a telephone on a poor network must
 * reach the first screen. The join route is the JavaScript that index.html loads by itself.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { gzipSync } from "node:zlib"
import type { Plugin } from "vite"

const JOIN_ROUTE_KB = 40
const EVERYTHING_KB = 200

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
      if (total(weights) > EVERYTHING_KB * 1000) this.error(`everything weighs more than ${String(EVERYTHING_KB)} kB gz`)
    },
  }
}
