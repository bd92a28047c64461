/**
 * A group that takes this one's place, as the hub shows it: a pharmacist's, who was in the old one, alone; it
 * forgets nothing that ended. The patient's account key is another only where they lost every device, and two
 * pharmacists signed it: for this very group, in its last epoch, and for the key that the log shows by now.
 */
import { equal } from "../core/bytes"
import { findExtension } from "../core/mls/extensions"
import { SUCCESSION_EXTENSION } from "../core/policy/conversation"
import { checkSuccession } from "../core/policy/cosigned"
import { checkFounding } from "../core/policy/membership"
import type { Succession } from "../core/policy/statements"
import { uuidText } from "../core/uuid"
import type { ConversationEvent } from "../core/wire"
import { hubNowUs, identityOf, leafOf, type Context } from "./context"
import { generationOf, groupIdOf, vouching } from "./epochs"
import type { InGroup } from "./following"
import { MlsFault, type Shown } from "./mls"
import type { Claim } from "./people"
import { demandHub, stateIn, taken } from "./standing"

/** What two pharmacists signed, and the bytes of it. */
export interface Word {
  readonly said: Succession
  readonly signed: Uint8Array
}

/** The word by which the patient goes on with another key, if the group is founded on one; throws where it does not hold. */
export function successionIn(context: Context, record: InGroup, { id, infoExtensions }: Shown): Word | null {
  const signed = findExtension(infoExtensions, SUCCESSION_EXTENSION)
  if (signed === null) return null
  const said = taken(checkSuccession(signed, context.standings.of(record), nowUs(context, record)))
  demandFollows(context, record, said, id)
  return { said, signed }
}

/** Two pharmacists alone give nobody a key: the log shows it, and that the old one was given up. */
export function newKeyOf(word: Word | null): readonly Claim[] {
  return word === null ? [] : [{ person: uuidText(word.said.patient), aik: word.said.newAik }]
}

/** The generation of a group that takes this one's place. */
export function succeeded(context: Context, record: InGroup, event: ConversationEvent, shown: Shown, word: Word | null): number {
  const [founder, ...others] = shown.members
  const generation = generationOf(record.room.id, shown.id)
  if (generation <= record.generation) throw new MlsFault("wrong_group")
  if (shown.epoch !== 0 || founder === undefined || others.length > 0) throw new MlsFault("wrong_epoch")
  if (founder.identity !== identityOf(event.person, event.device)) throw new MlsFault("wrong_signer")
  const known = vouching(record)[founder.identity]
  if (known === undefined || !equal(known, founder.signatureKey)) throw new MlsFault("wrong_signer")
  demandHub(context, shown)
  if (!newKeyOf(word).every((one) => context.people.isNow(one))) throw new MlsFault("other_account")
  const standing = stateIn(context, record.room, shown, null)
  // Nobody acts for the patient in a new group yet, and whoever's time was ended in the old one never does.
  const before = context.standings.of(record)
  taken(checkFounding(standing, leafOf(founder.identity), nowUs(context, record), { before, succession: word?.signed ?? null }))
  return generation
}

/** A word leads from where this device stands; or further, where it cannot follow. */
function demandFollows(context: Context, record: InGroup, { oldGroup, oldEpoch, newGroup }: Succession, id: Uint8Array): void {
  const { epoch } = context.mls.facts(record.state)
  const here = equal(oldGroup, groupIdOf(record.room.id, record.generation)) && equal(newGroup, id)
  if (!here || oldEpoch < epoch || (record.stuck === null && oldEpoch !== epoch)) throw new MlsFault("wrong_succession")
}

function nowUs(context: Context, { highest }: InGroup): number {
  return Math.max(hubNowUs(context), highest.atUs)
}
