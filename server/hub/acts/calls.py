"""A call moves on: one frame, or the clock, meets the state machine of `signaling.call`.

The row is loaded, the machine judges, the next version is stored and its event becomes the entry:
all in the writer's transaction, so that of two who accept at once the second finds the first.
"""

from __future__ import annotations

from collections.abc import Iterable

from crypto.policy.vocabulary import DelegationState, Role, Scope
from server.domain.audit import Draft, EntryType
from server.domain.call import StoredCall
from server.domain.conversation import Conversation
from server.domain.people import HubItself
from server.domain.refusals import Refused
from server.hub.acts.context import Context, as_result
from server.hub.outcome import CallChanged, Done, Effect, Outcome
from server.ports import Located, Tx
from signaling import call as machine
from signaling import turn
from signaling.call import Call, CallEvent, CallFacts, CallFrame, Leg, Notice, Removed, Sender
from signaling.codes import Code
from signaling.errors import CallRefused
from signaling.frames import AcceptCall, CallView, IssueTurn, OpenCall, RingCall

HERE = (Leg.WAITING, Leg.JOINED)


def open_call(context: Context, frame: OpenCall) -> Outcome:
    """Enter the lobby of the conversation's live call, or begin one under the id given."""
    here = context.conversation.id
    stored = context.tx.calls.live_in(here)
    if stored is None and (taken := context.tx.calls.find(frame.call)) is not None:
        # An ended call's id is spent; another conversation's is told like one that never was.
        ours = taken.conversation == here
        return _refused(context, Code.CALL_WRONG_STATE if ours else Code.CALL_NOT_MEMBER)
    if _is_busy(context, stored.id if stored else frame.call):
        return _refused(context, Code.CALL_BUSY)
    if stored is not None:
        return _receive(context, _load(context.tx, stored), frame)
    call = Call.open(
        frame.call,
        here,
        _roles(context.tx, here),
        relay=context.means.turn is not None,
        now=context.now,
    )
    return _receive(context, call, frame)


def ring(context: Context, frame: RingCall) -> Outcome:
    """Ring members; someone who is in another call is not torn out of it."""
    stored = _find(context, frame.call)
    if stored is None:
        return _refused(context, Code.CALL_NOT_MEMBER)
    roles = _roles(context.tx, context.conversation.id)
    # Of strangers nothing is told, not even that they are busy: the machine refuses them.
    members = {member.person for member in context.tx.members.of(context.conversation.id)}
    if any(person in members and person not in roles for person in frame.persons):
        # A carer who may write here, and no more.
        return _refused(context, Code.CALL_NOT_AUTHORIZED)
    known = all(person in roles for person in frame.persons)
    if known and _any_is_elsewhere(context.tx, frame, stored.id):
        return _refused(context, Code.CALL_BUSY)
    return _receive(context, _load(context.tx, stored), frame)


def accept(context: Context, frame: AcceptCall) -> Outcome:
    """Take the call on this device, unless it is in another one."""
    stored = _find(context, frame.call)
    if stored is None:
        return _refused(context, Code.CALL_NOT_MEMBER)
    if _is_busy(context, stored.id):
        return _refused(context, Code.CALL_BUSY)
    return _receive(context, _load(context.tx, stored), frame)


def control(context: Context, frame: CallFrame) -> Outcome:
    """Carry out any other frame of a call."""
    stored = _find(context, frame.call)
    if stored is None:
        return _refused(context, Code.CALL_NOT_MEMBER)
    return _receive(context, _load(context.tx, stored), frame)


def issue_turn(context: Context, frame: IssueTurn) -> Outcome:
    """Give a device in a live call what the relay asks for, for ten minutes."""
    relay = context.means.turn
    if relay is None:
        return _refused(context, Code.CALL_TURN_UNAVAILABLE)
    done = control(context, frame)
    if isinstance(done, Refused):
        return done
    issued = turn.credentials(relay.secret, frame.call, context.device, relay.urls, context.now)
    return Done(as_result(issued), done.entry, done.effects)


def live_calls(tx: Tx, person: str) -> list[CallView]:
    """Return the live calls that a person may be in."""
    live = (one for one in tx.calls.live_of(person) if person in _roles(tx, one.conversation))
    return [machine.view(machine.decode(one.facts)) for one in live]


def live_facts(tx: Tx) -> list[CallFacts]:
    """Return every live call, for the desk that watches them."""
    return [machine.decode(one.facts) for one in tx.calls.live()]


