import { test } from "vitest"
import { CLAIRE, HUGO, JEAN, aConnectedDevice, settled } from "./aDevice"
import { FakeHub } from "./fakeHub"

test("debug", async () => {
  const hub = new FakeHub([CLAIRE, HUGO, JEAN])
  const jean = await aConnectedDevice(hub, JEAN)
  const claire = await aConnectedDevice(hub, CLAIRE)
  for (const d of [jean, claire]) Object.assign(d.keeper["context"], { fail: (e: unknown) => { console.log(d.who.name, e) } })
  const founded = await claire.call("found", JEAN.person, "health", "")
  console.log(founded)
  await settled().catch(() => 0)
  await new Promise((r) => setTimeout(r, 300))
  console.log(hub.seen.map((f) => f.kind).join(" "))
  for (const d of [jean, claire]) console.log(d.who.name, d.views.alarm, d.said.filter((s) => s.kind === "failed" || s.kind === "drop"), d.views.conversations?.map((c) => c.readiness), d.keeper["context"].rooms.get("id" in founded ? founded.id : "")?.stuck)
})
