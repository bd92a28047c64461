import { useLayoutEffect, useRef } from "preact/hooks"
import type { Stream } from "../../core/model"

interface PictureProps {
  readonly stream: Stream | null
  readonly person: string
  readonly label: string
  readonly mirrored?: boolean
}

/** One person's moving image. Sound is the engine's to play: here every image is silent. */
export function Picture({ stream, person, label, mirrored = false }: PictureProps) {
  const box = useRef<HTMLVideoElement>(null)
  useLayoutEffect(() => {
    if (box.current !== null) box.current.srcObject = stream instanceof MediaStream ? stream : null
  }, [stream])
  return <video ref={box} class={mirrored ? "mirrored" : ""} data-person={person} aria-label={label} playsInline autoPlay muted />
}
