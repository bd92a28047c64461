/** What a browser must have before anything starts; named so that a person can be told. */

async function makes(algorithm: "Ed25519" | "X25519", usage: KeyUsage): Promise<boolean> {
  try {
    await crypto.subtle.generateKey(algorithm, false, usage === "sign" ? ["sign", "verify"] : ["deriveBits"])
    return true
  } catch {
    return false
  }
}

async function missingCrypto(): Promise<readonly string[]> {
  if (!("subtle" in crypto)) return ["webcrypto"]
  const missing = []
  if (!await makes("Ed25519", "sign")) missing.push("ed25519")
  if (!await makes("X25519", "deriveBits")) missing.push("x25519")
  return missing
}

export async function missingFeatures(): Promise<readonly string[]> {
  if (!isSecureContext) return ["secure-context"]
  const there: readonly (readonly [string, boolean])[] = [
    ["indexeddb", "indexedDB" in window], ["locks", "locks" in navigator],
    ["worker", "Worker" in window], ["websocket", "WebSocket" in window],
  ]
  return [...await missingCrypto(), ...there.filter(([, here]) => !here).map(([name]) => name)]
}
