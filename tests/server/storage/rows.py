"""A database with its rows: what the storage tests begin with."""

from __future__ import annotations

import uuid

from crypto.policy.vocabulary import ConversationKind, Motive
from server.domain.conversation import Conversation, Device, Member
from server.domain.people import Person
from server.ports import Tx
from tests.server.house import PEOPLE

CLAIRE, JEAN, HUGO = PEOPLE["claire"], PEOPLE["jean"], PEOPLE["hugo"]


def an_id() -> str:
    """Return an identifier nobody has."""
    return str(uuid.uuid4())


def a_device(tx: Tx, person: Person = CLAIRE) -> str:
    """Register a device."""
    device = Device(an_id(), person.id, b"k" * 32)
    tx.devices.register(device)
    return device.id


def a_conversation(tx: Tx, *, created_at: int = 5, tenant: str = "990000001") -> Conversation:
    """Found a conversation of Claire and Jean."""
    founded = Conversation(
        id=an_id(),
        tenant=tenant,
        kind=ConversationKind.REMOTE_DISPENSATION,
        motive=Motive.AGE,
        motive_salt=b"s" * 32,
        founder=CLAIRE.id,
        founder_device=a_device(tx),
        patient=JEAN.id,
        created_at=created_at,
    )
    members = [Member(person=CLAIRE.id, role=CLAIRE.role), Member(person=JEAN.id, role=JEAN.role)]
    tx.conversations.found(founded, members)
    return founded
