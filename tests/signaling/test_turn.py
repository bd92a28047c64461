"""TURN credentials: what coturn checks by itself, and nothing that says who asks."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from base64 import b64decode, b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.keys import Secret
from signaling import frames
from signaling.turn import LIFE_SECONDS, SECOND, credentials

SECRET = Secret(b"north")
CALL = "00000000-0000-4000-8000-00000000ca11"
DEVICE = "7f9c1f3a-2b1d-4c55-9a7e-0123456789ab"
OTHER_DEVICE = "7f9c1f3a-2b1d-4c55-9a7e-0123456789ac"
URLS = ("turn:127.0.0.1:3478", "turns:127.0.0.1:5349?transport=tcp")
NOON = 1_790_000_000 * SECOND


def issued(
    *, secret: Secret = SECRET, call: str = CALL, device: str = DEVICE, now: int = NOON
) -> frames.TurnCredentials:
    return credentials(secret, call, device, URLS, now)


def coturn_checks(told: frames.TurnCredentials, secret: bytes, now: int) -> bool:
    """Check as coturn's `use-auth-secret` does (turn_ports.c, uclient.c): HMAC-SHA1, then time."""
    block = 64
    key = (hashlib.sha1(secret).digest() if len(secret) > block else secret).ljust(block, b"\0")  # noqa: S324
    inner = hashlib.sha1(bytes(k ^ 0x36 for k in key) + told.username.encode()).digest()  # noqa: S324
    outer = hashlib.sha1(bytes(k ^ 0x5C for k in key) + inner).digest()  # noqa: S324
    until = int(told.username.split(":", 1)[0])
    return b64decode(told.credential) == outer and now // SECOND < until


def test_the_password_is_the_hmac_sha1_of_the_user_name() -> None:
    """draft-uberti-behave-turn-rest-00, section 2.2; computed here from RFC 2104's definition."""
    told = issued()

    assert coturn_checks(told, b"north", NOON)
    assert not coturn_checks(told, b"south", NOON)


def test_a_foreign_implementation_agrees() -> None:
    """`openssl dgst -sha1 -hmac`, which shares no code with Python's hmac module."""
    openssl = shutil.which("openssl")
    assert openssl is not None, "the machine that tests has openssl"
    told = issued()

    made = subprocess.run(
        [openssl, "dgst", "-sha1", "-hmac", "north", "-binary"],
        input=told.username.encode(),
        capture_output=True,
        check=True,
    ).stdout

    assert told.credential == b64encode(made).decode()


def test_a_credential_once_made_is_made_again() -> None:
    """A fixed one, whose password openssl computed on another day: the scheme does not drift."""
    told = issued()

    assert told.username == ("1790000600:00000000-0000-4000-8000-00000000ca11:468eee3c0e0bd65f")
    assert told.credential == "8Vleu6C6TQpIYYCGzUZq4abKmeY="


def test_it_holds_for_ten_minutes_and_is_renewed_at_half_time() -> None:
    """No longer than that is a relay at anybody's service."""
    told = issued()

    assert told.username.split(":")[0] == str(NOON // SECOND + 600)
    assert told.expires_at == NOON + 600 * SECOND
    assert told.renew_at == NOON + 300 * SECOND
    assert coturn_checks(told, b"north", told.expires_at - 1)
    assert not coturn_checks(told, b"north", told.expires_at)


@given(st.integers(0, 2**52))
def test_the_instant_told_is_the_one_coturn_goes_by(now: int) -> None:
    """Whole seconds, rounded up: the client loses nothing, and gains less than one."""
    told = issued(now=now)

    assert told.expires_at == int(told.username.split(":")[0]) * SECOND
    assert 0 <= told.expires_at - (now + LIFE_SECONDS * SECOND) < SECOND
    assert now < told.renew_at < told.expires_at


def test_the_user_name_names_the_call_and_nobody() -> None:
    """The relay's log tells two devices of one call apart, and neither who they are."""
    told, other = issued(), issued(device=OTHER_DEVICE)

    assert told.username.split(":")[1] == CALL
    assert told.username != other.username
    assert DEVICE not in told.username
    assert DEVICE.replace("-", "")[:8] not in told.username


@pytest.mark.parametrize(
    "other",
    [
        issued(device=OTHER_DEVICE),
        issued(call=OTHER_DEVICE),
        issued(now=NOON + SECOND),
        issued(secret=Secret(b"south")),
    ],
    ids=["device", "call", "second", "secret"],
)
def test_nothing_of_it_is_good_for_another(other: frames.TurnCredentials) -> None:
    """Another device, call, second or secret: another password."""
    assert other.credential != issued().credential


def test_a_device_in_another_call_has_another_name() -> None:
    """The relay cannot follow a device from call to call."""
    here, there = issued(), issued(call=OTHER_DEVICE)

    assert here.username.split(":")[2] != there.username.split(":")[2]


def test_the_urls_are_told_as_they_are_configured() -> None:
    """UDP, TCP and TLS, in their order."""
    assert issued().urls == list(URLS)


def test_the_secret_is_in_nothing_that_is_told() -> None:
    """The client, its logs and the relay never see it."""
    assert "north" not in repr(issued())
