/**
 * A new device of somebody who is in a conversation already comes in by a commit of its own. It has nothing to
 * hold the group against but its person's own leaf and certificates: so it sends nothing until another device,
 * not a carer's, has said that it is in the same epoch, with the same secrets.
 */
import { equal } from "../core/bytes"
import { fault } from "../core/faults"
import { encodeCommitData } from "../core/policy/conversation"
import { checkState } from "../core/policy/membership"
import { readGroupInfo } from "../core/wire"
import type { Admission } from "./admission"
import { hubNowUs, identityOf, inBackground, keepRoom, type Context } from "./context"
import { groupIdOf } from "./epochs"
import { MlsFault, type Member, type PublicFacts } from "./mls"
import type { Receipts } from "./receipts"
import { Disconnected } from "./requests"
import { leafIn, stateIn, taken } from "./standing"
import type { RoomRecord } from "./vault"

export class Entrances {
  readonly #running = new Set<string>()

  constructor(private readonly context: Context, private readonly receipts: Receipts, private readonly admission: Admission) {}

  /** After hello, or once this device may speak. */
  resume(): void {
    for (const id of this.context.rooms.keys()) this.enter(id)
  }

  enter(conversation: string): void {
    if (this.#running.has(conversation) || this.#outside(conversation) === null) return
    this.#running.add(conversation)
    inBackground(this.context, async () => {
      try {
        await this.#enter(conversation)
      } finally {
        this.#running.delete(conversation)
      }
    })
  }

  /** A room of whose group another device of this person holds a leaf, and this one never did. */
  #outside(conversation: string): RoomRecord | null {
    const record = this.context.rooms.get(conversation)
    if (record === undefined || record.state !== null || record.pending !== null || record.room.trouble !== null) return null
    const { summary } = record.room
    const inside = summary.members.some(({ person, state }) => person === this.context.me?.person && state === "joined")
    const never = Object.keys(record.known).length === 0
    return inside && never && !summary.joined && this.context.account.credential !== null && this.context.requests.open ? record : null
  }

  async #enter(conversation: string): Promise<void> {
    const answer = await this.#ask(conversation)
    if (answer === null) return
    const { group_info: groupInfo, generation } = answer
    try {
      const shown = await this.context.mls.shown(groupInfo)
      await this.context.believing.prove(shown.members)
      await this.context.line(() => this.#commit(conversation, generation, groupInfo, shown))
    } catch (error) {
      if (!(error instanceof MlsFault)) throw error
      this.context.alarm(fault("C_GROUP_REFUSED"))
    }
  }

  async #ask(conversation: string): Promise<ReturnType<typeof readGroupInfo> | null> {
    try {
      const answer = await this.context.requests.ask({ kind: "group.info", conversation })
      if (answer.kind !== "ok") return null
      if (answer.receipt !== null) await this.context.line(() => this.receipts.take(answer, { type: "group.info_told", conversation: null }))
      return readGroupInfo(answer.result)
    } catch (error) {
      if (error instanceof Disconnected) return null
      throw error
    }
  }

  async #commit(conversation: string, generation: number, groupInfo: Uint8Array, shown: PublicFacts & { readonly signer: Member }): Promise<void> {
    const record = this.#outside(conversation)
    const { credential, aik } = this.context.account
    if (record === null || credential === null || aik === null) return
    this.#demand({ ...record, generation }, shown, aik)
    const atUs = hubNowUs(this.context)
    const made = await this.context.mls.enter(groupInfo, credential, this.context.device, encodeCommitData({ atUs, statements: [] }))
    const unvouched = { ...record, generation, unvouched: true }
    await keepRoom(this.context, unvouched)
    await this.admission.rejoin(conversation, unvouched, made, atUs)
  }

  /** This conversation's group, as it may be, with this person in it, and shown by somebody who is no carer. */
  #demand(record: RoomRecord, shown: PublicFacts & { readonly signer: Member }, aik: Uint8Array): void {
    const { device, me } = this.context
    if (!equal(shown.id, groupIdOf(record.room.id, record.generation))) throw new MlsFault("wrong_group")
    if (shown.members.some(({ identity }) => identity === identityOf(me?.person ?? "", device.device))) throw new MlsFault("same_device_twice")
    const standing = stateIn(this.context, record.room, shown, null)
    taken(checkState(standing, null))
    const mine = standing.leaves.some(({ identity: { person }, aik: key }) => person === me?.person && equal(key, aik))
    if (!mine) throw new MlsFault("stranger")
    if (leafIn(standing, shown.signer.identity).role === "carer" && me?.role !== "carer") throw new MlsFault("wrong_signer")
  }
}
