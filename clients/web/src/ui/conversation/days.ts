import type { Message } from "../../core/model"
import { dayKey } from "../format"

export interface DayOfMessages {
  readonly at: number
  readonly messages: readonly Message[]
}

/** The messages under their days, in the order they came: a day may come twice, never out of order. */
export function byDay(messages: readonly Message[]): readonly DayOfMessages[] {
  const days: { at: number; messages: Message[] }[] = []
  for (const message of messages) {
    const day = days.at(-1)
    if (day !== undefined && dayKey(day.at) === dayKey(message.at)) day.messages.push(message)
    else days.push({ at: message.at, messages: [message] })
  }
  return days
}
