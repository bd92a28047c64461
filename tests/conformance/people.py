"""Who somebody is: identities, staff, devices, account keys; and who sees who saw what."""

from __future__ import annotations

from tests.conformance.acts import writes
from tests.conformance.checks import rows_say
from tests.conformance.groups import founds
from tests.conformance.life import comes, revokes
from tests.conformance.persons import (
    asks_carers,
    asks_code,
    asks_devices,
    asks_identities,
    asks_link,
    asks_recovery,
    asks_staff,
    certifies_device,
    certifies_staff,
    consistency,
    decertified,
    enrols,
    keeps_recovery,
    links_carer,
    lists_accesses,
    publishes,
    retires,
    revokes_account,
    uncertified,
    unknown,
)
from tests.conformance.scenario import Area, accepted, refused, scenario
from tests.conformance.states import ACTIVE, HERE, OVER, READER, STRANGER

IDENTITIES = Area(
    "Identities",
    (
        scenario(
            "A person's first device enrols an account key and gets a certificate.",
            given=[unknown("jean"), uncertified("jean")],
            when=enrols("bare jean"),
            then=accepted("identity.issued"),
        ),
        scenario(
            "The same key once more gets the same certificate and no second entry.",
            given=[comes("jean")],
            when=enrols("jean"),
            then=accepted(),
        ),
        scenario(
            "Another key for the same person is refused.",
            given=[comes("jean")],
            when=enrols("jean", key="nobody"),
            then=refused("E_IDENTITY_TAKEN", about=False),
        ),
        scenario(
            "An enrolment in somebody else's name is refused.",
            given=[unknown("jean"), uncertified("jean")],
            when=enrols("bare jean", person="sophie"),
            then=refused("E_IDENTITY", about=False),
        ),
        scenario(
            "An enrolment that the key itself did not sign is refused.",
            given=[unknown("jean"), uncertified("jean")],
            when=enrols("bare jean", forged=True),
            then=refused("E_SIGNATURE", about=False),
        ),
        scenario(
            "An enrolment at another deployment is refused.",
            given=[unknown("jean"), uncertified("jean")],
            when=enrols("bare jean", deployment="elsewhere.example"),
            then=refused("E_IDENTITY", about=False),
        ),
        scenario(
            "A device that its person's account key names is certified.",
            given=[unknown("jean"), uncertified("jean"), enrols("bare jean")],
            when=certifies_device("bare jean"),
            then=accepted("device.certified"),
        ),
        scenario(
            "A device certificate by another account key is refused.",
            given=[unknown("jean"), uncertified("jean"), enrols("bare jean"), comes("sophie")],
            when=certifies_device("bare jean", key="sophie"),
            then=refused("E_SIGNATURE", about=False),
        ),
        scenario(
            "A device certificate for another signature key is refused.",
            given=[unknown("jean"), uncertified("jean"), enrols("bare jean")],
            when=certifies_device("bare jean", signature_key=bytes(32)),
            then=refused("E_IDENTITY", about=False),
        ),
        scenario(
            "A device without a certificate publishes no key packages.",
            given=[uncertified("jean")],
            when=publishes("bare jean"),
            then=refused("E_DEVICE_CERTIFICATE", about=False),
        ),
        scenario(
            "A device without a certificate writes nothing.",
            given=[*HERE, uncertified("jean")],
            when=writes("bare jean", plain=True),
            then=refused("E_DEVICE_CERTIFICATE", about=False),
        ),
        scenario(
            "A second device of a person asks the first to be let in.",
            given=[comes("jean"), uncertified("jean")],
            when=asks_link("bare jean"),
            then=accepted(),
        ),
        scenario(
            "A person lists their own devices, and sees which ones wait.",
            given=[comes("jean"), uncertified("jean"), asks_link("bare jean")],
            when=asks_devices("jean"),
            then=accepted(),
        ),
        scenario(
            "The recovery blob is kept for its own person.",
            given=[comes("jean")],
            when=keeps_recovery("jean"),
            then=accepted(),
        ),
        scenario(
            "Nobody is given a recovery blob that was never kept.",
            given=[comes("jean")],
            when=asks_recovery("jean"),
            then=refused("E_NOT_FOUND", about=False),
        ),
        scenario(
            "A carer is given no recovery blob of the patient's.",
            given=[comes("jean"), keeps_recovery("jean"), comes("sophie")],
            when=asks_recovery("sophie"),
            then=refused("E_NOT_FOUND", about=False),
        ),
        scenario(
            "A person gives up one of their devices by their account key.",
            given=[comes("jean"), comes("second jean")],
            when=retires("jean", "second jean"),
            then=accepted("device.retired"),
        ),
        scenario(
            "Nobody gives up somebody else's device.",
            given=[comes("jean"), comes("sophie")],
            when=retires("sophie", "jean"),
            then=refused("E_POLICY", reason="unknown_device", about=False),
        ),
        scenario(
            "A carer asks who the patient is, and is shown the certificate and its proof.",
            given=ACTIVE,
            when=asks_identities("sophie", "jean", shown=["jean"]),
            then=accepted(),
        ),
        scenario(
            "A carer who asks for another patient is shown nothing.",
            given=[*ACTIVE, comes("rose")],
            when=asks_identities("sophie", "rose", shown=[]),
            then=accepted(),
        ),
        scenario(
            "A carer asks for no list of the staff.",
            given=ACTIVE,
            when=asks_staff("sophie"),
            then=refused("E_ROLE", about=False),
        ),
    ),
)

