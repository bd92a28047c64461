/** The sentences of the log (proofs, audit, « Qui a vu quoi »): fetched with the first screen that says one. */
import { learn, type Chapter } from "../../strings/strings"
import fr from "../../strings/log.fr.ftl?raw"

const LOG: Chapter = {
  fr,
  "fr-simple": () => import("../../strings/log.fr-simple.ftl?raw"),
  en: () => import("../../strings/log.en.ftl?raw"),
}

export const learnLog = (): Promise<void> => learn(LOG)
