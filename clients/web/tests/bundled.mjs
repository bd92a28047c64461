/** What a test runs under Node outside vitest, bundled as the client is. */
import { build } from "vite"

/** The exports of a TypeScript module. */
export async function bundled(entry) {
  const { output } = await build({
    configFile: false, logLevel: "silent", ssr: { noExternal: true },
    build: { ssr: entry, write: false, target: "node20", minify: false },
  })
  return import(`data:text/javascript;base64,${Buffer.from(output[0].code).toString("base64")}`)
}
