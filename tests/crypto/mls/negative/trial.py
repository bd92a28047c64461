"""How a trial is made: through the public functions, from stored states, as any caller would."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from crypto.keys import Secret
from crypto.mls.group import Group
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.leaf_node import ALWAYS
from crypto.mls.message import decode_key_package
from crypto.mls.psk import NO_PSKS, Psks
from crypto.mls.public_group import PublicGroup
from crypto.mls.validation import check_key_package
from crypto.suites import suite_of
from tests.crypto.mls.negative.scene import SUITE, Draw

DIRECTORY: Final = Path(__file__).parents[3] / "vectors" / "mls" / "negative"

Holder = Group | PublicGroup | KeyPackageBundle


@dataclass(frozen=True, slots=True)
class Inputs:
    """One trial, with its data put in."""

    what: str
    values: Mapping[str, Any]

    @classmethod
    def read(cls, written: Mapping[str, Any], data: Mapping[str, str]) -> Inputs:
        """Read one from its file."""
        values = {key: _value(value, data) for key, value in written.items()}
        return cls(values.pop("what"), values)

    def holder(self) -> Holder | None:
        """Return the one who receives, restored from their stored state."""
        if "state" not in self.values:
            return None
        return _HOLDERS[self.what].deserialize(self.values["state"])

    def attempt(self, holder: Holder | None) -> None:
        """Make the trial; raise a `CryptoError` where it is refused."""
        _ATTEMPTS[self.what](holder, self.values)


def _value(written: Any, data: Mapping[str, str]) -> Any:
    if isinstance(written, list):
        return [_value(one, data) for one in written]
    return bytes.fromhex(data[written["data"]]) if isinstance(written, dict) else written


def _psks(values: Mapping[str, Any]) -> Psks:
    psk = values["psk"]
    return NO_PSKS if psk is None else Psks(external={b"psk": Secret(psk)})


def _group(group: Any, values: Mapping[str, Any]) -> None:
    group.receive(values["message"], now=values["now"], psks=_psks(values))


def _hub_proposal(public: Any, values: Mapping[str, Any]) -> None:
    public.receive_proposal(values["message"], now=values["now"])


def _hub_commit(public: Any, values: Mapping[str, Any]) -> None:
    public.check_commit(
        values["message"],
        group_info=values["group_info"],
        welcome=values["welcome"],
        pending=values["pending"],
        now=values["now"],
    )


def _found(_: object, values: Mapping[str, Any]) -> None:
    PublicGroup.found(values["group_info"], ratchet_tree=values["ratchet_tree"])


def _welcome(bundle: Any, values: Mapping[str, Any]) -> None:
    Group.join(values["message"], bundle, psks=_psks(values))


def _external_join(bundle: Any, values: Mapping[str, Any]) -> None:
    leaf = bundle.key_package.leaf_node
    own = Own(
        signature_key=bundle.signature_key,
        credential=leaf.credential,
        capabilities=leaf.capabilities,
        extensions=leaf.extensions,
        lifetime=leaf.lifetime or ALWAYS,
    )
    Group.join_external(
        values["group_info"],
        own,
        remove_prior=values["remove_prior"],
        now=values["now"],
        random_bytes=Draw("external join"),
    )


def _key_package(_: object, values: Mapping[str, Any]) -> None:
    package = decode_key_package(values["message"])
    check_key_package(suite_of(SUITE.id), package, (), values["now"])


_HOLDERS: Final[Mapping[str, type[Group] | type[PublicGroup] | type[KeyPackageBundle]]] = {
    "group": Group,
    "public_group_proposal": PublicGroup,
    "public_group_commit": PublicGroup,
    "welcome": KeyPackageBundle,
    "external_join": KeyPackageBundle,
}
_ATTEMPTS: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], None]]] = {
    "group": _group,
    "public_group_proposal": _hub_proposal,
    "public_group_commit": _hub_commit,
    "found": _found,
    "welcome": _welcome,
    "external_join": _external_join,
    "key_package": _key_package,
}


def written_files() -> dict[str, dict[str, Any]]:
    """Return the files there are, by theme."""
    return {
        path.stem: json.loads(path.read_text("utf-8")) for path in sorted(DIRECTORY.glob("*.json"))
    }
