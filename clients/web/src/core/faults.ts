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
  /** What the other person holds is not the account key that this device knows of them. */
  | "C_IDENTITY_DIFFERS"
  /** What was scanned or typed is no fingerprint of this place. */
  | "C_IDENTITY_UNREADABLE"
  /** Somebody's account key is another one, and no two pharmacists have said so. */
  | "C_IDENTITY_CHANGED"
  /** The server shows a certificate that does not hold, or that is not in the log. */
  | "C_IDENTITY_UNPROVEN"
  /** Nothing is begun before the pharmacy's owner has vouched for this pharmacist. */
  | "C_STAFF_WAITING"
  /** The recovery code does not open what is kept. */
  | "C_RECOVERY_CODE"
  /** Linking did not come to an end. */
  | "C_LINK"
  /** A delegation that the server shows does not hold: not signed, or not by whom it says. */
  | "C_DELEGATION"
  /** The device's storage does not work. */
  | "C_STORAGE"

export function fault(code: FaultCode): Trouble {
  return { code, text: "" }
}
