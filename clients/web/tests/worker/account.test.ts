/** A person's account: made on the first device, carried to others, kept for the day when all are lost, and nobody else's. */
import { describe, expect, test } from "vitest"
import { openDB } from "idb"
import { encodeHex, equal } from "../../src/core/bytes"
import { fingerprintText } from "../../src/core/policy/account"
import { cosign, encodeCoSigned } from "../../src/core/policy/cosigned"
import { ACCOUNT_REVOCATION, DEVICE_CERTIFICATE, IDENTITY_CERTIFICATE, UnverifiedStatement } from "../../src/core/policy/statements"
import { uuidBytes } from "../../src/core/uuid"
import { CLAIRE, Device, HUGO, JEAN, aConnectedDevice, aDisk, settled, type Disk } from "./aDevice"
import type { IdentityView } from "../../src/core/wireCare"
import { keysOf, recordOf, talkOf } from "./aFamily"
import { aStranger, added, committed } from "./aGroup"
import { anMls } from "./anMls"
import { aikOf, seedOf, type Person } from "./aPerson"
import { aDispensation, anOpenDispensation } from "./aScene"
import { FakeHub } from "./fakeHub"

const FEW = 4

/** A browser that was never used before. */
async function aNewDevice(hub: FakeHub, who: Person, disk: Disk = aDisk()): Promise<Device> {
  const device = await Device.on(disk, who, FEW, true)
  device.connect(hub)
  await settled(() => device.count("welcomed") > 0 && device.views.identity !== undefined)
  return device
}

const kindOf = (device: Device): string | undefined => device.views.identity?.kind
const fingerprintOf = (device: Device): string => (device.views.identity?.kind === "ready" ? device.views.identity.fingerprint : "")
const digitsOf = (device: Device): string | null => (device.views.identity?.kind === "needs_link" ? device.views.identity.digits : null)

describe("the first device of a person", () => {
  test("makes the account key, has it certified, certifies itself, and only then gives key packages", async () => {
    const hub = new FakeHub([CLAIRE, JEAN])
    const jean = await aNewDevice(hub, JEAN)
    await settled(() => kindOf(jean) === "ready" && hub.stock.size > 0)

    expect(hub.seen.map((frame) => frame.kind).filter((kind) => !kind.startsWith("log."))).toEqual(
      ["hello", "identity.enrol", "device.certify", "identity.list", "key_packages.publish"])
    const { aik } = UnverifiedStatement.decode(IDENTITY_CERTIFICATE, hub.registry.enrolled.get(JEAN.person)?.certificate ?? new Uint8Array()).content
    const certificate = UnverifiedStatement.decode(DEVICE_CERTIFICATE, hub.registry.devices.get(keysOf(jean).device) ?? new Uint8Array()).verify(aik)
    expect(equal(certificate.signatureKey, keysOf(jean).publicKey)).toBe(true)
    expect(fingerprintOf(jean)).toMatch(/^colloque:1:colloque\.test:[0-9a-f-]{36}:[0-9a-f]{64}$/)
    expect(jean.views.proofs?.map((one) => one.what)).toContain("identity.issued")
  })

  test("asks again with the same key where the answer never came", async () => {
    const hub = new FakeHub([CLAIRE, JEAN])
    const disk = aDisk()
    hub.meddle = (frame) => (frame.kind === "identity.enrol" ? "mute" : null)
    const first = await aNewDevice(hub, JEAN, disk)
    await settled(() => hub.seen.some((frame) => frame.kind === "identity.enrol"))
    first.crash()
    hub.meddle = () => null

    const again = await aNewDevice(hub, JEAN, disk)
    await settled(() => kindOf(again) === "ready")

    const { aik } = UnverifiedStatement.decode(IDENTITY_CERTIFICATE, hub.registry.enrolled.get(JEAN.person)?.certificate ?? new Uint8Array()).content
    expect(fingerprintOf(again)).toBe(fingerprintText(hub.deployment, JEAN.person, aik))
    expect(hub.seen.filter((frame) => frame.kind === "identity.enrol")).toHaveLength(1)
  })

  test("does not believe a certificate for another key, nor one in another's name", async () => {
    for (const lie of [(hub: FakeHub) => hub.registry.certificate(JEAN, aikOf(HUGO)), (hub: FakeHub) => hub.registry.certificate(HUGO)]) {
      const hub = new FakeHub([CLAIRE, JEAN])
      hub.meddle = (frame) => (frame.kind === "identity.enrol" ? { kind: "ok", now: hub.now, result: { certificate: lie(hub) } } : null)
      const jean = await aNewDevice(hub, JEAN)
      await settled(() => jean.views.alarm?.code === "C_IDENTITY_UNPROVEN")

      expect(hub.stock.size).toBe(0)
      expect(hub.registry.devices.size).toBe(0)
    }
  })

  test("keeps the key sealed: its bytes are nowhere on the disk, nor in any frame", async () => {
    const hub = new FakeHub([CLAIRE, JEAN])
    const disk = aDisk()
    const jean = await aConnectedDevice(hub, JEAN, disk)
    await jean.call("makeRecovery")
    jean.crash()

    globalThis.indexedDB = disk
    const database = await openDB(`colloque:${JEAN.person}`)
    const stored = JSON.stringify(await database.getAll("rows"), (_, value: unknown) =>
      value instanceof ArrayBuffer ? encodeHex(new Uint8Array(value)) : value instanceof Uint8Array ? encodeHex(value) : value)
    database.close()
    const seed = encodeHex(seedOf(JEAN))
    expect(stored).not.toContain(seed)
    expect(JSON.stringify(hub.seen, (_, value: unknown) => (value instanceof Uint8Array ? encodeHex(value) : value))).not.toContain(seed)
  })
})

