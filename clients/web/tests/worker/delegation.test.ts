/** A carer acts for a patient inside one conversation: from the patient's word to the end, between three devices. */
import { describe, expect, test } from "vitest"
import type { DelegationDraft } from "../../src/core/model"
import { Vault } from "../../src/worker/vault"
import { CLAIRE, HUGO, JEAN, SOPHIE, aConnectedDevice, settled, type Device } from "./aDevice"
import { inTime, recordOf } from "./aFamily"
import { DAY, aDraft, aMandate, accepted, beforeAMandate, delegationsOf, proposed, stateOf, timeGoesBy } from "./aMandate"
import { FakeHub, authenticatedDataOf } from "./fakeHub"

type Mandated = Awaited<ReturnType<typeof aMandate>>

describe("a delegation", () => {
  test("is proposed by the patient, and told to the pharmacist, not to the carer", async () => {
    const mandate = await beforeAMandate()
    await proposed(mandate)

    expect(delegationsOf(mandate.jean)).toMatchObject([{ state: "proposed", side: "grantor", granteeName: SOPHIE.name, needs: 1, mayConfirm: false, mayEnd: true }])
    expect(delegationsOf(mandate.claire)).toMatchObject([{ state: "proposed", side: "staff", needs: 1, mayConfirm: true }])
    expect(delegationsOf(mandate.sophie)).toEqual([])
  })

  test("is confirmed by the pharmacist, accepted by the carer, and lets her in by one commit", async () => {
    const { hub, claire, jean, sophie, id, delegation } = await aMandate()

    expect(hub.talks.get(id)?.group.standing.inForce).toHaveLength(1)
    expect(claire.views.thread?.readers.map((one) => one.person)).toContain(SOPHIE.person)
    for (const device of [claire, jean, sophie]) {
      const member = device.views.thread?.conversation.members.find((one) => one.person === SOPHIE.person)
      expect(member?.delegation).toMatchObject({ basis: "patient_mandate" })
    }
    expect(delegationsOf(claire)).toMatchObject([{ id: delegation, confirmedBy: [{ name: "Claire Morel", heardAlone: true }], needs: 0, mayConfirm: false }])
    expect([claire, jean, sophie].map((device) => device.views.alarm ?? null)).toEqual([null, null, null])
  })

  test("shows the carer nothing of before, and everything from then on", async () => {
    const mandate = await beforeAMandate()
    await mandate.jean.call("write", mandate.id, "Avant elle")
    await settled(() => mandate.claire.texts.length === 1)
    await accepted(mandate)
    await settled(() => mandate.sophie.views.conversations?.[0]?.readiness === "ready")
    await mandate.sophie.call("open", mandate.id)
    await mandate.jean.call("write", mandate.id, "Avec elle")
    await settled(() => mandate.sophie.texts.length === 1)

    expect(mandate.sophie.texts).toEqual(["Avec elle"])
  })

  test("has each of the carer's messages say for whom, under which delegation and version", async () => {
    const { hub, claire, jean, sophie, id, delegation } = await aMandate()
    await sophie.call("write", id, "Papa a mal dormi")
    await settled(() => [claire, jean, sophie].every((device) => device.texts.length === 1))

    expect(claire.messages[0]).toMatchObject({ person: SOPHIE.person, content: { kind: "text", text: "Papa a mal dormi" }, actingFor: { name: JEAN.name } })
    expect(sophie.messages[0]?.actingFor?.until).toBe(claire.messages[0]?.actingFor?.until)
    const [body] = hub.seen.flatMap((frame) => (frame.kind === "message.send" ? [frame.body] : []))
    const { acting } = authenticatedDataOf(body ?? new Uint8Array())
    expect(acting?.version).toBe(1)
    expect(delegation.replaceAll("-", "")).toBe(Buffer.from(acting?.delegation ?? []).toString("hex"))
  })

  test("is not asked of anybody else's messages", async () => {
    const { claire, jean, id } = await aMandate()
    await jean.call("write", id, "De moi")
    await settled(() => claire.texts.length === 1)

    expect(claire.messages[0]?.actingFor).toBeNull()
  })
})

