"""Over a hub on paper: a carer is let in by what was signed, and out by it, against any hub."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from clients.python import upkeep
from clients.python.account import Account
from clients.python.client import Client
from clients.python.device import Device
from clients.python.errors import Denied, IdentityChanged, Unlawful
from crypto.policy.statements import (
    Acceptance,
    Confirmation,
    Delegation,
    IdentityCertificate,
    Revocation,
    Statement,
    Unverified,
)
from crypto.policy.vocabulary import DelegationState, Role, Scope, SuspensionReason
from signaling import frames
from signaling.frames import DelegationView
from tests.clients.small_hub import COLLEAGUE, DEPLOYMENT, PERSON, SmallHub, serving
from tests.clients.test_client import CONVERSATION, Colleague, talking, told

SOPHIE = "00000000-0000-4000-8000-00000000c1a3"
HOUR_US = 3_600_000_000


@dataclass(slots=True)
class Carer:
    """Somebody's daughter, whom the log shows, with a key package in the directory."""

    device: Device
    account: Account

    @classmethod
    def of(cls, hub: SmallHub) -> Carer:
        """Enrol her, and put a key package of hers into the directory."""
        device = Device.new()
        account = device.make_account()
        view = hub.enrol(SOPHIE, account.aik, Role.CARER)
        identity = Unverified.decode(IdentityCertificate, view.certificate).content
        certificate = account.certify_device(
            identity, device.id, device.signature_key, now_us=hub.clock()
        )
        device.certify(identity=view.certificate, device=certificate)
        device.trust.person = SOPHIE
        hub.stock[SOPHIE] = (device.id, device.make_packages(1)[0])
        return cls(device, account)


@dataclass(slots=True)
class House:
    """A pharmacist's client, a patient who hears of it through the hub, and the carer."""

    hub: SmallHub
    client: Client
    jean: Colleague
    sophie: Carer
    said: Delegation

    @property
    def accounts(self) -> dict[str, Account]:
        """Everybody's account key."""
        assert self.client.device.account is not None
        assert self.jean.device.account is not None
        return {
            "claire": self.client.device.account,
            "jean": self.jean.device.account,
            "sophie": self.sophie.account,
        }

    def signed(self, by: str, kind: type[Statement], **said: Any) -> bytes:
        """Sign a statement about this conversation."""
        about = {
            "deployment": DEPLOYMENT,
            "conversation": UUID(CONVERSATION).bytes,
            "at_us": self.hub.clock(),
        }
        return self.accounts[by].sign(kind(**about | said))

    def view(self, said: Delegation | None = None, **changes: Any) -> DelegationView:
        """Return the delegation as the hub tells it, accepted by the carer."""
        said = said or self.said
        confirmed = self.signed(
            "claire",
            Confirmation,
            delegation_hash=said.digest,
            pharmacist=UUID(PERSON).bytes,
            heard_alone=True,
        )
        accepted = self.signed(
            "sophie", Acceptance, delegation_hash=said.digest, duties_hash=bytes(32)
        )
        view = DelegationView(
            id=str(UUID(bytes=said.delegation)),
            conversation=CONVERSATION,
            grantor=COLLEAGUE,
            grantor_name="Jean",
            grantee=SOPHIE,
            grantee_name="Sophie",
            state=DelegationState.CONFIRMED.value,
            delegation=self.accounts["jean"].sign(said),
            confirmations=[confirmed],
            staff=[b""],
            acceptance=accepted,
            revocations=[],
            proposed_at=0,
            not_before=said.not_before_us,
            not_after=said.not_after_us,
            ended_at=None,
            ended=b"",
            ending=False,
        )
        return replace(view, **changes)

    def push(self, view: DelegationView) -> None:
        """Have the hub tell of the delegation, and name the client to commit what is due."""
        told(self.hub.sockets[-1], frames.DelegationPush(delegation=view))
        due = frames.CommitDuePush(conversation=CONVERSATION, epoch=self.hub.epoch)
        told(self.hub.sockets[-1], due)

    def follow(self) -> None:
        """Have the patient's device follow what the client did last."""
        self.jean.follow(self.hub.events[-1])

    async def let_in(self) -> None:
        """Have the carer let in."""
        self.push(self.view())
        await self.client.until(lambda: self.said.delegation in self.room.in_force)
        self.follow()

    @property
    def room(self) -> Any:
        """Return the conversation as the client holds it."""
        return self.client.rooms[CONVERSATION]