describe("another device of the same person", () => {
  test("may do nothing before it is let in, and says so", async () => {
    const hub = new FakeHub([CLAIRE, JEAN])
    await aConnectedDevice(hub, JEAN)
    const before = hub.seen.length
    const tablet = await aNewDevice(hub, JEAN)

    expect(tablet.views.identity).toEqual({ kind: "needs_link", digits: null, recovery: false })
    expect(hub.seen.slice(before).map((frame) => frame.kind)).toEqual(["hello", "recovery.ask"])
  })

  test("is let in by one that has the key, after both showed the same sixteen digits", async () => {
    const hub = new FakeHub([CLAIRE, JEAN])
    const phone = await aConnectedDevice(hub, JEAN)
    const tablet = await aNewDevice(hub, JEAN)
    await tablet.call("askLink")
    await settled(() => phone.views.linkRequests?.length === 1)
    const [asked] = phone.views.linkRequests ?? []
    expect(asked?.digits).toMatch(/^[0-9]{16}$/)
    expect(digitsOf(tablet)).toBe(asked?.digits)

    await phone.call("acceptLink", asked?.device ?? "")
    await settled(() => kindOf(tablet) === "ready" && (hub.stock.get(keysOf(tablet).device)?.length ?? 0) > 0)

    expect(fingerprintOf(tablet)).toBe(fingerprintOf(phone))
    expect(phone.views.linkRequests).toEqual([])
  })

  test("comes into the conversations that there are, and writes once somebody said that it is where they are", async () => {
    const { hub, claire, jean, id } = await anOpenDispensation()
    const receive = hub.receive.bind(hub)
    const held: (() => void)[] = []
    const tablet = await aNewDevice(hub, JEAN)
    hub.receive = (from, frame) => {
      if (frame.kind === "group.receipt" && from !== tablet.connection) held.push(() => { receive(from, frame) })
      else receive(from, frame)
    }
    await tablet.call("askLink")
    await settled(() => jean.views.linkRequests?.length === 1)
    await jean.call("acceptLink", keysOf(tablet).device)
    await settled(() => tablet.views.conversations?.[0]?.readiness === "ready" && claire.views.thread?.epoch === 2)
    await tablet.call("open", id)
    await tablet.call("write", id, "De ma tablette")
    await settled(() => tablet.messages.length === 1)
    expect(tablet.messages[0]?.delivery).toBe("waiting")

    for (const go of held) go()
    await settled(() => claire.texts.length === 1 && jean.texts.length === 1)

    expect(claire.views.thread?.readers.find((one) => one.person === JEAN.person)?.devices).toBe(2)
    expect([claire, jean, tablet].map((device) => device.views.alarm ?? null)).toEqual([null, null, null])
  })

  test.each<[string, (push: Record<string, unknown>, hub: FakeHub) => Record<string, unknown>]>([
    ["the key of another account", (push) => ({ ...push, sealed: new Uint8Array(80).fill(7) })],
    ["a certificate for another device", (push, hub) => ({ ...push, certificate: hub.registry.deviceCertificate(JEAN, HUGO.person, new Uint8Array(32)) })],
  ])("does not take %s", async (_, bend) => {
    const hub = new FakeHub([CLAIRE, JEAN])
    const phone = await aConnectedDevice(hub, JEAN)
    const tablet = await aNewDevice(hub, JEAN)
    const { connection } = tablet
    if (connection === null) throw new Error("no connection")
    const push = connection.push.bind(connection)
    connection.push = (frame) => { push(frame["kind"] === "device.linked" ? bend(frame, hub) : frame) }
    await tablet.call("askLink")
    await settled(() => phone.views.linkRequests?.length === 1)

    await phone.call("acceptLink", keysOf(tablet).device)
    await settled(() => tablet.views.alarm?.code === "C_LINK")

    expect(kindOf(tablet)).toBe("needs_link")
    expect(hub.stock.has(keysOf(tablet).device)).toBe(false)
  })

  test("whose request the hub swapped shows other digits than the one that is asked", async () => {
    const hub = new FakeHub([CLAIRE, JEAN])
    const phone = await aConnectedDevice(hub, JEAN)
    const tablet = await aNewDevice(hub, JEAN)
    const { connection } = phone
    if (connection === null) throw new Error("no connection")
    const push = connection.push.bind(connection)
    connection.push = (frame) => { push(frame["kind"] === "device.asks" ? { ...frame, init_key: new Uint8Array(32).fill(9) } : frame) }

    await tablet.call("askLink")
    await settled(() => phone.views.linkRequests?.length === 1)

    expect(phone.views.linkRequests?.[0]?.digits).not.toBe(digitsOf(tablet))
  })

  test("goes on with the recovery code where no other device is left, however it is typed; another code opens nothing", async () => {
    const hub = new FakeHub([CLAIRE, JEAN])
    const phone = await aConnectedDevice(hub, JEAN)
    const made = await phone.call("makeRecovery")
    if (!("code" in made)) throw new Error("no code")
    const fingerprint = fingerprintOf(phone)
    phone.crash()
    const tablet = await aNewDevice(hub, JEAN)
    await settled(() => tablet.views.identity?.kind === "needs_link" && tablet.views.identity.recovery)

    expect(await tablet.call("useRecovery", "00000-00000-00000-00000-00000-0")).toMatchObject({ ok: false, trouble: { code: "C_RECOVERY_CODE" } })
    expect(await tablet.call("useRecovery", "pas un code")).toMatchObject({ ok: false, trouble: { code: "C_RECOVERY_CODE" } })
    expect(await tablet.call("useRecovery", made.code.toLowerCase().replaceAll("-", " "))).toEqual({ ok: true })
    await settled(() => kindOf(tablet) === "ready" && (hub.stock.get(keysOf(tablet).device)?.length ?? 0) > 0)

    expect(fingerprintOf(tablet)).toBe(fingerprint)
  })
})

