import { render } from "preact"
import type { Tile } from "../../src/core/model"
import { App } from "../../src/ui/App"
import "../../src/ui/css/index.css"
import { EngineContext } from "../../src/ui/engine"
import { applyPreferences, chooseLanguage, chooseTextSize } from "../../src/ui/preferences"
import { followAddress } from "../../src/ui/route"
import { LANGUAGES } from "../../src/strings/strings"
import { CARE_SCENES } from "./careScenes"
import { CALL_SCENES } from "./callScenes"
import { pretend } from "./pretend"
import { SCENES } from "./scenes"

const wanted = new URLSearchParams(location.search)
const scenes: typeof SCENES = { ...SCENES, ...CALL_SCENES, ...CARE_SCENES }
const scene = scenes[wanted.get("screen") ?? ""]
if (scene === undefined) throw new Error(`no such screen; there are: ${Object.keys(scenes).join(" ")}`)
if (scene.hash !== undefined && location.hash === "") location.hash = scene.hash
followAddress()
await applyPreferences()
const language = LANGUAGES.find((each) => each === wanted.get("language"))
if (language !== undefined) await chooseLanguage(language)
if (wanted.has("large")) chooseTextSize("large")
const engine = pretend(scene)
addEventListener("pretend:tile", (event) => {
  if (event instanceof CustomEvent) engine.calls.alter(event.detail as Partial<Tile>)
})
addEventListener("pretend:receive", () => engine.receive("Une dernière question."))
const root = document.getElementById("app")
if (root !== null) render(<EngineContext.Provider value={engine}><App /></EngineContext.Provider>, root)
