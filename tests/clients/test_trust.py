"""What a device pinned at first sight, and what it holds against a hub that changes its story."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clients.python.errors import (
    HubFault,
    HubKeyChanged,
    IdentityChanged,
    LogKeyChanged,
    StateUnreadable,
)
from clients.python.trust import Trust, digest_of
from crypto.log.checkpoint import VerifierKey
from crypto.policy.identity import HUB
from signaling.frames import Pharmacy
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
    "another authority": ({"authority": bytes([1] * 32)}, HubKeyChanged),
    "another pharmacy": (
        {"pharmacy": Pharmacy(finess="990000002", name="", phone="")},
        HubFault,
    ),
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

    sender = device.trust.hub

    assert (sender.signature_key, sender.credential.identity) == (circle.hub.public, HUB)


def test_there_is_neither_group_nor_certificate_before_a_hello() -> None:
    """Nobody knows the hub's key, nor the authority's."""
    with pytest.raises(HubFault):
        _ = Trust().hub
    with pytest.raises(HubFault):
        _ = Trust().authority


def met(device_of: str = "jean") -> Trust:
    """Return the pins of a device, as they come back from its store."""
    return Trust.decode(Circle().device(device_of).trust.encode())


def test_a_person_is_an_account_key_from_the_first_time_on() -> None:
    """Another key under the name is refused, and what was pinned stays."""
    trust, person = met(), str(uuid4())
    trust.pin(person, bytes(32), "Sophie")

    with pytest.raises(IdentityChanged):
        trust.pin(person, bytes([1] * 32), "Sophie")

    again = Trust.decode(trust.encode())
    assert again.aik_of(person) == bytes(32)
    assert again.people[person].name == "Sophie"


def test_a_name_may_be_learned_later_and_is_not_forgotten() -> None:
    """A leaf says no name; the directory does."""
    trust, person = met(), str(uuid4())

    assert trust.pin(person, bytes(32))
    assert trust.pin(person, bytes(32), "Sophie Lefèvre")
    assert not trust.pin(person, bytes(32))
    assert trust.people[person].name == "Sophie Lefèvre"


def test_a_key_that_was_replaced_is_known_and_is_not_the_persons_any_more() -> None:
    """A leaf that still stands may have it; none comes in with it."""
    trust, person, old, new = met(), str(uuid4()), bytes(32), bytes([1] * 32)
    trust.pin(person, old, "Sophie")

    notice = trust.succeed(person, new, "")

    trust = Trust.decode(trust.encode())
    assert (notice.person, notice.name, notice.before, notice.after) == (
        person,
        "Sophie",
        old,
        new,
    )
    assert trust.is_of(person, old)
    assert not trust.is_now(person, old)
    assert trust.is_now(person, new)


def test_a_pharmacy_has_one_owner() -> None:
    """Whose word makes staff: another one is refused, across a restart too."""
    trust = met()

    with pytest.raises(IdentityChanged):
        trust.pin_owner(bytes([1] * 32))


def test_the_owners_new_key_takes_the_place_of_the_old_one() -> None:
    """Groups that were founded under the old one stay the pharmacy's."""
    trust = met()
    old, new = trust.owner or b"", bytes([1] * 32)
    trust.pin("claire", old)

    trust.succeed("claire", new, "")

    again = Trust.decode(trust.encode())
    assert again.owner == new
    assert again.is_owner(old)
    assert not again.is_owner(bytes(32))


def test_what_the_log_showed_once_is_remembered() -> None:
    """By the certificate's hash: one byte more is another certificate."""
    trust = met()
    trust.prove(b"certificate")

    again = Trust.decode(trust.encode())

    assert again.is_proven(digest_of(b"certificate"))
    assert not again.is_proven(digest_of(b"certificate."))


@pytest.mark.parametrize("cut", range(10))
def test_damaged_pins_are_unreadable(cut: int) -> None:
    """Nothing is pinned anew for it."""
    circle = Circle()
    claire, _ = circle.two()
    encoded = claire.trust.encode()

    with pytest.raises(StateUnreadable):
        Trust.decode(encoded[: len(encoded) * cut // 10])
