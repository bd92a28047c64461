import { defineConfig } from "vite"
import { sizes } from "./build/sizes"

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [sizes()],
  worker: { format: "es" },
  build: {
    outDir: "../../server/web/dist",
    emptyOutDir: true,
    target: "es2022",
    // The content security policy has no data: for scripts or fonts: everything is a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
  },
})
