"""Valid frames to start from: a test names only what it changes."""

from __future__ import annotations

from typing import Any

import msgpack
from msgspec.structs import fields

from signaling.frames import client_kinds

UUID = "7f9c1f3a-2b1d-4c55-9a7e-0123456789ab"
OTHER_UUID = "00000000-0000-4000-8000-000000000001"
SHA256 = "ab" * 32

_FIELDS: dict[str, dict[str, Any]] = {
    "hello": {"device": UUID, "signature_key": b"k" * 32, "cursors": {UUID: 7}},
    "ping": {},
    "key_packages.publish": {"packages": [b"\x00\x01\x00\x05package"]},
    "key_packages.claim": {"conversation": UUID, "person": OTHER_UUID},
    "patients.list": {},
    "conversation.create": {
        "conversation": UUID,
        "conversation_kind": "remote_dispensation",
        "patient": OTHER_UUID,
        "motive": "health",
        "group_info": b"\x00\x01\x00\x04info",
    },
    "group.commit": {
        "conversation": UUID,
        "commit": b"commit",
        "group_info": b"info",
        "welcome": b"welcome",
        "adds": [{"person": OTHER_UUID, "device": UUID, "key_package": SHA256}],
    },
    "group.info": {"conversation": UUID},
    "group.receipt": {"conversation": UUID, "receipt": b"signed"},
    "group.stuck": {"conversation": UUID, "epoch": 4, "reason": "confirmation_tag"},
    "group.succeed": {"conversation": UUID, "group_info": b"info"},
    "device.retire": {"statement": b"signed"},
    "identity.enrol": {"statement": b"signed"},
    "identity.list": {"persons": [UUID, OTHER_UUID]},
    "device.certify": {"certificate": b"signed", "sealed": b"sealed"},
    "device.list": {},
    "device.link": {"init_key": b"i" * 32},
    "recovery.keep": {"blob": b"wrapped"},
    "recovery.ask": {},
    "staff.list": {},
    "staff.certify": {"certificate": b"signed"},
    "account.revoke": {"statement": b"signed"},
    "account.revocations": {},
    "carers.list": {"patient": UUID},
    "carers.link": {"code": "7KQ2M-XW40P"},
    "carers.code": {},
    "delegation.propose": {"conversation": UUID, "delegation": b"signed"},
    "delegation.confirm": {
        "conversation": UUID,
        "delegation": OTHER_UUID,
        "confirmation": b"signed",
    },
    "delegation.accept": {"conversation": UUID, "delegation": OTHER_UUID, "acceptance": b"signed"},
    "delegation.end": {"conversation": UUID, "what": "revocation", "statement": b"signed"},
    "access.list": {"before": 41, "limit": 10},
    "log.consistency": {"first": 3, "second": 7},
    "message.send": {"conversation": UUID, "body": b"ciphertext"},
    "cursor.advance": {"conversation": UUID, "delivered": 3, "read": 2},
    "call.open": {"conversation": UUID, "call": OTHER_UUID},
    "call.ring": {"conversation": UUID, "call": OTHER_UUID, "persons": [UUID]},
    "call.accept": {"conversation": UUID, "call": OTHER_UUID},
    "call.decline": {"conversation": UUID, "call": OTHER_UUID, "call_me": True},
    "call.hang_up": {"conversation": UUID, "call": OTHER_UUID},
    "call.delay": {"conversation": UUID, "call": OTHER_UUID, "minutes": 5},
    "call.connected": {
        "conversation": UUID,
        "call": OTHER_UUID,
        "peer": UUID,
        "generation": 3,
        "relay": True,
    },
    "call.pair_lost": {
        "conversation": UUID,
        "call": OTHER_UUID,
        "peer": UUID,
        "generation": 3,
        "why": "stalled",
    },
    "call.incident": {
        "conversation": UUID,
        "call": OTHER_UUID,
        "code": "call.fingerprint_mismatch",
        "peer": UUID,
        "generation": 3,
    },
    "call.turn": {"conversation": UUID, "call": OTHER_UUID},
    "call.signal": {"conversation": UUID, "body": b"ciphertext"},
    "audit.conversations": {},
    "audit.timeline": {"conversation": UUID},
    "audit.verify": {},
    "audit.page": {"look": UUID, "log": "technical", "after": 41},
}

KINDS = sorted(client_kinds())


def a_frame(kind: str, **changes: object) -> dict[str, Any]:
    """Return one valid frame of `kind` as the map it is on the wire, with `changes`."""
    return {"kind": kind, "id": "request-1", **_FIELDS[kind], **changes}


def required_fields(kind: str) -> list[str]:
    """Return the fields that `kind` cannot do without, its id included."""
    return [field.name for field in fields(client_kinds()[kind]) if field.required]


def packed(value: object) -> bytes:
    """Return `value` in MessagePack."""
    data: bytes = msgpack.packb(value)
    return data
