/** One tab holds this device: the ratchet of a group must never turn in two places. */

const NAME = "colloque-device"

export interface TabLock {
  readonly release: () => void
}

/**
 * Take the device, or null when another tab has it and `steal` is false.
 * `onRobbed` tells that another tab stole it later.
 */
export function takeTabLock(steal: boolean, onRobbed: () => void): Promise<TabLock | null> {
  return new Promise((resolve, reject) => {
    const options: LockOptions = steal ? { steal } : { ifAvailable: true }
    let held = false
    let released = false
    navigator.locks.request(NAME, options, (lock) => {
      if (lock === null) { resolve(null); return; }
      held = true
      return new Promise<void>((release) => {
        resolve({ release: () => { released = true; release() } })
      })
    }).catch((error: unknown) => {
      if (!held) reject(error instanceof Error ? error : new Error("locks"))
      else if (!released) onRobbed()
    })
  })
}