STAFF = Area(
    "Staff",
    (
        scenario(
            "The owner certifies a colleague.",
            given=[comes("claire"), comes("hugo")],
            when=certifies_staff("claire", "hugo"),
            then=accepted("staff.certified"),
        ),
        scenario(
            "A deputy certifies nobody.",
            given=[comes("hugo"), comes("lea")],
            when=certifies_staff("hugo", "lea"),
            then=refused("E_ROLE", about=False),
        ),
        scenario(
            "The owner cannot certify a carer as staff.",
            given=[comes("claire"), comes("sophie")],
            when=certifies_staff("claire", "sophie"),
            then=refused("E_ROLE", about=False),
        ),
        scenario(
            "The owner of another pharmacy certifies nobody here.",
            given=[comes("paul"), comes("hugo")],
            when=certifies_staff("paul", "hugo"),
            then=refused("E_TENANT", about=False),
        ),
        scenario(
            "A staff certificate that the owner did not sign is refused.",
            given=[comes("claire"), comes("hugo")],
            when=certifies_staff("claire", "hugo", key="hugo"),
            then=refused("E_SIGNATURE", about=False),
        ),
        scenario(
            "A staff certificate for another account key is refused.",
            given=[comes("claire"), comes("hugo")],
            when=certifies_staff("claire", "hugo", aik=bytes(32)),
            then=refused("E_IDENTITY", about=False),
        ),
        scenario(
            "A staff certificate that makes a technician a pharmacist is refused.",
            given=[comes("claire"), comes("lea")],
            when=certifies_staff("claire", "lea", role="pharmacist"),
            then=refused("E_IDENTITY", about=False),
        ),
        scenario(
            "A pharmacist whom the owner has not certified founds no conversation.",
            given=[comes("jean"), decertified("hugo"), comes("hugo")],
            when=founds("hugo"),
            then=refused("E_STAFF_CERTIFICATE", about=False),
        ),
        scenario(
            "One pharmacist's word that an account key is lost waits for another's.",
            given=[comes("claire"), comes("hugo"), comes("jean")],
            when=revokes_account("claire", "jean"),
            then=accepted("account.revocation_proposed"),
        ),
        scenario(
            "Two pharmacists' word carries it out.",
            given=[
                comes("claire"),
                comes("hugo"),
                comes("jean"),
                revokes_account("claire", "jean"),
            ],
            when=revokes_account("hugo", "jean"),
            then=accepted("account.revoked"),
        ),
        scenario(
            "The same pharmacist's word said twice is still one.",
            given=[comes("claire"), comes("jean"), revokes_account("claire", "jean")],
            when=revokes_account("claire", "jean"),
            then=accepted(),
        ),
        scenario(
            "A technician revokes no account.",
            given=[comes("lea"), comes("jean")],
            when=revokes_account("lea", "jean"),
            then=refused("E_ROLE", about=False),
        ),
        scenario(
            "A pharmacist of another pharmacy revokes no account here.",
            given=[comes("paul"), comes("jean")],
            when=revokes_account("paul", "jean"),
            then=refused("E_TENANT", about=False),
        ),
    ),
)

