"""The codec: what it reads comes back the same, and nothing a peer writes makes it stumble."""

from __future__ import annotations

import math
import struct
from typing import Any, get_args

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.policy.vocabulary import ConversationKind, DelegationState, Motive, Role
from signaling.call import CallState, Leg, Stage
from signaling.codec import decode_client, decode_server, encode
from signaling.codes import Code
from signaling.errors import MalformedFrame, SignalingError, Unreadable
from signaling.frames import (
    MAX_FRAME_BYTES,
    AccessRow,
    AnyServerFrame,
    CallView,
    DelegationView,
    IncidentCode,
    LegView,
    MemberState,
    PairView,
    Ping,
    Receipt,
    ServerFrame,
    Summary,
    client_kinds,
)
from tests.signaling.builders import KINDS, UUID, a_frame, packed, required_fields

UUIDS = st.uuids().map(str)
IDS = st.text("abcXYZ019_.:-", min_size=1, max_size=64)
SEQS = st.integers(0, 2**53 - 1)
HANDSHAKES = st.binary(min_size=1, max_size=200)
SHA256S = st.binary(min_size=32, max_size=32).map(bytes.hex)
ADDS = st.fixed_dictionaries({"person": UUIDS, "device": UUIDS, "key_package": SHA256S})

KEYS = st.binary(min_size=32, max_size=32)
DELEGATION: dict[str, st.SearchStrategy[Any]] = {"conversation": UUIDS, "delegation": UUIDS}
CALL: dict[str, st.SearchStrategy[Any]] = {"conversation": UUIDS, "call": UUIDS}
PAIR = {**CALL, "peer": UUIDS, "generation": st.integers(0, 2**31 - 1)}

VALID: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "hello": {
        "device": UUIDS,
        "signature_key": st.binary(min_size=32, max_size=32),
        "cursors": st.dictionaries(UUIDS, SEQS, max_size=5),
    },
    "ping": {},
    "key_packages.publish": {"packages": st.lists(HANDSHAKES, min_size=1, max_size=5)},
    "key_packages.claim": {"conversation": UUIDS, "person": UUIDS},
    "patients.list": {},
    "conversation.create": {
        "conversation": UUIDS,
        "conversation_kind": st.sampled_from(ConversationKind).map(str),
        "patient": UUIDS,
        "motive": st.sampled_from(Motive).map(str),
        "group_info": HANDSHAKES,
    },
    "group.commit": {
        "conversation": UUIDS,
        "commit": HANDSHAKES,
        "group_info": HANDSHAKES,
        "welcome": st.none() | HANDSHAKES,
        "adds": st.lists(ADDS, max_size=3),
    },
    "group.info": {"conversation": UUIDS},
    "group.receipt": {"conversation": UUIDS, "receipt": HANDSHAKES},
    "group.stuck": {
        "conversation": UUIDS,
        "epoch": SEQS,
        "reason": st.text("abcxyz_0189", min_size=1, max_size=64),
    },
    "group.succeed": {"conversation": UUIDS, "group_info": HANDSHAKES},
    "device.retire": {"statement": HANDSHAKES},
    "identity.enrol": {"statement": HANDSHAKES},
    "identity.list": {"persons": st.lists(UUIDS, min_size=1, max_size=5)},
    "device.certify": {"certificate": HANDSHAKES, "sealed": st.binary(max_size=256)},
    "device.list": {},
    "device.link": {"init_key": KEYS},
    "recovery.keep": {"blob": HANDSHAKES},
    "recovery.ask": {},
    "staff.list": {},
    "staff.certify": {"certificate": HANDSHAKES},
    "account.revoke": {"statement": HANDSHAKES},
    "account.revocations": {},
    "carers.list": {"patient": st.none() | UUIDS},
    "carers.link": {"code": st.text("AZ09-", min_size=8, max_size=16)},
    "carers.code": {},
    "delegation.propose": {"conversation": UUIDS, "delegation": HANDSHAKES},
    "delegation.confirm": {**DELEGATION, "confirmation": HANDSHAKES},
    "delegation.accept": {**DELEGATION, "acceptance": HANDSHAKES},
    "delegation.end": {
        "conversation": UUIDS,
        "what": st.sampled_from(["revocation", "resignation", "suspension"]),
        "statement": HANDSHAKES,
    },
    "access.list": {"before": st.none() | SEQS, "limit": st.integers(1, 100)},
    "log.consistency": {
        "first": st.integers(1, 2**53 - 1),
        "second": st.integers(1, 2**53 - 1),
    },
    "message.send": {"conversation": UUIDS, "body": HANDSHAKES},
    "cursor.advance": {"conversation": UUIDS, "delivered": SEQS, "read": SEQS},
    "call.open": CALL,
    "call.ring": {**CALL, "persons": st.lists(UUIDS, min_size=1, max_size=8)},
    "call.accept": CALL,
    "call.decline": {**CALL, "call_me": st.booleans()},
    "call.hang_up": CALL,
    "call.delay": {**CALL, "minutes": st.integers(1, 60)},
    "call.connected": {**PAIR, "relay": st.booleans()},
    "call.pair_lost": {
        **PAIR,
        "why": st.sampled_from(["stalled", "failed", "network", "slow", "reload", "refused"]),
    },
    "call.incident": {
        **PAIR,
        "code": st.sampled_from(get_args(IncidentCode)),
        "peer": st.none() | UUIDS,
    },
    "call.turn": CALL,
    "call.signal": {"conversation": UUIDS, "body": HANDSHAKES},
    "audit.conversations": {},
    "audit.timeline": {"conversation": UUIDS},
    "audit.verify": {},
    "audit.page": {
        "look": UUIDS,
        "log": st.text(max_size=16),
        "after": st.integers(-1, 2**53 - 1),
    },
}

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.builds(msgpack.ExtType, st.integers(0, 127), st.binary(max_size=8))
    | st.builds(msgpack.Timestamp, st.integers(0, 2**34 - 1), st.integers(0, 10**9 - 1))
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def valid_frames() -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of valid frames of every kind, as maps."""
    return st.one_of(
        [
            st.fixed_dictionaries({"kind": st.just(kind), "id": IDS, **fields})
            for kind, fields in VALID.items()
        ]
    )


@st.composite
def nearly_valid_frames(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid frame and break one thing: a field replaced, dropped, added or renamed."""
    frame = draw(valid_frames())
    field = draw(st.sampled_from(sorted(frame)))
    match draw(st.sampled_from(["replace", "drop", "add", "rename"])):
        case "replace":
            frame[field] = draw(ANYTHING)
        case "drop":
            del frame[field]
        case "add":
            frame[draw(st.text(max_size=12))] = draw(ANYTHING)
        case _:
            frame[draw(st.text(max_size=12))] = frame.pop(field)
    return frame


