"""How much one device, and one conversation, may ask for in a while."""

from __future__ import annotations

import time
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from signaling.frames import (
    AnyClientFrame,
    AskGroupInfo,
    AskLink,
    AskRecovery,
    CertifyDevice,
    CertifyStaff,
    ClaimKeyPackages,
    EnrolIdentity,
    Hello,
    KeepRecovery,
    LinkCarer,
    ListAccesses,
    ListAuditedConversations,
    ListDevices,
    ListIdentities,
    OpenCall,
    ProveConsistency,
    ReadPage,
    ReadTimeline,
    RetireDevice,
    RevokeAccount,
    RingCall,
    SucceedGroup,
    VerifyLogs,
)

COSTLY = (
    Hello,
    ListAuditedConversations,
    ReadTimeline,
    VerifyLogs,
    AskGroupInfo,
    SucceedGroup,
    RetireDevice,
    EnrolIdentity,
    ListIdentities,
    CertifyDevice,
    ListDevices,
    AskLink,
    KeepRecovery,
    AskRecovery,
    CertifyStaff,
    RevokeAccount,
    ListAccesses,
    ProveConsistency,
)
CALLING = (OpenCall, RingCall)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSettings:
    """Bounds in the words of the `limits` library."""

    device: str = "300/10 seconds"
    """Frames of one device. People type a few a minute; a resuming outbox sends a burst."""
    conversation: str = "600/10 seconds"
    """Frames that name one conversation, from all its members."""
    pages: str = "3000/10 seconds"
    """Pages of an officer's look, beside the frames: a log of a million entries is verified."""
    malformed: str = "30/minute"
    """Frames that are nobody's; beyond it the connection closes."""
    costly: str = "60/minute"
    """Hellos and an officer's looks: each reads all that a person, or a pharmacy, has. A group's
    whole state, a new group, a device given up; certificates and proofs."""
    claims: str = "60/hour"
    """Key packages one device may claim of one person: nobody drains a stock."""
    codes: str = "10/hour"
    """Carers' codes that one person may try."""
    calls: str = "120/minute"
    """Lobbies one device enters and rings it makes: each disturbs other people."""


class Rates:
    """Counts frames in memory: one process, one count."""

    def __init__(self, settings: RateSettings) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._device = parse(settings.device)
        self._conversation = parse(settings.conversation)
        self._costly = parse(settings.costly)
        self._claims = parse(settings.claims)
        self._codes = parse(settings.codes)
        self._calls = parse(settings.calls)
        self._pages = parse(settings.pages)
        self._malformed = parse(settings.malformed)

    def over_malformed(self, device: str) -> bool:
        """Count a frame that is nobody's; tell whether there were too many."""
        return not self._limiter.hit(self._malformed, "malformed", device)

    def over(
        self, device: str, frame: AnyClientFrame, *, inside: bool, person: str = ""
    ) -> int | None:
        """Count the frame; return after how many milliseconds to try again if it is too many.

        `inside`: this device is in the conversation that the frame names. Someone outside counts
        against themselves alone: they cannot use up what its members may send.
        """
        for item, key in self._windows(device, frame, inside=inside, person=person):
            if not self._limiter.hit(item, *key):
                reset = self._limiter.get_window_stats(item, *key).reset_time
                return max(100, int((reset - time.time()) * 1000))
        return None

    def _windows(
        self, device: str, frame: AnyClientFrame, *, inside: bool, person: str
    ) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
        if isinstance(frame, ReadPage):
            return [(self._pages, ("pages", device))]
        windows: list[tuple[RateLimitItem, tuple[str, ...]]] = [(self._device, ("device", device))]
        if inside:
            conversation: str = getattr(frame, "conversation", "")
            windows.append((self._conversation, ("conversation", conversation)))
        if isinstance(frame, COSTLY):
            windows.append((self._costly, ("costly", device)))
        if isinstance(frame, CALLING):
            windows.append((self._calls, ("calls", device)))
        if isinstance(frame, LinkCarer):
            windows.append((self._codes, ("codes", person)))
        if isinstance(frame, ClaimKeyPackages):
            windows.append((self._claims, ("claims", device, _drawer(frame.person))))
        return windows


def _drawer(person: str) -> str:
    """Sort a person that a frame names into one of 256.

    Anybody can invent people: a count for each would be a memory that the sender fills.
    """
    return person[:2]