CARERS = Area(
    "Who can be named",
    (
        scenario(
            "A patient is shown the carers declared as close to him.",
            given=[comes("jean"), comes("sophie")],
            when=asks_carers("jean", shown=["sophie"]),
            then=accepted(),
        ),
        scenario(
            "A patient of another pharmacy is not shown them.",
            given=[comes("rose"), comes("sophie")],
            when=asks_carers("rose", shown=[]),
            then=accepted(),
        ),
        scenario(
            "A pharmacist is shown a patient's carers.",
            given=[comes("claire"), comes("sophie")],
            when=asks_carers("claire", patient="jean", shown=["sophie"]),
            then=accepted(),
        ),
        scenario(
            "A carer is shown no carers.",
            given=[comes("sophie")],
            when=asks_carers("sophie"),
            then=refused("E_ROLE", about=False),
        ),
        scenario(
            "A carer is given a code to tell the patient.",
            given=[comes("sophie")],
            when=asks_code("sophie"),
            then=accepted(),
        ),
        scenario(
            "A patient has no carer's code.",
            given=[comes("jean")],
            when=asks_code("jean"),
            then=refused("E_ROLE", about=False),
        ),
        scenario(
            "A patient who has the code of a carer can name that carer.",
            given=[comes("jean"), comes("sophie"), asks_code("sophie")],
            when=links_carer("jean"),
            then=accepted("carer.linked"),
        ),
        scenario(
            "A code that nobody was given links nobody.",
            given=[comes("jean"), comes("sophie")],
            when=links_carer("jean", code="AAAAA-AAAAA"),
            then=refused("E_CARER_CODE", about=False),
        ),
        scenario(
            "A code is used once.",
            given=[comes("jean"), comes("sophie"), asks_code("sophie"), links_carer("jean")],
            when=links_carer("jean"),
            then=refused("E_CARER_CODE", about=False),
        ),
    ),
)

ACCESSES = Area(
    "« Qui a vu quoi »",
    (
        scenario(
            "The patient reads every act of the carer, newest first.",
            given=[*ACTIVE, writes()],
            when=lists_accesses("jean"),
            then=accepted(also=[rows_say("message.sent", "sophie", permit=True)]),
        ),
        scenario(
            "The patient reads what was refused to the carer, with the rule.",
            given=READER,
            when=writes(),
            then=refused("E_SCOPE", also=[rows_say("act.refused", "sophie", permit=False)]),
        ),
        scenario(
            "The patient reads who ended the delegation.",
            given=OVER,
            when=lists_accesses("jean"),
            then=accepted(also=[rows_say("delegation.revoked", "jean", permit=True)]),
        ),
        scenario(
            "A refusal outside of any delegation is not the patient's to read.",
            given=[*STRANGER],
            when=writes(plain=True),
            then=refused("E_NOT_FOUND", about=False),
        ),
        scenario(
            "A carer reads no list of accesses.",
            given=ACTIVE,
            when=lists_accesses("sophie"),
            then=refused("E_ROLE", about=False),
        ),
        scenario(
            "A pharmacist reads no patient's list of accesses.",
            given=ACTIVE,
            when=lists_accesses("claire"),
            then=refused("E_ROLE", about=False),
        ),
        scenario(
            "Another patient's list says nothing of it.",
            given=[*ACTIVE, writes(), comes("rose")],
            when=lists_accesses("rose", empty=True),
            then=accepted(),
        ),
        scenario(
            "A carer proves that the log she saw is the beginning of the one that stands.",
            given=[*ACTIVE, writes()],
            when=consistency("sophie"),
            then=accepted(),
        ),
        scenario(
            "No proof is made of a log that never was.",
            given=ACTIVE,
            when=consistency("sophie", second=10_000_000),
            then=refused("E_NOT_FOUND", about=False),
        ),
        scenario(
            "After her end a carer is given no proofs any more.",
            given=[*ACTIVE, revokes()],
            when=consistency("sophie"),
            then=refused("E_DELEGATION_REVOKED", about=False),
        ),
    ),
)
