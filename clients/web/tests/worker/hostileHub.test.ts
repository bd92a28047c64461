import { describe, expect, test } from "vitest"
import { CLAIRE, HUGO, JEAN, settled } from "./aDevice"
import { inTime } from "./aFamily"
import { anOpenDispensation } from "./aScene"
import { FakeHub } from "./fakeHub"
import { FakeLog } from "./fakeLog"

describe("a hub that lies", () => {
  test("about who wrote is found out: the message is hidden, the conversation goes on", async () => {
    const { hub, claire, jean, id } = await anOpenDispensation()
    const talk = hub.talks.get(id)
    if (talk === undefined) throw new Error("no conversation")
    hub.meddle = (frame, from) => {
      if (frame.kind !== "message.send") return null
      hub.meddle = () => null
      hub.append(talk, { who: HUGO, device: from.device }, "message", frame.body, null)
      return { kind: "refused", code: "E_ROLE", text: "", retry: "never" }
    }

    await claire.call("write", id, "De Claire")
    await settled(() => jean.texts.length === 1)
    await claire.call("write", id, "La suite")
    await settled(() => jean.texts.length === 2)

    expect(jean.texts).toEqual(["(hidden)", "La suite"])
  })

  test("by sending an old ciphertext again under a new number shows nothing twice", async () => {
    const { hub, claire, jean, id } = await anOpenDispensation()
    await claire.call("write", id, "Une fois")
    await settled(() => jean.texts.length === 1)
    const talk = hub.talks.get(id)
    const first = talk?.events.at(-1)
    if (talk === undefined || first === undefined) throw new Error("no message")

    hub.append(talk, { who: CLAIRE, device: first.device }, "message", first.body, first.message)
    await settled(() => jean.texts.length === 2)

    expect(jean.texts).toEqual(["Une fois", "(hidden)"])
  })

  test("with a commit that nobody can follow breaks the conversation in words, not the device", async () => {
    const { hub, jean, id } = await anOpenDispensation()
    const talk = hub.talks.get(id)
    if (talk === undefined) throw new Error("no conversation")

    hub.append(talk, { who: CLAIRE, device: CLAIRE.person }, "commit", Uint8Array.of(1, 2, 3), null)
    await settled(() => jean.views.conversations?.[0]?.readiness === "broken")

    expect(jean.count("failed")).toBe(0)
  })

  test.each<[string, (entry: Record<string, unknown>) => Record<string, unknown>]>([
    ["another act", (entry) => ({ ...entry, type: "group.committed" })],
    ["another device", (entry) => ({ ...entry, actor: { ...CLAIRE, device: JEAN.person } })],
    ["another ciphertext", (entry) => ({ ...entry, object: { ...Object(entry["object"]), ciphertext: "00" } })],
    ["another franking tag", (entry) => ({ ...entry, object: { ...Object(entry["object"]), franking_tag: "00" } })],
    ["a refusal", (entry) => ({ ...entry, decision: { effect: "deny", rule: "E_ROLE" } })],
  ])("with a receipt about %s has it refused, visibly; the message stays sent", async (_, bend) => {
    const { hub, claire, id } = await anOpenDispensation()
    const append = hub.care.append.bind(hub.care)
    hub.care.append = (entry) => append(entry["type"] === "message.sent" ? bend(entry) : entry)

    await claire.call("write", id, "Bonjour")
    await settled(() => claire.views.proofs?.some((one) => one.state === "refused") ?? false)

    expect(claire.views.alarm).toEqual({ code: "C_RECEIPT", text: "" })
    expect(claire.messages[0]?.delivery).not.toBe("waiting")
  })

  test("with a receipt that another key signed has it refused", async () => {
    const { hub, claire, id } = await anOpenDispensation()
    const other = new FakeLog(hub.care.name)
    hub.care.append = (entry) => other.append(entry)

    await claire.call("write", id, "Bonjour")
    await settled(() => claire.views.alarm?.code === "C_RECEIPT")
  })

  test("by changing the log's key is told from the first hello on", async () => {
    const { claire, claireDisk } = await anOpenDispensation()
    claire.crash()
    const { Device } = await import("./aDevice")
    const again = await Device.on(claireDisk, CLAIRE)

    again.connect(new FakeHub([CLAIRE, JEAN]))
    await settled(() => again.said.some((one) => one.kind === "failed" && one.fault === "log_key_changed"))
  })

  test("by showing two members two histories is caught by what rides in the messages", async () => {
    const { hub, claire, jean, id } = await anOpenDispensation()
    // Claire is shown a checkpoint of a size that Jean knows, with another root.
    const size = hub.care.entries.length + 1
    await jean.call("write", id, "De Jean")
    await settled(() => claire.texts.length === 1 && hub.care.entries.length >= size)
    const forked = hub.care.sign(size, new Uint8Array(32).fill(9))
    claire.cut()
    hub.care.checkpoint = () => forked

    claire.connect(hub)
    await settled(() => claire.count("welcomed") === 2)
    hub.care.checkpoint = FakeLog.prototype.checkpoint.bind(hub.care)
    // What she was shown has no proof: a minute later she knows why. Until then she vouches for nothing of it.
    await claire.call("write", id, "Sans ce que j’ai vu")
    await inTime(() => claire.views.alarm?.code === "C_LOG_FORKED", claire)

    expect(jean.views.alarm ?? null).toBeNull()
  })

  test("with frames that make no sense only makes the device come back", async () => {
    const { jean } = await anOpenDispensation()

    for (const frame of [{ kind: "event" }, { kind: "conversation", conversation: { id: 3 } }, { kind: "welcome", seq: -1 }]) jean.connection?.push(frame)
    jean.connection?.push({ kind: "a later kind" })
    await settled(() => jean.count("drop") === 3)

    expect(jean.count("failed")).toBe(0)
  })
})
