"""A case: something to be refused, its good twin to be accepted, and how both are written down.

A trial names the public function that it goes through (`what`) and everything that goes in. What
is binary is written once, in the file's `data`, and named by the beginning of its hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crypto.mls.group import Committed
from tests.crypto.mls.negative.scene import NOW

Value = bytes | int | str | None | list[bytes]
Trial = Mapping[str, Value]

_NAME_SIZE: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A sentence, what is refused, with which code, and what is accepted in its place."""

    name: str
    bad: Trial
    expect: str
    good: Trial


def member(state: bytes, message: bytes, *, now: int = NOW, psk: bytes | None = None) -> Trial:
    """A message that a member receives; `psk` is the one that it holds under the name `psk`."""
    return {"what": "group", "state": state, "message": message, "now": now, "psk": psk}


def hub_proposal(state: bytes, message: bytes, *, now: int = NOW) -> Trial:
    """A proposal that the hub receives."""
    return {"what": "public_group_proposal", "state": state, "message": message, "now": now}


def hub_commit(
    state: bytes,
    message: bytes,
    group_info: bytes,
    welcome: bytes | None = None,
    *,
    pending: tuple[bytes, ...] = (),
    now: int = NOW,
) -> Trial:
    """A commit that the hub checks."""
    return {
        "what": "public_group_commit",
        "state": state,
        "message": message,
        "group_info": group_info,
        "welcome": welcome,
        "pending": list(pending),
        "now": now,
    }


def hub_committed(state: bytes, made: Committed, *, message: bytes | None = None) -> Trial:
    """A commit that the hub checks with what its author sent along."""
    sent = made.message if message is None else message
    return hub_commit(state, sent, made.group_info, made.welcome)


def found(group_info: bytes, *, ratchet_tree: bytes | None = None) -> Trial:
    """A group that the hub comes to know."""
    return {"what": "found", "group_info": group_info, "ratchet_tree": ratchet_tree}


def welcome(bundle: bytes, message: bytes, *, psk: bytes | None = None) -> Trial:
    """A Welcome that the owner of a key package receives."""
    return {"what": "welcome", "state": bundle, "message": message, "psk": psk}


def external_join(bundle: bytes, group_info: bytes, *, remove_prior: int | None = None) -> Trial:
    """A GroupInfo by which a client, as its stored key package says it, joins on its own."""
    return {
        "what": "external_join",
        "state": bundle,
        "group_info": group_info,
        "remove_prior": remove_prior,
        "now": NOW,
    }


def key_package(message: bytes, *, now: int = NOW) -> Trial:
    """A key package that a directory receives."""
    return {"what": "key_package", "message": message, "now": now}


@dataclass(slots=True)
class File:
    """One theme, as it is written down."""

    data: dict[str, str] = field(default_factory=dict)

    def written(self, cases: list[Case]) -> dict[str, Any]:
        """Return the file's contents."""
        listed = [
            {
                "name": case.name,
                "expect": case.expect,
                "bad": self._trial(case.bad),
                "good": self._trial(case.good),
            }
            for case in cases
        ]
        return {"data": dict(sorted(self.data.items())), "cases": listed}

    def _trial(self, trial: Trial) -> dict[str, Any]:
        return {key: self._value(value) for key, value in trial.items()}

    def _value(self, value: Value) -> Any:
        if isinstance(value, list):
            return [self._value(one) for one in value]
        return self._named(value) if isinstance(value, bytes) else value

    def _named(self, value: bytes) -> dict[str, str]:
        name = hashlib.sha256(value).hexdigest()[:_NAME_SIZE]
        self.data[name] = value.hex()
        return {"data": name}


def flipped(data: bytes, at: int = -1) -> bytes:
    """Return the bytes with one bit changed."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)
