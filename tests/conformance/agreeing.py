"""What makes a document a delegation: the pharmacist's word, the carer's, and a place in the group.

`delegation.confirm`, `delegation.accept`, and the one commit that changes delegations and members.
"""

from __future__ import annotations

from tests.conformance.checks import asked_to_commit, others_hear
from tests.conformance.groups import claims, lets_in
from tests.conformance.life import (
    accepts,
    again,
    comes,
    confirms,
    confirms_unknown,
    names,
    passes,
    revokes,
    suspends,
)
from tests.conformance.naming import GUARDIAN, PAPER
from tests.conformance.scenario import Area, accepted, refused, scenario
from tests.conformance.states import (
    ACCEPTED,
    ACTIVE,
    CONFIRMED,
    DEVICELESS,
    HERE,
    NAMED,
    NAMED_ANEW,
    OVER,
    STAFFED,
    STAFFED_NAMED,
)
from tests.conformance.world import CALL, DAY, READ, SEND
from tests.server.house import SECONDS

CONFIRMED_ENTRY = "delegation.confirmed"
ACCEPTED_ENTRY = "delegation.accepted"
LET_IN = ("group.committed", "delegation.activated")

CONFIRMING = Area(
    "Confirming",
    (
        scenario(
            "A pharmacist in the conversation confirms who the carer is.",
            given=NAMED,
            when=confirms(),
            then=accepted(CONFIRMED_ENTRY),
        ),
        scenario(
            "A pharmacist says that the patient was heard alone.",
            given=NAMED,
            when=confirms(heard_alone=True),
            then=accepted(CONFIRMED_ENTRY),
        ),
        scenario(
            "The deputy confirms as well as the owner does.",
            given=STAFFED_NAMED,
            when=confirms("hugo"),
            then=accepted(CONFIRMED_ENTRY),
        ),
        scenario(
            "The carer is told once a pharmacist has confirmed.",
            given=[*NAMED, comes("sophie")],
            when=confirms(),
            then=accepted(CONFIRMED_ENTRY, also=[others_hear("sophie", "confirmed")]),
        ),
        scenario(
            "The same confirmation sent once more leaves no second entry.",
            given=CONFIRMED,
            when=again(),
            then=accepted(),
        ),
        scenario(
            "A mandate on paper is confirmed by two pharmacists: the second makes it whole.",
            given=[*DEVICELESS, names("claire", **PAPER), confirms("claire")],
            when=confirms("hugo"),
            then=accepted(CONFIRMED_ENTRY, also=[others_hear("claire", "confirmed")]),
        ),
        scenario(
            "A guardian is confirmed by two pharmacists: the second makes it whole.",
            given=[*STAFFED, names("claire", **GUARDIAN), confirms("claire")],
            when=confirms("hugo"),
            then=accepted(CONFIRMED_ENTRY, also=[others_hear("claire", "confirmed")]),
        ),
        scenario(
            "Of a mandate on paper one pharmacist's word alone confirms nothing yet.",
            given=[*DEVICELESS, names("claire", **PAPER)],
            when=confirms("claire"),
            then=accepted(CONFIRMED_ENTRY, also=[others_hear("hugo", "proposed")]),
        ),
        scenario(
            "The same pharmacist's second word on a paper is not a second pharmacist's.",
            given=[*DEVICELESS, names("claire", **PAPER), confirms("claire")],
            when=confirms("claire", heard_alone=True),
            then=refused("E_FOUR_EYES"),
        ),
        scenario(
            "A technician confirms nobody.",
            given=STAFFED_NAMED,
            when=confirms("lea"),
            then=refused("E_ROLE"),
        ),
        scenario(
            "A patient does not confirm his own carer.",
            given=NAMED,
            when=confirms("jean"),
            then=refused("E_ROLE"),
        ),
        scenario(
            "A carer does not confirm herself.",
            given=NAMED,
            when=confirms("sophie"),
            then=refused("E_ROLE", about=False),
        ),
        scenario(
            "A pharmacist who is not in the conversation learns nothing of it.",
            given=[*NAMED, comes("hugo")],
            when=confirms("hugo"),
            then=refused("E_NOT_FOUND", about=False),
        ),
        scenario(
            "A pharmacist of another pharmacy learns nothing of it.",
            given=[*NAMED, comes("paul")],
            when=confirms("paul"),
            then=refused("E_NOT_FOUND", about=False),
        ),
        scenario(
            "A confirmation that another pharmacist signed is refused.",
            given=STAFFED_NAMED,
            when=confirms("claire", key="hugo"),
            then=refused("E_SIGNATURE"),
        ),
        scenario(
            "A confirmation in a colleague's name is refused.",
            given=STAFFED_NAMED,
            when=confirms("claire", in_name_of="hugo"),
            then=refused("E_SIGNATURE"),
        ),
        scenario(
            "A confirmation of another text than the one proposed is stale.",
            given=NAMED,
            when=confirms(delegation_hash=bytes(32)),
            then=refused("E_STALE_CONFIRMATION"),
        ),
        scenario(
            "A pharmacist cannot widen a delegation by confirming a wider one.",
            given=NAMED,
            when=confirms(of={"scopes": tuple(sorted((READ, SEND, CALL, "sensitive.read")))}),
            then=refused("E_STALE_CONFIRMATION"),
        ),
        scenario(
            "A confirmation of a delegation that is not here finds nothing.",
            given=NAMED,
            when=confirms_unknown(),
            then=refused("E_NOT_FOUND"),
        ),
        scenario(
            "A confirmation dated three minutes ahead is refused, with the hub's time.",
            given=NAMED,
            when=confirms(at=180 * SECONDS),
            then=refused("E_CLOCK"),
        ),
        scenario(
            "A confirmation dated three minutes back is refused, with the hub's time.",
            given=NAMED,
            when=confirms(at=-180 * SECONDS),
            then=refused("E_CLOCK"),
        ),
        scenario(
            "What the patient withdrew before it was confirmed is not confirmed any more.",
            given=[*NAMED, revokes()],
            when=confirms(),
            then=refused("E_ALREADY_ENDED"),
        ),
        scenario(
            "What ran out before it was confirmed is not confirmed any more.",
            given=[*HERE, names(lasts=60 * SECONDS), passes(60)],
            when=confirms(),
            then=refused("E_ALREADY_ENDED", moves=True),
        ),
    ),
)

