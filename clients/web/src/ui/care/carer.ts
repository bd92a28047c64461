/** The carer's own screens, fetched as one. */
export { Carer } from "./Carer"
export { learnCare } from "./sentences"
