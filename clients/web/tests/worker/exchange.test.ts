import { describe, expect, test } from "vitest"
import { CLAIRE, JEAN, aConnectedDevice, aDisk, settled } from "./aDevice"
import { aStranger, added } from "./aGroup"
import { anMls } from "./anMls"
import { anOpenDispensation } from "./aScene"
import { FakeHub, authenticatedDataOf } from "./fakeHub"

describe("a dispensation between two devices", () => {
  test("the patient is added, reads the note, and both see the same readers", async () => {
    const { claire, jean } = await anOpenDispensation("Bonjour monsieur Lefèvre")

    await settled(() => jean.texts.length === 1 && claire.messages[0]?.delivery === "delivered")
    expect(jean.texts).toEqual(["Bonjour monsieur Lefèvre"])
    expect(jean.views.thread?.readers.map((one) => one.name)).toEqual(["Claire Morel", "Jean Lefèvre"])
    expect(claire.views.thread?.epoch).toBe(1)
  })

  test("messages go both ways, in one order, and say how far they came", async () => {
    const { claire, jean, id } = await anOpenDispensation()

    await claire.call("write", id, "Comment allez-vous ?")
    await settled(() => jean.texts.length === 1)
    await jean.call("write", id, "Mieux, merci")
    await settled(() => claire.texts.length === 2)
    expect(jean.views.conversations?.[0]?.unread).toBe(1)
    await jean.call("read", id)
    await settled(() => claire.messages[0]?.delivery === "read")

    expect(claire.texts).toEqual(jean.texts)
    expect(jean.views.conversations?.[0]).toMatchObject({ unread: 0, preview: "Mieux, merci" })
  })

  test("every act leaves a proof that was verified here", async () => {
    const { claire, id } = await anOpenDispensation("Bonjour")
    await claire.call("write", id, "Encore")
    await settled(() => claire.views.proofs?.filter((one) => one.what === "message.sent").length === 2)

    const kinds = new Set(claire.views.proofs?.map((one) => one.what))
    expect(kinds).toEqual(new Set(
      ["connection.opened", "device.certified", "key_packages.published", "dispensation.started", "key_package.claimed", "group.committed", "group.confirmed", "message.sent"]))
    expect(claire.views.proofs?.every((one) => one.state === "verified" && one.file.includes("extra "))).toBe(true)
  })

  test("a patient without a device is waited for; what was written waits with him and then arrives", async () => {
    const hub = new FakeHub([CLAIRE, JEAN])
    const claire = await aConnectedDevice(hub, CLAIRE)
    const founded = await claire.call("found", JEAN.person, "age", "Première")
    if (!("id" in founded)) throw new Error("not founded")
    await claire.call("open", founded.id)
    await claire.call("write", founded.id, "Seconde")
    await settled(() => claire.messages.length === 2)
    expect(claire.views.thread?.conversation.readiness).toBe("waiting_for_patient")
    expect(hub.seen.some((frame) => frame.kind === "message.send" || frame.kind === "key_packages.claim")).toBe(false)

    const jean = await aConnectedDevice(hub, JEAN)
    await jean.call("open", founded.id)
    await settled(() => jean.texts.length === 2)

    expect(jean.texts).toEqual(["Première", "Seconde"])
  })

  test("a device that was away reads what it missed, once, after it comes back", async () => {
    const { claire, jean, hub, id } = await anOpenDispensation()
    jean.cut()
    await claire.call("write", id, "Un")
    await claire.call("write", id, "Deux")
    await settled(() => hub.talks.get(id)?.events.length === 3)

    jean.connect(hub)
    await settled(() => jean.texts.length === 2)

    expect(jean.texts).toEqual(["Un", "Deux"])
  })

  test("a message written offline leaves once, when there is a connection", async () => {
    const { claire, jean, hub, id } = await anOpenDispensation()
    claire.cut()
    await claire.call("write", id, "Hors ligne")
    await settled(() => claire.messages[0]?.delivery === "waiting")

    claire.connect(hub)
    await settled(() => jean.texts.length === 1 && claire.messages[0]?.delivery === "delivered")

    expect(hub.seen.filter((frame) => frame.kind === "message.send")).toHaveLength(1)
  })

  test("starting a dispensation without a connection says so, and starts nothing", async () => {
    const hub = new FakeHub([CLAIRE, JEAN])
    const claire = await aConnectedDevice(hub, CLAIRE)
    claire.cut()

    expect(await claire.call("found", JEAN.person, "age", "")).toEqual({ ok: false, trouble: { code: "C_OFFLINE", text: "" } })
  })
})