@contextlib.asynccontextmanager
async def a_house() -> AsyncIterator[House]:
    """Return everybody, the conversation founded and the patient in it."""
    hub = SmallHub()
    async with serving(hub), talking(hub) as client:
        jean = Colleague(hub)
        await jean.join(client)
        sophie = Carer.of(hub)
        now = hub.clock()
        assert jean.device.account is not None
        said = Delegation(
            deployment=DEPLOYMENT,
            conversation=UUID(CONVERSATION).bytes,
            delegation=uuid4().bytes,
            grantor=UUID(COLLEAGUE).bytes,
            grantor_aik=jean.device.account.aik,
            grantee=UUID(SOPHIE).bytes,
            grantee_aik=sophie.account.aik,
            scopes=(Scope.CONVERSATION_READ.value, Scope.CONVERSATION_SEND.value),
            legal_basis="patient_mandate",
            mandate="device",
            not_before_us=now - 1_000_000,
            not_after_us=now + HOUR_US,
            text_hash=bytes(32),
            reading_level="standard",
            language="fr",
        )
        house = House(hub, client, jean, sophie, said)
        # The patient's device knows who she is: the log shows it.
        view = hub.identities[SOPHIE]
        jean.device.trust.pin(SOPHIE, sophie.account.aik)
        jean.device.trust.prove(view.certificate)
        yield house


async def test_who_was_named_lets_the_carer_in_as_it_was_signed() -> None:
    """One commit: the record and the leaf; the patient's device follows it."""
    async with a_house() as house:
        await house.let_in()
        room = house.jean.device.room(CONVERSATION)

        people = {one.person for one in room.members()}

    assert people == {PERSON, COLLEAGUE, SOPHIE}
    assert room.in_force == {house.said.delegation}


async def test_who_sees_an_accepted_delegation_at_sign_in_lets_the_carer_in() -> None:
    """Nobody was there to be named."""
    async with a_house() as house:
        house.hub.delegations = [house.view()]
        house.hub.sockets[-1].transport.abort()

        await house.client.until(lambda: house.said.delegation in house.room.in_force)


