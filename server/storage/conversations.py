"""Conversations, who is in them, and their ordered stream of events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    String,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from crypto.policy.vocabulary import ConversationKind, Motive, Role
from server.domain.conversation import Conversation, Event, Member, What
from server.ports import Admission
from server.storage.schema import (
    admission,
    conversation,
    event,
    member,
    pending_remove,
    person,
)

# The statements of every message are built once, so that only values travel: building and keying
# one takes SQLAlchemy longer than running it.
_CONVERSATION = select(
    conversation,
    exists().where(pending_remove.c.conversation == conversation.c.id).label("removing"),
)
_FIND = _CONVERSATION.where(conversation.c.id == bindparam("id"))
_ADVANCE = (
    update(conversation)
    .where(
        conversation.c.id == bindparam("conversation"),
        conversation.c.last_seq == bindparam("seen_seq"),
        tuple_(conversation.c.generation, conversation.c.epoch)
        <= tuple_(bindparam("next_generation"), bindparam("next_epoch")),
    )
    .values(
        generation=bindparam("next_generation"),
        epoch=bindparam("next_epoch"),
        last_seq=bindparam("next_seq"),
    )
)
_MEMBERS = (
    select(member)
    .where(member.c.conversation == bindparam("conversation"))
    .order_by(member.c.position)
)
# A carer or a colleague becomes a member with their first device, and stands behind the others.
_ENTER = (
    upsert(member)
    .from_select(
        ["conversation", "person", "role", "position"],
        select(
            bindparam("conversation", type_=String),
            person.c.id,
            person.c.role,
            select(func.coalesce(func.max(member.c.position), -1) + 1)
            .where(member.c.conversation == bindparam("conversation"))
            .scalar_subquery(),
        ).where(person.c.id == bindparam("person")),
    )
    .on_conflict_do_nothing()
)
_ADMISSIONS = select(admission).where(admission.c.conversation == bindparam("conversation"))
_MESSAGE = select(event).where(
    event.c.device == bindparam("device"), event.c.message == bindparam("message")
)
_AFTER = (
    select(event)
    .where(event.c.conversation == bindparam("conversation"), event.c.seq > bindparam("seq"))
    .order_by(event.c.seq)
    .limit(bindparam("most"))
)
_APPEND = insert(event)


class ConversationTable:
    """`ports.Conversations`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, conversation_id: str) -> Conversation | None:
        """Return a conversation of any tenant: who may see it is the gate's to judge."""
        row = self._connection.execute(_FIND, {"id": conversation_id}).first()
        return _conversation(row) if row else None

    def found(self, new: Conversation, members: Sequence[Member]) -> None:
        """Store a new conversation with its members."""
        self._connection.execute(
            insert(conversation).values(
                id=new.id,
                tenant=new.tenant,
                kind=new.kind.value,
                motive=new.motive.value,
                motive_salt=new.motive_salt,
                founder=new.founder,
                founder_device=new.founder_device,
                patient=new.patient,
                created_at=new.created_at,
                epoch=new.epoch,
                last_seq=new.last_seq,
                entries=new.entries,
                generation=new.generation,
            )
        )
        self._connection.execute(
            insert(member),
            [
                {
                    "conversation": new.id,
                    "person": one.person,
                    "role": one.role.value,
                    "position": position,
                }
                for position, one in enumerate(members)
            ],
        )

    def advance(self, conversation_id: str, *, generation: int, epoch: int, last_seq: int) -> None:
        """Move a conversation on; neither `seq` nor (generation, epoch) goes back."""
        values = {
            "conversation": conversation_id,
            "seen_seq": last_seq - 1,
            "next_generation": generation,
            "next_epoch": epoch,
            "next_seq": last_seq,
        }
        changed = self._connection.execute(_ADVANCE, values)
        # A compare-and-swap: with one writer it always holds; if it ever does not, nothing of
        # this act may become durable.
        if changed.rowcount != 1:
            raise RuntimeError("the conversation moved under the writer")

    def of_person(self, person_id: str) -> list[Conversation]:
        """Return the conversations a person is a member of, newest first."""
        rows = self._connection.execute(
            _CONVERSATION.join(member, member.c.conversation == conversation.c.id)
            .where(member.c.person == person_id)
            .order_by(conversation.c.created_at.desc())
        )
        return [_conversation(row) for row in rows]

    def of_tenant(self, tenant: str) -> list[Conversation]:
        """Return all conversations of a pharmacy, newest first."""
        rows = self._connection.execute(
            _CONVERSATION.where(conversation.c.tenant == tenant).order_by(
                conversation.c.created_at.desc()
            )
        )
        return [_conversation(row) for row in rows]