ACCEPTING = Area(
    "Accepting",
    (
        scenario(
            "The carer accepts the duties.",
            given=CONFIRMED,
            when=accepts(),
            then=accepted(ACCEPTED_ENTRY),
        ),
        scenario(
            "The same acceptance sent once more leaves no second entry.",
            given=ACCEPTED,
            when=again(),
            then=accepted(),
        ),
        scenario(
            "Once it is accepted, a pharmacist's device is asked to let the carer in.",
            given=CONFIRMED,
            when=accepts(),
            then=accepted(ACCEPTED_ENTRY, also=[asked_to_commit("claire")]),
        ),
        scenario(
            "A carer cannot accept what no pharmacist has confirmed, nor learn that it is there.",
            given=[*NAMED, comes("sophie")],
            when=accepts(),
            then=refused("E_NOT_FOUND", about=False),
        ),
        scenario(
            "A guardian cannot accept what only one of two pharmacists has confirmed.",
            given=[*STAFFED, names("claire", **GUARDIAN), confirms("claire")],
            when=accepts(),
            then=refused("E_NOT_FOUND", about=False),
        ),
        scenario(
            "The patient does not accept in the carer's place.",
            given=CONFIRMED,
            when=accepts("jean"),
            then=refused("E_ROLE"),
        ),
        scenario(
            "The pharmacist does not accept in the carer's place.",
            given=CONFIRMED,
            when=accepts("claire"),
            then=refused("E_ROLE"),
        ),
        scenario(
            "An acceptance that somebody else signed is refused.",
            given=CONFIRMED,
            when=accepts(key="jean"),
            then=refused("E_SIGNATURE"),
        ),
        scenario(
            "An acceptance of another text is refused.",
            given=CONFIRMED,
            when=accepts(delegation_hash=bytes(32)),
            then=refused("E_NOT_ACCEPTED"),
        ),
        scenario(
            "An acceptance dated three minutes ahead is refused, with the hub's time.",
            given=CONFIRMED,
            when=accepts(at=180 * SECONDS),
            then=refused("E_CLOCK"),
        ),
        scenario(
            "What the patient withdrew is not accepted any more.",
            given=[*CONFIRMED, revokes()],
            when=accepts(),
            then=refused("E_DELEGATION_REVOKED"),
        ),
        scenario(
            "What a pharmacist suspended is not accepted any more.",
            given=[*CONFIRMED, suspends()],
            when=accepts(),
            then=refused("E_DELEGATION_SUSPENDED"),
        ),
        scenario(
            "What ran out is not accepted any more.",
            given=[*HERE, names(lasts=60 * SECONDS), confirms(), comes("sophie"), passes(60)],
            when=accepts(),
            then=refused("E_DELEGATION_EXPIRED", moves=True),
        ),
    ),
)