def pass_time(tx: Tx, call_id: str, notices: Iterable[Notice], now: int, *, due: bool) -> Outcome:
    """Tell a call what the hub noticed and, where something is `due`, what time it is."""
    stored = tx.calls.find(call_id)
    if stored is None or not stored.live:
        return Done()
    call, conversation = _load(tx, stored), tx.conversations.find(stored.conversation)
    if conversation is None:
        raise RuntimeError("a call without its conversation")
    for notice in notices:
        call.receive(None, notice, now=now)
    if due:
        call.tick(now=now)
    for happened in call.take_events():
        tx.log.append(_by_itself(conversation, happened), now)
    return Done(effects=_save(tx, conversation, call, was=stored.version))


def put_out(tx: Tx, conversation: str, device: str, now: int) -> tuple[Effect, ...]:
    """End the leg of a device that is nobody's any more; the others talk on."""
    stored = tx.calls.live_in(conversation)
    legs = machine.decode(stored.facts).legs if stored else ()
    left = [Removed(leg.person, Code.CALL_PEER_LEFT) for leg in legs if leg.device == device]
    if stored is None or not left:
        return ()
    done = pass_time(tx, stored.id, left, now, due=False)
    return done.effects if isinstance(done, Done) else ()


def _receive(context: Context, call: Call, frame: CallFrame) -> Outcome:
    was = call.facts.version
    person = context.principal.person
    try:
        call.receive(Sender(person.id, context.device, person.role), frame, now=context.now)
    except CallRefused as refused:
        return _refused(context, refused.code)
    located = _record(context, frame, call.take_events())
    effects = _save(context.tx, context.conversation, call, was=was)
    result = {"call": as_result(machine.view(call.facts))}
    return Done(result, located, effects, unchanged=located is None)


def _record(context: Context, frame: CallFrame, events: list[CallEvent]) -> Located | None:
    """Write the entry of what a frame did; None where all was so already."""
    located = None
    for happened in events:
        located = context.record(
            Draft(
                type=EntryType(f"call.{happened.what}"),
                actor=context.principal.person,
                device=context.device,
                rule=str(frame.__struct_config__.tag),
                conversation=context.conversation.id,
                subject=context.conversation.patient,
                outcome=happened.outcome,
            )
        )
    return located


def _by_itself(conversation: Conversation, happened: CallEvent) -> Draft:
    return Draft(
        type=EntryType(f"call.{happened.what}"),
        actor=HubItself(conversation.tenant),
        device=None,
        rule="call.clock",
        conversation=conversation.id,
        subject=conversation.patient,
        outcome=happened.outcome,
    )


def _save(tx: Tx, conversation: Conversation, call: Call, *, was: int) -> tuple[Effect, ...]:
    facts = call.facts
    if facts.version == was:
        return ()
    stored = StoredCall(
        id=facts.id,
        conversation=conversation.id,
        tenant=conversation.tenant,
        state=facts.state.value,
        live=facts.live,
        version=facts.version,
        deadline=facts.deadline,
        facts=machine.encode(facts),
    )
    tx.calls.save(stored, was=was)
    return (CallChanged(facts, frozenset(_roles(tx, conversation.id))),)


def _find(context: Context, call: str) -> StoredCall | None:
    """Return the call if it is one of the conversation in which the sender stands."""
    stored = context.tx.calls.find(call)
    return stored if stored and stored.conversation == context.conversation.id else None


def _load(tx: Tx, stored: StoredCall) -> Call:
    return Call(machine.decode(stored.facts), _roles(tx, stored.conversation))


def _roles(tx: Tx, conversation: str) -> dict[str, Role]:
    """Return who may be in a call there, and is told of it: a carer only by `call.join`."""
    joins = {
        row.grantee
        for row in tx.delegations.of(conversation)
        if row.state is DelegationState.ACTIVE and Scope.CALL_JOIN in row.scopes
    }
    return {
        member.person: member.role
        for member in tx.members.of(conversation)
        if member.role is not Role.CARER or member.person in joins
    }


def _is_busy(context: Context, call: str) -> bool:
    """Tell whether this device waits or talks in another call."""
    return any(
        leg.device == context.device and leg.state in HERE
        for facts in _other_calls(context.tx, context.principal.person.id, call)
        for leg in facts.legs
    )


def _any_is_elsewhere(tx: Tx, frame: RingCall, call: str) -> bool:
    return any(
        leg.person == person and leg.state is Leg.JOINED
        for person in frame.persons
        for facts in _other_calls(tx, person, call)
        for leg in facts.legs
    )


def _other_calls(tx: Tx, person: str, call: str) -> Iterable[CallFacts]:
    return (machine.decode(one.facts) for one in tx.calls.live_of(person) if one.id != call)


def _refused(context: Context, code: Code) -> Refused:
    return Refused(code, conversation=context.conversation.id)
