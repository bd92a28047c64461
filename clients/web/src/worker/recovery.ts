/**
 * The way back of a device that cannot follow its group. A commit is never undone: the device says so, and
 * where others follow it rejoins by a commit of its own, in the place of its old leaf; where nobody does, a
 * pharmacist's device founds the group that takes this one's place, and lets everybody in again.
 */
import { equal } from "../core/bytes"
import { fault } from "../core/faults"
import { encodeCommitData, extensionsOf, hubSender } from "../core/policy/conversation"
import { MAX_GROUP_GENERATION, readGroupInfo, readStuck, readSucceeded, type Answer, type Ok, type Request } from "../core/wire"
import type { Admission } from "./admission"
import { hubNowUs, identityOf, inBackground, keepRoom, type Context } from "./context"
import { demandKnownKeys, groupIdOf, vouching } from "./epochs"
import { takeOwnSuccession } from "./events"
import { demandWhole } from "./following"
import { leave } from "./leaving"
import { MlsFault, type Member, type PublicFacts } from "./mls"
import type { Receipts } from "./receipts"
import { Disconnected } from "./requests"
import { leafIn, stateIn } from "./standing"
import type { RoomRecord, Succession } from "./vault"

/** Others are just entering the epoch, or are on their way back themselves: each pause is twice the last. */
const RETRY_MS = 500
const SLOWEST_RETRY_MS = 64_000
/** How often « nobody follows » is heard, over seven seconds, before a new group is founded. */
const UNFOLLOWED = 5

type Lost = RoomRecord & { readonly state: Uint8Array; readonly stuck: NonNullable<RoomRecord["stuck"]> }

export class Recovery {
  readonly #running = new Set<string>()
  readonly #waiting = new Set<string>()
  /** How long the next pause is. */
  readonly #pauses = new Map<string, number>()
  /** « Nobody follows » in a row, of one epoch. */
  readonly #unfollowed = new Map<string, { readonly epoch: number; readonly times: number }>()

  constructor(
    private readonly context: Context, private readonly receipts: Receipts, private readonly admission: Admission,
    private readonly entered: (conversation: string) => void,
  ) {}

  /** After hello: whoever cannot follow says so, or goes on where it was. */
  resume(): void {
    this.#pauses.clear()
    for (const id of this.context.rooms.keys()) this.begin(id)
  }

  begin(conversation: string): void {
    if (this.#running.has(conversation) || this.#lost(conversation) === null) return
    this.#running.add(conversation)
    inBackground(this.context, async () => {
      try {
        await this.#recover(conversation)
      } finally {
        this.#running.delete(conversation)
        this.#again(conversation)
      }
    })
  }

  /** A room of this device that lost its group; while it is not out of it altogether. */
  #lost(conversation: string): Lost | null {
    const record = this.context.rooms.get(conversation)
    if (record?.state == null || record.stuck === null || !record.room.summary.joined || !this.context.requests.open) return null
    return { ...record, state: record.state, stuck: record.stuck }
  }

  async #recover(conversation: string): Promise<void> {
    const lost = this.#lost(conversation)
    // One's own commit is on its way: `Admission` says it until it is answered.
    if (lost === null || lost.pending !== null) return
    if (lost.succession !== null) return this.#submit(conversation, lost.succession)
    const followed = await this.#report(conversation, lost)
    if (followed === true) await this.#rejoin(conversation)
    if (followed === false && this.#isForsaken(conversation, lost)) await this.#succeed(conversation)
  }

  /** However a try ended, there is another one unless it succeeded. */
  #again(conversation: string): void {
    if (this.#waiting.has(conversation) || this.#lost(conversation) === null) return
    this.#waiting.add(conversation)
    const pause = this.#pauses.get(conversation) ?? RETRY_MS
    this.#pauses.set(conversation, Math.min(2 * pause, SLOWEST_RETRY_MS))
    this.context.clock.after(pause, () => {
      this.#waiting.delete(conversation)
      this.begin(conversation)
    })
  }

