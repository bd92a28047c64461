"""Whatever comes in: answered or closed with its code, nothing lost, and the hub goes on."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.mls.authenticated_data import SignalHeader, SignalType
from crypto.mls.message import decode_key_package
from crypto.mls.proposal import Add
from crypto.policy.statements import IdentityCertificate
from crypto.policy.vocabulary import ConversationKind
from server.domain.people import Person
from server.hub.writer import MAX_WAITING
from signaling import codec, frames
from signaling.frames import AnyClientFrame, RefusedFrame, client_kinds
from tests.server import opaque
from tests.server.accounts import YEAR, Account, a_new_account, an_account
from tests.server.house import NOON, PEOPLE, Hands, House, Peer, a_house, until
from tests.server.mls import MlsDevice, a_policy, founding
from tests.signaling.builders import KINDS, a_frame


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xc1", id="a-byte-that-is-no-messagepack"),
        pytest.param(b"\x81\xa4kind", id="cut-short"),
        pytest.param(b"\x93\x01\x02\x03", id="a-list"),
        pytest.param(b"\xdf\xff\xff\xff\xff", id="a-map-of-four-billion"),
        pytest.param(b"\x91" * 5000, id="nested-too-deep"),
        pytest.param(b"\x80\x80", id="two-values"),
        pytest.param(bytes(1024 * 1024), id="one-mebibyte"),
        pytest.param(
            msgpack.packb(a_frame("message.send", body=bytes(256 * 1024))), id="over-256-kib"
        ),
    ],
)
async def test_what_is_no_frame_at_all_closes_the_connection(house: House, data: bytes) -> None:
    """4400, and the hub goes on serving the others and the next connection."""
    claire, hugo = await house.peer("claire"), await house.peer("hugo")

    claire.send_raw(data)

    assert await claire.closed() == 4400
    await hugo.ok(frames.Ping)
    await house.peer("claire", device=claire.device, signature_key=claire.signature_key)


async def test_a_text_frame_closes_the_connection(house: House) -> None:
    """The wire is binary."""
    from signaling.errors import Unreadable

    claire = await house.peer("claire")

    claire.wire.incoming.put_nowait(Unreadable("text frame"))

    assert await claire.closed() == 4400


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param({"id": "1"}, id="no-kind"),
        pytest.param({"kind": "message.delete", "id": "1"}, id="unknown-kind"),
        pytest.param({"kind": "ping", "id": "1", "extra": 1}, id="unknown-field"),
        pytest.param({"kind": "message.send", "id": "1"}, id="missing-fields"),
        pytest.param(a_frame("message.send", id="1", body="text"), id="text-for-bytes"),
        pytest.param(a_frame("cursor.advance", id="1", read=-1), id="negative"),
        pytest.param(a_frame("cursor.advance", id="1", read=2**60), id="beyond-2-53"),
        pytest.param(a_frame("message.send", id="1", conversation="x"), id="no-uuid"),
        pytest.param(a_frame("message.send", id="1", body=bytes(64 * 1024 + 1)), id="too-long"),
        pytest.param(a_frame("conversation.create", id="1", motive="love"), id="no-such-motive"),
    ],
)
async def test_a_frame_that_is_nobodys_is_refused_and_the_connection_stays(
    house: House, frame: dict[str, Any]
) -> None:
    """E_MALFORMED with the frame's own id where it has one."""
    claire = await house.peer("claire")

    claire.send_raw(msgpack.packb(frame))
    answer = await claire.answer("1")

    assert isinstance(answer, RefusedFrame)
    assert (answer.code, answer.retry) == ("E_MALFORMED", "never")
    await claire.ok(frames.Ping)


KNOWN = [
    *(person.id for person in PEOPLE.values()),
    *(str(uuid.UUID(int=n)) for n in (0, 1, 2**128 - 1)),
]
UUIDS = st.sampled_from(KNOWN)
A_SIGNAL = SignalHeader(
    call=bytes(16), to=bytes(16), generation=2**31 - 1, type=SignalType.CANDIDATES
)


def certified(person: Person) -> Account:
    """Return an account that some other authority certified."""
    account = an_account(person)
    certificate = account.signed(
        IdentityCertificate,
        person=account.id,
        role=person.role.value,
        profession=person.profession.value,
        aik=account.aik,
        not_before_us=account.since,
        not_after_us=account.since + YEAR,
    )
    return replace(account, identity=certificate)


def real_bodies() -> list[bytes]:
    """Return what a stranger's own group would send: well made, and nothing of this hub."""
    strangers = [certified(PEOPLE[slug]) for slug in ("claire", "jean")]
    one, two = (MlsDevice(account, KNOWN[-2], Hands()) for account in strangers)
    info = one.found(KNOWN[0], founding(bytes(32), a_policy(KNOWN[0], *strangers)))
    package = two.key_package()
    made = one.commit(KNOWN[0], Add(decode_key_package(package)))
    return [
        info,
        package,
        made.message,
        made.group_info,
        made.welcome or b"",
        one.receipt(KNOWN[0]),
    ]


