/** Our own few pictures. Each stands beside its word, and says nothing to a screen reader. */
import type { ComponentChildren, JSX } from "preact"

export function icon(children: ComponentChildren): () => JSX.Element {
  return () => (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  )
}

export const CrossIcon = () => (
  <svg class="icon icon-cross" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d="M9 3h6v6h6v6h-6v6H9v-6H3V9h6z" />
  </svg>
)
export const LockIcon = icon(<><rect x="5" y="11" width="14" height="9" rx="2" /><path d="M8 11V8a4 4 0 0 1 8 0v3" /></>)
export const PhoneIcon = icon(<path d="M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a1.5 1.5 0 0 1-1.6 1.5A16 16 0 0 1 3.5 5.6 1.5 1.5 0 0 1 5 4z" />)
export const SendIcon = icon(<path d="M4 12 20 4l-5 16-3.5-6.5z M11.5 13.5 20 4" />)
export const BackIcon = icon(<path d="M15 5l-7 7 7 7" />)
export const DownIcon = icon(<path d="M12 5v14M6 13l6 6 6-6" />)
export const ClockIcon = icon(<><circle cx="12" cy="12" r="8.5" /><path d="M12 7v5l3.5 2" /></>)
export const SentIcon = icon(<path d="M5 12.5l4.5 4.5L19 7.5" />)
export const DeliveredIcon = icon(<path d="M2.5 12.5 7 17l9-9.5M12 16l1 1 9-9.5" />)
export const ReadIcon = icon(<><path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z" /><circle cx="12" cy="12" r="3" /></>)
export const WarningIcon = icon(<path d="M12 4 2.5 20h19zM12 10v4.5M12 17v.5" />)
export const ShieldIcon = icon(<path d="M12 3l7.5 3v5.5c0 4.5-3 8-7.5 9.5-4.5-1.5-7.5-5-7.5-9.5V6zM8.5 12l2.5 2.5 4.5-5" />)
export const BrokenIcon = icon(<path d="M12 3l7.5 3v5.5c0 4.5-3 8-7.5 9.5-4.5-1.5-7.5-5-7.5-9.5V6zM9.5 9.5l5 5M14.5 9.5l-5 5" />)
export const HiddenIcon = icon(<path d="M4 4l16 16M10 6a9 9 0 0 1 2-.2c6 0 9.5 6.2 9.5 6.2a16 16 0 0 1-2.7 3.3M6.5 7.6A15.5 15.5 0 0 0 2.5 12S6 18.2 12 18.2c1.5 0 2.8-.4 4-.9" />)
export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />)
export const PersonIcon = icon(<><circle cx="12" cy="8" r="4" /><path d="M4.5 20a7.5 7.5 0 0 1 15 0" /></>)
export const ProofIcon = icon(<path d="M6 3h9l4 4v14H6zM14 3v5h5M9 14l2.5 2.5 4-4.5" />)
export const PrintIcon = icon(<path d="M7 9V4h10v5M7 17H4v-7h16v7h-3M7 14h10v6H7z" />)
export const LeaveIcon = icon(<path d="M14 4H5v16h9M10 12h11M17 8l4 4-4 4" />)
export const DownloadIcon = icon(<path d="M12 4v11M7 11l5 5 5-5M5 20h14" />)
export const DetailsIcon = icon(<><circle cx="12" cy="12" r="8.5" /><path d="M12 11v6M12 7.5V8" /></>)
export const CloseIcon = icon(<path d="M6 6l12 12M18 6 6 18" />)
export const MenuIcon = icon(<path d="M4 7h16M4 12h16M4 17h16" />)
export const OfflineIcon = icon(<path d="M4 4l16 16M3 10a14 14 0 0 1 4-2.5M11 6a14 14 0 0 1 10 4M7 14a8 8 0 0 1 3.5-1.8M15 12.8a8 8 0 0 1 2 1.2M12 18.5v.5" />)
export const MessagesIcon = icon(<path d="M4 5h16v11H10l-4.5 4v-4H4z" />)
export const WindowsIcon = icon(<path d="M3 5h8v14H3zM13 5h8v14h-8z" />)
export const CarersIcon = icon(<><circle cx="9" cy="8" r="3.5" /><path d="M2.5 20a6.5 6.5 0 0 1 13 0M15.5 5a3.5 3.5 0 0 1 0 6.5M18 14.5a6.5 6.5 0 0 1 3.5 5.5" /></>)
export const DevicesIcon = icon(<><rect x="3" y="5" width="12" height="14" rx="2" /><path d="M18 9h3v10h-6" /></>)
export const StopIcon = icon(<><circle cx="12" cy="12" r="8.5" /><path d="M6 6l12 12" /></>)
