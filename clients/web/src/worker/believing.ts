/**
 * Certificates that were not found in the log yet are asked for before what depends on them goes on: a step
 * of a group waits, with everything behind it; what is not proven then is refused.
 */
import { encodeHex } from "../core/bytes"
import { fault } from "../core/faults"
import { readIdentities, type IdentityView } from "../core/wireCare"
import { inBackground, leafOf, type Context } from "./context"
import { MlsFault, type Member } from "./mls"
import { IdentityChanged, hashOf, type Claim } from "./people"
import { Disconnected } from "./requests"

/** `identity.list` takes as many. */
const MOST = 50

/** Whom the log has not shown yet, and who is said to have another account key. */
export interface Doubt {
  readonly members: readonly Member[]
  readonly claims?: readonly Claim[]
}

export class Believing {
  /** Leaves that were asked about on this connection, and not proven. */
  readonly #vain = new Set<string>()

  constructor(private readonly context: Context) {}

  /** Ask who these people are; what is told of each is taken if it holds. False: the hub could not be asked. */
  async ask(persons: readonly string[]): Promise<boolean> {
    for (let from = 0; from < persons.length; from += MOST) {
      const some = persons.slice(from, from + MOST)
      const answer = await this.#asked(some)
      if (answer === null) return false
      await this.context.line(async () => {
        for (const view of answer) if (some.includes(view.person)) await this.#believe(view)
      })
    }
    this.context.changed()
    return true
  }

  async #asked(persons: readonly string[]): Promise<readonly IdentityView[] | null> {
    try {
      const answer = await this.context.requests.ask({ kind: "identity.list", persons })
      return answer.kind === "ok" ? readIdentities(answer.result).identities : []
    } catch (error) {
      if (error instanceof Disconnected) return null
      throw error
    }
  }

  async #believe(view: IdentityView): Promise<void> {
    try {
      await this.context.people.believe(view)
    } catch (error) {
      if (error instanceof IdentityChanged) this.context.alarm(fault("C_IDENTITY_CHANGED"))
      else if (error instanceof MlsFault) this.context.alarm(fault("C_IDENTITY_UNPROVEN"))
      else throw error
    }
  }

  /** Whether every one of these holds a certificate that is in the log; asks where that is not known. */
  async prove(members: readonly Member[]): Promise<boolean> {
    const unproven = this.context.people.unproven(members)
    if (unproven.length > 0) await this.ask(personsOf(unproven))
    return this.context.people.unproven(members).length === 0
  }

  /** Of these, whom it is worth to ask about before they are refused. */
  worthAsking(members: readonly Member[]): readonly Member[] {
    return this.context.people.unproven(members).filter((one) => !this.#vain.has(keyOf(one)))
  }

  /** Whether it is worth to ask if somebody goes on with this account key, before it is refused. */
  isWorthAsking(claim: Claim): boolean {
    return !this.context.people.isNow(claim) && !this.#vain.has(claimOf(claim))
  }

  /** Ask once: what is not proven then is not asked about again on this connection. */
  async askOnce(members: readonly Member[], claims: readonly Claim[]): Promise<boolean> {
    const asked = await this.ask([...new Set([...personsOf(members), ...claims.map(({ person }) => person)])])
    if (!asked) return false
    for (const one of this.context.people.unproven(members)) this.#vain.add(keyOf(one))
    for (const one of claims) if (!this.context.people.isNow(one)) this.#vain.add(claimOf(one))
    return true
  }

  connected(): void {
    this.#vain.clear()
  }
}

function personsOf(members: readonly Member[]): readonly string[] {
  return [...new Set(members.map(({ identity }) => leafOf(identity).person))]
}

function keyOf({ identity, credential }: Member): string {
  return `${identity}/${hashOf(credential.content)}`
}

function claimOf({ person, aik }: Claim): string {
  return `${person}/${encodeHex(aik)}`
}

/** What waits, by conversation: frames in their order. */
export class Waiting<T extends { readonly conversation: string }> {
  readonly #held = new Map<string, T[]>()

  constructor(private readonly context: Context, private readonly believing: Believing, private readonly most: number) {}

  holds(conversation: string): boolean {
    return this.#held.has(conversation)
  }

  /** False: there is no room for more. */
  add(push: T): boolean {
    const held = this.#held.get(push.conversation)
    if (held === undefined || held.length >= this.most) return false
    held.push(push)
    return true
  }

  /** Hold `push`, and what comes behind it, until these were asked about; then `go` on with all of it, in the line. */
  hold(push: T, { members, claims = [] }: Doubt, go: (push: T) => Promise<void>): void {
    const held = [push]
    this.#held.set(push.conversation, held)
    inBackground(this.context, async () => {
      const asked = await this.believing.askOnce(members, claims)
      await this.context.line(async () => {
        // Another connection has begun: what was held comes again on it.
        if (this.#held.get(push.conversation) !== held) return
        this.#held.delete(push.conversation)
        if (asked) for (const one of held) await go(one)
      })
    })
  }

  clear(): void {
    this.#held.clear()
  }
}
