/** The sentences of delegations and identities: fetched with the first screen that says one. */
import { learn, type Chapter } from "../../strings/strings"
import fr from "../../strings/care.fr.ftl?raw"

const CARE: Chapter = {
  fr,
  "fr-simple": () => import("../../strings/care.fr-simple.ftl?raw"),
  en: () => import("../../strings/care.en.ftl?raw"),
}

export const learnCare = (): Promise<void> => learn(CARE)
