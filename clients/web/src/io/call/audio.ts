/** The one AudioContext of the page, and the tones it plays. */

let context: AudioContext | null = null

export function audioContext(): AudioContext {
  context ??= new AudioContext()
  return context
}

/** Begins to play where the browser allows it by now. */
export async function wakeAudio(): Promise<boolean> {
  const audio = audioContext()
  if (audio.state === "suspended") await Promise.race([audio.resume(), new Promise((resolve) => setTimeout(resolve, 200))])
  return audio.state === "running"
}

function tone(audio: AudioContext, frequency: number, from: number, seconds: number, loudness: number): void {
  const oscillator = audio.createOscillator()
  const gain = audio.createGain()
  oscillator.frequency.value = frequency
  // Ramps at both ends: a tone that is cut clicks.
  gain.gain.setValueAtTime(0, from)
  gain.gain.linearRampToValueAtTime(loudness, from + 0.03)
  gain.gain.setValueAtTime(loudness, from + seconds - 0.05)
  gain.gain.linearRampToValueAtTime(0, from + seconds)
  oscillator.connect(gain).connect(audio.destination)
  oscillator.start(from)
  oscillator.stop(from + seconds)
}

/** Three rising tones: « entendez-vous ceci ? ». */
export function playThreeTones(): void {
  const audio = audioContext()
  ;[523, 659, 784].forEach((frequency, i) => { tone(audio, frequency, audio.currentTime + 0.05 + i * 0.3, 0.25, 0.25) })
}

const RING_EVERY_MS = 3_000

/** Ring until the returned function is called. `softly`: what a caller hears meanwhile. */
export function ring(softly: boolean): () => void {
  const once = (): void => {
    const audio = audioContext()
    if (audio.state !== "running") { void wakeAudio(); return; }
    const at = audio.currentTime + 0.02
    if (softly) { tone(audio, 440, at, 1, 0.04); return; }
    for (const start of [0, 0.5]) { tone(audio, 784, at + start, 0.18, 0.2); tone(audio, 988, at + start + 0.2, 0.22, 0.2) }
  }
  void wakeAudio().then(once)
  const timer = setInterval(once, RING_EVERY_MS)
  return () => { clearInterval(timer) }
}
