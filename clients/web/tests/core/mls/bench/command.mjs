/** Bundles the benchmark as the client is bundled, for Node, and runs it. */
import { fileURLToPath } from "node:url"
import { build } from "vite"

const { output } = await build({
  configFile: false, logLevel: "silent", ssr: { noExternal: true },
  build: { ssr: fileURLToPath(new URL("run.ts", import.meta.url)), write: false, target: "node20", minify: false },
})
const { bench } = await import(`data:text/javascript;base64,${Buffer.from(output[0].code).toString("base64")}`)
bench()
