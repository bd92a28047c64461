import { test } from "vitest"
import { CLAIRE, HUGO, JEAN, SOPHIE, aConnectedDevice, settled } from "./aDevice"
import { aDraft, delegationsOf } from "./aMandate"
import { FakeHub } from "./fakeHub"

test("debug", async () => {
    const hub = new FakeHub([CLAIRE, HUGO, JEAN, SOPHIE])
    const sophie = await aConnectedDevice(hub, SOPHIE)
    const claire = await aConnectedDevice(hub, CLAIRE)
    const hugo = await aConnectedDevice(hub, HUGO)
    const founded = await claire.call("found", JEAN.person, "age", "")
    if (!("id" in founded)) throw new Error("not founded")
    const { id } = founded
    for (const d of [sophie, claire, hugo]) Object.assign(d.keeper["context"], { fail: (e: unknown) => { console.log(d.who.name, e) } })
    const outcome = await claire.call("propose", aDraft({ id }, { mandate: "paper", evidence: { hash: "ab".repeat(32), issuer: "Jean Lefèvre" } }))
    console.log(outcome)
    await settled()
    const { id: delegation } = delegationsOf(hugo)[0] ?? { id: "" }
    console.log(await hugo.call("confirm", delegation, false))
    await settled()
  console.log(hub.seen.map((f) => f.kind).join(" "), hub.delegations.views)
  for (const d of [hugo, claire, sophie]) console.log(d.who.name, d.views.alarm, d.views.delegations)
})
