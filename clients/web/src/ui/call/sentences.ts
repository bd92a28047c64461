/** The sentences of calls: fetched with the first screen that says one. */
import { learn, type Chapter } from "../../strings/strings"
import fr from "../../strings/call.fr.ftl?raw"

const CALL: Chapter = {
  fr,
  "fr-simple": () => import("../../strings/call.fr-simple.ftl?raw"),
  en: () => import("../../strings/call.en.ftl?raw"),
}

export const learnCalls = (): Promise<void> => learn(CALL)