async def test_nobody_is_let_in_before_the_time_has_come() -> None:
    """Nor after it: the view is looked at by hub time."""
    async with a_house() as house:
        late = dataclasses.replace(house.said, not_before_us=house.hub.clock() + HOUR_US // 2)
        house.push(house.view(late))
        await house.client.send(CONVERSATION, "Bonjour")

        assert house.room.in_force == frozenset()
        assert not any(isinstance(one, frames.ClaimKeyPackages) for one in house.hub.seen)


@pytest.mark.parametrize("what", ["wider", "unconfirmed", "not accepted by her"])
async def test_a_forged_record_is_not_committed(what: str) -> None:
    """The hub tells what nobody signed: this device's own commit would be nobody's to follow."""
    async with a_house() as house:
        wider = dataclasses.replace(
            house.said, scopes=(Scope.CONVERSATION_READ.value, Scope.DOCUMENT_READ.value)
        )
        forged = {
            "wider": house.view(wider, delegation=house.accounts["sophie"].sign(wider)),
            "unconfirmed": house.view(confirmations=[], staff=[]),
            "not accepted by her": house.view(
                acceptance=house.signed(
                    "jean", Acceptance, delegation_hash=house.said.digest, duties_hash=bytes(32)
                )
            ),
        }[what]

        house.push(forged)
        await house.client.until(lambda: bool(house.client.alarms))

        assert [type(one) for one in house.client.alarms] == [Denied]
        assert house.room.in_force == frozenset()
        assert house.room.epoch == 1


async def test_another_persons_key_package_lets_nobody_in() -> None:
    """The directory gives one of a device that the carer's account key never certified."""
    async with a_house() as house:
        other = Carer.of(house.hub)
        view = house.view()
        house.hub.enrol(SOPHIE, house.sophie.account.aik, Role.CARER)

        house.push(view)
        await house.client.until(lambda: bool(house.client.alarms))

        assert house.hub.stock[SOPHIE][0] == other.device.id
        assert isinstance(house.client.alarms[0], (Unlawful, Denied))
        assert house.room.in_force == frozenset()


async def test_an_end_that_the_hub_keeps_back_is_carried_out_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It acknowledged the word and proposes no removal: this device commits it, and says so."""
    monkeypatch.setattr(upkeep, "ENFORCE_SECONDS", 0.05)
    async with a_house() as house:
        await house.let_in()
        named = str(UUID(bytes=house.said.delegation))
        house.client.delegations.book.learn(house.view(state=DelegationState.ACTIVE.value))

        await house.client.delegations.suspend(named, SuspensionReason.TELEPHONE)
        waits = house.room.may_send
        await house.client.until(lambda: house.room.in_force == frozenset())
        house.follow()
        room = house.jean.device.room(CONVERSATION)

        assert not waits
        assert house.room.may_send
        assert {one.person for one in room.members()} == {PERSON, COLLEAGUE}
        assert [one.code for one in house.client.alarms if isinstance(one, Unlawful)] == [
            "withheld_end"
        ]


async def test_a_scope_that_was_withdrawn_is_taken_out_of_the_group() -> None:
    """Whoever is named commits it; the carer stays."""
    async with a_house() as house:
        await house.let_in()
        signed = house.signed(
            "jean",
            Revocation,
            delegation=house.said.delegation,
            scopes=(Scope.CONVERSATION_SEND.value,),
        )
        active = house.view(state=DelegationState.ACTIVE.value, revocations=[signed])

        house.push(active)
        await house.client.until(
            lambda: house.room.records[house.said.delegation].revocations == (signed,)
        )
        house.follow()

        assert house.jean.device.room(CONVERSATION).number == 2


async def test_what_is_not_the_document_that_it_says_is_not_confirmed() -> None:
    """The hub shows one name, and has another document signed."""
    async with a_house() as house:
        view = house.view(state=DelegationState.PROPOSED.value, acceptance=b"", id=str(uuid4()))
        house.client.delegations.book.learn(view)

        with pytest.raises(Denied, match="wrong_document"):
            await house.client.delegations.confirm(view.id, heard_alone=True)


async def test_a_document_under_another_key_of_the_carers_is_not_confirmed() -> None:
    """Whose key it is, the log says."""
    async with a_house() as house:
        other = dataclasses.replace(house.said, grantee_aik=bytes(32))
        view = house.view(other, state=DelegationState.PROPOSED.value, acceptance=b"")
        house.client.delegations.book.learn(view)

        with pytest.raises(Denied, match="E_IDENTITY"):
            await house.client.delegations.confirm(view.id, heard_alone=True)


async def test_a_document_that_the_patient_did_not_sign_is_not_confirmed() -> None:
    """A hub cannot have a pharmacist vouch for what it made up."""
    async with a_house() as house:
        view = house.view(
            state=DelegationState.PROPOSED.value,
            acceptance=b"",
            delegation=house.accounts["sophie"].sign(house.said),
        )
        house.client.delegations.book.learn(view)

        with pytest.raises(Denied, match="E_SIGNATURE"):
            await house.client.delegations.confirm(view.id, heard_alone=True)


async def test_another_account_key_without_its_reason_is_an_alarm_and_changes_nothing() -> None:
    """The authority certified it, the log shows it: two pharmacists never said why."""
    async with a_house() as house:
        before = house.client.device.trust.aik_of(COLLEAGUE)
        house.hub.enrol(COLLEAGUE, bytes(32), Role.PATIENT)
        told(house.hub.sockets[-1], frames.IdentityPush(person=COLLEAGUE))
        await house.client.until(lambda: bool(house.client.alarms))

        assert isinstance(house.client.alarms[0], IdentityChanged)
        assert house.client.device.trust.aik_of(COLLEAGUE) == before
        assert house.client.identities.notices == []
