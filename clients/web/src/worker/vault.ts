/**
 * The device's memory: one IndexedDB database per person, every value sealed with an AES-GCM key that
 * cannot be exported. `write` is one transaction: all of it is durable, or none of it happened.
 */
import { decode, encode } from "@msgpack/msgpack"
import { openDB, type DBSchema, type IDBPDatabase } from "idb"
import type { Acting, Entry, Room, Written } from "../core/conversation"
import type { IdentityNotice, Proof, Role } from "../core/model"
import type { Justified } from "../core/policy/removal"
import type { KnownKeys } from "./mls"

/** Keys of this device and what it remembers of the hub's logs. */
export interface DeviceRecord {
  readonly device: string
  readonly publicKey: Uint8Array
  readonly privateKey: Uint8Array
}

/** A person's account, as this device has a part in it. */
export interface AccountRecord {
  readonly person: string
  /** The account identity key's public half; its seed has a store of its own. */
  readonly aik: Uint8Array
  /** The signed certificates; empty until issued. */
  readonly identity: Uint8Array
  readonly device: Uint8Array
  readonly staff: Uint8Array
  /** A recovery code was made here. */
  readonly recoveryKept: boolean
}

/** What this device knows of a person's account key, from the first sight on. */
export interface PersonRecord {
  readonly person: string
  readonly name: string
  readonly role: Role
  readonly aik: Uint8Array
  /** SHA-256 (hexadecimal) of the identity certificates that were found in the log. */
  readonly proven: readonly string[]
  /** Held against what the person has in hand. */
  readonly compared: boolean
  /** The owner's word that this person is of the staff, or empty: as told, to be verified where it counts. */
  readonly staff: Uint8Array
}

/** A removal that the hub proposed with a reason that holds: it waits for a commit. */
export interface PendingRemoval extends Pick<Justified, "why" | "ends"> {
  /** Whose leaf. */
  readonly identity: string
  /** In which it was proposed: in a later one the hub says so again. */
  readonly epoch: number
}

/** The furthest that a conversation's group was ever seen here: nothing behind it is gone back to. */
export interface Highest {
  readonly epoch: number
  /** `Delegations.number`. */
  readonly number: number
  /** Hub time of the last commit. */
  readonly atUs: number
}

export interface RoomRecord {
  readonly room: Room
  /** The MLS group; null before the Welcome. */
  readonly state: Uint8Array | null
  /** Our own commit that the hub has not ordered yet. */
  readonly pending: PendingCommit | null
  /** What is still to be said to the hub for the conversation to exist. */
  readonly founding: Founding | null
  /** Messages authored here so far (the `counter` of authenticated data). */
  readonly counter: number
  /** Signals encrypted here in one epoch; absent before the first. */
  readonly signals?: { readonly epoch: number; readonly count: number }
  /** How many groups came before the one that is held here, or was last. */
  readonly generation: number
  /** Signature keys of all who were ever in the group beside this device, by identity. */
  readonly known: KnownKeys
  /** The epoch before, for what was under way when it ended. */
  readonly previous: PreviousEpoch | null
  /** What waits for a commit: until then nothing is encrypted here. */
  readonly removing: readonly PendingRemoval[]
  readonly highest: Highest
  /** Delegations that ended here, by id: the epoch from which on their carer is out. */
  readonly ended: Readonly<Record<string, Place>>
  /** Delegations that this device's person ended, until the group has carried it out. */
  readonly ending: readonly string[]
  /** This device came in by itself, and nobody has said yet that it is where they are: until then it sends nothing. */
  readonly unvouched?: boolean
  /** The last epoch in which a pharmacy's device said that it is. */
  readonly confirmed: Place
  /** This device's signed word on the epoch it is in (`EpochReceipt`), until the hub has it. */
  readonly receipt: Uint8Array | null
  /** Where the hub's group is that this device cannot follow. */
  readonly stuck: Stuck | null
  /** The successor group that this device is founding. */
  readonly succession: Succession | null
}

/** An epoch of one of a conversation's groups. */
export interface Place {
  readonly generation: number
  readonly epoch: number
}

export interface PreviousEpoch {
  readonly state: Uint8Array
  /** Milliseconds since 1970. */
  readonly until: number
}

export interface Stuck {
  /** The group's, by what the hub has shown: nothing older is ever gone back to. */
  readonly epoch: number
  /** The rule that the step broke, in a word. */
  readonly reason: string
}

export interface Succession {
  readonly generation: number
  readonly state: Uint8Array
  readonly groupInfo: Uint8Array
}

export interface PendingCommit {
  readonly state: Uint8Array
  readonly commit: Uint8Array
  /** Null where it adds nobody: it renews keys. */
  readonly welcome: Uint8Array | null
  readonly groupInfo: Uint8Array
  readonly adds: readonly { readonly person: string; readonly device: string; readonly key_package: string }[]
  /** The hub time that it carries, microseconds. */
  readonly atUs: number
  /** Somebody's leaf goes with it: nothing of the epoch before is read any more. */
  readonly removes: boolean
  /** By it this device comes back from outside. */
  readonly rejoins: boolean
}

export interface Founding {
  readonly groupInfo: Uint8Array
}

export interface WrittenRecord {
  readonly written: Written
  /** What is encrypted, salt first; the same at each try, so that the franking tag is too. */
  readonly payload: Uint8Array
  readonly counter: number
  readonly tag: Uint8Array
  /** For whom it was encrypted: a carer's. */
  readonly acting?: Acting
  /** The last ciphertext made of it: what is sent again, and what its echo must be. */
  readonly body: Uint8Array | null
}