describe("the end of a delegation", () => {
  test("by the patient's hand takes the carer out at once; « En cours… » until a pharmacy's device has followed", async () => {
    const { hub, claire, jean, sophie, id, delegation } = await aMandate()
    const silent = hub.receive.bind(hub)
    // The pharmacy's word on the next epoch is on its way for a while.
    const held: (() => void)[] = []
    hub.receive = (from, frame) => {
      if (frame.kind === "group.receipt" && from === claire.connection) held.push(() => { silent(from, frame) })
      else silent(from, frame)
    }

    await jean.call("withdraw", delegation, [])
    await settled(() => hub.talks.get(id)?.epoch === 3 && jean.views.thread?.epoch === 3)
    expect(stateOf(jean)).toBe("ending")
    await jean.call("write", id, "Pas encore")
    await settled()
    expect(jean.messages.at(-1)?.delivery).toBe("waiting")
    for (const go of held) go()
    await settled(() => stateOf(jean) === "revoked" && claire.texts.length === 1)

    expect(hub.talks.get(id)?.group.standing.tombstones).toMatchObject([{ ending: "revoked" }])
    expect(recordOf(sophie, id).state).toBeNull()
    expect(sophie.views.conversations?.[0]).toMatchObject({ over: true, readiness: "removed" })
    expect(sophie.texts).toEqual([])
    expect(claire.views.thread?.readers.map((one) => one.person)).not.toContain(SOPHIE.person)
    expect([claire, jean, sophie].map((device) => device.views.alarm ?? null)).toEqual([null, null, null])
  })

  test.each<[string, string, (mandate: Mandated) => Promise<unknown>]>([
    ["resigned", "the carer's own", ({ sophie, delegation }) => sophie.call("resign", delegation)],
    ["suspended", "the pharmacist's", ({ claire, delegation }) => claire.call("suspend", delegation, "telephone")],
    ["contested", "the pharmacist's, contested", ({ claire, delegation }) => claire.call("suspend", delegation, "contest")],
    ["expired", "time's", ({ hub, claire, jean, sophie, delegation }) => {
      timeGoesBy(31 * DAY, hub, claire, jean, sophie)
      hub.expire(delegation)
      return settled()
    }],
  ])("as %s, by %s hand, leaves its tombstone and the carer nothing", async (state, _, end) => {
    const mandate = await aMandate()
    const { hub, claire, jean, sophie, id } = mandate

    await end(mandate)
    await inTime(() => stateOf(jean) === state && stateOf(claire) === state, claire, jean)

    expect(hub.talks.get(id)?.group.standing).toMatchObject({ inForce: [], tombstones: [{ ending: state }] })
    expect(recordOf(sophie, id)).toMatchObject({ state: null, known: {} })
    expect(sophie.views.conversations?.[0]?.over).toBe(true)
    expect([claire, jean].map((device) => device.views.alarm ?? null)).toEqual([null, null])
  })

  test("with nobody else online is carried out by the first who comes, before anything else", async () => {
    const mandate = await aMandate()
    const { hub, claire, jean, sophie, id, delegation } = mandate
    await claire.call("write", id, "Avant la fin")
    await settled(() => jean.texts.length === 1)
    for (const device of [claire, jean]) device.cut()
    await claire.call("write", id, "Sans elle")

    await sophie.call("resign", delegation)
    claire.connect(hub)
    await settled(() => claire.texts.length === 2 && claire.messages[1]?.delivery === "sent")
    jean.connect(hub)
    await settled(() => jean.texts.length === 2)

    expect(hub.talks.get(id)?.events.map((one) => one.what)).toEqual(["commit", "commit", "message", "proposal", "commit", "message"])
    expect(stateOf(jean)).toBe("resigned")
  })

  test("with the patient offline is carried out by a pharmacist's device, and known to the patient at the next hello", async () => {
    const { hub, claire, jean, id, delegation } = await aMandate()
    jean.cut()

    await claire.call("suspend", delegation, "abuse")
    await settled(() => hub.talks.get(id)?.epoch === 3)
    expect(delegationsOf(claire)).toMatchObject([{ state: "suspended", reason: "abuse", mayEnd: false }])
    jean.connect(hub)
    await settled(() => stateOf(jean) === "suspended")

    expect(recordOf(jean, id).room.group?.epoch).toBe(3)
  })

  test("leaves nothing on the carer's disk that opens what is written afterwards", async () => {
    const { claire, jean, sophie, id, delegation, disks } = await aMandate()
    await sophie.call("write", id, "Lu et écrit")
    await settled(() => claire.texts.length === 1)
    await jean.call("withdraw", delegation, [])
    await settled(() => stateOf(jean) === "revoked")
    sophie.crash()

    globalThis.indexedDB = disks.sophie
    const vault = await Vault.open(`colloque:${SOPHIE.person}`)
    const [room] = await vault.all("rooms")
    expect(room).toMatchObject({ state: null, previous: null, pending: null, receipt: null, known: {} })
    expect(await vault.all("messages")).toEqual([])
    expect(await vault.all("outbox")).toEqual([])
    vault.close()
  })

  test("that comes first as a refusal closes the carer's conversation all the same", async () => {
    const { hub, sophie, id } = await aMandate()
    hub.meddle = (frame) => (frame.kind === "message.send" ? { kind: "refused", code: "E_DELEGATION_REVOKED", text: "Terminée.", retry: "never" } : null)

    await sophie.call("write", id, "Trop tard")
    await settled(() => sophie.views.conversations?.[0]?.over === true)

    expect(recordOf(sophie, id).state).toBeNull()
  })

  test("by time alone closes the carer's conversation on her own device, whatever the hub says", async () => {
    const { sophie, id } = await aMandate()

    sophie.later(31 * DAY)
    await settled(() => sophie.views.conversations?.[0]?.over === true)

    expect(recordOf(sophie, id).state).toBeNull()
  })

  test("by time alone is carried out two minutes later by whoever may, where the hub does nothing", async () => {
    const { hub, claire, jean, sophie, id } = await aMandate()
    sophie.cut()

    timeGoesBy(31 * DAY, hub, claire, jean)
    await inTime(() => hub.talks.get(id)?.epoch === 3, claire, jean)
    await settled(() => jean.views.thread?.epoch === 3)

    expect(hub.talks.get(id)?.group.standing).toMatchObject({ inForce: [], tombstones: [{ ending: "expired" }] })
    expect(hub.talks.get(id)?.group.leaves.map((one) => one.person)).not.toContain(SOPHIE.person)
  })

  test("by time alone has nothing sent from two minutes after it on, until the removal is committed", async () => {
    const { hub, claire, id } = await aMandate()
    hub.meddle = (frame) => (frame.kind === "group.commit" ? "silence" : null)
    claire.ahead += 30 * DAY + 125_000

    await claire.call("write", id, "Elle lirait encore")
    await settled()

    expect(claire.messages.at(-1)?.delivery).toBe("waiting")
    expect(hub.seen.filter((frame) => frame.kind === "message.send")).toEqual([])
  })
})

