/** Runs the vectors on the files named, with the core bundled as the client is. */
import { isAbsolute, join } from "node:path"
import { fileURLToPath } from "node:url"
import { bundled } from "../../../bundled.mjs"

// npm runs a script in the package's folder; the paths are relative to where npm was called.
const from = process.env.INIT_CWD ?? process.cwd()
const files = process.argv.slice(2).map((file) => (isAbsolute(file) ? file : join(from, file)))

const { runFiles } = await bundled(fileURLToPath(new URL("run.ts", import.meta.url)))
process.exitCode = runFiles(files)