REAL = real_bodies()
BODIES = st.one_of(
    st.binary(min_size=1, max_size=400),
    st.sampled_from(
        [
            *REAL,
            *(opaque.commit(KNOWN[0], epoch, random_bytes=bytes) for epoch in (0, 1, 2**64 - 1)),
            opaque.message(KNOWN[0], b"", counter=1, sent_at=1, random_bytes=bytes).at_epoch(
                0, bytes
            ),
            opaque.signal(KNOWN[0], A_SIGNAL, epoch=0, random_bytes=bytes),
        ]
    ),
)


def _is_short(body: bytes) -> bool:
    return len(body) <= 1024


def real_statements() -> list[bytes]:
    """Return statements that are well signed, of people whom this hub knows, and some it does not.

    Their keys are not those on file, but for the first two.
    """
    jean, claire, hugo = (an_account(PEOPLE[slug]) for slug in ("jean", "claire", "hugo"))
    other = a_new_account(PEOPLE["jean"])
    return [
        jean.enrolment(),
        claire.account_revocation(jean, NOON),
        other.enrolment(),
        jean.device_certificate(KNOWN[-2], bytes(32)),
        jean.device_revocation(KNOWN[-2], NOON),
        hugo.account_revocation(other, 0),
        hugo.staff_certificate(claire),
    ]


STATEMENTS = BODIES.filter(_is_short) | st.sampled_from(real_statements())


def valid_frames() -> st.SearchStrategy[AnyClientFrame]:
    """Frames of every kind, each field within its bounds, drawn from the Structs themselves."""
    seqs = st.integers(0, 2**53 - 1)
    call: dict[str, st.SearchStrategy[Any]] = {"conversation": UUIDS, "call": UUIDS}
    delegation = {"conversation": UUIDS, "delegation": UUIDS}
    pair = {**call, "peer": UUIDS, "generation": st.integers(0, 2**31 - 1)}
    fields: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "hello": {
            "device": UUIDS,
            "signature_key": st.binary(min_size=32, max_size=32),
            "cursors": st.dictionaries(UUIDS, seqs, max_size=4),
        },
        "ping": {},
        "key_packages.publish": {"packages": st.lists(BODIES, min_size=1, max_size=4)},
        "key_packages.claim": {"conversation": UUIDS, "person": UUIDS},
        "patients.list": {},
        "conversation.create": {
            "conversation": UUIDS,
            "conversation_kind": st.sampled_from(list(ConversationKind)).map(str),
            "patient": UUIDS,
            "motive": st.sampled_from(["health", "age", "location", "other"]),
            "group_info": BODIES,
        },
        "group.commit": {
            "conversation": UUIDS,
            "commit": BODIES,
            "group_info": BODIES,
            "welcome": st.none() | BODIES,
            "adds": st.lists(
                st.fixed_dictionaries(
                    {"person": UUIDS, "device": UUIDS, "key_package": st.just("ab" * 32)}
                ),
                max_size=2,
            ),
        },
        "group.info": {"conversation": UUIDS},
        "group.receipt": {"conversation": UUIDS, "receipt": BODIES.filter(_is_short)},
        "group.stuck": {"conversation": UUIDS, "epoch": seqs, "reason": st.just("path_secret")},
        "group.succeed": {"conversation": UUIDS, "group_info": BODIES},
        "device.retire": {"statement": STATEMENTS},
        "identity.enrol": {"statement": STATEMENTS},
        "identity.list": {"persons": st.lists(UUIDS, min_size=1, max_size=4)},
        "device.certify": {"certificate": STATEMENTS, "sealed": st.binary(max_size=100)},
        "device.list": {},
        "device.link": {"init_key": st.binary(min_size=32, max_size=32)},
        "recovery.keep": {"blob": st.binary(min_size=1, max_size=256)},
        "recovery.ask": {},
        "staff.list": {},
        "staff.certify": {"certificate": STATEMENTS},
        "account.revoke": {"statement": STATEMENTS},
        "account.revocations": {},
        "carers.list": {"patient": st.none() | UUIDS},
        "carers.link": {"code": st.from_regex(r"\A[A-Z0-9-]{8,16}\Z")},
        "carers.code": {},
        "delegation.propose": {"conversation": UUIDS, "delegation": STATEMENTS},
        "delegation.confirm": {**delegation, "confirmation": STATEMENTS},
        "delegation.accept": {**delegation, "acceptance": STATEMENTS},
        "delegation.end": {
            "conversation": UUIDS,
            "what": st.sampled_from(["revocation", "resignation", "suspension"]),
            "statement": STATEMENTS,
        },
        "access.list": {"before": st.none() | seqs, "limit": st.integers(1, 100)},
        "log.consistency": {"first": st.integers(1, 2**53 - 1), "second": st.integers(1, 40)},
        "message.send": {"conversation": UUIDS, "body": BODIES},
        "cursor.advance": {"conversation": UUIDS, "delivered": seqs, "read": seqs},
        "call.open": call,
        "call.ring": {**call, "persons": st.lists(UUIDS, min_size=1, max_size=8)},
        "call.accept": call,
        "call.decline": {**call, "call_me": st.booleans()},
        "call.hang_up": call,
        "call.delay": {**call, "minutes": st.integers(1, 60)},
        "call.connected": pair,
        "call.pair_lost": {**pair, "why": st.sampled_from(["stalled", "reload"])},
        "call.incident": {**pair, "code": st.sampled_from(["call.media_lost"])},
        "call.turn": call,
        "call.signal": {"conversation": UUIDS, "body": BODIES},
        "audit.conversations": {},
        "audit.timeline": {"conversation": UUIDS},
        "audit.verify": {},
        "audit.page": {
            "look": UUIDS,
            "log": st.text(max_size=16),
            "after": st.integers(-1, 2**53 - 1),
        },
    }
    assert set(fields) == set(client_kinds())
    return st.one_of(
        *(
            st.fixed_dictionaries({"kind": st.just(kind), "id": st.just("f"), **parts}).map(_frame)
            for kind, parts in fields.items()
        )
    )