describe("some of a delegation", () => {
  test("is withdrawn alone: the group follows, the carer stays with what is left", async () => {
    const { hub, claire, jean, sophie, id, delegation } = await aMandate()

    await jean.call("withdraw", delegation, ["call.join"])
    await settled(() => [claire, jean, sophie].every((device) => delegationsOf(device)[0]?.withdrawn.length === 1 && recordOf(device, id).highest.number === 2))
    await sophie.call("write", id, "J’écris encore")
    await settled(() => jean.texts.length === 1)

    expect(hub.talks.get(id)?.group.standing.inForce[0]?.scopes).toEqual(["conversation.read", "conversation.send"])
    expect(delegationsOf(jean)).toMatchObject([{ state: "active", scopes: ["conversation.read", "conversation.send"], withdrawn: ["call.join"] }])
    expect(jean.texts).toEqual(["J’écris encore"])
  })

  test("once gone is not used: what the carer writes all the same is hidden, in its place", async () => {
    const { hub, claire, jean, sophie, id, delegation } = await aMandate()
    await jean.call("withdraw", delegation, ["conversation.send"])
    await settled(() => [claire, jean, sophie].every((device) => recordOf(device, id).highest.number === 2))
    // A hub that lets it through.
    await sophie.call("write", id, "Hors autorisation")
    await settled(() => claire.messages.length === 1)

    expect(claire.messages[0]).toMatchObject({ person: SOPHIE.person, content: { kind: "hidden", why: "unauthorised" }, actingFor: null })
    expect(hub.talks.get(id)?.events.at(-1)?.what).toBe("message")
  })
})

