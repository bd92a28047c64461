import type { Conversation } from "../../core/model"
import { useEngine } from "../engine"
import { Calling } from "./Calling"
import { Ended } from "./Ended"
import { InCall } from "./InCall"
import { Lobby } from "./Lobby"

/** The call of this conversation, beside its messages. */
export function CallDock({ conversation }: { readonly conversation: Conversation }) {
  const engine = useEngine()
  const app = engine.app.value
  const stage = engine.calls.stage.value
  if (app.kind !== "ready") return null
  const shared = { me: app.me, conversation }
  switch (stage.kind) {
    case "lobby":
      return <Lobby stage={stage} {...shared} />
    case "calling":
      return <Calling stage={stage} {...shared} />
    case "in_call":
      return <InCall stage={stage} {...shared} />
    case "ended":
      return <Ended stage={stage} {...shared} />
    default:
      return null
  }
}
