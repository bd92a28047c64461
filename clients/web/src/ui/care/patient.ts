/** What a patient sees of delegations, fetched as one. */
export { Carers } from "./Carers"
export { Delegate } from "./Delegate"
export { PatientStrip } from "./PatientStrip"
export { learnCare } from "./sentences"