describe("the staff", () => {
  test("wait for the owner's word, which comes from the owner's own device", async () => {
    const hub = new FakeHub([CLAIRE, HUGO, JEAN])
    hub.registry.vouches = false
    const claire = await aConnectedDevice(hub, CLAIRE)
    const hugo = await aNewDevice(hub, HUGO)
    await settled(() => kindOf(hugo) === "ready")
    expect(await hugo.call("found", JEAN.person, "age", "")).toMatchObject({ ok: false, trouble: { code: "C_STAFF_WAITING" } })
    expect(hub.stock.has(keysOf(hugo).device)).toBe(false)

    await claire.call("staff")
    await settled(() => claire.views.staff?.find((one) => one.person === HUGO.person)?.state === "waiting")
    expect(await claire.call("certifyStaff", HUGO.person)).toEqual({ ok: true })
    await settled(() => (hub.stock.get(keysOf(hugo).device)?.length ?? 0) > 0)

    expect(claire.views.staff?.map((one) => one.state)).toEqual(["owner", "certified"])
    expect(await hugo.call("found", JEAN.person, "age", "")).toMatchObject({ ok: true })
  })

  test("are not vouched for by the owner's device under a key that is not in the log", async () => {
    const hub = new FakeHub([CLAIRE, HUGO, JEAN])
    hub.registry.vouches = false
    const claire = await aConnectedDevice(hub, CLAIRE)
    await aNewDevice(hub, HUGO)
    const forged = hub.registry.certificate(HUGO, aikOf(JEAN))
    hub.meddle = (frame) => (frame.kind === "staff.list"
      ? { kind: "ok", now: hub.now, result: { staff: [{ person: HUGO.person, name: HUGO.name, role: HUGO.role, profession: "deputy", certificate: forged, staff: new Uint8Array() }] } } : null)

    await claire.call("staff")

    expect(await claire.call("certifyStaff", HUGO.person)).toMatchObject({ ok: false, trouble: { code: "C_IDENTITY_UNPROVEN" } })
    expect(hub.seen.some((frame) => frame.kind === "staff.certify")).toBe(false)
  })
})

