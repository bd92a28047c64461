"""What a carer does inside her delegation, and what is refused outside of it, frame by frame."""

from __future__ import annotations

from crypto.mls.authenticated_data import SignalType
from tests.conformance.acts import (
    hangs_up,
    opens_call,
    reads_up_to,
    rings,
    signals,
    takes_call,
    turn,
    writes,
)
from tests.conformance.checks import call_is_over, entry_says_for_whom, others_get_message
from tests.conformance.groups import asks_group_info, commits, confirms_epoch, founds, lets_in
from tests.conformance.life import accepts, confirms, names, passes, withdraws
from tests.conformance.scenario import Area, accepted, refused, scenario
from tests.conformance.states import ACTIVE, HERE, READER, STAFFED, STRANGER
from tests.conformance.world import CALL, READ, SEND
from tests.server.house import SECONDS

SENT = "message.sent"
NARROWED = "delegation.narrowed"
COMMITTED = "group.committed"

WRITING = Area(
    "Writing",
    (
        scenario(
            "A carer writes, and says for whom and under which delegation.",
            given=ACTIVE,
            when=writes(),
            then=accepted(SENT, also=[others_get_message("claire", "jean")]),
        ),
        scenario(
            "The entry of a carer's message says for whom, under what, in which version.",
            given=ACTIVE,
            when=writes(),
            then=accepted(SENT, also=[entry_says_for_whom()]),
        ),
        scenario(
            "The pharmacist writes for nobody but herself.",
            given=ACTIVE,
            when=writes("claire"),
            then=accepted(SENT, also=[others_get_message("sophie")]),
        ),
        scenario(
            "The patient goes on writing in his own name.",
            given=ACTIVE,
            when=writes("jean"),
            then=accepted(SENT, also=[others_get_message("sophie")]),
        ),
        scenario(
            "A carer's message that does not say for whom is refused.",
            given=ACTIVE,
            when=writes(plain=True),
            then=refused("E_ACTING_FOR"),
        ),
        scenario(
            "A carer's message for another patient is refused.",
            given=ACTIVE,
            when=writes(acting_for="rose"),
            then=refused("E_ACTING_FOR"),
        ),
        scenario(
            "A carer's message under another delegation is refused.",
            given=ACTIVE,
            when=writes(delegation=bytes(16)),
            then=refused("E_ACTING_FOR"),
        ),
        scenario(
            "A carer's message under an older version is refused.",
            given=[*ACTIVE, withdraws(CALL), commits("claire", narrows=True)],
            when=writes(version=1),
            then=refused("E_ACTING_FOR"),
        ),
        scenario(
            "A carer's message under a version to come is refused.",
            given=ACTIVE,
            when=writes(version=9),
            then=refused("E_ACTING_FOR"),
        ),
        scenario(
            "A pharmacist does not write in the patient's name.",
            given=ACTIVE,
            when=writes("claire", acting_for="jean"),
            then=refused("E_ACTING_FOR"),
        ),
        scenario(
            "A patient does not write as if he were his own carer.",
            given=ACTIVE,
            when=writes("jean", acting_for="jean"),
            then=refused("E_ACTING_FOR"),
        ),
        scenario(
            "A carer who may only read does not write.",
            given=READER,
            when=writes(),
            then=refused("E_SCOPE"),
        ),
        scenario(
            "A carer who may only read tells what she has read.",
            given=READER,
            when=reads_up_to("sophie"),
            then=accepted(),
        ),
        scenario(
            "A message dated three minutes ahead is refused, with the hub's time.",
            given=ACTIVE,
            when=writes(sent_at=180 * SECONDS),
            then=refused("E_CLOCK"),
        ),
        scenario(
            "A message dated three minutes back is refused, with the hub's time.",
            given=ACTIVE,
            when=writes("jean", sent_at=-180 * SECONDS),
            then=refused("E_CLOCK"),
        ),
        scenario(
            "A message dated two minutes ahead is still in time.",
            given=ACTIVE,
            when=writes(sent_at=120 * SECONDS),
            then=accepted(SENT),
        ),
        scenario(
            "A stranger's message finds no conversation.",
            given=STRANGER,
            when=writes(plain=True),
            then=refused("E_NOT_FOUND", about=False),
        ),
        scenario(
            "A carer who has accepted and is not let in yet does not write.",
            given=[*HERE, names(), confirms(), accepts()],
            when=writes(plain=True),
            then=refused("E_NOT_FOUND", about=False),
        ),
    ),
)

