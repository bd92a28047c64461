import { defineConfig } from "vite"
import { sizes } from "./build/sizes.ts"

const NODE_CRYPTO = new URL("./build/noNodeCrypto.ts", import.meta.url).pathname
const OTHER_SUITES = new URL("./build/otherSuites.ts", import.meta.url).pathname
// Behind `import()` in ts-mls, and never asked for by suite 1: a fifth of the client would be theirs.
const UNUSED = [
  "@hpke/chacha20poly1305", "@hpke/dhkem-x448", "@hpke/hybridkem-x-wing", "@hpke/ml-kem",
  "@noble/ciphers/chacha.js", "@noble/curves/ed448.js", "@noble/curves/nist.js", "@noble/post-quantum/ml-dsa.js",
]

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [sizes()],
  worker: { format: "es" },
  // The sizes below are what a build has to say; the list of its files says nothing more.
  logLevel: "warn",
  // Libraries that also run under Node name its `crypto`; in a browser they never reach for it.
  resolve: { alias: { crypto: NODE_CRYPTO, ...Object.fromEntries(UNUSED.map((name) => [name, OTHER_SUITES])) } },
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