class MemberTable:
    """`ports.Members`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, conversation_id: str) -> list[Member]:
        """Return the members, founder's order kept."""
        rows = self._connection.execute(_MEMBERS, {"conversation": conversation_id})
        return [
            Member(person=r.person, role=Role(r.role), delivered=r.delivered, read=r.read)
            for r in rows
        ]

    def admissions(self, conversation_id: str) -> list[Admission]:
        """Return every device in the group."""
        rows = self._connection.execute(_ADMISSIONS, {"conversation": conversation_id})
        return [Admission(row.device, row.person, row.since) for row in rows]

    def admit(self, conversation_id: str, new: Admission) -> None:
        """Let a device in, its person a member from now on."""
        self._connection.execute(_ENTER, {"conversation": conversation_id, "person": new.person})
        self._connection.execute(
            insert(admission).values(
                conversation=conversation_id, device=new.device, person=new.person, since=new.since
            )
        )

    def dismiss(
        self, conversation_id: str, devices: Iterable[str], *, person: str | None = None
    ) -> None:
        """Let devices out; `person`: with all their devices, and no member any more."""
        run, here = self._connection.execute, admission.c.conversation == conversation_id
        run(delete(admission).where(here, admission.c.device.in_(list(devices))))
        if person is not None:
            run(delete(admission).where(here, admission.c.person == person))
            of_them = (member.c.conversation == conversation_id, member.c.person == person)
            run(delete(member).where(*of_them))

    def advance_cursor(
        self, conversation_id: str, person_id: str, *, delivered: int, read: int
    ) -> None:
        """Move a member's cursors forward; never back."""
        self._connection.execute(
            update(member)
            .where(member.c.conversation == conversation_id, member.c.person == person_id)
            .values(
                delivered=func.max(member.c.delivered, delivered),
                read=func.max(member.c.read, read),
            )
        )


class EventTable:
    """`ports.Stream`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, new: Event) -> None:
        """Store the next event; its `seq` is unique in the conversation."""
        values = {
            "conversation": new.conversation,
            "seq": new.seq,
            "ts": new.ts,
            "what": new.what.value,
            "person": new.person,
            "device": new.device,
            "epoch": new.epoch,
            "message": new.message,
            "franking_tag": new.franking_tag,
            "body": new.body,
            "digest": hashlib.sha256(new.body).digest(),
            "welcome": new.welcome,
            "log_index": new.log_index,
        }
        self._connection.execute(_APPEND, values)

    def message(self, device: str, message: str) -> Event | None:
        """Return the event of a device's message id, if it was accepted."""
        row = self._connection.execute(_MESSAGE, {"device": device, "message": message}).first()
        return _event(row) if row else None

    def commit(self, conversation_id: str, device: str, body: bytes) -> Event | None:
        """Return the event of this very commit by this device, if it was accepted."""
        row = self._connection.execute(
            select(event).where(
                event.c.conversation == conversation_id,
                event.c.device == device,
                event.c.digest == hashlib.sha256(body).digest(),
                event.c.what == What.COMMIT.value,
            )
        ).first()
        return _event(row) if row else None

    def at(self, conversation_id: str, seq: int) -> Event | None:
        """Return one event."""
        row = self._connection.execute(
            select(event).where(event.c.conversation == conversation_id, event.c.seq == seq)
        ).first()
        return _event(row) if row else None

    def after(self, conversation_id: str, seq: int, limit: int) -> list[Event]:
        """Return the next events in order, at most `limit`."""
        values = {"conversation": conversation_id, "seq": seq, "most": limit}
        rows = self._connection.execute(_AFTER, values)
        return [_event(row) for row in rows]


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(
        id=row.id,
        tenant=row.tenant,
        kind=ConversationKind(row.kind),
        motive=Motive(row.motive),
        motive_salt=row.motive_salt,
        founder=row.founder,
        founder_device=row.founder_device,
        patient=row.patient,
        created_at=row.created_at,
        epoch=row.epoch,
        last_seq=row.last_seq,
        entries=row.entries,
        generation=row.generation,
        removing=bool(row.removing),
    )


def _event(row: Row[Any]) -> Event:
    return Event(
        conversation=row.conversation,
        seq=row.seq,
        ts=row.ts,
        what=What(row.what),
        person=row.person,
        device=row.device,
        body=row.body,
        epoch=row.epoch,
        message=row.message,
        franking_tag=row.franking_tag,
        welcome=row.welcome,
        log_index=row.log_index,
    )
