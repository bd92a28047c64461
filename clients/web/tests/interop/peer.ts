/**
 * The TypeScript core, told what to do by another program's tests: a request a line comes in, an answer
 * a line goes out, JSON with bytes in hexadecimal. Nothing is judged here.
 */
import { createInterface } from "node:readline"
import { MlsError } from "../../src/core/mls/errors"
import { OTHER_SUITES } from "../../src/core/mls/otherSuites"
import { addSuites } from "../../src/core/mls/suites"
import { record, text } from "../core/mls/vectors/expect"
import { HUB_ACTIONS } from "./hubs"
import { MEMBER_ACTIONS } from "./members"
import type { Answer, Request } from "./requests"

const ACTIONS = new Map(Object.entries({ ...MEMBER_ACTIONS, ...HUB_ACTIONS }))

addSuites(OTHER_SUITES)

export async function answer(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Promise<void> {
  for await (const line of createInterface({ input })) output.write(`${JSON.stringify(answered(record(JSON.parse(line))))}\n`)
}

/** What was asked; or the code with which the core refused it; or what went wrong. */
function answered(request: Request): Answer {
  try {
    return { done: act(request) }
  } catch (error) {
    if (error instanceof MlsError) return { refused: error.code }
    return { fault: error instanceof Error ? error.stack ?? error.message : "thrown" }
  }
}

function act(request: Request): Answer {
  const action = ACTIONS.get(text(request["do"]))
  if (action === undefined) throw new Error("not an action")
  return action(request)
}
