"""The frames themselves: documented, told apart, and bounded at exactly the length they say."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, get_args

import msgspec
import pytest

from signaling.codec import decode_client
from signaling.errors import MalformedFrame
from signaling.frames import AnyClientFrame, AnyServerFrame, TurnCredentials, client_kinds
from tests.signaling.builders import KINDS, OTHER_UUID, SHA256, UUID, a_frame, packed

MAX_SEQ = 2**53 - 1
ADDED = {"person": OTHER_UUID, "device": UUID, "key_package": SHA256}


def many_cursors(count: int) -> dict[str, int]:
    """Return that many cursors, each of a conversation of its own."""
    return {f"00000000-0000-4000-8000-{number:012x}": 1 for number in range(count)}


def test_every_client_frame_says_what_it_is_for() -> None:
    """The protocol's reference is made of these docstrings: none may be missing."""
    undocumented = [
        kind
        for kind, frame in client_kinds().items()
        if not (frame.__dict__.get("__doc__") or "").strip().endswith(".")
    ]

    assert undocumented == []


def test_no_two_frames_share_a_kind() -> None:
    """A kind names one frame, whichever way it travels."""
    frames = get_args(AnyClientFrame) + get_args(AnyServerFrame)

    kinds = [frame.__struct_config__.tag for frame in frames]

    assert len(kinds) == len(set(kinds))


def test_every_client_frame_is_frozen_and_closed() -> None:
    """A frame does not change in hand, and takes no field that nobody checks."""
    configs = [frame.__struct_config__ for frame in client_kinds().values()]

    assert all(config.frozen and config.forbid_unknown_fields for config in configs)


@pytest.mark.parametrize("kind", KINDS)
def test_a_valid_frame_of_each_kind_is_read(kind: str) -> None:
    """The builders of these tests give what the codec accepts."""
    frame = decode_client(packed(a_frame(kind)))

    assert type(frame) is client_kinds()[kind]


def test_credentials_do_not_print_themselves() -> None:
    """In a log or a traceback they would open the relay to whoever reads it."""
    given = TurnCredentials(
        urls=["turn:relay.example"],
        username="1790000600:call:opaque",
        credential="c2VjcmV0",
        expires_at=1_790_000_600_000_000,
        renew_at=1_790_000_300_000_000,
    )

    assert "opaque" not in f"{given} {given!r}"
    assert "c2VjcmV0" not in f"{given} {given!r}"


ACCEPTED: dict[str, tuple[str, dict[str, Any]]] = {
    "id of one letter": ("ping", {"id": "a"}),
    "id of 64 letters": ("ping", {"id": "a" * 64}),
    "id with every sign allowed": ("ping", {"id": "Az09_.:-"}),
    "no cursors": ("hello", {"cursors": {}}),
    "cursor at zero": ("hello", {"cursors": {UUID: 0}}),
    "cursor at 2^53-1": ("hello", {"cursors": {UUID: MAX_SEQ}}),
    "2000 cursors": (
        "hello",
        {"cursors": many_cursors(2000)},
    ),
    "one key package": ("key_packages.publish", {"packages": [b"x"]}),
    "60 key packages": ("key_packages.publish", {"packages": [b"x"] * 60}),
    "key package of 4096 bytes": ("key_packages.publish", {"packages": [b"x" * 4096]}),
    "group info of one byte": ("conversation.create", {"group_info": b"x"}),
    "group info of 96 KiB": ("conversation.create", {"group_info": b"x" * 98304}),
    "commit of 96 KiB": ("group.commit", {"commit": b"x" * 98304}),
    "welcome of 96 KiB": ("group.commit", {"welcome": b"x" * 98304}),
    "no welcome": ("group.commit", {"welcome": None}),
    "no adds": ("group.commit", {"adds": []}),
    "50 adds": ("group.commit", {"adds": [ADDED] * 50}),
    "body of one byte": ("message.send", {"body": b"x"}),
    "body of 64 KiB": ("message.send", {"body": b"x" * 65536}),
    "delivered at zero": ("cursor.advance", {"delivered": 0}),
    "read at 2^53-1": ("cursor.advance", {"read": MAX_SEQ}),
    "one person to ring": ("call.ring", {"persons": [UUID]}),
    "8 people to ring": ("call.ring", {"persons": [UUID] * 8}),
    "a delay of a minute": ("call.delay", {"minutes": 1}),
    "a delay of an hour": ("call.delay", {"minutes": 60}),
    "generation zero": ("call.pair_lost", {"generation": 0}),
    "generation 2^31-1": ("call.connected", {"generation": 2**31 - 1}),
    "an incident with nobody": ("call.incident", {"peer": None}),
    "signal of 64 KiB": ("call.signal", {"body": b"x" * 65536}),
    "page from the start": ("audit.page", {"after": -1}),
    "page after 2^53-1": ("audit.page", {"after": MAX_SEQ}),
    "log name of 16 letters": ("audit.page", {"log": "l" * 16}),
}


