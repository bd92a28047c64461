"""What a headless client can meet.

ClientError (never raised itself)
├── SignInFailed     the hub gave no session
├── ConnectionLost   the connection ended before the answer; the act may or may not have happened
├── Dismissed        the hub closed for good (4400-4499): the same client would be closed again
├── NoAnswer         the patience for one act is over
├── Refused          the hub answered no, with its code
├── BrokenStream     an event arrived twice or one is missing
├── HubFault         the hub sent what no honest hub sends
├── LogKeyChanged    the hub shows another log key than the pinned one
├── HubKeyChanged    the hub shows another key for its groups, or another name, than the pinned one
├── LogForked        two signed heads of the log contradict each other
├── NotLinked        this device holds no account key of its person, or no certificate yet
├── Denied           policy says no to what this device was about to sign, or was told
├── NoGroup          this device is not in the conversation's group, or cannot follow it
├── Unproven         a message or signal is not what its sender's leaf says
├── Unauthorised     a message or signal that its sender may not send: it stays hidden
├── CannotFollow     MLS refuses a step of the group; the device rejoins
├── Unlawful         a step of the group that policy forbids: it is not followed
│   └── IdentityChanged  somebody's account key is another than the pinned one, without its reason
├── GroupForked      members hold different secrets for one epoch
├── StateInUse       another process has this device's state open
└── StateUnreadable  what is stored is no device's state

The errors about groups carry a `code`, short and stable, for machines; alarms also say of which
conversation.
"""

from __future__ import annotations

from signaling.codes import Code, Retry
from signaling.frames import RefusedFrame


class ClientError(Exception):
    """Root of this package's errors; catch it, never raise it."""


class SignInFailed(ClientError):
    """The hub gave no session. `status` is its HTTP answer, None when there was none."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


class ConnectionLost(ClientError):
    """The connection ended before the answer; the act may or may not have happened."""

    def __init__(self, close_code: int | None) -> None:
        super().__init__(f"connection lost ({close_code})")
        self.close_code = close_code


class Dismissed(ClientError):
    """The hub closed for good: coming back would meet the same close code."""

    def __init__(self, close_code: int) -> None:
        super().__init__(f"closed for good ({close_code})")
        self.close_code = close_code


class NoAnswer(ClientError):
    """The patience for one act is over; whether it happened is unknown."""


class Refused(ClientError):
    """The hub answered no: `code` says why, `retry` whether the same frame may come again."""

    def __init__(self, frame: RefusedFrame) -> None:
        super().__init__(f"{frame.code}: {frame.reason or frame.text}")
        self.code = Code(frame.code)
        self.retry = Retry(frame.retry)
        self.epoch = frame.epoch
        self.retry_after = frame.retry_after
        self.reason = frame.reason
        self.now = frame.now


class BrokenStream(ClientError):
    """An event arrived twice or one is missing between two that arrived."""

    def __init__(self, *, expected: int, arrived: int) -> None:
        super().__init__(f"event {arrived} where {expected} was due")
        self.expected = expected
        self.arrived = arrived


class LogKeyChanged(ClientError):
    """The hub shows another log key than the one this client pinned."""


class HubKeyChanged(ClientError):
    """The hub shows another key for its groups, or another name, than this device pinned."""


class LogForked(ClientError):
    """Two heads of one size that the log signed have different roots, or the log grew shorter."""


class HubFault(ClientError):
    """The hub sent what no honest hub sends: an event, a summary or a proof that does not hold."""


class StateInUse(ClientError):
    """Another process has this device's state open."""


class StateUnreadable(ClientError):
    """What is stored is not the state of a device that this version reads."""


class NotLinked(ClientError):
    """This device holds no account key of its person, or no certificate yet.

    Another device of the person lets it in (`ask_link`), or the recovery code does.
    """


class Denied(ClientError):
    """Policy says no to what this device was about to sign, or was told; `code` names the rule."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _OfGroup(ClientError):
    """Something about one conversation's group; `conversation` is empty where it is plain."""

    def __init__(self, code: str, conversation: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.conversation = conversation


class NoGroup(_OfGroup):
    """This device is not in the conversation's group, or cannot follow it."""


class Unproven(_OfGroup):
    """A message or signal that does not open, or is not what its sender's leaf says."""


class Unauthorised(_OfGroup):
    """A message or signal that policy does not let its sender send: it stays hidden."""


class CannotFollow(_OfGroup):
    """MLS refuses a step of the group, or a Welcome; the device reports it and rejoins."""


class Unlawful(_OfGroup):
    """A step of the group that policy forbids, whatever the hub says. It is not followed."""


class IdentityChanged(Unlawful):
    """Somebody's account key is another than the pinned one, and nobody vouched for the change."""


class GroupForked(_OfGroup):
    """Members hold different secrets for one epoch."""
