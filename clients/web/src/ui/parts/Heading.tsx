import { createContext } from "preact"
import type { ComponentChildren } from "preact"
import { useContext } from "preact/hooks"

/** The counter has its own first heading; what stands inside it begins at the second. */
export const HeadingLevel = createContext<1 | 2>(1)

/** The title of a screen: where the focus arrives when the screen changes. */
export function Heading({ children }: { readonly children: ComponentChildren }) {
  const Tag = useContext(HeadingLevel) === 1 ? "h1" : "h2"
  return <Tag class="heading" tabIndex={-1} data-arrival>{children}</Tag>
}
