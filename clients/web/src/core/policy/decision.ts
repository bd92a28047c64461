/** What policy answers: yes, and by what right; or no, and the first rule that failed. */
import { VerificationError } from "../errors"
import { CLOCK_TOLERANCE_US, type Refusal } from "./vocabulary"

/**
 * The first rule that a commit breaks, or a group: the `reason` of E_POLICY. Never renamed or reused:
 * Python's words (`crypto/policy/decision.py` says what each means), which stand in the audit log.
 */
export type Breach =
  | "stranger" | "external_change" | "adds_another" | "removes_another" | "changes_extensions" | "foreign_proposal" | "carer_changes"
  | "changes_policy" | "wrong_number" | "without_member" | "without_end" | "without_tombstone" | "leaves_carer" | "brought_back"
  | "drops_tombstone" | "changes_record" | "drops_withdrawal" | "missing_remove" | "idle_statement" | "changes_leaf" | "wrong_members" | "wrong_founder" | "given_up"
  | "same_device_twice" | "other_key" | "other_patient"

export interface Granted<T> {
  readonly granted: T
}

export interface Refused {
  readonly refused: Refusal
  readonly breach: Breach | null
}

export type Verdict<T> = Granted<T> | Refused

export function granted<T>(by: T): Granted<T> {
  return { granted: by }
}

export function refused(why: Refusal, breach: Breach | null = null): Refused {
  return { refused: why, breach }
}

/** Thrown inside a decision, to end it at the first rule that fails; no decision lets it out. */
class Stop extends Error {
  constructor(readonly answer: Refused) {
    super(answer.refused)
  }
}

/** Go on only where the rule holds. */
export function need(holds: boolean, why: Refusal, breach: Breach | null = null): asserts holds {
  if (!holds) throw new Stop(refused(why, breach))
}

/** Go on only where a rule of membership holds. */
export function hold(holds: boolean, breach: Breach): asserts holds {
  need(holds, "E_POLICY", breach)
}

/** Take a verdict's grant, or end this decision with its refusal. */
export function take<T>(verdict: Verdict<T>): T {
  if ("refused" in verdict) throw new Stop(verdict)
  return verdict.granted
}

/** Nothing may claim to be said later than two clocks may disagree. */
export function checkClock(saidUs: number, atUs: number | null): void {
  need(atUs === null || saidUs <= atUs + CLOCK_TOLERANCE_US, "E_CLOCK")
}

/** Take what is verified, or end this decision: `why` for whatever does not hold. */
export function attempt<T>(verify: () => T, why: Refusal): T {
  try {
    return verify()
  } catch (error) {
    if (error instanceof VerificationError) throw new Stop(refused(why))
    throw error
  }
}

export function decide<T>(rules: () => T): Verdict<T> {
  try {
    return granted(rules())
  } catch (error) {
    if (error instanceof Stop) return error.answer
    throw error
  }
}
