"""What a device pinned at first sight, and what it holds against a hub that changes its story."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clients.python.errors import HubFault, HubKeyChanged, LogKeyChanged, StateUnreadable
from clients.python.trust import Judge, Trust
from crypto.log.checkpoint import VerifierKey
from crypto.mls.extensions import external_senders
from crypto.policy.identity import HUB, LeafIdentity
from tests.clients.circle import Circle, a_welcomed

LOG = "colloque.test/990000001/care"


def a_vkey() -> str:
    """Return a log's verifier key."""
    return VerifierKey.of(LOG, Ed25519PrivateKey.generate()).encode()


CHANGED: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "another person": ({"person": str(uuid4())}, HubFault),
    "another device": ({"device": str(uuid4())}, HubFault),
    "another key of the hub": ({"hub_key": bytes([1] * 32)}, HubKeyChanged),
    "another deployment": ({"deployment": "elsewhere"}, HubKeyChanged),
    "another log": ({"logs": {"care": a_vkey()}}, LogKeyChanged),
}


@pytest.mark.parametrize("restart", [False, True], ids=["at once", "after a restart"])
@pytest.mark.parametrize("change", CHANGED)
def test_a_hub_that_is_another_is_not_met_again(change: str, restart: bool) -> None:
    """Everything that it said at the first hello stands."""
    device = Circle().device("jean")
    first = a_welcomed(device, "jean", logs={"care": a_vkey()})
    trust = Trust()
    trust.meet(first, device.id)
    if restart:
        trust = Trust.decode(trust.encode())
    changes, error = CHANGED[change]

    with pytest.raises(error):
        trust.meet(a_welcomed(device, "jean", **{"logs": first.logs, **changes}), device.id)

    trust.meet(first, device.id)


def test_a_group_has_the_hub_as_its_only_stranger_who_proposes() -> None:
    """With its pinned key, by its name."""
    circle = Circle()
    device = circle.device("jean")

    [sender] = external_senders(device.trust.extensions)

    assert (sender.signature_key, sender.credential.identity) == (circle.hub.public, HUB)


def test_there_is_no_group_before_a_hello() -> None:
    """Nobody knows the hub's key."""
    with pytest.raises(HubFault):
        _ = Trust().extensions


def test_devices_are_pinned_with_the_group_they_are_in() -> None:
    """By person and key, also across a restart."""
    circle = Circle()
    claire, jean = circle.two()

    trust = Trust.decode(claire.trust.encode())

    assert trust.key_of(jean.identity) == jean.signature_key
    assert trust.key_of(LeafIdentity(claire.identity.person, jean.id)) is None


def test_a_role_that_nobody_has_is_the_hubs_fault() -> None:
    """Policy is judged by roles."""
    circle = Circle()
    device = circle.device("jean")
    summary = circle.summary()
    members = [type(one)(**{**_fields(one), "role": "king"}) for one in summary.members]

    with pytest.raises(HubFault):
        Judge.of(circle.summary(members=members), device.identity, device.trust)


def _fields(member: Any) -> dict[str, Any]:
    return {name: getattr(member, name) for name in member.__struct_fields__}


@pytest.mark.parametrize("cut", range(10))
def test_damaged_pins_are_unreadable(cut: int) -> None:
    """Nothing is pinned anew for it."""
    circle = Circle()
    claire, _ = circle.two()
    encoded = claire.trust.encode()

    with pytest.raises(StateUnreadable):
        Trust.decode(encoded[: len(encoded) * cut // 10])