describe("a device among others", () => {
  test("a person's other device reads along from the first commit, and says that it came second", async () => {
    const hub = new FakeHub([CLAIRE, JEAN])
    await aConnectedDevice(hub, JEAN)
    const counter = await aConnectedDevice(hub, CLAIRE)
    const office = await aConnectedDevice(hub, CLAIRE)

    const founded = await office.call("found", JEAN.person, "health", "Du bureau")
    if (!("id" in founded)) throw new Error("not founded")
    await counter.call("open", founded.id)
    await settled(() => counter.texts.length === 1)

    expect(counter.messages[0]).toMatchObject({ mine: true, content: { text: "Du bureau" } })
    expect(counter.views.thread?.readers.map((one) => one.devices)).toEqual([2, 1])
    const second = [counter, office].map((one) => one.said.some((said) => said.kind === "welcomed" && said.me.secondDevice))
    expect(second).toEqual([false, true])
  })

  test("a device that comes later comes in, and sees nothing of before", async () => {
    const { hub, claire, id } = await anOpenDispensation("Bonjour")
    const later = await aConnectedDevice(hub, JEAN)
    await settled(() => later.views.conversations?.[0]?.readiness === "ready")
    await later.call("open", id)
    await claire.call("write", id, "Depuis")
    await settled(() => later.texts.length === 1)

    expect(later.texts).toEqual(["Depuis"])
  })

  test("a device that comes later and is not let in is told that the conversation began before it", async () => {
    const { hub } = await anOpenDispensation("Bonjour")
    hub.meddle = (frame) => (frame.kind === "group.info" ? { kind: "refused", code: "E_NOT_FOUND", text: "", retry: "never" } : null)
    const later = await aConnectedDevice(hub, JEAN)

    await settled(() => later.views.conversations?.[0]?.readiness === "before_this_device")
  })

  test("a heartbeat that is answered changes nothing; one that is not makes the device come back", async () => {
    const hub = new FakeHub([JEAN])
    const jean = await aConnectedDevice(hub, JEAN)
    jean.timePasses()
    await settled(() => hub.seen.some((frame) => frame.kind === "ping"))
    expect(jean.count("drop")).toBe(0)

    hub.meddle = (frame) => (frame.kind === "ping" ? "silence" : null)
    jean.timePasses()
    await settled()
    jean.timePasses()

    expect(jean.count("drop")).toBe(1)
  })
})

describe("exactly once", () => {
  test("an answer that was lost is asked for again with the same bytes", async () => {
    const { claire, jean, hub, id } = await anOpenDispensation()
    hub.meddle = (frame) => (frame.kind === "message.send" ? "mute" : null)
    await claire.call("write", id, "Une seule fois")
    await settled(() => jean.texts.length === 1 && claire.messages[0]?.seq !== null)
    claire.cut()
    hub.meddle = () => null

    claire.connect(hub)
    await settled(() => claire.views.proofs?.some((one) => one.what === "message.sent" && one.state === "verified") ?? false)

    const bodies = hub.seen.flatMap((frame) => (frame.kind === "message.send" ? [frame.body] : []))
    expect(bodies).toHaveLength(2)
    expect(bodies[1]).toEqual(bodies[0])
    expect(jean.texts).toEqual(["Une seule fois"])
    expect(claire.texts).toEqual(["Une seule fois"])
  })

  test("a commit that came first makes the message be encrypted again, under the same id and tag", async () => {
    const { claire, jean, hub, id } = await anOpenDispensation()
    const mls = anMls()
    const newcomer = await aStranger(hub.registry, JEAN, mls)
    const made = await added(mls, jean.keeper["context"].rooms.get(id)?.state ?? new Uint8Array(), [newcomer.message])
    hub.meddle = (frame) => {
      const talk = hub.talks.get(id)
      if (frame.kind !== "message.send" || talk === undefined || jean.connection === null) return null
      hub.meddle = () => null
      talk.epoch = 2
      hub.append(talk, jean.connection, "commit", made.commit, null)
      return { kind: "refused", code: "E_EPOCH", text: "", retry: "changed", epoch: 2 }
    }

    await claire.call("write", id, "Encore une fois")
    await settled(() => hub.talks.get(id)?.events.length === 3)

    const bodies = hub.seen.flatMap((frame) => (frame.kind === "message.send" ? [frame.body] : []))
    const [first, second] = bodies.map(authenticatedDataOf)
    expect(bodies).toHaveLength(2)
    expect([first?.epoch, second?.epoch]).toEqual([1, 2])
    expect(second).toEqual({ ...first, epoch: 2, sentAt: second?.sentAt })
    const read = await mls.decrypt(await mls.join(made.welcome, newcomer.secret, {}), bodies[1] ?? new Uint8Array())
    expect(new TextDecoder().decode(read.payload)).toContain("Encore une fois")
  })

  test("« too many » waits and tries again; a final refusal is shown and can be sent again", async () => {
    const { claire, jean, hub, id } = await anOpenDispensation()
    const answers = [
      { kind: "refused", code: "E_RATE", text: "", retry: "later", retry_after: 5_000 },
      { kind: "refused", code: "E_ROLE", text: "Non.", retry: "never" },
    ]
    hub.meddle = (frame) => (frame.kind === "message.send" ? answers.shift() ?? null : null)
    await claire.call("write", id, "Patience")
    await settled()
    expect(claire.messages[0]?.delivery).toBe("waiting")
    const real = Date.now
    Date.now = () => real() + 6_000
    claire.timePasses()
    await settled(() => claire.messages[0]?.delivery === "failed")
    Date.now = real
    expect(claire.messages[0]?.trouble).toEqual({ code: "E_ROLE", text: "Non." })

    await claire.call("again", claire.messages[0]?.id ?? "")
    await settled(() => jean.texts.length === 1)

    expect(jean.texts).toEqual(["Patience"])
  })

  test("a failed message can be discarded", async () => {
    const { claire, hub, id } = await anOpenDispensation()
    hub.meddle = (frame) => (frame.kind === "message.send" ? { kind: "refused", code: "E_ROLE", text: "", retry: "never" } : null)
    await claire.call("write", id, "Non")
    await settled(() => claire.messages[0]?.delivery === "failed")

    await claire.call("discard", claire.messages[0]?.id ?? "")
    await settled()

    expect(claire.messages).toEqual([])
  })

  test("an event that comes twice is ignored; one that skips makes the device come back", async () => {
    const { claire, jean, hub, id } = await anOpenDispensation()
    await claire.call("write", id, "Une fois")
    await settled(() => jean.texts.length === 1)
    const event = hub.talks.get(id)?.events.at(-1)
    if (event === undefined) throw new Error("no event")

    jean.connection?.push({ ...event })
    await settled()
    expect(jean.texts).toEqual(["Une fois"])
    expect(jean.count("drop")).toBe(0)

    jean.connection?.push({ ...event, seq: event.seq + 2 })
    await settled(() => jean.count("drop") === 1)
    expect(jean.texts).toEqual(["Une fois"])
  })

  test.each([["E_EPOCH", { epoch: 0 }], ["E_KEY_PACKAGE_USED", {}]] as const)(
    "a commit refused with %s is dropped and made again with a fresh key package", async (code, more) => {
      const hub = new FakeHub([CLAIRE, JEAN])
      const jean = await aConnectedDevice(hub, JEAN)
      const claire = await aConnectedDevice(hub, CLAIRE)
      let refused = false
      hub.meddle = (frame) => {
        if (frame.kind !== "group.commit" || refused) return null
        refused = true
        return { kind: "refused", code, text: "", retry: "changed", ...more }
      }

      await claire.call("found", JEAN.person, "health", "Bonjour")
      await settled(() => hub.seen.filter((frame) => frame.kind === "group.commit").length === 1)
      claire.timePasses()
      await settled(() => jean.views.conversations?.[0]?.preview === "Bonjour")

      expect(hub.seen.filter((frame) => frame.kind === "key_packages.claim")).toHaveLength(2)
      expect([...hub.talks.values()][0]?.epoch).toBe(1)
    })
})

