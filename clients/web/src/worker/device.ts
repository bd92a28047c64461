/** This device's identity, made once and kept sealed. */
import { uuidFrom } from "../core/uuid"
import type { Mls } from "./mls"
import type { DeviceRecord, Vault } from "./vault"

const KEY = "this"

export async function openDevice(vault: Vault, mls: Mls, random: (size: number) => Uint8Array): Promise<DeviceRecord> {
  const kept = await vault.read("device", KEY)
  if (kept !== null) return kept
  const made: DeviceRecord = { device: uuidFrom(random(16)), ...await mls.newDeviceKeys() }
  await vault.write([{ store: "device", key: KEY, value: made }])
  return made
}
