"""Over a real hub: a carer acts for a patient in one conversation, and is out when it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from clients.python.client import Client
from clients.python.device import Device
from clients.python.errors import Denied, NoGroup, Refused
from crypto.policy.vocabulary import (
    LegalBasis,
    Mandate,
    Motive,
    Scope,
    SuspensionReason,
)
from loadtests.hub_process import HubProcess
from signaling.codes import Code
from tests.clients.real_hub import Ear, a_hub, agree, online, until

READ_AND_WRITE = (Scope.CONVERSATION_READ, Scope.CONVERSATION_SEND)
SENTENCE = "Sophie peut lire et écrire pour vous dans cet échange, pendant 31 jours."
DUTIES = "Je parle au nom de Jean Lefèvre, avec son accord."


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[HubProcess]:
    """A hub of this test's own."""
    async with a_hub(tmp_path) as running:
        yield running


@dataclass(slots=True)
class Family:
    """A pharmacist, a patient and the patient's daughter, online; two of them in a conversation."""

    claire: Client
    jean: Client
    sophie: Client
    ears: dict[str, Ear]
    here: str

    async def name_her(self, *scopes: Scope, not_after: int | None = None) -> str:
        """Have the patient name his daughter, and the pharmacist confirm it."""
        named = await self.jean.delegations.propose(
            self.here,
            self.sophie.person,
            scopes=scopes or READ_AND_WRITE,
            text=SENTENCE,
            not_after=not_after,
        )
        await until(lambda: named in ids(self.claire), self.claire)
        await self.claire.delegations.confirm(named, heard_alone=True)
        await until(lambda: named in ids(self.sophie), self.sophie)
        return named

    async def let_her_in(self, *scopes: Scope, not_after: int | None = None) -> str:
        """Have it all agreed on, and wait until she is in the group."""
        named = await self.name_her(*scopes, not_after=not_after)
        await self.sophie.delegations.accept(named, DUTIES)
        await agree(self.here, self.claire, self.jean, self.sophie)
        return named

    async def is_out(self, named: str) -> None:
        """Wait until the group goes on without her."""
        one = UUID(named).bytes
        for client in (self.claire, self.jean):
            room = client.rooms[self.here]
            await until(lambda room=room: one not in room.in_force, client)  # type: ignore[misc]
        await agree(self.here, self.claire, self.jean)


def ids(client: Client) -> set[str]:
    """Return the delegations that a device was told of."""
    return {view.id for view in client.delegations}


async def gathered(claire: Client, jean: Client, sophie: Client, ears: dict[str, Ear]) -> Family:
    """Found the conversation of a pharmacist and a patient; return everybody."""
    here = str(uuid4())
    for client in (jean, sophie):
        await client.publish_key_packages(5)
    await claire.create_conversation(here, patient=jean.person, motive=Motive.AGE)
    await claire.add(here, await claire.claim(here, jean.person))
    await agree(here, claire, jean)
    return Family(claire, jean, sophie, ears, here)


@pytest.fixture
async def family(hub: HubProcess) -> AsyncIterator[Family]:
    """Everybody online, the conversation founded, the patient in it."""
    ears = {name: Ear() for name in ("claire", "jean", "sophie")}
    async with AsyncExitStack() as stack:
        claire, jean, sophie = [
            await stack.enter_async_context(online(hub, name, Device.new(), ear))
            for name, ear in ears.items()
        ]
        yield await gathered(claire, jean, sophie, ears)


async def test_a_carer_is_named_confirmed_and_let_in_and_writes(family: Family) -> None:
    """Four words, each signed by who says it; and everybody reads for whom she writes."""
    named = await family.let_her_in()

    await family.sophie.send(family.here, "Mon père demande si la livraison est prévue.")
    await family.jean.send(family.here, "Merci Sophie")
    heard = family.ears["claire"].messages
    await until(lambda: len(heard) == 2, family.claire)
    await until(lambda: len(family.ears["sophie"].messages) == 2, family.sophie)

    assert (heard[0].acting_for, heard[0].delegation) == (family.jean.person, named)
    assert heard[1].acting_for is None
    assert [one.acting_for for one in family.ears["sophie"].messages] == [family.jean.person, None]
    assert all(ear.alarms == [] for ear in family.ears.values())


