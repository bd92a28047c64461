import { test } from "vitest"
import { settled } from "./aDevice"
import { aFamily, committedBy, garbleCommitsFor } from "./aFamily"

test("debug", async () => {
  const family = await aFamily()
  const { hub, phone, claire, tablet, id } = family
  for (const d of [phone, claire, tablet]) Object.assign(d.keeper["context"], { fail: (e: unknown) => { console.log(d.who.name, e) } })
  garbleCommitsFor(phone)
  const from = hub.seen.length
  const receive = hub.receive.bind(hub)
  hub.receive = (c, f) => { const push = c.push.bind(c); c.push = (x) => { if (x["kind"] === "refused") console.log(x); push(x) }; receive(c, f); c.push = push }
  await committedBy(family, tablet)
  for (let i = 0; i < 8; i++) { await settled(); phone.timePasses() }
  console.log(hub.seen.slice(from).map((f) => f.kind).join(" "))
  for (const d of [phone, claire]) console.log(d.who.name, d.views.alarm, d.said.filter((s) => s.kind === "failed" || s.kind === "drop"), d.views.conversations?.map((c) => c.readiness), d.keeper["context"].rooms.get(id)?.stuck)
})
