"""Naming a carer: `delegation.propose`."""

from __future__ import annotations

from typing import Any

from signaling import frames
from tests.conformance.checks import others_hear
from tests.conformance.life import (
    a_conversation,
    again,
    comes,
    garbage,
    names,
    passes,
    resigns,
    sweeps,
)
from tests.conformance.persons import uncertified
from tests.conformance.scenario import Area, accepted, refused, scenario
from tests.conformance.states import ACTIVE, CONFIRMED, DEVICELESS, HERE, NAMED, OVER
from tests.conformance.world import CALL, DAY, READ, SEND
from tests.server.house import SECONDS

PROPOSED = "delegation.proposed"
PAPER: dict[str, Any] = {"mandate": "paper", "key": None}
GUARDIAN: dict[str, Any] = {
    "mandate": "evidence",
    "key": None,
    "legal_basis": "guardianship_person",
    "evidence": bytes(range(32)),
    "issuer": b"Tribunal judiciaire de Lille",
}

AREA = Area(
    "Naming a carer",
    (
        # What a patient may do
        scenario(
            "A patient names a carer for one conversation, some scopes and a period.",
            given=HERE,
            when=names(),
            then=accepted(PROPOSED),
        ),
        scenario(
            "The pharmacist in the conversation is told at once that a carer was named.",
            given=HERE,
            when=names(),
            then=accepted(PROPOSED, also=[others_hear("claire", "proposed")]),
        ),
        scenario(
            "The carer is told nothing before a pharmacist has confirmed.",
            given=[*HERE, comes("sophie")],
            when=names(),
            then=accepted(PROPOSED, also=[others_hear("sophie", None)]),
        ),
        scenario(
            "The same document sent once more leaves one entry and no second delegation.",
            given=NAMED,
            when=again(),
            then=accepted(),
        ),
        scenario(
            "A delegation may last 365 days.",
            given=HERE,
            when=names(lasts=365 * DAY),
            then=accepted(PROPOSED),
        ),
        scenario(
            "A delegation may allow nothing but reading.",
            given=HERE,
            when=names(scopes=(READ,)),
            then=accepted(PROPOSED),
        ),
        scenario(
            "A delegation may begin later.",
            given=HERE,
            when=names(begins=DAY),
            then=accepted(PROPOSED),
        ),
        scenario(
            "A patient may name a carer in a thread with the pharmacy.",
            given=[a_conversation("care_thread")],
            when=names(),
            then=accepted(PROPOSED),
        ),
        scenario(
            "After its end a carer may be named anew, by a new document.",
            given=OVER,
            when=names(),
            then=accepted(PROPOSED),
        ),
        scenario(
            "A carer who resigned may be named anew.",
            given=[*ACTIVE, resigns()],
            when=names(),
            then=accepted(PROPOSED),
        ),
        scenario(
            "A pharmacist brings a mandate that the patient signed on paper.",
            given=DEVICELESS,
            when=names("claire", **PAPER),
            then=accepted(PROPOSED),
        ),
        scenario(
            "A pharmacist brings the judgment that names a guardian.",
            given=HERE,
            when=names("claire", **GUARDIAN),
            then=accepted(PROPOSED),
        ),
        # Who
        scenario(
            "A patient cannot be his own carer.",
            given=HERE,
            when=names(grantee="jean"),
            then=refused("E_SELF_DELEGATION"),
        ),
        scenario(
            "A carer cannot pass on what was given to her.",
            given=ACTIVE,
            when=names("sophie", grantor="sophie", grantee="sophie", key="sophie"),
            then=refused("E_SUB_DELEGATION"),
        ),
        scenario(
            "A carer cannot name somebody in the patient's name.",
            given=ACTIVE,
            when=names("sophie", key="sophie"),
            then=refused("E_SUB_DELEGATION"),
        ),
        scenario(
            "A delegation of somebody who is not this conversation's patient is nobody's to make.",
            given=HERE,
            when=names(grantor="claire", key="claire"),
            then=refused("E_SUB_DELEGATION"),
        ),
        scenario(
            "A pharmacist cannot be a patient's carer.",
            given=HERE,
            when=names(grantee="claire"),
            then=refused("E_STAFF_GRANTEE"),
        ),
        scenario(
            "A technician cannot be a patient's carer.",
            given=HERE,
            when=names(grantee="lea"),
            then=refused("E_STAFF_GRANTEE"),
        ),
        scenario(
            "A pharmacist of another pharmacy cannot be a patient's carer either.",
            given=HERE,
            when=names(grantee="paul"),
            then=refused("E_TENANT"),
        ),
        scenario(
            "A patient of another pharmacy cannot be named.",
            given=HERE,
            when=names(grantee="rose"),
            then=refused("E_TENANT"),
        ),
        scenario(
            "A technician brings no mandate: checking it is a pharmacist's act.",
            given=[*HERE, comes("lea")],
            when=names("lea", **PAPER),
            then=refused("E_ROLE", about=False, leaves=["act.refused"]),
        ),
        scenario(
            "A pharmacist cannot sign for the patient.",
            given=HERE,
            when=names("claire", key="claire"),
            then=refused("E_ROLE"),
        ),
        scenario(
            "A patient alone brings no mandate on paper.",
            given=HERE,
            when=names(**PAPER),
            then=refused("E_ROLE"),
        ),
        scenario(
            "A patient who is not in the conversation learns nothing of it.",
            given=[*HERE, comes("rose")],
            when=names("rose", grantor="rose", key="rose"),
            then=refused("E_NOT_FOUND", about=False),
        ),
        # What the document says
        scenario(
            "A document that somebody else signed is refused.",
            given=HERE,
            when=names(key="sophie"),
            then=refused("E_SIGNATURE"),
        ),
        scenario(
            "A document that nobody signed is refused, where the patient has a device.",
            given=HERE,
            when=names(key=None),
            then=refused("E_SIGNATURE"),
        ),
        scenario(
            "Bytes that are no document are refused.",
            given=HERE,
            when=garbage("jean", frames.ProposeDelegation, delegation=b"no document"),
            then=refused("E_MALFORMED", leaves=[]),
        ),
        scenario(
            "A document for another deployment is refused.",
            given=HERE,
            when=names(deployment="elsewhere.example"),
            then=refused("E_NO_DELEGATION"),
        ),
        scenario(
            "A document for another conversation says nothing in this one.",
            given=HERE,
            when=names(conversation=bytes(16)),
            then=refused("E_NO_DELEGATION"),
        ),
        scenario(
            "A document that gives the carer another account key is refused.",
            given=HERE,
            when=names(grantee_aik=bytes(32)),
            then=refused("E_IDENTITY"),
        ),
        scenario(
            "A document that gives the patient another account key is refused.",
            given=HERE,
            when=names(grantor_aik=bytes(32)),
            then=refused("E_IDENTITY"),
        ),
        scenario(
            "A delegation that ends before it begins is refused.",
            given=HERE,
            when=names(lasts=-SECONDS),
            then=refused("E_PERIOD"),
        ),
        scenario(
            "A delegation that ends at the instant it begins is refused.",
            given=HERE,
            when=names(lasts=0),
            then=refused("E_PERIOD"),
        ),
        scenario(
            "A delegation that is over already is refused.",
            given=HERE,
            when=names(begins=-2 * DAY, lasts=DAY),
            then=refused("E_PERIOD"),
        ),
        scenario(
            "A delegation of 365 days and a second is refused.",
            given=HERE,
            when=names(lasts=365 * DAY + SECONDS),
            then=refused("E_PERIOD_TOO_LONG"),
        ),
        scenario(
            "A scope that nobody knows is refused.",
            given=HERE,
            when=names(scopes=(READ, "conversation.delete")),
            then=refused("E_UNKNOWN_SCOPE"),
        ),
        scenario(
            "A delegation without scopes is refused.",
            given=HERE,
            when=names(scopes=()),
            then=refused("E_SCOPE"),
        ),
        scenario(
            "A delegation without reading is refused: a place in the group reads.",
            given=HERE,
            when=names(scopes=(SEND, CALL)),
            then=refused("E_SCOPE"),
        ),
        scenario(
            "A patient's mandate does not let a carer decide.",
            given=HERE,
            when=names(scopes=(READ, "decide.final")),
            then=refused("E_LEGAL_BASIS"),
        ),
        scenario(
            "A legal basis that nobody knows is refused.",
            given=HERE,
            when=names(legal_basis="good_will"),
            then=refused("E_LEGAL_BASIS"),
        ),
        scenario(
            "A carer in fact has no place in a group.",
            given=HERE,
            when=names(legal_basis="de_facto_carer", scopes=(READ,)),
            then=refused("E_LEGAL_BASIS"),
        ),
        scenario(
            "A guardian is not made by the patient's signature.",
            given=HERE,
            when=names(legal_basis="guardianship_person"),
            then=refused("E_LEGAL_BASIS"),
        ),
        scenario(
            "A guardian without the judgment's hash is refused.",
            given=HERE,
            when=names("claire", **GUARDIAN | {"evidence": b""}),
            then=refused("E_EVIDENCE"),
        ),
        scenario(
            "A guardian without the name of who issued the judgment is refused.",
            given=HERE,
            when=names("claire", **GUARDIAN | {"issuer": b""}),
            then=refused("E_EVIDENCE"),
        ),
        # When
        scenario(
            "A second delegation for the same carer is refused while the first is proposed.",
            given=NAMED,
            when=names(),
            then=refused("E_DUPLICATE_DELEGATION"),
        ),
        scenario(
            "A second delegation for the same carer is refused while the first is active.",
            given=ACTIVE,
            when=names(),
            then=refused("E_DUPLICATE_DELEGATION"),
        ),
        scenario(
            "Speaking alone to one's pharmacy takes no carer.",
            given=[a_conversation("private_aside")],
            when=names(),
            then=refused("E_KIND"),
        ),
        scenario(
            "A device without a certificate signs for nobody.",
            given=[*HERE, uncertified("jean")],
            when=names("bare jean"),
            then=refused("E_DEVICE_CERTIFICATE", about=False),
        ),
        scenario(
            "A confirmed document cannot be replaced by a wider one under its own number.",
            given=CONFIRMED,
            when=names(same_id=True, scopes=(READ, SEND, CALL, "sensitive.read")),
            then=refused("E_ID_REUSED"),
        ),
        scenario(
            "A document whose period is over is not proposed once more.",
            given=[*HERE, names(lasts=60 * SECONDS), passes(60), sweeps()],
            when=again(),
            then=refused("E_ID_REUSED"),
        ),
    ),
)
