/** Delegations as the hub keeps them: what was said, told on to whom it concerns. The clients do the verifying here. */
import type { EndingWord, DelegationView, DelegationWord } from "../../src/core/wireCare"
import { DELEGATION, REVOCATION, SUSPENSION, UnverifiedStatement } from "../../src/core/policy/statements"
import { LONE_PHARMACIST_DELAY_US } from "../../src/core/policy/vocabulary"
import { CONFIRMATION } from "../../src/core/policy/statements"
import { uuidText } from "../../src/core/uuid"
import type { Person } from "./aPerson"
import { NOTHING } from "./fakeRegistry"

const LIVE: readonly DelegationWord[] = ["proposed", "confirmed", "active"]

/** What an end leads to in the group. */
export interface Ended {
  readonly view: DelegationView
  readonly why: EndingWord | "expiry"
  readonly statement: Uint8Array
  readonly staff: Uint8Array
}

export class FakeDelegations {
  readonly views = new Map<string, DelegationView>()

  constructor(readonly people: readonly Person[], private readonly staffOf: (person: string) => Uint8Array) {}

  propose(delegation: Uint8Array, now: number): DelegationView {
    const { content } = UnverifiedStatement.decode(DELEGATION, delegation)
    const [grantor, grantee] = [uuidText(content.grantor), uuidText(content.grantee)]
    return this.keep({
      id: uuidText(content.delegation), conversation: uuidText(content.conversation), grantor, grantor_name: this.#nameOf(grantor), grantee,
      grantee_name: this.#nameOf(grantee), state: "proposed", delegation, confirmations: [], staff: [], acceptance: NOTHING, revocations: [],
      proposed_at: now, not_before: content.notBeforeUs, not_after: content.notAfterUs, ended_at: null, ended: NOTHING, ending: false,
    })
  }

  confirm(id: string, confirmation: Uint8Array): DelegationView {
    const view = this.of(id)
    const { content } = UnverifiedStatement.decode(CONFIRMATION, confirmation)
    const document = UnverifiedStatement.decode(DELEGATION, view.delegation).content
    const confirmations = [...view.confirmations, confirmation]
    const alone = confirmations.length === 1 && document.notBeforeUs >= content.atUs + LONE_PHARMACIST_DELAY_US
    const enough = document.mandate === "device" || confirmations.length > 1 || alone
    return this.keep({ ...view, confirmations, staff: [...view.staff, this.staffOf(uuidText(content.pharmacist))], state: enough ? "confirmed" : "proposed" })
  }

  accept(id: string, acceptance: Uint8Array): DelegationView {
    return this.keep({ ...this.of(id), acceptance })
  }

  activate(id: string): DelegationView {
    return this.keep({ ...this.of(id), state: "active" })
  }

  /** Null: some scopes of it went, and it goes on. */
  end(what: EndingWord | "expiry", statement: Uint8Array, now: number, id: string): Ended | null {
    const view = this.of(id)
    if (what === "revocation" && UnverifiedStatement.decode(REVOCATION, statement).content.scopes.length > 0) {
      this.keep({ ...view, revocations: [...view.revocations, statement] })
      return null
    }
    const suspension = what === "suspension" ? UnverifiedStatement.decode(SUSPENSION, statement).content : null
    const state = what === "revocation" ? "revoked" : what === "resignation" ? "resigned" : what === "expiry" ? "expired"
      : suspension?.reason === "contest" ? "contested" : "suspended"
    const ending = view.state === "active"
    const ended = this.keep({ ...view, state, ended_at: now, ended: statement, ending })
    return { view: ended, why: what, statement, staff: suspension === null ? NOTHING : this.staffOf(uuidText(suspension.pharmacist)) }
  }

  settled(id: string): DelegationView {
    return this.keep({ ...this.of(id), ending: false })
  }

  of(id: string): DelegationView {
    const view = this.views.get(id)
    if (view === undefined) throw new Error("no such delegation")
    return view
  }

  /** What this person is told of it; null: nothing. */
  told(view: DelegationView, { person, role }: Person): DelegationView | null {
    if (view.grantee !== person) return view.grantor === person || role === "pharmacist" || role === "technician" ? view : null
    if (view.state === "proposed") return null
    if (LIVE.includes(view.state)) return view
    const silent = { grantor: "", grantor_name: "", grantee: "", grantee_name: "", delegation: NOTHING, confirmations: [], staff: [], acceptance: NOTHING }
    return { ...view, ...silent, revocations: [], ended: NOTHING }
  }

  keep(view: DelegationView): DelegationView {
    this.views.set(view.id, view)
    return view
  }

  #nameOf(person: string): string {
    return this.people.find((one) => one.person === person)?.name ?? ""
  }
}