COMMITTING = Area(
    "Changing the group",
    (
        scenario(
            "A carer renews her own keys.",
            given=ACTIVE,
            when=commits("sophie"),
            then=accepted(COMMITTED),
        ),
        scenario(
            "A carer says which epoch she is in.",
            given=ACTIVE,
            when=confirms_epoch("sophie"),
            then=accepted(),
        ),
        scenario(
            "A carer whose device cannot follow asks the way in.",
            given=ACTIVE,
            when=asks_group_info("sophie"),
            then=accepted(),
        ),
        scenario(
            "A carer's device comes in again in its own place.",
            given=ACTIVE,
            when=commits("sophie", rejoins=True),
            then=accepted(COMMITTED),
        ),
        scenario(
            "A stranger asks no way into a group.",
            given=STRANGER,
            when=asks_group_info("sophie"),
            then=refused("E_NOT_FOUND", about=False),
        ),
        scenario(
            "A carer does not remove the patient.",
            given=ACTIVE,
            when=commits("sophie", removes="jean"),
            then=refused("E_POLICY"),
        ),
        scenario(
            "A carer does not remove the pharmacist.",
            given=ACTIVE,
            when=commits("sophie", removes="claire"),
            then=refused("E_POLICY"),
        ),
        scenario(
            "A pharmacist does not remove the patient.",
            given=ACTIVE,
            when=commits("claire", removes="jean"),
            then=refused("E_POLICY"),
        ),
        scenario(
            "A pharmacist does not remove a carer whose delegation stands.",
            given=ACTIVE,
            when=commits("claire", removes="sophie"),
            then=refused("E_POLICY"),
        ),
        scenario(
            "A technician does not remove a carer whose delegation stands.",
            given=[*STAFFED, names(), confirms(), accepts(), lets_in()],
            when=commits("lea", removes="sophie"),
            then=refused("E_POLICY"),
        ),
        scenario(
            "A commit that says no time is refused.",
            given=ACTIVE,
            when=commits("claire", data=b""),
            then=refused("E_COMMIT", reason="commit_data"),
        ),
        scenario(
            "A carer founds no conversation.",
            given=ACTIVE,
            when=founds("sophie"),
            then=refused("E_ROLE", about=False),
        ),
    ),
)

CALLING = Area(
    "Calls",
    (
        scenario(
            "A carer who may join calls waits in the lobby.",
            given=ACTIVE,
            when=opens_call("sophie"),
            then=accepted("call.opened"),
        ),
        scenario(
            "A carer who is rung takes the call.",
            given=[*ACTIVE, opens_call("claire"), rings("sophie")],
            when=takes_call("sophie"),
            then=accepted("call.accepted"),
        ),
        scenario(
            "A carer in a call answers the offer, and says for whom.",
            given=[*ACTIVE, opens_call("claire"), rings("sophie"), takes_call("sophie")],
            when=signals("sophie", "claire", SignalType.ANSWER),
            then=accepted(),
        ),
        scenario(
            "A carer hangs up.",
            given=[*ACTIVE, opens_call("claire"), rings("sophie"), takes_call("sophie")],
            when=hangs_up("sophie"),
            then=accepted("call.ended"),
        ),
        scenario(
            "A carer who may only read opens no call.",
            given=READER,
            when=opens_call("sophie"),
            then=refused("E_SCOPE"),
        ),
        scenario(
            "A carer who may only read does not take a call.",
            given=[*READER, opens_call("claire")],
            when=takes_call("sophie"),
            then=refused("E_SCOPE"),
        ),
        scenario(
            "A carer who may only read gets no relay.",
            given=[*READER, opens_call("claire")],
            when=turn("sophie"),
            then=refused("E_SCOPE"),
        ),
        scenario(
            "A carer who may only read sends no offer.",
            given=[*READER, opens_call("claire")],
            when=signals("sophie", "claire"),
            then=refused("E_SCOPE"),
        ),
        scenario(
            "A carer rings nobody: the call is the pharmacist's.",
            given=[*ACTIVE, opens_call("sophie")],
            when=rings("jean", by="sophie"),
            then=refused("call.not_authorized"),
        ),
        scenario(
            "A signal that does not say for whom is refused.",
            given=[*ACTIVE, opens_call("claire"), rings("sophie"), takes_call("sophie")],
            when=signals("sophie", "claire", SignalType.ANSWER, plain=True),
            then=refused("E_ACTING_FOR"),
        ),
        scenario(
            "A stranger finds no call.",
            given=[*STRANGER, opens_call("claire")],
            when=takes_call("sophie"),
            then=refused("call.not_member", about=False),
        ),
    ),
)

