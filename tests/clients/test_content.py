"""What travels inside the encryption: as the browser writes it, franked, in whole buckets."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from clients.python.content import (
    BUCKET_BYTES,
    MAX_TEXT,
    Said,
    SignalContent,
    frank,
    frank_signal,
    read_own,
    seal,
)
from clients.python.errors import Unproven
from crypto.errors import BadFrankingTag
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.franking import encode_payload, franking_tag
from crypto.mls.message import PrivateMessage, decode_message
from signaling.frames import MessageBytes
from tests.clients.circle import Circle

# Written by the browser's encoder (@msgpack/msgpack 3): `encode({v, kind, text, checkpoint})`, and
# a signal as `core/signal.ts` encodes it.
FROM_A_BROWSER = bytes.fromhex(
    "84a17601a46b696e64a76d657373616765a474657874aa426f6e6a6f757220c3a9aa636865636b706f696e74a0"
)
SIGNAL_FROM_A_BROWSER = bytes.fromhex(
    "8aa17601a46b696e64a67369676e616ca463616c6cd92430303030303030302d303030302d343030302d38303030"
    "2d303030303030303030306161a466726f6dd92430303030303030302d303030302d343030302d383030302d3030"
    "303030303030303061"
    "62a2746fd92430303030303030302d303030302d343030302d383030302d303030303030303030306163aa67656e"
    "65726174696f6e03a474797065aa63616e64696461746573a3736470c0aa63616e646964617465739183a963616e"
    "646964617465a163a67364704d6964a130ad7364704d4c696e65496e64657800a56f66666572c4020102"
)
AEAD_TAG_BYTES = 16
HEADER = {"id": bytes(16), "counter": 1, "sent_at": 2}


def zeros(size: int) -> bytes:
    return bytes(size)


def test_what_a_browser_writes_is_read() -> None:
    """Field by field."""
    salt = bytes(32)
    payload = encode_payload(salt, FROM_A_BROWSER)

    said = read_own(payload, franking_tag(salt, FROM_A_BROWSER))

    assert said == Said(text="Bonjour é", checkpoint="")


def test_a_message_is_written_as_a_browser_writes_it() -> None:
    """The same bytes, so that neither has to guess."""
    assert msgspec.msgpack.encode(Said(text="Bonjour é", checkpoint="")) == FROM_A_BROWSER


def test_a_signal_is_written_as_a_browser_writes_it() -> None:
    """The same fields; `from` is a word of Python's."""
    content = msgspec.msgpack.decode(SIGNAL_FROM_A_BROWSER, type=SignalContent)

    assert (content.sender[-2:], content.to[-2:], content.generation) == ("ab", "ac", 3)
    assert content.candidates == [{"candidate": "c", "sdpMid": "0", "sdpMLineIndex": 0}]
    assert content.offer == b"\x01\x02"
    assert msgspec.msgpack.encode(content) == SIGNAL_FROM_A_BROWSER


def test_the_tag_in_the_clear_commits_to_the_content() -> None:
    """HMAC of the content under the salt; the salt stays inside."""
    franked = frank("Bonjour é", "", zeros, **HEADER)

    data = AuthenticatedData.decode(franked.data)

    assert data.franking_tag == franking_tag(bytes(32), FROM_A_BROWSER)
    assert (data.kind, data.id, data.counter, data.sent_at) == ("message", bytes(16), 1, 2)
    assert franked.payload == bytes(32) + FROM_A_BROWSER


def test_a_signal_says_its_way_in_the_clear() -> None:
    """Call, receiver, generation and step: what the hub needs, and no more."""
    content = msgspec.msgpack.decode(SIGNAL_FROM_A_BROWSER, type=SignalContent)

    signal = AuthenticatedData.decode(frank_signal(content, zeros, **HEADER).data).signal

    assert signal is not None
    assert (signal.call[-1], signal.to[-1]) == (0xAA, 0xAC)
    assert (signal.generation, signal.type.name) == (3, "CANDIDATES")


@pytest.mark.parametrize(
    "changes",
    [{"call": "?"}, {"to": ""}, {"type": "greeting"}, {"generation": -1}, {"generation": 2**31}],
    ids=str,
)
def test_a_signal_that_leads_nowhere_is_not_written(changes: dict[str, object]) -> None:
    """Nor believed: the same rule reads one."""
    content = msgspec.msgpack.decode(SIGNAL_FROM_A_BROWSER, type=SignalContent)

    with pytest.raises(Unproven):
        frank_signal(msgspec.structs.replace(content, **changes), zeros, **HEADER)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        msgspec.msgpack.encode({"v": 2, "kind": "message", "text": "", "checkpoint": ""}),
        msgspec.msgpack.encode({"v": 1, "kind": "signal", "text": "", "checkpoint": ""}),
        msgspec.msgpack.encode({"v": 1, "kind": "message", "text": 7, "checkpoint": ""}),
        msgspec.msgpack.encode({"v": 1, "kind": "message", "text": ""}),
        b"\x91" * 5_000,
    ],
    ids=["nothing", "text", "newer", "a signal", "a number", "no checkpoint", "deep"],
)
def test_another_content_is_refused(content: bytes) -> None:
    """Also where its tag is true."""
    payload = encode_payload(bytes(32), content)

    with pytest.raises(Unproven):
        read_own(payload, franking_tag(bytes(32), content))


def test_a_content_under_another_tag_is_refused() -> None:
    """By the franking itself."""
    with pytest.raises(BadFrankingTag):
        read_own(encode_payload(bytes(32), FROM_A_BROWSER), hashlib.sha256(b"").digest())


@pytest.mark.parametrize("length", [0, 1, 62, 63, 64, 150, 200, 256, 1_000, MAX_TEXT])
def test_sizes_say_little(length: int) -> None:
    """The plaintext fills whole buckets of 256 bytes, whatever it says."""
    circle = Circle()
    claire, _ = circle.two()
    group = circle.room(claire).group
    assert group is not None

    body = seal(group, frank("x" * length, "", zeros, **HEADER), zeros)

    message = decode_message(body)
    assert isinstance(message, PrivateMessage)
    assert (len(message.ciphertext) - AEAD_TAG_BYTES) % BUCKET_BYTES == 0


def test_the_longest_text_fits_a_frame() -> None:
    """Of four bytes for each character."""
    circle = Circle()
    claire, _ = circle.two()
    room = circle.room(claire)

    body = claire.seal(room, claire.write(room, "𝔸" * MAX_TEXT), circle.judge(claire))

    assert msgspec.convert(body, MessageBytes) == body