LETTING_IN = Area(
    "Letting the carer in",
    (
        scenario(
            "A pharmacist's device lets the carer in: the document and the place in one commit.",
            given=ACCEPTED,
            when=lets_in("claire"),
            then=accepted(*LET_IN),
        ),
        scenario(
            "A technician's device lets the carer in.",
            given=[*STAFFED_NAMED, confirms(), accepts()],
            when=lets_in("lea"),
            then=accepted(*LET_IN),
        ),
        scenario(
            "The patient's device lets the carer in.",
            given=ACCEPTED,
            when=lets_in("jean"),
            then=accepted(*LET_IN),
        ),
        scenario(
            "A carer by two pharmacists' word on paper is let in.",
            given=[
                *DEVICELESS,
                names("claire", **PAPER),
                confirms("claire"),
                confirms("hugo"),
                accepts(),
            ],
            when=lets_in("claire"),
            then=accepted(*LET_IN),
        ),
        scenario(
            "A carer named anew after the end is let in by the new document.",
            given=NAMED_ANEW,
            when=lets_in("claire"),
            then=accepted(*LET_IN),
        ),
        scenario(
            "A carer's key packages are claimed once she has accepted.",
            given=ACCEPTED,
            when=claims("claire", "sophie"),
            then=accepted("key_package.claimed"),
        ),
        scenario(
            "A carer's key packages are not claimed before she has accepted.",
            given=[*CONFIRMED, comes("sophie")],
            when=claims("claire", "sophie"),
            then=refused("E_NOT_ACCEPTED"),
        ),
        scenario(
            "A stranger's key packages are not claimed.",
            given=[*HERE, comes("sophie")],
            when=claims("claire", "sophie"),
            then=refused("E_TENANT"),
        ),
        scenario(
            "A carer is not added by a commit that says nothing of a delegation.",
            given=ACCEPTED,
            when=lets_in("claire", without="document"),
            then=refused("E_NO_DELEGATION"),
        ),
        scenario(
            "A delegation does not come into force without the carer's place.",
            given=ACCEPTED,
            when=lets_in("claire", without="place"),
            then=refused("E_POLICY"),
        ),
        scenario(
            "A commit cannot widen the document on its way into the group.",
            given=ACCEPTED,
            when=lets_in("claire", wider=True),
            then=refused("E_SIGNATURE"),
        ),
        scenario(
            "A commit without the pharmacist's confirmation lets nobody in.",
            given=ACCEPTED,
            when=lets_in("claire", without="confirmation"),
            then=refused("E_NOT_CONFIRMED"),
        ),
        scenario(
            "A commit without the carer's acceptance lets nobody in.",
            given=ACCEPTED,
            when=lets_in("claire", without="acceptance"),
            then=refused("E_NOT_ACCEPTED"),
        ),
        scenario(
            "A commit cannot raise the number of changes by two.",
            given=ACCEPTED,
            when=lets_in("claire", number=2),
            then=refused("E_POLICY"),
        ),
        scenario(
            "A commit that lets a carer in cannot change the conversation's own rules.",
            given=ACCEPTED,
            when=lets_in("claire", rules=True),
            then=refused("E_POLICY"),
        ),
        scenario(
            "A commit dated three minutes ahead is refused, with the hub's time.",
            given=ACCEPTED,
            when=lets_in("claire", at=180 * SECONDS),
            then=refused("E_CLOCK"),
        ),
        scenario(
            "A commit dated before the one that stands is refused, with the hub's time.",
            given=[*ACCEPTED, passes(1)],
            when=lets_in("claire", at=-60 * SECONDS),
            then=refused("E_CLOCK"),
        ),
        scenario(
            "A carer's key packages are not claimed before her time.",
            given=[*HERE, names(begins=DAY, lasts=2 * DAY), confirms(), accepts()],
            when=claims("claire", "sophie"),
            then=refused("E_PERIOD"),
        ),
        scenario(
            "A carer asks for nobody's key packages, her own second device's neither.",
            given=[*ACTIVE, comes("second sophie")],
            when=claims("sophie", "sophie"),
            then=refused("E_ROLE"),
        ),
        scenario(
            "A key package that was used lets nobody in a second time.",
            given=OVER,
            when=lets_in("claire", again=True, former="beside"),
            then=refused("E_KEY_PACKAGE_USED"),
        ),
        scenario(
            "A delegation that ended is not brought back beside its tombstone.",
            given=NAMED_ANEW,
            when=lets_in("claire", former="beside"),
            then=refused("E_ALREADY_ENDED", reason="brought_back"),
        ),
        scenario(
            "A delegation that ended is not brought back in the place of its tombstone.",
            given=NAMED_ANEW,
            when=lets_in("claire", former="in place"),
            then=refused("E_ALREADY_ENDED", reason="brought_back"),
        ),
    ),
)
