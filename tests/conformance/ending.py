"""The end of a delegation: by the patient, the carer, a pharmacist, or its own period."""

from __future__ import annotations

from signaling import frames
from tests.conformance.acts import opens_call, reads_up_to, signals, turn, writes
from tests.conformance.checks import (
    call_is_over,
    others_hear,
    proposes_removal,
    session_is_closed,
    told_nothing_of_why,
)
from tests.conformance.groups import asks_group_info, claims, commits, lets_in
from tests.conformance.life import (
    accepts,
    again,
    comes,
    confirms,
    ends,
    garbage,
    greets,
    leaves,
    names,
    passes,
    pings,
    resigns,
    returns,
    revokes,
    suspends,
    sweeps,
)
from tests.conformance.scenario import Area, accepted, refused, scenario
from tests.conformance.states import (
    ACCEPTED,
    ACTIVE,
    CONFIRMED,
    ENDING,
    HERE,
    NAMED,
    OVER,
    STAFFED,
    TALKING,
    second_delegation,
    tries,
)
from tests.server.house import SECONDS

REVOKED, RESIGNED, SUSPENDED = "delegation.revoked", "delegation.resigned", "delegation.suspended"
EXPIRED = "delegation.expired"
REMOVAL = "group.remove_proposed"
SHORT = (*HERE, names(lasts=10 * SECONDS), confirms(), accepts(), lets_in())
"""Sophie is in the group for ten seconds."""

REVOKING = Area(
    "The patient withdraws it",
    (
        scenario(
            "The patient withdraws the whole delegation: it is over, and the leaf is to go.",
            given=ACTIVE,
            when=revokes(),
            then=accepted(REVOKED, REMOVAL, also=[proposes_removal("claire")]),
        ),
        scenario(
            "The pharmacist in the conversation is told at once.",
            given=ACTIVE,
            when=revokes(),
            then=accepted(REVOKED, REMOVAL, also=[others_hear("claire", "revoked")]),
        ),
        scenario(
            "The carer is told that it is over, and nothing of why.",
            given=ACTIVE,
            when=revokes(),
            then=accepted(
                REVOKED,
                REMOVAL,
                also=[others_hear("sophie", "revoked"), told_nothing_of_why("sophie")],
            ),
        ),
        scenario(
            "What was only named is withdrawn as well.",
            given=NAMED,
            when=revokes(),
            then=accepted(REVOKED),
        ),
        scenario(
            "What was accepted and not yet let in is withdrawn as well.",
            given=ACCEPTED,
            when=revokes(),
            then=accepted(REVOKED),
        ),
        scenario(
            "The next message of the carer is refused.",
            given=ENDING,
            when=writes(),
            then=refused("E_DELEGATION_REVOKED"),
        ),
        scenario(
            "The carer tells no more how far she has read.",
            given=ENDING,
            when=reads_up_to("sophie"),
            then=refused("E_DELEGATION_REVOKED"),
        ),
        scenario(
            "The carer asks no more for a way into the group.",
            given=ENDING,
            when=asks_group_info("sophie"),
            then=refused("E_DELEGATION_REVOKED"),
        ),
        scenario(
            "The carer's device commits nothing more.",
            given=ENDING,
            when=commits("sophie"),
            then=refused("E_DELEGATION_REVOKED"),
        ),
        scenario(
            "The carer opens no more calls.",
            given=ENDING,
            when=opens_call("sophie"),
            then=refused("E_DELEGATION_REVOKED"),
        ),
        scenario(
            "After the removal the carer's message is refused in the same words.",
            given=OVER,
            when=writes(stale=True),
            then=refused("E_DELEGATION_REVOKED"),
        ),
        scenario(
            "While the leaf is still there, the pharmacist's message waits.",
            given=ENDING,
            when=writes("claire"),
            then=refused("E_REMOVE_PENDING"),
        ),
        scenario(
            "While the leaf is still there, the patient's message waits.",
            given=ENDING,
            when=writes("jean"),
            then=refused("E_REMOVE_PENDING"),
        ),
        scenario(
            "While the leaf is still there, signals wait too.",
            given=[*ENDING, opens_call("claire"), opens_call("jean")],
            when=signals("claire", "jean"),
            then=refused("E_REMOVE_PENDING"),
        ),
        scenario(
            "A pharmacist's device commits the removal.",
            given=ENDING,
            when=commits("claire"),
            then=accepted("group.committed"),
        ),
        scenario(
            "The patient's device commits the removal.",
            given=ENDING,
            when=commits("jean"),
            then=accepted("group.committed"),
        ),
        scenario(
            "A commit that leaves the carer in is refused.",
            given=ENDING,
            when=commits("claire", leaves_in=True),
            then=refused("E_REMOVE_PENDING"),
        ),
        scenario(
            "A commit that removes the carer and leaves her delegation in force is refused.",
            given=ENDING,
            when=commits("claire", tombstone=False),
            then=refused("E_POLICY"),
        ),
        scenario(
            "After the removal everybody writes on.",
            given=OVER,
            when=writes("jean"),
            then=accepted("message.sent"),
        ),
        scenario(
            "Withdrawing it twice is refused: it has ended already.",
            given=ENDING,
            when=again(),
            then=refused("E_ALREADY_ENDED"),
        ),
        scenario(
            "Withdrawing it once more after the removal is refused too.",
            given=OVER,
            when=revokes(),
            then=refused("E_ALREADY_ENDED"),
        ),
        scenario(
            "The carer cannot withdraw in the patient's name.",
            given=ACTIVE,
            when=ends("revocation", "sophie"),
            then=refused("E_ROLE"),
        ),
        scenario(
            "A pharmacist cannot withdraw in the patient's name.",
            given=ACTIVE,
            when=ends("revocation", "claire"),
            then=refused("E_ROLE"),
        ),
        scenario(
            "A withdrawal that somebody else signed is refused.",
            given=ACTIVE,
            when=revokes(key="claire"),
            then=refused("E_SIGNATURE"),
        ),
        scenario(
            "A withdrawal of another delegation finds nothing.",
            given=ACTIVE,
            when=revokes(delegation=bytes(16)),
            then=refused("E_NOT_FOUND"),
        ),
        scenario(
            "A withdrawal dated three minutes ahead is refused, with the hub's time.",
            given=ACTIVE,
            when=revokes(at=180 * SECONDS),
            then=refused("E_CLOCK"),
        ),
        scenario(
            "Bytes that are no withdrawal are refused.",
            given=ACTIVE,
            when=garbage("jean", frames.EndDelegation, what="revocation", statement=b"no word"),
            then=refused("E_MALFORMED", leaves=[]),
        ),
        scenario(
            "A resignation sent as a withdrawal is refused.",
            given=ACTIVE,
            when=ends("resignation", "jean", sent_as="revocation", key="jean"),
            then=refused("E_MALFORMED", leaves=[]),
        ),
        scenario(
            "The carer's call ends with the delegation.",
            given=TALKING,
            when=revokes(),
            then=accepted(REVOKED, "call.left", REMOVAL, also=[call_is_over()]),
        ),
        scenario(
            "The carer's relay ends with it: no credential is given any more.",
            given=[*TALKING, revokes()],
            when=turn("sophie"),
            then=refused("E_DELEGATION_REVOKED"),
        ),
        scenario(
            "The carer's key packages are not claimed any more.",
            given=OVER,
            when=claims("claire", "sophie"),
            then=refused("E_ALREADY_ENDED"),
        ),
    ),
)

