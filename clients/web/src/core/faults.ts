/**
 * What goes wrong on this device, as codes; their sentences are the strings' (`code-C_…`).
 * The hub's own codes begin with `E_`.
 */
import type { Trouble } from "./model"

export type FaultCode =
  /** The hub cannot be reached now. */
  | "C_OFFLINE"
  /** The server answered something that this client does not understand. */
  | "C_SERVER"
  /** This device is not in the conversation's group (yet). */
  | "C_NOT_READY"
  /** The text is empty or longer than a message may be. */
  | "C_LENGTH"
  /** The log showed two histories: a checkpoint contradicts one that this device holds. */
  | "C_LOG_FORKED"
  /** A receipt that the hub gave does not prove the act. */
  | "C_RECEIPT"
  /** The server wants a device removed and cannot say by whose will. */
  | "C_REMOVE_UNJUSTIFIED"
  /** The server offered a group that is not this conversation's: old, another's, or open to another server. */
  | "C_GROUP_REFUSED"
  /** Two devices hold different keys for one epoch. */
  | "C_GROUP_FORKED"
  /** The device's storage does not work. */
  | "C_STORAGE"

export function fault(code: FaultCode): Trouble {
  return { code, text: "" }
}
