"""The key schedule and what is derived from it: each secret for one purpose."""

from __future__ import annotations

from dataclasses import fields

import pytest

from crypto.errors import InvalidCommit, InvalidWelcome
from crypto.keys import Secret
from crypto.mls.group_info import GroupInfo
from crypto.mls.key_schedule import (
    EpochSecrets,
    Joiner,
    exporter,
    external_init,
    external_key_pair,
    open_external_init,
)
from crypto.mls.message import decode_group_info
from crypto.mls.transcript import confirmation_tag, verify_confirmation_tag
from crypto.mls.welcome import Newcomer, make_welcome
from tests.crypto.mls.members import SUITE, Client, Room, a_random

SECRETS = EpochSecrets.derive(SUITE, bytes(32))


def test_no_two_secrets_are_equal() -> None:
    """Nine labels, nine values."""
    values = {getattr(SECRETS, one.name).reveal() for one in fields(EpochSecrets)}

    assert len(values) == 9


def test_the_exporter_distinguishes_label_context_and_length() -> None:
    """It hashes its context, so that any length of it does (8.5)."""
    key = SECRETS.exporter_secret
    exported = {
        exporter(SUITE, key, label, context, size)[:16]
        for label, context, size in [
            (b"a", b"", 32),
            (b"b", b"", 32),
            (b"a", b"c", 32),
            (b"a", bytes(100_000), 32),
            (b"a", b"", 33),
        ]
    }

    assert len(exported) == 5
    assert len(exporter(SUITE, key, b"a", b"", 1000)) == 1000


def test_a_newcomers_init_secret_reaches_the_group() -> None:
    """Whoever holds the external secret opens it (8.3)."""
    public = external_key_pair(SUITE, SECRETS.external_secret).public

    kem_output, secret = external_init(SUITE, public, a_random("x"))

    assert open_external_init(SUITE, SECRETS.external_secret, kem_output) == secret
    assert open_external_init(SUITE, SECRETS.exporter_secret, kem_output) != secret


def test_a_confirmation_tag_is_of_one_transcript() -> None:
    """Another key, or another history, is another tag."""
    tag = confirmation_tag(SUITE, SECRETS.confirmation_key, b"transcript")
    verify_confirmation_tag(SUITE, SECRETS.confirmation_key, b"transcript", tag)

    for key, transcript, shown in (
        (SECRETS.exporter_secret, b"transcript", tag),
        (SECRETS.confirmation_key, b"other", tag),
        (SECRETS.confirmation_key, b"transcript", b""),
    ):
        with pytest.raises(InvalidCommit, match="bad_confirmation_tag"):
            verify_confirmation_tag(SUITE, key, transcript, shown)


def an_info() -> GroupInfo:
    return decode_group_info(Room("ada").groups["ada"].group_info())


def test_a_welcome_is_for_the_key_packages_it_names() -> None:
    """Its owner opens it; another client finds nothing in it."""
    bob, eve = Client(name="bob"), Client(name="eve")
    joiner = Joiner.of_welcome(SUITE, b"j" * 32, bytes(32))
    newcomers = [Newcomer(bob.bundle.key_package, Secret(b"p" * 32))]
    welcome = make_welcome(SUITE, joiner, an_info(), newcomers, (), a_random("w"))

    opened = welcome.open_secrets(SUITE, bob.bundle.key_package, bob.bundle.init_key)
    assert opened.joiner_secret == joiner.joiner_secret
    assert opened.path_secret == Secret(b"p" * 32)
    assert welcome.open_group_info(SUITE, joiner) == an_info()
    with pytest.raises(InvalidWelcome, match="not_for_us"):
        welcome.open_secrets(SUITE, eve.bundle.key_package, eve.bundle.init_key)
    with pytest.raises(InvalidWelcome, match="bad_ciphertext"):
        welcome.open_secrets(SUITE, bob.bundle.key_package, eve.bundle.init_key)
    other = Joiner.of_welcome(SUITE, b"k" * 32, bytes(32))
    with pytest.raises(InvalidWelcome, match="bad_ciphertext"):
        welcome.open_group_info(SUITE, other)
