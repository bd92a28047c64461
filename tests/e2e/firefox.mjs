// Firefox driven over WebDriver BiDi, for tests in Python: a request is a line of JSON on the input,
// {"id", "verb", ...}; its answer a line on the output, {"id", "value"} or {"id", "error"}. One page.
// Ends with its input.
import { createInterface } from "node:readline"
import { pathToFileURL } from "node:url"

const [puppeteerPath, executablePath] = process.argv.slice(2)
const { default: puppeteer } = await import(pathToFileURL(puppeteerPath).href)

const PATIENCE_MS = 20_000
const PREFERENCES = {
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  // Sound without a press first, as a person who has just accepted a call would have it.
  "media.autoplay.default": 0,
  "media.autoplay.blocking_policy": 0,
  "intl.accept_languages": "fr-FR",
  // It asks nobody for updates, experiments or portals.
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
}

const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, extraPrefsFirefox: PREFERENCES })
const [page] = await browser.pages()
page.setDefaultTimeout(PATIENCE_MS)
const said = []
page.on("console", (message) => { if (["error", "warn"].includes(message.type())) said.push(message.text()) })
page.on("pageerror", (error) => { said.push(String(error)) })

const named = ({ role, name }) => `::-p-aria([name="${name}"][role="${role}"])`

const VERBS = {
  watch: ({ script }) => page.evaluateOnNewDocument(script).then(() => null),
  open: ({ url }) => page.goto(url).then(() => null),
  see: async (what) => { await page.waitForSelector(named(what), { visible: true }); return null },
  press: (what) => page.locator(named(what)).click().then(() => null),
  write: ({ text, ...what }) => page.locator(named(what)).fill(text).then(() => null),
  key: ({ key }) => page.keyboard.press(key).then(() => null),
  evaluate: ({ expression }) => page.evaluate(expression),
  wait: ({ expression }) => page.waitForFunction(expression).then((handle) => handle.jsonValue()),
  said: () => said,
  version: () => browser.version(),
}

async function answer(line) {
  const { id, verb, ...told } = JSON.parse(line)
  try {
    return { id, value: (await VERBS[verb](told)) ?? null }
  } catch (error) {
    return { id, error: String(error) }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`)
}
await browser.close()
