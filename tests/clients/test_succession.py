"""A patient lost every device: by the word of two pharmacists they go on with another key.

First over a real hub, the whole story; then what each device makes of a word that a hub made up.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from clients.python.client import Client
from clients.python.device import Device
from clients.python.errors import Denied, Refused, Unlawful
from clients.python.groups import SUITE, Room, group_id
from clients.python.judge import NeedsProof
from crypto.mls.extensions import Extension
from crypto.mls.group import Group
from crypto.policy.conversation import SUCCESSION_EXTENSION, Delegations
from crypto.policy.cosigned import CoSigned, Signature
from crypto.policy.statements import Succession
from crypto.policy.vocabulary import Motive, Role, Scope
from loadtests.hub_process import HubProcess
from signaling.codes import Code
from signaling.frames import Event
from tests.clients.circle import Circle, Papers
from tests.clients.real_hub import Ear, a_hub, agree, online, until

READ_AND_WRITE = (Scope.CONVERSATION_READ, Scope.CONVERSATION_SEND)
SENTENCE = "Sophie peut lire et écrire pour vous dans cet échange, pendant 31 jours."
DUTIES = "Je parle au nom de Jean Lefèvre, avec son accord."


# Over a real hub


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[HubProcess]:
    """A hub of this test's own."""
    async with a_hub(tmp_path) as running:
        yield running


@dataclass(slots=True)
class Ward:
    """Two pharmacists, a carer, and a patient in whose conversation all of them are."""

    claire: Client
    hugo: Client
    sophie: Client
    ears: dict[str, Ear]
    here: str
    jean: str = ""
    named: str = ""
    """The delegation of the patient's daughter."""

    async def begin(self, jean: Client) -> None:
        """Found the conversation, and have the patient let his daughter in."""
        for client in (self.hugo, self.sophie, jean):
            await client.publish_key_packages(5)
        self.jean = jean.person
        await self.claire.create_conversation(self.here, patient=self.jean, motive=Motive.AGE)
        for person in (self.jean, self.hugo.person):
            await self.let_in(person)
        await agree(self.here, self.claire, self.hugo, jean)
        await self.delegate(jean)

    async def let_in(self, person: str) -> None:
        """Add somebody's devices."""
        await self.claire.add(self.here, await self.claire.claim(self.here, person))

    async def delegate(self, jean: Client) -> None:
        """Have the patient name his daughter, and let her in."""
        self.named = named = await jean.delegations.propose(
            self.here, self.sophie.person, scopes=READ_AND_WRITE, text=SENTENCE
        )
        await until(lambda: _knows(self.claire, named), self.claire)
        await self.claire.delegations.confirm(named, heard_alone=True)
        await until(lambda: _knows(self.sophie, named), self.sophie)
        await self.sophie.delegations.accept(named, DUTIES)
        await agree(self.here, self.claire, self.hugo, self.sophie, jean)

    async def give_up(self) -> None:
        """Have two pharmacists say that the patient's key is lost; its devices are put out."""
        assert not await self.claire.staff.revoke_account(self.jean, "lost")
        assert await self.hugo.staff.revoke_account(self.jean, "lost")
        for client in (self.claire, self.hugo):
            room = client.rooms[self.here]
            await until(lambda room=room: not _is_in(room, self.jean), client)  # type: ignore[misc]
        await agree(self.here, self.claire, self.hugo)

    async def sign(self) -> bytes:
        """Have both pharmacists say that the patient goes on with the key on file."""
        first = await self.claire.staff.sign_succession(self.here)
        return await self.hugo.staff.sign_succession(self.here, first)


def _knows(client: Client, delegation: str) -> bool:
    return delegation in {view.id for view in client.delegations}


def _is_in(room: Room, person: str) -> bool:
    return room.group is not None and person in {one.person for one in room.members()}


@asynccontextmanager
async def a_ward(hub: HubProcess) -> AsyncIterator[Ward]:
    """Bring the staff and the carer online; the patient's only device is gone at the end of it."""
    ears = {name: Ear() for name in ("claire", "hugo", "sophie")}
    async with AsyncExitStack() as stack:
        claire, hugo, sophie = [
            await stack.enter_async_context(online(hub, name, Device.new(), ear))
            for name, ear in ears.items()
        ]
        await claire.staff.certify(hugo.person)
        await until(lambda: hugo.identities.staffed, hugo)
        ward = Ward(claire, hugo, sophie, ears, str(uuid4()))
        async with online(hub, "jean", Device.new()) as jean:
            await ward.begin(jean)
        yield ward