@pytest.mark.parametrize(("kind", "changes"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_field_at_its_bound_is_accepted(kind: str, changes: dict[str, Any]) -> None:
    """The bound itself is inside."""
    frame = decode_client(packed(a_frame(kind, **changes)))

    assert {
        name: msgspec.to_builtins(getattr(frame, name), builtin_types=(bytes,)) for name in changes
    } == changes


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "empty id": ("ping", {"id": ""}),
    "id of 65 letters": ("ping", {"id": "a" * 65}),
    "id with a space": ("ping", {"id": "a b"}),
    "id with an accent": ("ping", {"id": "é"}),
    "id that ends with a line feed": ("ping", {"id": "a\n"}),
    "id of bytes": ("ping", {"id": b"a"}),
    "id as a number": ("ping", {"id": 1}),
    "device in capitals": ("hello", {"device": UUID.upper()}),
    "device without dashes": ("hello", {"device": UUID.replace("-", "")}),
    "device in braces": ("hello", {"device": f"{{{UUID}}}"}),
    "device that ends with a line feed": ("hello", {"device": UUID + "\n"}),
    "signature key of 31 bytes": ("hello", {"signature_key": b"k" * 31}),
    "signature key of 33 bytes": ("hello", {"signature_key": b"k" * 33}),
    "signature key as base64 text": ("hello", {"signature_key": b64encode(b"k" * 32).decode()}),
    "cursor below zero": ("hello", {"cursors": {UUID: -1}}),
    "cursor at 2^53": ("hello", {"cursors": {UUID: MAX_SEQ + 1}}),
    "cursor as text": ("hello", {"cursors": {UUID: "1"}}),
    "cursor as a whole float": ("hello", {"cursors": {UUID: 1.0}}),
    "cursor as a boolean": ("hello", {"cursors": {UUID: True}}),
    "cursor of no conversation": ("hello", {"cursors": {"": 1}}),
    "cursors as a list": ("hello", {"cursors": [UUID, 1]}),
    "2001 cursors": ("hello", {"cursors": many_cursors(2001)}),
    "no key packages": ("key_packages.publish", {"packages": []}),
    "61 key packages": ("key_packages.publish", {"packages": [b"x"] * 61}),
    "empty key package": ("key_packages.publish", {"packages": [b""]}),
    "key package of 4097 bytes": ("key_packages.publish", {"packages": [b"x" * 4097]}),
    "unknown conversation kind": ("conversation.create", {"conversation_kind": "chat"}),
    "unknown motive": ("conversation.create", {"motive": "because"}),
    "no motive": ("conversation.create", {"motive": None}),
    "empty group info": ("conversation.create", {"group_info": b""}),
    "group info of 96 KiB and one": ("conversation.create", {"group_info": b"x" * 98305}),
    "empty commit": ("group.commit", {"commit": b""}),
    "commit of 96 KiB and one": ("group.commit", {"commit": b"x" * 98305}),
    "empty welcome": ("group.commit", {"welcome": b""}),
    "welcome of 96 KiB and one": ("group.commit", {"welcome": b"x" * 98305}),
    "51 adds": ("group.commit", {"adds": [ADDED] * 51}),
    "an add with a field too many": ("group.commit", {"adds": [{**ADDED, "role": "carer"}]}),
    "an add without its package": ("group.commit", {"adds": [
        {"person": UUID, "device": UUID}]}),
    "package hash in capitals": ("group.commit", {"adds": [
        {**ADDED, "key_package": SHA256.upper()}]}),
    "package hash of 63 digits": ("group.commit", {"adds": [
        {**ADDED, "key_package": SHA256[1:]}]}),
    "package hash that ends with a line feed": ("group.commit", {"adds": [
        {**ADDED, "key_package": SHA256 + "\n"}]}),
    "adds as null": ("group.commit", {"adds": None}),
    "empty body": ("message.send", {"body": b""}),
    "body of 64 KiB and one": ("message.send", {"body": b"x" * 65537}),
    "body as text": ("message.send", {"body": "text"}),
    "delivered below zero": ("cursor.advance", {"delivered": -1}),
    "read at 2^53": ("cursor.advance", {"read": MAX_SEQ + 1}),
    "nobody to ring": ("call.ring", {"persons": []}),
    "9 people to ring": ("call.ring", {"persons": [UUID] * 9}),
    "no delay": ("call.delay", {"minutes": 0}),
    "a delay of 61 minutes": ("call.delay", {"minutes": 61}),
    "a delay in halves": ("call.delay", {"minutes": 1.5}),
    "generation below zero": ("call.connected", {"generation": -1}),
    "generation 2^31": ("call.pair_lost", {"generation": 2**31}),
    "a pair lost for no known reason": ("call.pair_lost", {"why": "boredom"}),
    "an incident of no known code": ("call.incident", {"code": "call.taken"}),
    "an incident in words": ("call.incident", {"code": "l’image a sauté"}),
    "call id in capitals": ("call.open", {"call": UUID.upper()}),
    "empty signal": ("call.signal", {"body": b""}),
    "signal of 64 KiB and one": ("call.signal", {"body": b"x" * 65537}),
    "a signal with an SDP beside it": ("call.signal", {"sdp": "v=0"}),
    "page after minus two": ("audit.page", {"after": -2}),
    "page after 2^53": ("audit.page", {"after": MAX_SEQ + 1}),
    "log name of 17 letters": ("audit.page", {"log": "l" * 17}),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "changes"), REFUSED.values(), ids=REFUSED)
def test_a_field_beyond_its_bound_is_refused(kind: str, changes: dict[str, Any]) -> None:
    """One step outside, and the frame is nobody's; the connection stays."""
    with pytest.raises(MalformedFrame):
        decode_client(packed(a_frame(kind, **changes)))