export interface Stores {
  device: DeviceRecord
  rooms: RoomRecord
  messages: Entry
  outbox: WrittenRecord
  key_packages: { readonly secret: Uint8Array }
  proofs: Proof
  account: AccountRecord
  /** The account identity key, for the moment of a signature. */
  seed: { readonly seed: Uint8Array }
  people: PersonRecord
  notices: IdentityNotice
  /** Short texts to remember: log keys, checkpoints. */
  pins: string
}

export type StoreName = keyof Stores

export type Change = {
  [S in StoreName]:
    | { readonly store: S; readonly key: string; readonly value: Stores[S]; readonly group?: string; readonly order?: number }
    | { readonly store: S; readonly key: string; readonly value: null }
}[StoreName]

interface Row {
  readonly key: string
  readonly group: string
  readonly order: number
  readonly iv: Uint8Array
  readonly sealed: ArrayBuffer
}

interface Schema extends DBSchema {
  master: { key: string; value: CryptoKey }
  rows: { key: [string, string]; value: Row & { readonly store: StoreName }; indexes: { group: [string, string, number] } }
}

type Sealed = { readonly change: Change; readonly row: (Row & { readonly store: StoreName }) | null }

/** 2: groups and key packages are stored as our own core writes them. 3: leaves hold certificates. */
const VERSION = 3
/** What a device that starts anew leaves behind; it still knows the hub's logs and holds its proofs. */
const OF_THE_DEVICE: readonly StoreName[] = ["device", "rooms", "messages", "outbox", "key_packages"]
const IV_BYTES = 12
const MASTER = "at-rest"

export class Vault {
  private constructor(private readonly database: IDBPDatabase<Schema>, private readonly master: CryptoKey) {}

  static async open(name: string): Promise<Vault> {
    const database = await openDB<Schema>(name, VERSION, {
      upgrade: (stored, from, _to, transaction) => {
        if (from === 0) {
          stored.createObjectStore("master")
          stored.createObjectStore("rows", { keyPath: ["store", "key"] }).createIndex("group", ["store", "group", "order"])
          return
        }
        // What an earlier version kept of its groups nobody here can read: this is a new device.
        for (const store of OF_THE_DEVICE) void transaction.objectStore("rows").delete(IDBKeyRange.bound([store], [store, []]))
      },
    })
    return new Vault(database, await masterKey(database))
  }

  close(): void {
    this.database.close()
  }

  async read<S extends StoreName>(store: S, key: string): Promise<Stores[S] | null> {
    const row = await this.database.get("rows", [store, key])
    return row === undefined ? null : this.#open<S>(store, row)
  }

  /** Every value of a store, or of one group of it, in order. */
  async all<S extends StoreName>(store: S, group?: string): Promise<readonly Stores[S][]> {
    const from = group === undefined ? [store] : [store, group]
    const rows = await this.database.getAllFromIndex("rows", "group", IDBKeyRange.bound(from, [...from, []]))
    return Promise.all(rows.map((row) => this.#open<S>(store, row)))
  }

  /** The keys of a store, in order. */
  keys(store: StoreName): Promise<readonly string[]> {
    return this.#keys([store])
  }

  /** The keys of one group of a store. */
  keysOf(store: StoreName, group: string): Promise<readonly string[]> {
    return this.#keys([store, group])
  }

  async #keys(from: readonly string[]): Promise<readonly string[]> {
    const rows = await this.database.getAllKeysFromIndex("rows", "group", IDBKeyRange.bound(from, [...from, []]))
    return rows.map(([, key]) => key)
  }

  async write(changes: readonly Change[]): Promise<void> {
    // Sealing comes first: a transaction ends by itself while something else is awaited.
    const sealed = await Promise.all(changes.map((change) => this.#seal(change)))
    const transaction = this.database.transaction("rows", "readwrite", { durability: "strict" })
    const puts = sealed.map(({ change, row }) =>
      row === null ? transaction.store.delete([change.store, change.key]) : transaction.store.put(row))
    await Promise.all([...puts, transaction.done])
  }

  async #seal(change: Change): Promise<Sealed> {
    if (change.value === null) return { change, row: null }
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData: place(change.store, change.key) }, this.master, encoded(change.value))
    const row = { store: change.store, key: change.key, group: change.group ?? "", order: change.order ?? 0, iv, sealed }
    return { change, row }
  }

  async #open<S extends StoreName>(store: S, row: Row): Promise<Stores[S]> {
    const plain = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: Uint8Array.from(row.iv), additionalData: place(store, row.key) }, this.master, row.sealed)
    // The seal is the check: only `write` of this very device, store and key could have made it.
    return decode(new Uint8Array(plain)) as Stores[S]
  }
}

function encoded(value: unknown): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(encode(value))
}

/** Binds a sealed value to its place, so that rows cannot be swapped. */
function place(store: string, key: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(`${store}/${key}`))
}

async function masterKey(database: IDBPDatabase<Schema>): Promise<CryptoKey> {
  const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"])
  const transaction = database.transaction("master", "readwrite", { durability: "strict" })
  const kept = await transaction.store.get(MASTER)
  if (kept === undefined) await transaction.store.put(fresh, MASTER)
  await transaction.done
  return kept ?? fresh
}