  /** Whether anybody is in the epoch that this device cannot enter; null: that is not known now. */
  async #report(conversation: string, { stuck: { epoch, reason } }: Lost): Promise<boolean | null> {
    const first = await this.#ask({ kind: "group.stuck", conversation, epoch, reason })
    const told = first?.kind === "refused" && first.code === "E_EPOCH" ? first.epoch ?? 0 : 0
    // The group is further: its steps are on their way here.
    const answer = told > epoch ? await this.#ask({ kind: "group.stuck", conversation, epoch: told, reason }) : first
    if (answer?.kind !== "ok") return null
    await this.#prove(answer, "group.stuck", conversation)
    return readStuck(answer.result).resync
  }

  #isForsaken(conversation: string, { stuck: { epoch } }: Lost): boolean {
    const before = this.#unfollowed.get(conversation)
    const times = before?.epoch === epoch ? before.times + 1 : 1
    this.#unfollowed.set(conversation, { epoch, times })
    return times >= UNFOLLOWED && this.context.me?.role === "pharmacist"
  }

  async #rejoin(conversation: string): Promise<void> {
    const answer = await this.#ask({ kind: "group.info", conversation })
    if (answer?.kind !== "ok") return
    await this.#prove(answer, "group.info_told", null)
    const { group_info: groupInfo } = readGroupInfo(answer.result)
    await this.#proveMembers(groupInfo)
    await this.context.line(() => this.#comeBack(conversation, groupInfo))
  }

  /** What the hub shows is judged by what this device held: an older group, or another's, is not gone into. */
  async #comeBack(conversation: string, groupInfo: Uint8Array): Promise<void> {
    const lost = this.#lost(conversation)
    if (lost === null || lost.pending !== null) return
    try {
      const { device, me, account } = this.context
      const shown = await this.context.mls.shown(groupInfo)
      this.#demand(lost, shown)
      const own = shown.members.some(({ identity }) => identity === identityOf(me?.person ?? "", device.device))
      if (!own || account.credential === null) { await leave(this.context, lost); return; }
      const atUs = Math.max(hubNowUs(this.context), lost.highest.atUs)
      const made = await this.context.mls.enter(groupInfo, account.credential, device, encodeCommitData({ atUs, statements: [] }))
      await this.admission.rejoin(conversation, lost, made, atUs)
    } catch (error) {
      if (!(error instanceof MlsFault)) throw error
      this.context.alarm(fault("C_GROUP_REFUSED"))
    }
  }

  /** Their certificates are found in the log before the group is judged; what cannot be read is refused there. */
  async #proveMembers(groupInfo: Uint8Array): Promise<void> {
    try {
      await this.context.believing.prove((await this.context.mls.shown(groupInfo)).members)
    } catch (error) {
      if (!(error instanceof MlsFault)) throw error
    }
  }

  /** A group that the hub shows is this conversation's, no older than what is known of it, and vouched for by somebody who was in it. */
  #demand(lost: Lost, shown: PublicFacts & { readonly signer: Member }): void {
    if (!equal(shown.id, groupIdOf(lost.room.id, lost.generation))) throw new MlsFault("wrong_group")
    if (shown.epoch < lost.stuck.epoch) throw new MlsFault("wrong_epoch")
    const known = vouching(lost)[shown.signer.identity]
    if (known === undefined || !equal(known, shown.signer.signatureKey)) throw new MlsFault("wrong_signer")
    demandKnownKeys(shown, lost.known)
    const standing = stateIn(this.context, lost.room, shown, this.context.standings.of(lost))
    demandWhole(lost, standing, shown.epoch)
    // A carer's word, whose time may be over, leads nobody back.
    if (leafIn(standing, shown.signer.identity).role === "carer") throw new MlsFault("wrong_signer")
  }

  /** The successor is durable before the hub hears of it. */
  async #succeed(conversation: string): Promise<void> {
    const succession = await this.context.line(() => this.#found(conversation))
    if (succession !== null) await this.#submit(conversation, succession)
  }

  async #found(conversation: string): Promise<Succession | null> {
    const lost = this.#lost(conversation)
    const { device, me } = this.context
    if (lost === null || me === null || lost.generation >= MAX_GROUP_GENERATION) return null
    const generation = lost.generation + 1
    const { credential } = this.context.account
    if (credential === null) return null
    const made = await this.context.mls.create(groupIdOf(conversation, generation), credential, device, this.#successor(lost, me.hub_key))
    const succession = { generation, ...made }
    await keepRoom(this.context, { ...lost, pending: null, succession })
    return succession
  }

  /** The same conversation; who acted for the patient comes in again, and whoever's time was ended does not. */
  #successor(lost: Lost, hubKey: Uint8Array): ReturnType<typeof extensionsOf> {
    const { policy, tombstones } = this.context.standings.of(lost)
    const stays = tombstones.filter(({ notAfterUs }) => notAfterUs > hubNowUs(this.context))
    return extensionsOf(policy, { number: lost.highest.number + 1, inForce: [], tombstones: stays }, hubSender(hubKey))
  }

  async #submit(conversation: string, succession: Succession): Promise<void> {
    const answer = await this.#ask({ kind: "group.succeed", conversation, group_info: succession.groupInfo })
    if (answer === null) return
    if (answer.kind === "refused") {
      // « Later » is asked again as it is; anything else means that somebody follows, or was faster.
      if (answer.retry !== "later") await this.context.line(() => this.#drop(conversation))
      return
    }
    await this.#prove(answer, "group.succeeded", conversation)
    await this.context.line(() => takeOwnSuccession(this.context, conversation, readSucceeded(answer.result).seq))
    this.entered(conversation)
    await this.admission.admit(conversation)
  }

  async #drop(conversation: string): Promise<void> {
    const record = this.context.rooms.get(conversation)
    this.#unfollowed.delete(conversation)
    if (record != null && record.succession !== null) await keepRoom(this.context, { ...record, succession: null })
  }

  /** What was so already leaves no entry, and so no receipt. */
  async #prove(answer: Ok, type: string, conversation: string | null): Promise<void> {
    if (answer.receipt !== null) await this.context.line(() => this.receipts.take(answer, { type, conversation }))
  }

  async #ask(request: Request): Promise<Answer | null> {
    try {
      return await this.context.requests.ask(request)
    } catch (error) {
      if (error instanceof Disconnected) return null
      throw error
    }
  }
}