async def test_a_patient_who_lost_every_device_comes_back_to_the_conversation(
    hub: HubProcess,
) -> None:
    """Old key given up, new one on file, a successor by two; carers are named anew."""
    ear = Ear()
    async with a_ward(hub) as ward:
        claire, hugo, here = ward.claire, ward.hugo, ward.here
        before = claire.rooms[here].policy.patient_aik
        await ward.give_up()
        async with online(hub, "jean", Device.new(), ear) as jean:
            await jean.publish_key_packages(5)

            await claire.succeed(here, await ward.sign())

            await until(lambda: hugo.rooms[here].generation == 1, hugo)
            assert hugo.rooms[here].fault is None
            for person in (ward.jean, hugo.person):
                await ward.let_in(person)
            await agree(here, claire, hugo, jean)
            was = {view.id: view.state for view in jean.delegations}
            # Her session ended with her only delegation: she signs in again.
            hers = Device.deserialize(ward.sophie.device.serialize())
            async with online(hub, "sophie", hers, ward.ears["sophie"]) as ward.sophie:
                await ward.delegate(jean)
                await claire.send(here, "Bon retour, Monsieur Lefèvre.")
                await until(lambda: len(ear.texts) == 1, jean)
            policy, in_force = claire.rooms[here].policy, claire.rooms[here].in_force
            assert jean.device.account is not None
            after = jean.device.account.aik

    assert ear.texts == ["Bon retour, Monsieur Lefèvre."]
    assert (policy.patient_aik, before == after) == (after, False)
    # What the old key gave is over, and what the new one gives holds.
    assert in_force == {UUID(ward.named).bytes}
    assert list(was.values()) == ["suspended"]
    assert ward.named not in was
    assert [one.alarms for one in (ear, *ward.ears.values())] == [[], [], [], []]


async def test_a_word_is_for_one_epoch_and_for_once(hub: HubProcess) -> None:
    """Whatever moves the group makes it stale; and what it founded is not founded again."""
    async with a_ward(hub) as ward:
        claire, here = ward.claire, ward.here
        await ward.give_up()
        async with online(hub, "jean", Device.new()):
            stale = await ward.sign()
            await claire.renew(here)
            await agree(here, claire, ward.hugo)
            with pytest.raises(Refused) as moved:
                await claire.succeed(here, stale)
            word = await ward.sign()
            await claire.succeed(here, word)
            with pytest.raises(Denied) as again:
                await claire.succeed(here, word)

    assert (moved.value.code, moved.value.reason) == (Code.E_IDENTITY, "wrong_succession")
    assert again.value.code == "e_identity"


async def test_nobody_signs_what_would_not_hold(hub: HubProcess) -> None:
    """Not while the old key stands, not twice, not a colleague's word of something else."""
    async with a_ward(hub) as ward:
        claire, hugo, here = ward.claire, ward.hugo, ward.here
        with pytest.raises(Denied) as stands:
            await claire.staff.sign_succession(here)
        await ward.give_up()
        async with online(hub, "jean", Device.new()):
            first = await claire.staff.sign_succession(here)
            with pytest.raises(Denied) as twice:
                await claire.staff.sign_succession(here, first)
            said = Succession.decode(CoSigned.decode(first).statement)
            other = replace(said, old_epoch=said.old_epoch - 1).encode()
            with pytest.raises(Denied) as else_said:
                await hugo.staff.sign_succession(here, CoSigned(other).encode())
            with pytest.raises(Denied) as unreadable:
                await hugo.staff.sign_succession(here, b"nothing")
            with pytest.raises(Denied) as alone:
                await claire.succeed(here, first)

    refused = (stands, twice, else_said, unreadable, alone)
    assert [one.value.code for one in refused] == [
        "same_key",
        "e_four_eyes",
        "wrong_succession",
        "malformed",
        "e_four_eyes",
    ]


# What a device makes of a successor that the hub shows


@dataclass(slots=True)
class Lost:
    """A conversation whose patient has another key by now, as two pharmacists hold it."""

    circle: Circle
    claire: Device
    hugo: Device
    fresh: Papers

    def word(self, *eyes: str, **changes: Any) -> bytes:
        """Say that the patient goes on with the new key; by both pharmacists, if not by others."""
        room = self.circle.room(self.hugo)
        said = replace(room.succession(self.circle.judge(self.hugo)), **changes)
        return CoSigned(
            said.encode(), tuple(self._signed(said, name) for name in eyes or ("claire", "hugo"))
        ).encode()

    def _signed(self, said: Succession, name: str) -> Signature:
        papers = self.circle.papers_of(name)
        signer = UUID(self.circle.person(name)).bytes
        return Signature(
            signer=signer, staff=papers.staff, signature=papers.account.signature(said)
        )

    def successor(self, word: bytes, **policy: Any) -> Event:
        """Return the successor that the hub shows as Claire's."""
        fields = {"patient_aik": self.fresh.account.aik} | policy
        extensions = self.circle.extensions(Delegations(1), **fields)
        named, own = group_id(self.circle.id, 1), self.claire.own()
        group = Group.create(SUITE, named, own, extensions, os.urandom)
        said = (Extension(SUCCESSION_EXTENSION, word),) if word else ()
        return self.circle.event("succession", self.claire, group.group_info(extensions=said))


