import { defineConfig } from "vitest/config"

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: { include: ["tests/**/*.test.ts", "tests/**/*.test.tsx"], environment: "node",
    // A deadline against hanging, not a measurement: two cores may be busy with a browser besides.
    testTimeout: 30_000 },
})
