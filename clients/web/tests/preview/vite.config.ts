/** The screens with a pretended engine, for photographs and axe. Never part of the product. */
import { defineConfig } from "vite"

export default defineConfig({
  root: import.meta.dirname,
  publicDir: "../../public",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, emptyOutDir: true },
})
