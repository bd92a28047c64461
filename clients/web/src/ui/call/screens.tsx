/** All that a call shows, fetched as one. */

export { CallDock } from "./Dock"
export { CallHead } from "./Head"
export { CallLayer } from "./Layer"
export { CallLine } from "./Line"
export { learnCalls } from "./sentences"
