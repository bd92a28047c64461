import type { ComponentChildren } from "preact"
import { createContext } from "preact"
import { useContext, useEffect } from "preact/hooks"
import type { Route } from "../route"
import { arrive } from "./arrival"

/** The counter has its own first heading; what stands inside it begins at the second. */
export const HeadingLevel = createContext<1 | 2>(1)

interface HeadingProps {
  readonly of: Route["kind"]
  readonly children: ComponentChildren
}

/** The title of a screen: where the focus arrives when the screen changes. */
export function Heading({ of, children }: HeadingProps) {
  const Tag = useContext(HeadingLevel) === 1 ? "h1" : "h2"
  useEffect(arrive, [])
  return <Tag class="heading" tabIndex={-1} data-arrival={of}>{children}</Tag>
}
