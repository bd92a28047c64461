/** What a person reads of the log, fetched as one. */
export { Proofs } from "../proofs/Proofs"
export { Accesses } from "./Accesses"
export { learnLog } from "./sentences"
