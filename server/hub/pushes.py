"""The frames in which a step of a conversation reaches its devices."""

from __future__ import annotations

from server.domain.conversation import Event
from signaling import frames


def event_frame(event: Event) -> frames.Event:
    """Return the push of one step."""
    return frames.Event(
        conversation=event.conversation,
        seq=event.seq,
        ts=event.ts,
        what=event.what.value,
        person=event.person,
        device=event.device,
        body=event.body,
        message=event.message,
    )


def welcome_frame(event: Event) -> frames.WelcomePush:
    """Return the Welcome that a commit carried, for the devices it added."""
    if event.welcome is None:
        raise ValueError("this commit added nobody")
    return frames.WelcomePush(conversation=event.conversation, seq=event.seq, welcome=event.welcome)
