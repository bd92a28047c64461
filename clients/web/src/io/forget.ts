/** What this origin keeps in the browser, gone: keys, history, outbox. Only the demonstration offers it. */
export async function forgetEverything(): Promise<void> {
  const databases = await indexedDB.databases()
  const names = databases.flatMap(({ name }) => name ?? [])
  await Promise.all(names.map(remove))
}

function remove(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name)
    request.addEventListener("success", () => { resolve() })
    request.addEventListener("error", () => { reject(request.error ?? new Error("not deleted")) })
  })
}

/** Start afresh, at the first screen: the address named a conversation that this device no longer has. */
export function beginAgain(): void {
  history.replaceState(null, "", location.pathname + location.search)
  location.reload()
}