LEAVING = Area(
    "The carer gives it back, a pharmacist stops it",
    (
        scenario(
            "The carer resigns.",
            given=ACTIVE,
            when=resigns(),
            then=accepted(RESIGNED, REMOVAL),
        ),
        scenario(
            "A carer who was confirmed resigns instead of accepting.",
            given=CONFIRMED,
            when=resigns(),
            then=accepted(RESIGNED),
        ),
        scenario(
            "After resigning the carer's message is refused.",
            given=[*ACTIVE, resigns()],
            when=writes(),
            then=refused("E_DELEGATION_RESIGNED"),
        ),
        scenario(
            "The patient does not resign for the carer.",
            given=ACTIVE,
            when=ends("resignation", "jean", key="jean"),
            then=refused("E_ROLE"),
        ),
        scenario(
            "A resignation that the patient signed is refused.",
            given=ACTIVE,
            when=resigns(key="jean"),
            then=refused("E_SIGNATURE"),
        ),
        scenario(
            "Resigning twice is refused: it has ended already.",
            given=[*ACTIVE, resigns()],
            when=resigns(),
            then=refused("E_DELEGATION_RESIGNED"),
        ),
        scenario(
            "One pharmacist suspends at once, on the patient's telephone call.",
            given=ACTIVE,
            when=suspends(),
            then=accepted(SUSPENDED, REMOVAL),
        ),
        scenario(
            "One pharmacist suspends a carer for abuse.",
            given=ACTIVE,
            when=suspends(reason="abuse"),
            then=accepted(SUSPENDED, REMOVAL),
        ),
        scenario(
            "A contest ends it as contested.",
            given=ACTIVE,
            when=suspends(reason="contest"),
            then=accepted(SUSPENDED, REMOVAL, also=[others_hear("jean", "contested")]),
        ),
        scenario(
            "The deputy suspends as well as the owner does.",
            given=[*STAFFED, names(), confirms(), accepts(), lets_in()],
            when=suspends("hugo"),
            then=accepted(SUSPENDED, REMOVAL),
        ),
        scenario(
            "After a suspension the carer's message is refused.",
            given=[*ACTIVE, suspends()],
            when=writes(),
            then=refused("E_DELEGATION_SUSPENDED"),
        ),
        scenario(
            "A suspension for a reason that nobody knows is refused.",
            given=ACTIVE,
            when=suspends(reason="whim"),
            then=refused("E_MALFORMED", leaves=[]),
        ),
        scenario(
            "A technician suspends nobody.",
            given=[*STAFFED, names(), confirms(), accepts(), lets_in()],
            when=suspends("lea"),
            then=refused("E_ROLE"),
        ),
        scenario(
            "A pharmacist does not suspend in a colleague's name.",
            given=[*STAFFED, names(), confirms(), accepts(), lets_in()],
            when=suspends(in_name_of="hugo"),
            then=refused("E_SIGNATURE"),
        ),
        scenario(
            "A pharmacist who is not in the conversation suspends nobody there.",
            given=[*ACTIVE, comes("hugo")],
            when=suspends("hugo"),
            then=refused("E_NOT_FOUND", about=False),
        ),
        scenario(
            "What was suspended is not withdrawn as well.",
            given=[*ACTIVE, suspends()],
            when=revokes(),
            then=refused("E_ALREADY_ENDED"),
        ),
        scenario(
            "A suspension sent as a withdrawal is refused.",
            given=ACTIVE,
            when=ends("suspension", "claire", sent_as="revocation"),
            then=refused("E_ROLE"),
        ),
    ),
)

