import type { ComponentChildren, JSX } from "preact"
import { WarningIcon } from "../icons"
import type { Trouble } from "../../core/model"
import { troubleText } from "../words"

interface NoticeProps {
  readonly icon?: () => JSX.Element
  readonly children: ComponentChildren
  readonly tone?: "plain" | "good" | "bad"
}

export function Notice({ icon: Icon = WarningIcon, tone = "plain", children }: NoticeProps) {
  return (
    <div class={`notice notice-${tone}`}>
      <Icon />
      <div class="notice-body">{children}</div>
    </div>
  )
}

/** A refusal, said at once to who asked. */
export function TroubleNotice({ trouble }: { readonly trouble: Trouble | null }) {
  return <div role="alert">{trouble !== null && <Notice><p>{troubleText(trouble)}</p></Notice>}</div>
}
