/** Why something was not believed: the same words as the Python package's errors. */
export type Fault =
  | "malformed_input"
  | "bad_signature"
  | "bad_proof"
  | "wrong_origin"
  | "wrong_entry"
  | "bad_franking_tag"
  | "invalid_message"
  | "bad_identity"

/**
 * Thrown by everything that verifies or decodes. `fault` is for code and for the screen's words;
 * the message is for developers, and carries nothing that a peer wrote.
 */
export class VerificationError extends Error {
  override readonly name = "VerificationError"
  readonly fault: Fault

  constructor(fault: Fault, sentence: string) {
    super(sentence)
    this.fault = fault
  }
}

/** The commonest of them: the bytes or text are not what their format says. */
export function malformed(sentence: string): VerificationError {
  return new VerificationError("malformed_input", sentence)
}
