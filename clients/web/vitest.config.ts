import { configDefaults, defineConfig } from "vitest/config"

// As with Python's `slow` mark: `make test` runs these, `make check` does not.
const SLOW = ["tests/core/mls/negative*", "tests/core/mls/negative/**", "tests/core/mls/interop.test.ts"]
const all = process.env["COLLOQUE_TESTS"] === "all"

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: { include: ["tests/**/*.test.ts", "tests/**/*.test.tsx"], environment: "node",
    exclude: [...configDefaults.exclude, ...(all ? [] : SLOW)],
    // A deadline against hanging, not a measurement: two cores may be busy with a browser besides.
    testTimeout: 30_000 },
})
