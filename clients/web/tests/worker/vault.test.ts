import "fake-indexeddb/auto"
import { IDBFactory } from "fake-indexeddb"
import { openDB } from "idb"
import { beforeEach, describe, expect, test } from "vitest"
import { Vault } from "../../src/worker/vault"

const SENTENCE = "Une phrase que personne ne doit lire"

async function everythingStored(): Promise<string> {
  const database = await openDB("v")
  const rows: unknown[] = await database.getAll("rows")
  database.close()
  const seen = (value: unknown): string => {
    if (value instanceof ArrayBuffer) return Buffer.from(value).toString("latin1")
    if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1")
    return typeof value === "object" && value !== null ? Object.values(value).map(seen).join("\n") : String(value)
  }
  return rows.map(seen).join("\n")
}

beforeEach(() => { globalThis.indexedDB = new IDBFactory() })

describe("the device's memory", () => {
  test("gives back what was written, also after it was closed, and in order", async () => {
    const first = await Vault.open("v")
    for (const seq of [2, 1, 3]) {
      const entry = { conversation: "c", seq, id: String(seq), person: "p", device: "d", at: seq, text: SENTENCE }
      await first.write([{ store: "messages", key: `c/${seq}`, group: "c", order: seq, value: entry }])
    }
    first.close()

    const again = await Vault.open("v")
    expect((await again.all("messages", "c")).map((one) => one.seq)).toEqual([1, 2, 3])
    expect(await again.all("messages", "other")).toEqual([])
  })

  test("of a version whose groups nobody can read any more is that of a new device, which still knows the hub's logs", async () => {
    const old = await openDB("v", 1, {
      upgrade: (fresh) => {
        fresh.createObjectStore("master")
        fresh.createObjectStore("rows", { keyPath: ["store", "key"] }).createIndex("group", ["store", "group", "order"])
      },
    })
    const stores = ["device", "rooms", "messages", "outbox", "key_packages", "pins", "proofs"]
    for (const store of stores) await old.put("rows", { store, key: "k", group: "", order: 0, iv: new Uint8Array(12), sealed: new ArrayBuffer(16) })
    old.close()

    const vault = await Vault.open("v")

    const left = await Promise.all((["device", "rooms", "messages", "outbox", "key_packages", "pins", "proofs"] as const).map((store) => vault.keys(store)))
    expect(left).toEqual([[], [], [], [], [], ["k"], ["k"]])
  })

  test("holds no readable text, and a key that cannot be taken out", async () => {
    const vault = await Vault.open("v")
    await vault.write([{ store: "pins", key: "k", value: SENTENCE }])
    vault.close()

    expect(await everythingStored()).not.toContain(SENTENCE)
    const database = await openDB("v")
    const key: unknown = await database.get("master", "at-rest")
    expect(key).toHaveProperty("extractable", false)
  })

  test("does not open a row that was moved to another place", async () => {
    const vault = await Vault.open("v")
    await vault.write([{ store: "pins", key: "a", value: SENTENCE }])
    const database = await openDB("v")
    const row: unknown = await database.get("rows", ["pins", "a"])
    await database.put("rows", { ...Object(row), key: "b" } as unknown)

    await expect(vault.read("pins", "b")).rejects.toThrow()
  })

  test("removes what is written as null, together with the rest", async () => {
    const vault = await Vault.open("v")
    await vault.write([{ store: "pins", key: "a", value: "1" }, { store: "pins", key: "b", value: "2" }])

    await vault.write([{ store: "pins", key: "a", value: null }, { store: "pins", key: "b", value: "3" }])

    expect([await vault.read("pins", "a"), await vault.read("pins", "b")]).toEqual([null, "3"])
  })
})