def _frame(fields: dict[str, Any]) -> AnyClientFrame:
    frame: AnyClientFrame = msgspec.convert(fields, AnyClientFrame, builtin_types=(bytes,))
    return frame


SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text()
VALUES = st.recursive(
    SCALARS | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
PIECES = st.one_of(
    st.binary(max_size=120),
    VALUES.map(msgpack.packb),
    st.dictionaries(
        st.sampled_from(["kind", "id", "conversation", "body", "device"]),
        VALUES | st.sampled_from(KINDS),
    ).map(msgpack.packb),
    valid_frames().map(codec.encode),
)


async def _survives(house: House, peer: Peer, pieces: list[bytes]) -> None:
    """Send everything; the connection answers to the end or closes with one of our codes."""
    for piece in pieces:
        peer.send_raw(piece)
    peer.send(frames.Ping(id="still-there"))
    answered = False
    while not answered and not peer.wire.closed.done():
        await until(lambda: peer.wire.closed.done() or not peer.wire.outgoing.empty())
        while not peer.wire.outgoing.empty():
            frame = codec.decode_server(peer.wire.outgoing.get_nowait())
            answered |= getattr(frame, "id", "") == "still-there"
            assert getattr(frame, "code", "") != "E_INTERNAL", frame
    if not answered:
        assert peer.wire.closed.result() in {4400, 4403}
    peer.hang_up()
    await until(lambda: not house.hub._connections)


@pytest.mark.parametrize("slug", ["claire", "jean", "marc"])
async def test_no_input_breaks_a_connection_or_the_hub(home: Path, slug: str) -> None:
    """Random bytes, MessagePack and frames, before hello and after: answered or closed, by code."""
    async with a_house(home) as house:
        session, device = await house.session(slug), str(uuid.uuid4())
        drawn: list[list[bytes]] = []

        @settings(max_examples=60)
        @given(pieces=st.lists(PIECES, min_size=1, max_size=6))
        def draw(pieces: list[bytes]) -> None:
            drawn.append(pieces)

        draw()
        for at, pieces in enumerate(drawn):
            peer = await house.knock(slug, session=session)
            if at % 3:
                await peer.hello(device=device, signature_key=b"k" * 32)
            await _survives(house, peer, pieces)

        healthy = await house.peer("hugo")
        await healthy.create()
        assert house.hub._writer._queue.qsize() < MAX_WAITING


@pytest.mark.parametrize("slug", ["claire", "jean", "marc"])
async def test_no_frame_within_bounds_breaks_the_gate(home: Path, slug: str) -> None:
    """The gate answers every valid-shaped frame with an outcome, never with an exception."""
    async with a_house(home) as house:
        peer = await house.peer(slug)
        drawn: list[AnyClientFrame] = []

        @settings(max_examples=100)
        @given(frame=valid_frames())
        def draw(frame: AnyClientFrame) -> None:
            drawn.append(frame)

        draw()
        outcomes = [await house.judge(peer.session, peer.device, frame) for frame in drawn]

        assert len(outcomes) == len(drawn) >= 100
