/** SHA-256 of a document, in hexadecimal, made on this device: the document itself goes nowhere. */
export async function fingerprintOf(document: Blob): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await document.arrayBuffer()))
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("")
}
