"""What people do about who they are: keys, certificates, colleagues, carers, accesses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from crypto.policy.statements import (
    AccountRevocation,
    DeviceCertificate,
    DeviceRevocation,
    Enrolment,
    StaffCertificate,
    sign,
)
from server.domain.audit import LogClass
from signaling import frames
from signaling.frames import Ok
from tests.conformance.scenario import Answer, Step
from tests.conformance.world import DAY, World
from tests.server.accounts import DEPLOYMENT
from tests.server.house import PEOPLE

ROLES = {"hugo": "pharmacist", "lea": "technician"}


def _asks(by: str, kind: type[Any], **fields: Any) -> Step:
    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        return await world.ask(peer, kind, **fields)

    return step


def uncertified(slug: str) -> Step:
    """Somebody comes with a device that has no certificate."""

    async def step(world: World) -> Answer:
        peer = await world.peer(f"bare {slug}")
        return await world.ask(peer, frames.Ping)

    return step


def unknown(slug: str) -> Step:
    """Somebody never enrolled an account key: the builders' house has everybody's."""

    async def step(world: World) -> Answer:
        world.house.run(f"DELETE FROM identity_certificate WHERE person = '{world.id_of(slug)}'")
        return Ok(id="-", now=world.now)

    return step


def decertified(slug: str) -> Step:
    """The owner never certified somebody of the staff."""

    async def step(world: World) -> Answer:
        world.house.run(f"DELETE FROM staff_certificate WHERE person = '{world.id_of(slug)}'")
        return Ok(id="-", now=world.now)

    return step


def enrols(by: str, *, key: str = "", forged: bool = False, **changes: Any) -> Step:
    """A device enrols an account key."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        own = world.stray if key == "nobody" else world.account(by).key
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "person": world.person(changes.pop("person", by)),
            "aik": own.public,
        }
        signer = world.stray if forged else own
        statement = sign(Enrolment(**said | changes), signer)
        return await world.ask(peer, frames.EnrolIdentity, statement=statement)

    return step


def certifies_device(by: str, *, key: str = "", **changes: Any) -> Step:
    """A device brings its certificate."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "person": world.person(by),
            "device": UUID(peer.device).bytes,
            "signature_key": peer.signature_key,
            "not_before_us": world.now,
            "not_after_us": world.now + 365 * DAY,
        }
        certificate = sign(DeviceCertificate(**said | changes), world.account(key or by).key)
        return await world.ask(peer, frames.CertifyDevice, certificate=certificate)

    return step


def publishes(by: str) -> Step:
    """A device publishes key packages."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        # Those of somebody who has a certificate: what is judged is who sends them.
        jean = await world.peer("jean")
        return await world.ask(peer, frames.PublishKeyPackages, packages=jean.key_packages(1))

    return step


def asks_link(by: str) -> Step:
    """A device asks to be let in."""
    return _asks(by, frames.AskLink, init_key=bytes(range(32)))


def asks_devices(by: str) -> Step:
    """Somebody asks for their own devices."""
    return _asks(by, frames.ListDevices)


def keeps_recovery(by: str) -> Step:
    """Somebody stores the account key, wrapped."""
    return _asks(by, frames.KeepRecovery, blob=bytes(range(60)))


def asks_recovery(by: str) -> Step:
    """Somebody asks for what was stored."""
    return _asks(by, frames.AskRecovery)


def retires(by: str, device: str) -> Step:
    """Somebody gives a device up, by their own account key."""

    async def step(world: World) -> Answer:
        peer, gone = await world.peer(by), await world.peer(device)
        said = DeviceRevocation(
            deployment=DEPLOYMENT,
            person=world.person(by),
            device=UUID(gone.device).bytes,
            at_us=world.now,
        )
        statement = sign(said, await world.aik(by))
        return await world.ask(peer, frames.RetireDevice, statement=statement)

    return step


def asks_identities(by: str, *of: str, shown: Sequence[str]) -> Step:
    """Somebody asks for certificates, and must be shown exactly these people's."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        answer = await world.ask(
            peer, frames.ListIdentities, persons=[world.id_of(one) for one in of]
        )
        if isinstance(answer, Ok):
            rows = (answer.result or {})["identities"]
            assert [row["person"] for row in rows] == [world.id_of(one) for one in shown]
        return answer

    return step


# Staff


def asks_staff(by: str) -> Step:
    """Somebody asks who the staff is."""
    return _asks(by, frames.ListStaff)


def certifies_staff(by: str, whom: str, *, key: str = "", **changes: Any) -> Step:
    """Somebody certifies a colleague."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "person": world.person(whom),
            "aik": (await world.aik(whom)).public,
            "role": ROLES.get(whom, "pharmacist"),
            "pharmacy": PEOPLE[by].tenant,
            "not_before_us": world.now,
            # Another end than the builders': a certificate of its own.
            "not_after_us": world.now + 100 * DAY,
        }
        certificate = sign(StaffCertificate(**said | changes), await world.aik(key or by))
        return await world.ask(peer, frames.CertifyStaff, certificate=certificate)

    return step


def revokes_account(by: str, whom: str) -> Step:
    """A pharmacist says that somebody's account key is lost."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        said = AccountRevocation(
            deployment=DEPLOYMENT,
            person=world.person(whom),
            aik=(await world.aik(whom)).public,
            reason="lost",
            at_us=world.now,
        )
        return await world.ask(
            peer, frames.RevokeAccount, statement=sign(said, await world.aik(by))
        )

    return step


# Carers


def asks_carers(by: str, *, patient: str = "", shown: Sequence[str] = ()) -> Step:
    """Somebody asks who can be named, and must be shown exactly these."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        whose = world.id_of(patient) if patient else None
        answer = await world.ask(peer, frames.ListCarers, patient=whose)
        if isinstance(answer, Ok):
            rows = (answer.result or {})["carers"]
            assert [row["person"] for row in rows] == [world.id_of(one) for one in shown]
        return answer

    return step


def asks_code(by: str) -> Step:
    """A carer asks for the code to tell a patient."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        answer = await world.ask(peer, frames.AskCarerCode)
        if isinstance(answer, Ok):
            world.code = (answer.result or {})["code"]
        return answer

    return step


def links_carer(by: str, *, code: str = "") -> Step:
    """A patient says the code that a carer told."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        return await world.ask(peer, frames.LinkCarer, code=code or world.code)

    return step


# Accesses


def lists_accesses(by: str, *, empty: bool = False) -> Step:
    """A patient asks who saw what."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        answer = await world.ask(peer, frames.ListAccesses)
        if isinstance(answer, Ok):
            rows = world.kept["rows of accesses"] = (answer.result or {})["rows"]
            about = {world.conversation.encode() in row["entry"] for row in rows}
            assert not (empty and True in about)
        return answer

    return step


def consistency(by: str, *, second: int | None = None) -> Step:
    """Somebody asks for the proof that the log only grew."""

    async def step(world: World) -> Answer:
        peer = await world.peer(by)
        # A note's second line is the size (c2sp.org/tlog-checkpoint).
        first = int(peer.welcomed["checkpoint"].split("\n")[1])
        last = second or _size(world)
        return await world.ask(peer, frames.ProveConsistency, first=first, second=last)

    return step


def _size(world: World) -> int:
    with world.house.database.read() as tx:
        return tx.log.head("990000001", LogClass.CARE).size
