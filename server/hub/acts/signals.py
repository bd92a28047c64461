"""A signal passes: the hub reads where it goes, never what it says, and keeps nothing of it."""

from __future__ import annotations

from uuid import UUID

from crypto.mls.authenticated_data import SignalHeader, SignalType
from crypto.policy.vocabulary import MessageKind
from server.domain.refusals import Refused
from server.hub.acts.context import Context
from server.hub.acts.groups import is_current, names, read_header
from server.hub.acts.messages import ill_said, is_application, read_authenticated
from server.hub.outcome import Done, Outcome, SignalTo
from signaling import call as machine
from signaling.call import CallFacts, PairFacts
from signaling.codes import Code
from signaling.frames import Signal, SignalPush

MAX_SIGNAL_BYTES = 18 * 1024
"""16 kB of SDP with its padding and its headers."""
SIGNAL_LIFE = 10_000_000
"""Microseconds: later, the connection it was for has been made anew."""


def forward(context: Context, frame: Signal) -> Outcome:
    """Pass a signal to the one device it names, the other end of a connection of the sender's."""
    conversation, here = context.conversation, context.conversation.id
    if len(frame.body) > MAX_SIGNAL_BYTES:
        return Refused(Code.CALL_TOO_LARGE, conversation=here)
    header = read_header(frame.body)
    if header is None or not is_application(header):
        return Refused(Code.E_MALFORMED)
    data = read_authenticated(header.authenticated_data)
    if data is None or not names(conversation, header):
        return Refused(Code.E_FRANKING, conversation=here)
    if data.kind != MessageKind.SIGNAL or data.signal is None:
        return Refused(Code.E_KIND, conversation=here)
    if not is_current(conversation, header):
        # Its receiver may have moved on, and could not read it.
        return Refused(Code.E_EPOCH, epoch=conversation.epoch, conversation=here)
    if conversation.removing:
        return Refused(Code.E_REMOVE_PENDING, conversation=here)
    wrong = ill_said(context, data)
    if wrong is not None:
        return wrong
    signal = data.signal
    refused = _judge(context, signal)
    if refused is not None:
        return Refused(refused, conversation=here)
    return Done(effects=(_to(context, frame, signal),))


def _judge(context: Context, signal: SignalHeader) -> Code | None:
    """Say why a signal may not pass: it is of the call's present, and of its sender's part."""
    stored = context.tx.calls.find(str(UUID(bytes=signal.call)))
    if stored is None or stored.conversation != context.conversation.id:
        return Code.CALL_NOT_MEMBER
    pair = _pair(machine.decode(stored.facts), context.device, str(UUID(bytes=signal.to)))
    if pair is None:
        return Code.CALL_WRONG_STATE
    if signal.generation != pair.generation:
        return Code.CALL_STALE_GENERATION
    return None if _in_role(pair, context.device, signal.type) else Code.CALL_WRONG_ROLE


def _pair(facts: CallFacts, sender: str, to: str) -> PairFacts | None:
    """Return their connection; an ended call has none."""
    return next((pair for pair in facts.pairs if pair.holds(sender, to)), None)


def _in_role(pair: PairFacts, sender: str, what: SignalType) -> bool:
    """One side offers, the other answers; both have candidates."""
    if what is SignalType.CANDIDATES:
        return True
    return (sender == pair.offerer) == (what is SignalType.OFFER)


def _to(context: Context, frame: Signal, signal: SignalHeader) -> SignalTo:
    to = str(UUID(bytes=signal.to))
    push = SignalPush(
        conversation=context.conversation.id,
        person=context.principal.person.id,
        device=context.device,
        body=frame.body,
    )
    return SignalTo(
        call=str(UUID(bytes=signal.call)),
        generation=signal.generation,
        to=to,
        push=push,
        until=context.now + SIGNAL_LIFE,
    )
