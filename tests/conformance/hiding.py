"""What is not a carer's does not exist: a random id answers in the same bytes.

Each frame is sent twice, to an id that nobody ever had and to the conversation; the two answers
must be equal, text and all, and the entries they leave too, but for their place and time.
"""

from __future__ import annotations

from tests.conformance.checks import like_a_random_id
from tests.conformance.life import another_conversation, comes, hidden
from tests.conformance.scenario import Area, Scenario, refused, scenario
from tests.conformance.states import ACTIVE, CONFIRMED, NAMED, STRANGER

WHERE = {
    "another conversation of the same patient": (*ACTIVE, another_conversation("jean")),
    "another patient's conversation": (*ACTIVE, another_conversation("rose", founder="paul")),
    "the patient's conversation alone with the pharmacy": (
        *ACTIVE,
        another_conversation("jean", kind="private_aside"),
    ),
}

CODES = {"call.open": "call.not_member"}


def _same(kind: str, where: str) -> Scenario:
    return scenario(
        f"A carer who sends {kind} to {where} is answered as for a random id.",
        given=WHERE[where],
        when=hidden("sophie", kind),
        then=refused(CODES.get(kind, "E_NOT_FOUND"), about=False, also=[like_a_random_id()]),
    )


AREA = Area(
    "What is not yours does not exist",
    (
        *(
            _same(kind, where)
            for where in WHERE
            for kind in (
                "message.send",
                "group.info",
                "group.commit",
                "cursor.advance",
                "call.open",
                "delegation.end",
                "delegation.accept",
            )
        ),
        scenario(
            "Before the confirmation the carer who is named sees what a stranger sees.",
            given=[*NAMED, comes("sophie")],
            when=hidden("sophie", "group.info", here=True),
            then=refused("E_NOT_FOUND", about=False, also=[like_a_random_id()]),
        ),
        scenario(
            "Before her acceptance the carer asks in vain for a way into the group.",
            given=[*CONFIRMED, comes("sophie")],
            when=hidden("sophie", "group.info", here=True),
            then=refused("E_NOT_FOUND", about=False, also=[like_a_random_id()]),
        ),
        scenario(
            "A carer who was never named sees what a random id answers.",
            given=STRANGER,
            when=hidden("sophie", "message.send", here=True),
            then=refused("E_NOT_FOUND", about=False, also=[like_a_random_id()]),
        ),
    ),
)
