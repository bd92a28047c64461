import { defineConfig } from "eslint/config"
import tseslint from "typescript-eslint"

const HTML_SINKS = "innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|srcdoc"

const bans = [
  { selector: "ExportDefaultDeclaration", message: "Name what you export." },
  { selector: `MemberExpression[property.name=/^(${HTML_SINKS})$/]`, message: "Text is text: build elements." },
  { selector: `JSXAttribute[name.name=/^(${HTML_SINKS})$/]`, message: "Text is text: build elements." },
  { selector: "JSXAttribute[name.name='style']", message: "Styles are classes." },
  { selector: "Identifier[name='EventEmitter']", message: "State is a signal; no event emitter." },
  { selector: "NewExpression[callee.name='EventTarget']", message: "State is a signal; no event emitter." },
]
const sentences = { selector: "JSXText[value=/[A-Za-zÀ-ÿ]/]", message: "Sentences live in strings/*.ftl." }

export default defineConfig(
  { ignores: ["node_modules", "dist", "**/*.d.ts"] },
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["vite.config.ts", "vitest.config.ts", "build/sizes.ts"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // An event handler may be a promise: what it rejects with reaches the window like any throw.
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "no-restricted-syntax": ["error", ...bans],
    },
  },
  {
    files: ["src/**/*.tsx"],
    rules: { "no-restricted-syntax": ["error", ...bans, sentences] },
  },
  {
    files: ["src/core/**"],
    rules: {
      "no-restricted-imports": ["error", { patterns: ["**/io/**", "**/ui/**", "**/worker/**", "**/strings/**"] }],
    },
  },
  {
    files: ["src/ui/**"],
    rules: { "no-restricted-imports": ["error", { patterns: ["**/io/**", "**/worker/**"] }] },
  },
  {
    files: ["**/*.config.ts", "**/*.config.js"],
    rules: { "no-restricted-syntax": "off" },
  },
)