def outcome(data: bytes) -> object:
    """Return the frame, or the class of the one error that may come instead."""
    try:
        return decode_client(data)
    except (Unreadable, MalformedFrame) as refusal:
        return type(refusal)


def test_the_strategies_cover_every_frame() -> None:
    """A new frame is fuzzed from its first day."""
    assert set(VALID) == set(client_kinds())


@given(valid_frames())
def test_a_frame_comes_back_the_same(wire: dict[str, Any]) -> None:
    """Decoding and encoding again loses nothing."""
    frame = decode_client(packed(wire))

    again = decode_client(encode(frame))

    assert again == frame
    seen = msgspec.to_builtins(frame, builtin_types=(bytes,))
    assert {name: seen[name] for name in wire} == wire


@given(st.binary(max_size=300))
@settings(max_examples=500)
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but the two errors of the wire escapes, whatever arrives."""
    assert outcome(data) is not None


@given(ANYTHING)
@settings(max_examples=300)
def test_any_message_pack_value_is_read_or_refused(value: object) -> None:
    """Well-formed MessagePack that is no frame: the same two errors."""
    assert outcome(packed(value)) is not None


@pytest.mark.slow
@given(nearly_valid_frames())
@settings(max_examples=500)
def test_a_nearly_valid_frame_is_read_or_refused(wire: dict[str, Any]) -> None:
    """One thing wrong in a good frame: read (if it happens to be right) or `MalformedFrame`."""
    assert outcome(packed(wire)) is not Unreadable


@given(valid_frames(), st.data())
def test_a_frame_cut_short_is_unreadable(wire: dict[str, Any], data: st.DataObject) -> None:
    """Half a frame is no frame: the connection closes rather than guess the rest."""
    whole = packed(wire)

    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]

    assert outcome(cut) is Unreadable


@given(valid_frames(), st.data())
def test_a_flipped_bit_never_crashes(wire: dict[str, Any], data: st.DataObject) -> None:
    """A damaged frame is another frame or a refusal."""
    damaged = bytearray(packed(wire))
    bit = data.draw(st.integers(0, len(damaged) * 8 - 1))
    damaged[bit // 8] ^= 1 << bit % 8

    assert outcome(bytes(damaged)) is not None


@pytest.mark.parametrize(
    ("kind", "missing"),
    [(kind, name) for kind in KINDS for name in ["kind", *required_fields(kind)]],
)
def test_a_frame_without_a_required_field_is_refused(kind: str, missing: str) -> None:
    """Nothing that matters has a default."""
    wire = a_frame(kind)
    del wire[missing]

    with pytest.raises(MalformedFrame):
        decode_client(packed(wire))


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_with_an_unknown_field_is_refused(kind: str) -> None:
    """A field nobody checks is a field nobody may send."""
    with pytest.raises(MalformedFrame):
        decode_client(packed(a_frame(kind, acting_for=UUID)))


@pytest.mark.parametrize(
    "kind",
    ["", "Ping", "ping ", "ping\n", "ok", "event", 1, None, True, 1.5, b"ping", ["ping"], {}],
    ids=repr,
)
def test_an_unknown_kind_is_refused(kind: object) -> None:
    """Also a kind that only the hub may send."""
    with pytest.raises(MalformedFrame):
        decode_client(packed({"kind": kind, "id": "request-1"}))


def nested(opener: bytes, times: int) -> bytes:
    """Return one value inside another, `times` deep, closed by a null."""
    return opener * times + b"\xc0"


UNREADABLE: dict[str, bytes] = {
    "nothing": b"",
    "the byte MessagePack never uses": b"\xc1",
    "null": b"\xc0",
    "a number": b"\x01",
    "NaN": b"\xcb" + struct.pack(">d", math.nan),
    "text": b"\xa4ping",
    "an array of fields": packed(["ping", "request-1"]),
    "two frames at once": packed(a_frame("ping")) * 2,
    "a byte after the end": packed(a_frame("ping")) + b"\xc0",
    "an array that promises 2^32-1 items": b"\xdd\xff\xff\xff\xff",
    "a map that promises 2^32-1 items": b"\xdf\xff\xff\xff\xff",
    "a field that promises 2^32-1 items": b"\x81\xa2id\xdd\xff\xff\xff\xff",
    "text that promises 2^32-1 bytes": b"\x81\xa2id\xdb\xff\xff\xff\xff",
    "bytes that promise 2^32-1 bytes": b"\x81\xa2id\xc6\xff\xff\xff\xff",
    "an extension that promises 2^32-1 bytes": b"\x81\xa2id\xc9\xff\xff\xff\xff\x01",
    "arrays nested 200,000 deep": nested(b"\x91", 200_000),
    "maps nested 80,000 deep": nested(b"\x81\xa1a", 80_000),
    "text that is not UTF-8": b"\x82\xa4kind\xa4ping\xa2id\xa1\xff",
    "half of a surrogate pair": b"\x82\xa4kind\xa4ping\xa2id\xa3\xed\xa0\x80",
    "a number as a key": b"\x81\x01\x01",
    "null as a key": b"\x81\xc0\x01",
    "an array as a key": b"\x81\x91\x01\x01",
    "a map as a key": b"\x81\x80\x01",
    "the same key twice": b"\x83\xa4kind\xa4ping\xa2id\xa1a\xa2id\xa1b",
    "the same key twice further in": b"\x81\xa7cursors\x82\xa1a\x01\xa1a\x02",
    "a timestamp of two bytes": b"\x81\xa2id\xd5\xff\x00\x00",
    "256 KiB and one byte": b"\xdb"
    + (MAX_FRAME_BYTES - 4).to_bytes(4, "big")
    + b"x" * (MAX_FRAME_BYTES - 4),
    "1 MiB": packed(a_frame("message.send", body=b"x" * 2**20)),
    "1 MiB of nulls": b"\xc0" * 2**20,
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_not_one_map_within_bounds_is_unreadable(data: bytes) -> None:
    """No frame can be made out, not even its id: the connection closes."""
    with pytest.raises(Unreadable):
        decode_client(data)


MALFORMED: dict[str, bytes] = {
    "an empty map": b"\x80",
    "bytes as a key": b"\x82\xa4kind\xa4ping\xc4\x02id\xa1a",
    "arrays nested 500 deep": b"\x81\xa2id" + nested(b"\x91", 500),
    "an extension as a field": packed({**a_frame("ping"), "id": msgpack.ExtType(5, b"x")}),
    "a timestamp as a field": packed({**a_frame("ping"), "id": msgpack.Timestamp(1, 2)}),
    "NaN as a sequence number": packed(a_frame("cursor.advance", read=math.nan)),
    "infinity as a sequence number": packed(a_frame("cursor.advance", read=math.inf)),
    "2^64-1 as a sequence number": packed(a_frame("cursor.advance", read=2**64 - 1)),
    "-2^63 as a sequence number": packed(a_frame("cursor.advance", read=-(2**63))),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_a_map_that_is_no_frame_is_malformed(data: bytes) -> None:
    """It is refused and the connection stays."""
    with pytest.raises(MalformedFrame):
        decode_client(data)


def test_a_frame_of_exactly_256_kib_is_read_as_far_as_its_fields_allow() -> None:
    """The frame's own bound is inside: it is the body's bound that refuses here."""
    overhead = len(packed(a_frame("message.send", body=b"x" * 70_000))) - 70_000
    data = packed(a_frame("message.send", body=b"x" * (MAX_FRAME_BYTES - overhead)))

    assert len(data) == MAX_FRAME_BYTES
    assert outcome(data) is MalformedFrame
    assert outcome(data + b"\xc0") is Unreadable


@pytest.mark.parametrize(
    ("request_id", "repeated"),
    [
        ("r-1", "r-1"),
        ("r" * 64, "r" * 64),
        ("r" * 65, ""),
        ("", ""),
        (7, ""),
        (None, ""),
        (b"r", ""),
    ],
    ids=repr,
)
def test_a_refusal_repeats_the_request_id_where_there_is_one(
    request_id: object, repeated: str
) -> None:
    """So that a client knows which of its frames was malformed."""
    with pytest.raises(MalformedFrame) as refusal:
        decode_client(packed({"kind": "no such kind", "id": request_id}))

    assert refusal.value.request_id == repeated


def test_a_text_of_bytes_is_not_taken_for_bytes() -> None:
    """Base64 text where bytes are due would be a second spelling of the same frame."""
    with pytest.raises(MalformedFrame):
        decode_client(packed(a_frame("message.send", body="Y2lwaGVydGV4dA==")))


def test_every_error_of_the_wire_descends_from_one_root() -> None:
    """A hub that catches `SignalingError` has caught whatever a peer can do wrong here."""
    assert issubclass(Unreadable, SignalingError)
    assert issubclass(MalformedFrame, SignalingError)


MEMBERS = st.builds(
    MemberState,
    person=UUIDS,
    name=st.text(max_size=20),
    role=st.sampled_from(Role).map(str),
    state=st.sampled_from(["invited", "joined"]),
    delivered=SEQS,
    read=SEQS,
    key_packages=st.booleans(),
)
SUMMARIES = st.builds(
    Summary,
    id=UUIDS,
    conversation_kind=st.sampled_from(ConversationKind).map(str),
    motive=st.sampled_from(Motive).map(str),
    created_at=SEQS,
    founder=UUIDS,
    patient=UUIDS,
    generation=st.integers(0, 255),
    epoch=SEQS,
    last_seq=SEQS,
    removing=st.booleans(),
    joined=st.booleans(),
    since=SEQS,
    members=st.lists(MEMBERS, max_size=3),
)
LEGS = st.builds(
    LegView,
    person=UUIDS,
    device=st.none() | UUIDS,
    state=st.sampled_from(Leg).map(str),
    since=SEQS,
    away=st.booleans(),
    until=st.none() | SEQS,
)
PAIRS = st.builds(
    PairView,
    devices=st.lists(UUIDS, min_size=2, max_size=2),
    generation=SEQS,
    offerer=UUIDS,
    stage=st.sampled_from(Stage).map(str),
    state=st.sampled_from(["connecting", "connected"]),
)
CALLS = st.builds(
    CallView,
    id=UUIDS,
    conversation=UUIDS,
    version=SEQS,
    state=st.sampled_from(CallState).map(str),
    reason=st.none() | st.sampled_from(Code).map(str),
    caller=st.none() | UUIDS,
    opened_at=SEQS,
    since=SEQS,
    delayed_until=st.none() | SEQS,
    turn=st.booleans(),
    legs=st.lists(LEGS, max_size=4),
    pairs=st.lists(PAIRS, max_size=6),
)
SIGNED = st.binary(max_size=50)
DELEGATIONS = st.builds(
    DelegationView,
    id=UUIDS,
    conversation=UUIDS,
    grantor=UUIDS,
    grantor_name=st.text(max_size=20),
    grantee=UUIDS,
    grantee_name=st.text(max_size=20),
    state=st.sampled_from(DelegationState).map(str),
    delegation=SIGNED,
    confirmations=st.lists(SIGNED, max_size=2),
    staff=st.lists(SIGNED, max_size=2),
    acceptance=SIGNED,
    revocations=st.lists(SIGNED, max_size=2),
    proposed_at=SEQS,
    not_before=SEQS,
    not_after=SEQS,
    ended_at=st.none() | SEQS,
    ended=SIGNED,
    ending=st.booleans(),
)
SERVER_FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "ok": {
        "id": IDS,
        "now": SEQS,
        "receipt": st.none()
        | st.builds(
            Receipt,
            log=st.sampled_from(["care", "technical"]),
            index=SEQS,
            entry=st.binary(max_size=50),
            proof=st.text(max_size=50),
        ),
        "result": st.none() | st.dictionaries(st.text(max_size=5), SEQS, max_size=3),
    },
    "refused": {
        "id": IDS | st.just(""),
        "code": st.text(max_size=20),
        "text": st.text(max_size=50),
        "retry": st.sampled_from(["never", "changed", "later"]),
        "epoch": st.none() | SEQS,
        "retry_after": st.none() | SEQS,
        "reason": st.none() | st.text("abcxyz_", max_size=20),
        "now": st.none() | SEQS,
    },
    "event": {
        "conversation": UUIDS,
        "seq": SEQS,
        "ts": SEQS,
        "what": st.sampled_from(["message", "commit", "proposal", "succession"]),
        "person": UUIDS | st.just("hub"),
        "device": UUIDS | st.just(""),
        "body": st.binary(max_size=100),
        "message": st.none() | UUIDS,
    },
    "welcome": {"conversation": UUIDS, "seq": SEQS, "welcome": st.binary(max_size=100)},
    "conversation": {"conversation": SUMMARIES},
    "group.commit_due": {"conversation": UUIDS, "epoch": SEQS},
    "group.forked": {"conversation": UUIDS, "epoch": SEQS},
    "cursor": {"conversation": UUIDS, "person": UUIDS, "delivered": SEQS, "read": SEQS},
    "key_packages": {"person": UUIDS},
    "key_packages.low": {"left": SEQS},
    "call": {"call": CALLS},
    "signal": {
        "conversation": UUIDS,
        "person": UUIDS,
        "device": UUIDS,
        "body": st.binary(max_size=100),
    },
    "delegation": {"delegation": DELEGATIONS},
    "identity": {"person": UUIDS},
    "device.asks": {"device": UUIDS, "signature_key": KEYS, "init_key": KEYS},
    "device.linked": {"certificate": HANDSHAKES, "sealed": st.binary(max_size=256)},
    "group.confirmed": {"conversation": UUIDS, "receipt": HANDSHAKES},
    "access": {
        "row": st.builds(
            AccessRow,
            log=st.text(max_size=20),
            index=SEQS,
            name=st.text(max_size=20),
            entry=st.binary(max_size=50),
        )
    },
    "reconnect": {"after": SEQS},
}
SERVER_KINDS: dict[str, type[ServerFrame]] = {
    str(frame.__struct_config__.tag): frame for frame in get_args(AnyServerFrame)
}


def server_frames() -> st.SearchStrategy[ServerFrame]:
    """Return a strategy of every frame the hub may send."""
    return st.one_of(
        [st.builds(frame, **SERVER_FIELDS[kind]) for kind, frame in SERVER_KINDS.items()]
    )


@given(server_frames())
def test_a_frame_of_the_hub_comes_back_the_same(frame: ServerFrame) -> None:
    """What a headless client reads is what the hub wrote."""
    assert decode_server(encode(frame)) == frame


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_a_client_survives_whatever_a_hub_sends(data: bytes) -> None:
    """A hub is a peer too: bytes that are no frame raise `Unreadable` and nothing else."""
    try:
        frame: object = decode_server(data)
    except Unreadable:
        frame = None

    assert frame is None or type(frame) in SERVER_KINDS.values()


@given(server_frames(), st.data())
def test_a_damaged_frame_of_the_hub_never_crashes_a_client(
    frame: ServerFrame, data: st.DataObject
) -> None:
    """One bit flipped on the way."""
    damaged = bytearray(encode(frame))
    bit = data.draw(st.integers(0, len(damaged) * 8 - 1))
    damaged[bit // 8] ^= 1 << bit % 8

    try:
        read: object = decode_server(bytes(damaged))
    except Unreadable:
        read = None

    assert read is None or type(read) in SERVER_KINDS.values()


def test_absent_optionals_take_no_room_on_the_wire() -> None:
    """Millions of frames are sent: what is not there is not written."""
    wire = msgpack.unpackb(encode(SERVER_KINDS["ok"](id="1", now=5)))

    assert wire == {"kind": "ok", "id": "1", "now": 5}


def test_a_ping_is_small() -> None:
    """The heartbeat of every connection is one packet of a few bytes."""
    assert len(encode(Ping(id="1"))) < 20
