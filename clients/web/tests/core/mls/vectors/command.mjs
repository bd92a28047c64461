/** Bundles the runner as the client is bundled, for Node, and runs it on the files named. */
import { isAbsolute, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "vite"

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
// npm runs a script in the package's folder; the paths are relative to where npm was called.
const from = process.env.INIT_CWD ?? process.cwd()
const files = process.argv.slice(2).map((file) => (isAbsolute(file) ? file : join(from, file)))

const { output } = await build({
  configFile: false, logLevel: "silent", ssr: { noExternal: true },
  build: { ssr: here("run.ts"), write: false, target: "node20", minify: false },
})
const { runFiles } = await import(`data:text/javascript;base64,${Buffer.from(output[0].code).toString("base64")}`)
process.exitCode = runFiles(files)
