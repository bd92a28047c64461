import { configDefaults, defineConfig } from "vitest/config"

// As with Python's `slow` mark, `make test` runs these and `make check` does not: whole devices
// before a hub that checks or lies, hundreds of attacks on the MLS core, and its peer.
const SLOW = [
  ...["account", "attacks", "calls", "deceit", "delegation", "delegationAttacks", "epochs", "exchange", "hostileHub", "recovery", "removals", "succeeding"]
    .map((name) => `tests/worker/${name}.test.ts`),
  "tests/core/mls/negative/**", "tests/core/mls/interop.test.ts",
]
const all = process.env["COLLOQUE_TESTS"] === "all"

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: { include: ["tests/**/*.test.ts", "tests/**/*.test.tsx"], environment: "node", pool: "threads",
    exclude: [...configDefaults.exclude, ...(all ? [] : SLOW)],
    // A deadline against hanging, not a measurement: two cores may be busy with a browser besides.
    testTimeout: 30_000 },
})
