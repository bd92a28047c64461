import { render } from "preact"
import { createEngine } from "./io/engine"
import { App } from "./ui/App"
import "./ui/css/index.css"
import { EngineContext } from "./ui/engine"
import { applyPreferences } from "./ui/preferences"
import { followAddress } from "./ui/route"

const engine = createEngine()
engine.start()
followAddress()
await applyPreferences()
const root = document.getElementById("app")
if (root !== null) render(<EngineContext.Provider value={engine}><App /></EngineContext.Provider>, root)
