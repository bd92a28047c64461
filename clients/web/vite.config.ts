import { defineConfig } from "vite"
import { sizes } from "./build/sizes.ts"

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [sizes()],
  worker: { format: "es" },
  // The sizes below are what a build has to say; the list of its files says nothing more.
  logLevel: "warn",
  build: {
    outDir: "../../server/web/dist",
    emptyOutDir: true,
    target: "es2022",
    // The content security policy has no data: for scripts or fonts: everything is a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    // The first screen is one file: what it shares with later screens compresses better together.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "join", tags: ["$initial"] }] } } },
  },
})