describe("a crash between two steps", () => {
  test.each(["conversation.create", "key_packages.claim", "group.commit", "message.send"] as const)(
    "the answer to %s never came: the next run takes it up", async (step) => {
      for (const loss of ["silence", "mute"] as const) {
        const hub = new FakeHub([CLAIRE, JEAN])
        const disk = aDisk()
        const jean = await aConnectedDevice(hub, JEAN)
        const before = await aConnectedDevice(hub, CLAIRE, disk)
        hub.meddle = (frame) => (frame.kind === step ? loss : null)
        void before.call("found", JEAN.person, "health", "Bonjour")
        await settled(() => hub.seen.some((frame) => frame.kind === step))
        before.crash()
        hub.meddle = () => null

        const after = await aConnectedDevice(hub, CLAIRE, disk)
        await settled(() => jean.views.conversations?.[0]?.preview === "Bonjour")

        await after.call("open", after.views.conversations?.[0]?.id ?? "")
        await settled(() => after.texts.length === 1)
        expect(hub.talks.size).toBe(1)
        expect([...hub.talks.values()][0]?.events.map((one) => one.what)).toEqual(["commit", "message"])
        expect(after.texts).toEqual(["Bonjour"])
      }
    })

  test("history, drafts and unanswered messages are there after a reload", async () => {
    const { claire, jean, hub, id, claireDisk } = await anOpenDispensation()
    await jean.call("write", id, "De Jean")
    await settled(() => claire.texts.length === 1)
    await claire.call("draft", id, "À moitié éc")
    claire.cut()
    await claire.call("write", id, "Écrit hors ligne")
    await settled()
    claire.crash()

    const again = await aConnectedDevice(hub, CLAIRE, claireDisk)
    await again.call("open", id)
    await settled(() => again.texts.length === 2 && jean.texts.length === 2)

    expect(again.texts).toEqual(["De Jean", "Écrit hors ligne"])
    expect(jean.texts).toEqual(again.texts)
  })

  test("what was decrypted before a crash is not asked of the ratchet again", async () => {
    const { claire, jean, hub, id, jeanDisk } = await anOpenDispensation()
    await claire.call("write", id, "Avant")
    await settled(() => jean.texts.length === 1)
    jean.crash()
    await claire.call("write", id, "Après")
    await settled(() => hub.talks.get(id)?.events.length === 3)

    const again = await aConnectedDevice(hub, JEAN, jeanDisk)
    await again.call("open", id)
    await settled(() => again.texts.length === 2)

    expect(again.texts).toEqual(["Avant", "Après"])
  })
})
