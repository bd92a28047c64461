"""A decision, with what goes into it and what must come out; and a file of them.

Each refusal stands beside a grant from which it differs by one thing, so that none is refused for
a reason of no interest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crypto.encoding import Struct
from crypto.policy.decision import Breach
from crypto.policy.identity import LeafIdentity
from crypto.policy.vocabulary import Refusal
from tests.crypto.policy.world import TRUST, Group, Leaf

LONG: Final = 64
"""Hexadecimal digits; what is longer stands in `data`, once."""


@dataclass(slots=True)
class Book:
    """The cases of one kind of decision."""

    check: str
    cases: list[dict[str, Any]] = field(default_factory=list)

    def granted(self, name: str, outcome: Mapping[str, Any], **inputs: Any) -> Near:
        """Write a grant; its refusals are written from what is returned."""
        self._write(name, inputs, {"granted": dict(outcome)})
        return Near(self, name, inputs)

    def refused(
        self, name: str, inputs: Mapping[str, Any], why: Refusal, breach: Breach | None, near: str
    ) -> None:
        """Write a refusal beside a grant."""
        expect = {"refused": why.value} | ({} if breach is None else {"breach": breach.value})
        self._write(name, inputs, expect, near=near)

    def _write(
        self, name: str, inputs: Mapping[str, Any], expect: Mapping[str, Any], **more: str
    ) -> None:
        said = {one: plain(value) for one, value in inputs.items()}
        self.cases.append({"name": name, "check": self.check, **more, **said, "expect": expect})


@dataclass(frozen=True, slots=True)
class Near:
    """A grant that was written, and what is refused beside it."""

    book: Book
    name: str
    inputs: Mapping[str, Any]

    def refused(
        self, name: str, why: Refusal, breach: Breach | None = None, /, **changes: Any
    ) -> Near:
        """Write what is refused once these inputs are others."""
        unknown = set(changes) - set(self.inputs)
        assert not unknown, f"no such inputs: {unknown}"
        self.book.refused(name, {**self.inputs, **changes}, why, breach, self.name)
        return self

    def breach(self, name: str, breach: Breach, /, **changes: Any) -> Near:
        """Write what breaks a rule of membership."""
        return self.refused(name, Refusal.E_POLICY, breach, **changes)


@dataclass(slots=True)
class File:
    """What is written: the cases, and their long values once."""

    data: dict[str, Any] = field(default_factory=dict)

    def written(self, cases: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the file of these cases."""
        kept = [self._kept(case) for case in cases]
        trust = {"deployment": TRUST.deployment, "authority": TRUST.authority.hex()}
        return {"data": dict(sorted(self.data.items())), "trust": trust, "cases": kept}

    def _kept(self, value: Any) -> Any:
        match value:
            case Shared():
                said = {one: self._kept(inner) for one, inner in value.items()}
                return self._once(said, json.dumps(said).encode())
            case dict():
                return {one: self._kept(inner) for one, inner in value.items()}
            case list():
                return [self._kept(inner) for inner in value]
            case Binary() if len(value) > LONG:
                return self._once(str(value), bytes.fromhex(value))
            case Binary():
                return str(value)
        return value

    def _once(self, value: Any, named_by: bytes) -> str:
        name = hashlib.sha256(named_by).digest()[:8].hex()
        self.data[name] = value
        return f"@{name}"


class Binary(str):
    """Bytes, as they stand in a file: hexadecimal."""

    __slots__ = ()


class Shared(dict[str, Any]):
    """A leaf or a group: many cases name it."""

    __slots__ = ()


def plain(value: Any) -> Any:
    """Return a value as it stands in a file."""
    match value:
        case bytes():
            return Binary(value.hex())
        case Group():
            policy, listed = plain(value.policy), plain(value.delegations)
            return Shared(policy=policy, delegations=listed, leaves=plain(value.leaves))
        case Leaf():
            said = plain(value.parts.encode())
            return Shared(credential=said, signature_key=plain(value.signature_key))
        case LeafIdentity():
            return {"person": value.person, "device": value.device}
        case Struct():
            return Binary(value.encode().hex())
        case dict():
            return {one: plain(inner) for one, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case _:
            return value
