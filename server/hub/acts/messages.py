"""An encrypted message takes its place; a reader says how far they are."""

from __future__ import annotations

import hmac
from uuid import UUID

from crypto.errors import CryptoError
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.framing import ContentType, MessageHeader, WireFormat
from crypto.policy.vocabulary import CLOCK_TOLERANCE_US, MessageKind
from server.domain.audit import Draft, EntryType, LogClass, Sealed
from server.domain.conversation import Event, What
from server.domain.refusals import Refused
from server.hub.acts.context import Context
from server.hub.acts.groups import is_current, names, read_header
from server.hub.outcome import CursorMoved, Done, Outcome, Streamed
from signaling.codes import Code
from signaling.frames import AdvanceCursor, SendMessage

MILLISECOND = 1_000
"""Microseconds: `sent_at` is in milliseconds."""


def send(context: Context, frame: SendMessage) -> Outcome:
    """Give a message its `seq`. The hub reads what it authenticates, never what it says."""
    here = context.conversation.id
    header = read_header(frame.body)
    if header is None or not is_application(header):
        return Refused(Code.E_MALFORMED)
    data = read_authenticated(header.authenticated_data)
    if data is None or not names(context.conversation, header):
        return Refused(Code.E_FRANKING, conversation=here)
    if data.kind != MessageKind.MESSAGE:
        return Refused(Code.E_KIND, conversation=here)
    message = str(UUID(bytes=data.id))
    # Before the epoch: a retry of what was accepted must find its receipt, however late it comes.
    accepted = context.tx.stream.message(context.device, message)
    if accepted is not None:
        return _again(context, accepted, data)
    if not is_current(context.conversation, header):
        return Refused(Code.E_EPOCH, epoch=context.conversation.epoch, conversation=here)
    if context.conversation.removing:
        # Whoever is to be removed still has the epoch's keys.
        return Refused(Code.E_REMOVE_PENDING, conversation=here)
    return ill_said(context, data) or _append(context, frame, data, message)


def advance_cursor(context: Context, frame: AdvanceCursor) -> Outcome:
    """Move the reader's cursors forward, never past the end and never back."""
    conversation, person = context.conversation, context.principal.person.id
    delivered = min(frame.delivered, conversation.last_seq)
    read = min(frame.read, delivered)
    context.tx.members.advance_cursor(conversation.id, person, delivered=delivered, read=read)
    members = context.tx.members.of(conversation.id)
    mine = next(member for member in members if member.person == person)
    persons = frozenset(member.person for member in members)
    moved = CursorMoved(conversation.id, persons, person, mine.delivered, mine.read)
    return Done(effects=(moved,))


def is_application(header: MessageHeader) -> bool:
    """Tell whether it is what an application message must be: private, and no handshake."""
    return (
        header.wire_format is WireFormat.PRIVATE_MESSAGE
        and header.content_type is ContentType.APPLICATION
    )


def read_authenticated(authenticated_data: bytes) -> AuthenticatedData | None:
    """Decode what a message says in the clear, or return None."""
    try:
        return AuthenticatedData.decode(authenticated_data)
    except CryptoError:
        return None


def ill_said(context: Context, data: AuthenticatedData) -> Refused | None:
    """Refuse what does not say for whom and when it is sent, as the session has it."""
    here, acting = context.conversation.id, context.acting_for
    said = (data.acting_for, data.delegation, data.delegation_version)
    truth = (b"", b"", 0)
    if acting is not None:
        patient, delegation = UUID(acting.patient).bytes, UUID(acting.delegation).bytes
        truth = (patient, delegation, acting.version)
    if said != truth:
        return Refused(Code.E_ACTING_FOR, conversation=here)
    if abs(data.sent_at * MILLISECOND - context.now) > CLOCK_TOLERANCE_US:
        return Refused(Code.E_CLOCK, conversation=here, now=context.now)
    return None


def _append(context: Context, frame: SendMessage, data: AuthenticatedData, message: str) -> Outcome:
    conversation = context.conversation
    seq = conversation.last_seq + 1
    sealed = Sealed(frame.body, conversation.epoch, seq, data.franking_tag, message)
    located = context.record(
        Draft(
            type=EntryType.MESSAGE_SENT,
            actor=context.principal.person,
            device=context.device,
            rule="message.send",
            conversation=conversation.id,
            subject=conversation.patient,
            sealed=sealed,
            counter=min(data.counter, 2**53 - 1),
        )
    )
    event = Event(
        conversation=conversation.id,
        seq=seq,
        ts=context.now,
        what=What.MESSAGE,
        person=context.principal.person.id,
        device=context.device,
        body=frame.body,
        epoch=conversation.epoch,
        message=message,
        franking_tag=data.franking_tag,
        log_index=located.index,
    )
    context.tx.conversations.advance(
        conversation.id,
        generation=conversation.generation,
        epoch=conversation.epoch,
        last_seq=seq,
    )
    context.tx.stream.append(event)
    result = {"seq": seq, "ts": event.ts}
    return Done(result, located, (Streamed(event, dict(context.stood.admitted)),))


def _again(context: Context, accepted: Event, data: AuthenticatedData) -> Outcome:
    """Answer a retry with the receipt it earned; another body under the same id is refused."""
    here = context.conversation
    tag = accepted.franking_tag or b""
    if accepted.conversation != here.id or not hmac.compare_digest(tag, data.franking_tag):
        return Refused(Code.E_ID_REUSED, conversation=here.id)
    located = context.tx.log.located(here.tenant, LogClass.CARE, accepted.log_index)
    return Done({"seq": accepted.seq, "ts": accepted.ts}, located, repeated=True)