@pytest.fixture
def lost() -> Lost:
    """Two pharmacists in a group; the log has shown both of them the patient's new key."""
    circle = Circle()
    circle.people["hugo"] = Role.PHARMACIST
    claire, jean = circle.two()
    hugo = circle.device("hugo")
    circle.add(claire, hugo)
    person = circle.person("jean")
    fresh = circle.town.papers(person, Role.PATIENT)
    circle.inside.remove(jean)
    for device in (claire, hugo):
        device.trust.succeed(person, fresh.account.aik, "jean")
    return Lost(circle, claire, hugo, fresh)


def test_the_word_of_two_pharmacists_leads_to_the_patients_new_key(lost: Lost) -> None:
    """The neighbour of all that is refused below."""
    lost.circle.tell(lost.successor(lost.word()), lost.hugo)

    room = lost.circle.room(lost.hugo)
    assert (room.group, room.place, room.fault) == (None, (1, 0), None)


FORGED: dict[str, tuple[tuple[str, ...], dict[str, Any], str]] = {
    "by one pharmacist": (("claire",), {}, "e_four_eyes"),
    "by one pharmacist twice": (("claire", "claire"), {}, "e_four_eyes"),
    "by the patient too": (("claire", "jean"), {}, "e_signature"),
    "of another epoch": ((), {"old_epoch": 1}, "wrong_succession"),
    "of an epoch to come": ((), {"old_epoch": 3}, "wrong_succession"),
    "of another group": ((), {"old_group": b"elsewhere"}, "wrong_succession"),
    "to another group": ((), {"new_group": b"elsewhere"}, "wrong_succession"),
    "in another conversation": ((), {"conversation": bytes(16)}, "e_identity"),
    "of another deployment": ((), {"deployment": "elsewhere.example"}, "e_identity"),
    "for another patient": ((), {"patient": bytes(16)}, "e_identity"),
    "from another key": ((), {"old_aik": bytes(32)}, "e_identity"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_hub_that_lets_a_false_word_through_is_found_out(lost: Lost, what: str) -> None:
    """Each member judges it anew, and stays in the group that it holds."""
    eyes, changes, code = FORGED[what]
    event, before = lost.successor(lost.word(*eyes, **changes)), lost.circle.room(lost.hugo).group

    with pytest.raises(Unlawful) as refused:
        lost.circle.tell(event, lost.hugo)

    assert refused.value.code == code
    assert lost.circle.room(lost.hugo).group is before


def test_a_word_that_a_hub_signed_itself_is_nobodys(lost: Lost) -> None:
    """It knows everybody's certificates, and has nobody's account key."""
    word = CoSigned.decode(lost.word())
    forged = tuple(replace(one, signature=bytes(64)) for one in word.signatures)
    event = lost.successor(replace(word, signatures=forged).encode())

    with pytest.raises(Unlawful) as refused:
        lost.circle.tell(event, lost.hugo)

    assert refused.value.code == "e_signature"


def test_no_other_key_stands_in_a_successor_without_a_word(lost: Lost) -> None:
    """Not even the one that the log shows by now, and not another than the word names."""
    for event in (
        lost.successor(b""),
        lost.successor(lost.word(), patient_aik=lost.circle.papers_of("jean").account.aik),
    ):
        with pytest.raises(Unlawful) as refused:
            lost.circle.tell(event, lost.hugo)
        assert refused.value.code == "changes_policy"


def test_a_key_that_the_log_has_not_shown_is_asked_for_first(lost: Lost) -> None:
    """Two pharmacists who conspire give nobody a key: the authority has to know it."""
    made_up = lost.circle.town.papers(lost.circle.person("jean"), Role.PATIENT).account.aik
    event = lost.successor(lost.word(new_aik=made_up), patient_aik=made_up)

    with pytest.raises(NeedsProof) as asks:
        lost.circle.tell(event, lost.hugo)

    assert asks.value.persons == {lost.circle.person("jean")}


def test_who_cannot_follow_believes_a_word_of_a_later_epoch(lost: Lost) -> None:
    """Stuck in the epoch before, it sees no more than that the word is not of an older one."""
    later, older = lost.word(old_epoch=3), lost.word(old_epoch=1)
    room = lost.circle.room(lost.hugo)
    room.fault = Unlawful("lost")

    with pytest.raises(Unlawful):
        lost.circle.tell(lost.successor(older), lost.hugo)
    lost.circle.tell(lost.successor(later), lost.hugo)

    assert room.place == (1, 0)