EXPIRING = Area(
    "Its period ends",
    (
        scenario(
            "A second before the end the carer still writes.",
            given=[*SHORT, passes(9)],
            when=writes(),
            then=accepted("message.sent"),
        ),
        scenario(
            "At its second it ends, though nobody says a word.",
            given=[*SHORT, passes(10)],
            when=sweeps(),
            then=accepted(EXPIRED, REMOVAL, also=[others_hear("claire", "expired")]),
        ),
        scenario(
            "At its second the carer's frame is refused, were the timer late.",
            given=[*SHORT, passes(10)],
            when=writes(),
            then=refused("E_DELEGATION_EXPIRED", moves=True),
        ),
        scenario(
            "After it the carer's message is refused.",
            given=[*SHORT, passes(10), sweeps()],
            when=writes(),
            then=refused("E_DELEGATION_EXPIRED"),
        ),
        scenario(
            "The hub asks a pharmacist's device to commit the removal, without any statement.",
            given=[*SHORT, passes(10), sweeps()],
            when=commits("claire"),
            then=accepted("group.committed"),
        ),
        scenario(
            "The patient cannot withdraw what has ended.",
            given=[*SHORT, passes(10), sweeps()],
            when=revokes(),
            then=refused("E_ALREADY_ENDED"),
        ),
        scenario(
            "The carer cannot resign from what has ended.",
            given=[*SHORT, passes(10), sweeps()],
            when=resigns(),
            then=refused("E_DELEGATION_EXPIRED"),
        ),
        scenario(
            "What was named and never confirmed ends with its period too.",
            given=[*HERE, names(lasts=60 * SECONDS), passes(60)],
            when=sweeps(),
            then=accepted(EXPIRED),
        ),
        scenario(
            "The expiry of one delegation ends no other.",
            given=[*ACTIVE, passes(10)],
            when=sweeps(),
            then=accepted(),
        ),
        scenario(
            "A commit after the second that leaves the carer in is refused.",
            given=[*SHORT, passes(10), sweeps()],
            when=commits("claire", leaves_in=True),
            then=refused("E_REMOVE_PENDING"),
        ),
        scenario(
            "A renewal goes on where the first period ends: a new document, a new place.",
            given=[
                *SHORT,
                passes(10),
                sweeps(),
                commits("claire"),
                names(),
                confirms(),
                returns("sophie"),
                accepts(),
            ],
            when=lets_in("claire"),
            then=accepted("group.committed", "delegation.activated"),
        ),
        scenario(
            "Once the period of an ended delegation has passed, its tombstone may go.",
            given=[
                *HERE,
                names(lasts=60 * SECONDS),
                confirms(),
                accepts(),
                lets_in(),
                revokes(),
                commits("claire"),
                passes(61),
            ],
            when=commits("claire", prunes=True),
            then=accepted("group.committed"),
        ),
        scenario(
            "Before that its tombstone stays.",
            given=OVER,
            when=commits("claire", prunes=True),
            then=refused("E_POLICY"),
        ),
    ),
)

SESSIONS = Area(
    "Sessions after the end",
    (
        scenario(
            "The carer's session ends with her last delegation: the old cookie opens nothing.",
            given=OVER,
            when=greets("sophie"),
            then=refused("E_SESSION", leaves=[], also=[session_is_closed("sophie")]),
        ),
        scenario(
            "After its first refusal the open socket has no session any more.",
            given=[*ENDING, tries("E_DELEGATION_REVOKED")],
            when=pings("sophie"),
            then=refused("E_SESSION", leaves=[]),
        ),
        scenario(
            "A carer with another live delegation keeps her session.",
            given=[*ACTIVE, second_delegation(), revokes()],
            when=greets("sophie"),
            then=accepted(),
        ),
        scenario(
            "Whoever signs in anew after the end is told of no conversation.",
            given=OVER,
            when=greets("sophie", anew=True),
            then=accepted(),
        ),
        scenario(
            "The patient's session does not end with it.",
            given=OVER,
            when=greets("jean"),
            then=accepted(),
        ),
        scenario(
            "With nobody else online it is over all the same, and the first to come commits.",
            given=[*ACTIVE, leaves("claire")],
            when=revokes(),
            then=accepted(REVOKED, REMOVAL, also=[proposes_removal("jean")]),
        ),
    ),
)