async def test_a_withdrawn_delegation_is_over_at_once_and_for_good(family: Family) -> None:
    """The group goes on without her, and a pharmacy's device says so: « Arrêtée »."""
    await family.claire.send(family.here, "avant")
    named = await family.let_her_in()

    await family.jean.delegations.withdraw(named)
    await family.is_out(named)
    await family.claire.send(family.here, "entre nous")
    await until(lambda: family.jean.delegations.is_stopped(named), family.jean)
    with pytest.raises((Refused, NoGroup)):
        await family.sophie.send(family.here, "encore")

    assert "entre nous" not in family.ears["sophie"].texts
    with pytest.raises(Denied, match="E_ALREADY_ENDED"):
        await family.jean.delegations.withdraw(named)
    people = {one.person for one in family.jean.rooms[family.here].members()}
    assert people == {family.claire.person, family.jean.person}


async def test_one_scope_is_withdrawn_and_she_stays(family: Family) -> None:
    """She reads on; what she writes is refused by the hub, and would be hidden by everybody."""
    named = await family.let_her_in()

    await family.jean.delegations.withdraw(named, [Scope.CONVERSATION_SEND])
    one = UUID(named).bytes
    for client in (family.claire, family.jean, family.sophie):
        room = client.rooms[family.here]
        await until(lambda room=room: room.records[one].revocations != (), client)  # type: ignore[misc]
    await agree(family.here, family.claire, family.jean, family.sophie)
    await family.claire.send(family.here, "Bonjour Sophie")
    await until(lambda: "Bonjour Sophie" in family.ears["sophie"].texts, family.sophie)
    with pytest.raises(Refused) as refusal:
        await family.sophie.send(family.here, "Merci")

    assert refusal.value.code is Code.E_SCOPE


async def test_a_carer_resigns(family: Family) -> None:
    """It is hers to give back."""
    named = await family.let_her_in()

    await family.sophie.delegations.resign(named)

    await family.is_out(named)


async def test_one_pharmacist_stops_a_carer(family: Family) -> None:
    """By a telephone call of the patient's, say."""
    named = await family.let_her_in()

    await family.claire.delegations.suspend(named, SuspensionReason.TELEPHONE)

    await family.is_out(named)


async def test_a_delegation_ends_at_its_last_instant(family: Family) -> None:
    """Nobody does anything: the hub's clock does."""
    ends = family.jean.now_us() + 3_000_000

    named = await family.let_her_in(not_after=ends)

    await family.is_out(named)


@pytest.mark.parametrize(
    ("scopes", "code"),
    [
        ((Scope.CONVERSATION_SEND,), "E_SCOPE"),
        ((*READ_AND_WRITE, Scope.DECIDE_FINAL), "E_LEGAL_BASIS"),
    ],
    ids=["without reading", "a final decision"],
)
async def test_what_nobody_would_accept_is_not_proposed(
    family: Family, scopes: tuple[Scope, ...], code: str
) -> None:
    """It is judged before it is signed."""
    with pytest.raises(Denied, match=code):
        await family.name_her(*scopes)


async def test_neither_oneself_nor_the_pharmacy_is_a_carer(family: Family) -> None:
    """Whatever a screen lets through."""
    for carer, code in (
        (family.jean.person, "E_SELF_DELEGATION"),
        (family.claire.person, "E_STAFF_GRANTEE"),
    ):
        with pytest.raises(Denied, match=code):
            await family.jean.delegations.propose(
                family.here, carer, scopes=READ_AND_WRITE, text=SENTENCE
            )


async def test_the_patient_sees_who_did_what(family: Family) -> None:
    """« Qui a vu quoi »: the newest first, in the log's own bytes."""
    await family.let_her_in()

    rows, more = await family.jean.delegations.accesses(limit=3)

    assert len(rows) == 3
    assert more
    assert rows[0].index > rows[1].index > rows[2].index


