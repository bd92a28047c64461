/** Devices, links and the comparison of identities, fetched as one. */
export { learnCare } from "../care/sentences"
export { Compare } from "./Compare"
export { Devices } from "./Devices"
export { IdentityBanners } from "./IdentityBanners"
export { NeedsLink } from "./NeedsLink"