NARROWING = Area(
    "Withdrawing a scope",
    (
        scenario(
            "The patient withdraws writing, and leaves reading.",
            given=ACTIVE,
            when=withdraws(SEND),
            then=accepted(NARROWED),
        ),
        scenario(
            "From that instant the carer does not write.",
            given=[*ACTIVE, withdraws(SEND)],
            when=writes(),
            then=refused("E_SCOPE"),
        ),
        scenario(
            "Others write on while the group has not heard of it.",
            given=[*ACTIVE, withdraws(SEND)],
            when=writes("claire"),
            then=accepted(SENT),
        ),
        scenario(
            "A pharmacist's device commits the narrowing: one change more.",
            given=[*ACTIVE, withdraws(SEND)],
            when=commits("claire", narrows=True),
            then=accepted(COMMITTED),
        ),
        scenario(
            "Once it is committed, the carer still does not write.",
            given=[*ACTIVE, withdraws(SEND), commits("claire", narrows=True)],
            when=writes(),
            then=refused("E_SCOPE"),
        ),
        scenario(
            "What is left of her scopes the carer uses on, under the new version.",
            given=[*ACTIVE, withdraws(CALL), commits("claire", narrows=True)],
            when=writes(),
            then=accepted(SENT),
        ),
        scenario(
            "Whoever is no longer to join calls is put out of the one she is in.",
            given=[*ACTIVE, opens_call("claire"), rings("sophie"), takes_call("sophie")],
            when=withdraws(CALL),
            then=accepted(NARROWED, "call.left", also=[call_is_over()]),
        ),
        scenario(
            "Withdrawing reading withdraws it all: a place in the group reads.",
            given=ACTIVE,
            when=withdraws(READ),
            then=refused("E_SCOPE"),
        ),
        scenario(
            "A scope that was not given cannot be withdrawn.",
            given=ACTIVE,
            when=withdraws("document.send"),
            then=refused("E_SCOPE"),
        ),
        scenario(
            "A scope that nobody knows cannot be withdrawn.",
            given=ACTIVE,
            when=withdraws("conversation.delete"),
            then=refused("E_UNKNOWN_SCOPE"),
        ),
        scenario(
            "A commit cannot give back what the patient withdrew.",
            given=[*ACTIVE, withdraws(SEND), commits("claire", narrows=True)],
            when=commits("claire", widens=True),
            then=refused("E_POLICY"),
        ),
        scenario(
            "A commit cannot narrow without the patient's word.",
            given=ACTIVE,
            when=commits("claire", narrows="forged"),
            then=refused("E_SIGNATURE"),
        ),
        scenario(
            "Three minutes later the hub still knows what was withdrawn.",
            given=[*ACTIVE, withdraws(SEND), passes(180)],
            when=writes(),
            then=refused("E_SCOPE"),
        ),
    ),
)