async def test_what_a_court_said_is_attested_by_two_pharmacists(
    hub: HubProcess, family: Family
) -> None:
    """A legal representative: the document's hash, its issuer, and four eyes."""
    async with online(hub, "hugo", Device.new()) as hugo:
        await family.claire.staff.certify(hugo.person)
        await until(lambda: hugo.identities.staffed, hugo)
        await hugo.publish_key_packages(2)
        await family.claire.add(family.here, await family.claire.claim(family.here, hugo.person))
        await agree(family.here, family.claire, family.jean, hugo)
        named = await family.claire.delegations.attest(
            family.here,
            family.sophie.person,
            scopes=READ_AND_WRITE,
            text=SENTENCE,
            mandate=Mandate.EVIDENCE,
            basis=LegalBasis.GUARDIANSHIP_PERSON,
            evidence=bytes(range(32)),
            issuer="Tribunal judiciaire",
        )
        await until(lambda: named in ids(hugo), hugo)

        await hugo.delegations.confirm(named, heard_alone=False)
        await until(lambda: named in ids(family.sophie), family.sophie)
        await family.sophie.delegations.accept(named, DUTIES)

        await agree(family.here, family.claire, family.jean, family.sophie, hugo)


async def test_a_delegation_is_renewed_by_another_that_begins_where_it_ends(
    family: Family,
) -> None:
    """A new document, with the scopes that are left; the old one goes on until then."""
    named = await family.let_her_in()
    ends = family.jean.delegations[named].not_after

    renewed = await family.jean.delegations.renew(
        named, not_after=ends + 3_600_000_000, text=SENTENCE
    )
    await until(lambda: renewed in ids(family.claire), family.claire)

    view = family.claire.delegations[renewed]
    assert (view.not_before, view.not_after) == (ends, ends + 3_600_000_000)
    assert named in {str(UUID(bytes=one)) for one in family.claire.rooms[family.here].in_force}


async def test_a_patient_without_a_device_gives_a_mandate_on_paper(hub: HubProcess) -> None:
    """Two pharmacists attest it; no key of the patient's stands in the group."""
    async with AsyncExitStack() as stack:
        claire, hugo, sophie = [
            await stack.enter_async_context(online(hub, name, Device.new()))
            for name in ("claire", "hugo", "sophie")
        ]
        await claire.staff.certify(hugo.person)
        await until(lambda: hugo.identities.staffed, hugo)
        for client in (hugo, sophie):
            await client.publish_key_packages(3)
        here, [jean, *_] = str(uuid4()), [one["person"] for one in await claire.list_patients()]
        await claire.create_conversation(here, patient=jean, motive=Motive.AGE)
        await claire.add(here, await claire.claim(here, hugo.person))
        await agree(here, claire, hugo)

        named = await claire.delegations.attest(
            here,
            sophie.person,
            scopes=READ_AND_WRITE,
            text=SENTENCE,
            mandate=Mandate.PAPER,
            basis=LegalBasis.PATIENT_MANDATE,
            heard_alone=True,
        )
        await until(lambda: named in ids(hugo), hugo)
        await hugo.delegations.confirm(named, heard_alone=True)
        await until(lambda: named in ids(sophie), sophie)
        await sophie.delegations.accept(named, DUTIES)
        await agree(here, claire, hugo, sophie)
        sent = await sophie.send(here, "Bonjour, je viens pour mon père.")

    assert sent.seq > 0
    assert claire.rooms[here].policy.patient_aik == b""


async def test_who_comes_first_carries_out_an_end_before_anything_is_sent(hub: HubProcess) -> None:
    """Nobody of the conversation was there when the carer gave it back."""
    claires, ear = Device.new(), Ear()
    async with online(hub, "sophie", Device.new(), ear) as sophie:
        async with (
            online(hub, "claire", claires) as claire,
            online(hub, "jean", Device.new()) as jean,
        ):
            family = await gathered(claire, jean, sophie, {})
            named = await family.let_her_in()
        await sophie.delegations.resign(named)

        async with online(hub, "claire", claires) as claire:
            await until(lambda: claire.rooms[family.here].in_force == frozenset(), claire)
            await claire.send(family.here, "entre nous")

    assert "entre nous" not in ear.texts