describe("a delegation for a patient without a device", () => {
  /** Jean has none: on paper, the two pharmacists attest. */
  async function onPaper(bend: Partial<DelegationDraft> = {}): Promise<Omit<Mandated, "jean" | "delegation" | "disks"> & { hugo: Device }> {
    const hub = new FakeHub([CLAIRE, HUGO, JEAN, SOPHIE])
    const sophie = await aConnectedDevice(hub, SOPHIE)
    const claire = await aConnectedDevice(hub, CLAIRE)
    const hugo = await aConnectedDevice(hub, HUGO)
    const founded = await claire.call("found", JEAN.person, "age", "")
    if (!("id" in founded)) throw new Error("not founded")
    const { id } = founded
    await claire.call("open", id)
    const outcome = await claire.call("propose", aDraft({ id }, { mandate: "paper", evidence: { hash: "ab".repeat(32), issuer: "Jean Lefèvre" }, ...bend }))
    expect(outcome).toEqual({ ok: true })
    return { hub, claire, hugo, sophie, id }
  }

  test("is attested by two pharmacists, never one alone at once", async () => {
    const { claire, hugo, sophie } = await onPaper()
    await settled(() => delegationsOf(hugo).length === 1)
    expect(delegationsOf(claire)).toMatchObject([{ mandate: "paper", state: "proposed", needs: 1, mayConfirm: false, evidence: { hash: "ab".repeat(32), issuer: "Jean Lefèvre" } }])

    const { id: delegation } = delegationsOf(hugo)[0] ?? { id: "" }
    await hugo.call("confirm", delegation, false)
    await settled(() => delegationsOf(sophie).length === 1)
    await sophie.call("accept", delegation, "Je m’engage.")
    await settled(() => sophie.views.conversations?.[0]?.readiness === "waiting_for_patient" && stateOf(claire) === "active")

    expect(delegationsOf(claire)).toMatchObject([{ confirmedBy: [{ name: "Claire Morel" }, { name: "Hugo Petit" }] }])
    expect(claire.views.alarm ?? null).toBeNull()
  })

  test("begins a day later where one pharmacist attests alone", async () => {
    const { hub, claire, sophie, id } = await onPaper({ alone: true })
    await settled(() => delegationsOf(sophie).length === 1)
    await sophie.call("accept", delegationsOf(sophie)[0]?.id ?? "", "Je m’engage.")
    await settled()
    expect(delegationsOf(claire)).toMatchObject([{ state: "accepted", needs: 0 }])
    expect(hub.talks.get(id)?.epoch).toBe(0)

    timeGoesBy(DAY + 300_000, hub, claire, sophie)
    claire.connection?.push({ kind: "group.commit_due", conversation: id, epoch: 0 })
    await settled(() => stateOf(claire) === "active")
  })
})