describe("somebody's account key", () => {
  test("is compared by what they hold in hand, scanned or read aloud", async () => {
    const { claire, jean } = await aDispensation()
    const compared = (): boolean | undefined => claire.views.conversations?.[0]?.members.find((one) => one.person === JEAN.person)?.compared
    expect(compared()).toBe(false)

    expect(await claire.call("compare", JEAN.person, fingerprintOf(claire))).toMatchObject({ trouble: { code: "C_IDENTITY_DIFFERS" } })
    expect(await claire.call("compare", JEAN.person, "bonjour")).toMatchObject({ trouble: { code: "C_IDENTITY_UNREADABLE" } })
    expect(compared()).toBe(false)
    expect(await claire.call("compare", JEAN.person, fingerprintOf(jean))).toEqual({ ok: true })
    await settled(() => compared() === true)

    const digits = claire.views.conversations?.[0]?.members.find((one) => one.person === JEAN.person)?.digits ?? ""
    expect(await claire.call("compare", JEAN.person, digits.replace(/.{5}/g, "$& "))).toEqual({ ok: true })
    expect(jean.views.identity).toMatchObject({ digits })
  })

  test("that is another one, by the hub's word alone, is an alarm, and the old one stays", async () => {
    const { hub, claire } = await aDispensation()
    hub.registry.enrol(JEAN, aikOf(HUGO))

    claire.connection?.push({ kind: "identity", person: JEAN.person })
    await settled(() => claire.views.alarm?.code === "C_IDENTITY_CHANGED")

    expect(equal(claire.keeper["context"].people.of(JEAN.person)?.aik ?? new Uint8Array(), aikOf(JEAN))).toBe(true)
    expect(claire.views.notices ?? []).toEqual([])
  })

  test("that is another one, as two pharmacists and the authority signed, is told in plain words and to be compared anew", async () => {
    const { hub, claire } = await aDispensation()
    await claire.call("compared", JEAN.person)
    hub.registry.enrol(HUGO)
    hub.registry.revoked.set(JEAN.person, revocation(hub, [CLAIRE, HUGO]))
    hub.registry.enrol(JEAN, aikOf({ person: "another" }))

    claire.connection?.push({ kind: "identity", person: JEAN.person })
    await settled(() => claire.views.notices?.length === 1)

    expect(claire.views.notices).toMatchObject([{ person: JEAN.person, name: JEAN.name }])
    expect(claire.keeper["context"].people.of(JEAN.person)).toMatchObject({ compared: false })
    expect(claire.views.alarm ?? null).toBeNull()
    await claire.call("dismiss", claire.views.notices?.[0]?.key ?? "")
    await settled(() => claire.views.notices?.length === 0)
  })

  test.each<[string, (hub: FakeHub) => Uint8Array]>([
    ["one pharmacist twice", (hub) => revocation(hub, [CLAIRE, CLAIRE])],
    ["the authority with nobody", (hub) => revocation(hub, [])],
    ["two, one of whom the owner never certified", (hub) => revocation(hub, [CLAIRE, { ...HUGO, person: JEAN.person }])],
    ["two, about another key", (hub) => revocation(hub, [CLAIRE, HUGO], aikOf(HUGO))],
  ])("is not replaced by the word of %s", async (_, made) => {
    const { hub, claire } = await aDispensation()
    hub.registry.enrol(HUGO)
    hub.registry.revoked.set(JEAN.person, made(hub))
    hub.registry.enrol(JEAN, aikOf({ person: "another" }))

    claire.connection?.push({ kind: "identity", person: JEAN.person })
    await settled(() => claire.views.alarm?.code === "C_IDENTITY_CHANGED")

    expect(equal(claire.keeper["context"].people.of(JEAN.person)?.aik ?? new Uint8Array(), aikOf(JEAN))).toBe(true)
  })

  test.each<[string, (view: IdentityView, hub: FakeHub) => Partial<IdentityView>]>([
    ["the entry of another person", (_, hub) => hub.registry.views([CLAIRE.person])[0] as { receipt: IdentityView["receipt"] }],
    ["an entry of another log", (_, hub) => ({ receipt: hub.technical.append({
      type: "identity.issued", ts: 1, class: "care", actor: { person: HUGO.person, role: HUGO.role, device: "" }, conversation: null, conversation_entry: null,
      decision: { effect: "permit", rule: "test" }, object: null, outcome: { certificate: "00" },
    }) })],
    ["no proof at all", (view) => ({ receipt: { ...view.receipt, proof: "" } })],
  ])("is believed only with its place in the log: a group with one that has %s is not entered", async (_, bend) => {
    const hub = new FakeHub([CLAIRE, HUGO, JEAN])
    const jean = await aConnectedDevice(hub, JEAN)
    const hugo = await aConnectedDevice(hub, HUGO)
    hub.meddle = (frame, from) => (frame.kind === "identity.list" && from.who === JEAN ? { kind: "ok", now: hub.now, result: {
      identities: hub.registry.views(frame.persons).map((one) => (one.person === HUGO.person ? { ...one, receipt: { ...one.receipt, ...bend(one, hub).receipt } } : one)),
    } } : null)

    const founded = await hugo.call("found", JEAN.person, "health", "")
    if (!("id" in founded)) throw new Error("not founded")
    await settled(() => jean.views.conversations?.[0]?.readiness === "refused")

    expect(recordOf(jean, founded.id).state).toBeNull()
    expect(hub.seen.filter((frame) => frame.kind === "identity.list" && frame.persons.includes(HUGO.person)).length).toBeGreaterThan(0)
  })

  test("of one more person holds what comes behind until it was found in the log, and then all goes on in order", async () => {
    const { hub, claire, jean, id } = await anOpenDispensation()
    const mls = anMls()
    const colleague = await aStranger(hub.registry, HUGO, mls)
    const { commit, state } = await added(mls, recordOf(claire, id).state ?? new Uint8Array(), [colleague.message])
    const asked: (() => void)[] = []
    const receive = hub.receive.bind(hub)
    hub.receive = (from, frame) => {
      if (frame.kind === "identity.list" && asked.length === 0) asked.push(() => { receive(from, frame) })
      else receive(from, frame)
    }
    const { connection } = claire
    if (connection === null) throw new Error("no connection")
    claire.cut()
    hub.append(talkOf({ hub, id }), connection, "commit", commit, null)
    const renewed = await committed(mls, state)
    hub.append(talkOf({ hub, id }), connection, "commit", renewed.commit, null)
    await settled(() => asked.length === 1)
    expect(recordOf(jean, id).room.group?.epoch).toBe(1)

    asked[0]?.()
    await settled(() => recordOf(jean, id).room.group?.epoch === 3)

    expect(jean.views.thread?.readers.map((one) => one.person)).toContain(HUGO.person)
    expect(jean.views.alarm ?? null).toBeNull()
  })
})

function revocation(hub: FakeHub, pharmacists: readonly Person[], aik: Uint8Array = aikOf(JEAN)): Uint8Array {
  const content = { deployment: hub.deployment, conversation: new Uint8Array(), person: uuidBytes(JEAN.person), aik, reason: "lost", atUs: hub.now }
  const signatures = pharmacists.map((one) => cosign(ACCOUNT_REVOCATION, content, seedOf(one), {
    signer: uuidBytes(one.person), staff: hub.registry.staff.get(one.person) ?? new Uint8Array(),
  }))
  return encodeCoSigned({ statement: ACCOUNT_REVOCATION.codec.encode(content), signatures: [...signatures, hub.registry.countersign(content)] })
}
