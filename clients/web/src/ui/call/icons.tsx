import { icon } from "../icons"

export const CameraIcon = icon(<path d="M3 7h11v10H3zM14 10.5 21 7v10l-7-3.5" />)
export const CameraOffIcon = icon(<path d="M4 4l16 16M7 7H3v10h11v-3M10 7h4v4M14 10.5 21 7v10l-3-1.5" />)
export const MicrophoneIcon = icon(<><rect x="9" y="3" width="6" height="11" rx="3" /><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" /></>)
export const MicrophoneOffIcon = icon(<path d="M4 4l16 16M9 9v2a3 3 0 0 0 4.5 2.6M15 11V6a3 3 0 0 0-5.8-1M5.5 11.5A6.5 6.5 0 0 0 16 16.6M18.5 11.5a6.5 6.5 0 0 1-.7 2.9M12 18v3" />)
export const HangUpIcon = icon(<path d="M3 13.5c4.8-5 13.2-5 18 0l-2 2.7-4-1.5v-2.4a9.5 9.5 0 0 0-6 0v2.4l-4 1.5z" />)
export const BigTextIcon = icon(<path d="M3 18 8 6l5 12M5 14h6M15 18l3-7 3 7M16 15.5h4" />)
export const SpeakerIcon = icon(<path d="M4 9.5h4L13 5v14l-5-4.5H4zM16.5 9a4.5 4.5 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11" />)
export const DoorIcon = icon(<path d="M6 21V4h10v17M3 21h18M13 12.5v.5" />)
export const MoreIcon = icon(<><circle cx="5" cy="12" r="1" /><circle cx="12" cy="12" r="1" /><circle cx="19" cy="12" r="1" /></>)
export const LineIcon = icon(<path d="M4 18v-3M9.5 18v-6M15 18V9M20.5 18V5" />)
