"""A conversation of real devices around a hub on paper, which orders and hands on what they do.

A test plays the hub: it may hand on something else than it was given.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from dataclasses import replace as dataclass_replace
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace

from clients.python.account import Account
from clients.python.commits import Wanted
from clients.python.content import SignalContent
from clients.python.device import Device
from clients.python.groups import Pending, Room
from clients.python.judge import Judge, identity_of
from crypto.keys import Secret
from crypto.mls.extensions import Extensions
from crypto.mls.group import Committed
from crypto.mls.message import decode_key_package
from crypto.mls.proposal import Add, Proposal, Remove
from crypto.policy.conversation import (
    CommitData,
    ConversationPolicy,
    DelegationRecord,
    Delegations,
    SignedConfirmation,
    extensions_of,
    hub_sender,
)
from crypto.policy.delegation import Why
from crypto.policy.identity import LeafIdentity
from crypto.policy.removal import RemoveJustification
from crypto.policy.statements import (
    Acceptance,
    Confirmation,
    Delegation,
    DeviceRevocation,
    IdentityCertificate,
    Revocation,
    StaffCertificate,
    Unverified,
    sign,
)
from crypto.policy.vocabulary import (
    STAFF,
    ConversationKind,
    DelegationState,
    LegalBasis,
    Mandate,
    Motive,
    Profession,
    ReadingLevel,
    Role,
    Scope,
)
from crypto.suites import SUITES, SigningKey
from signaling import frames
from signaling.frames import (
    DelegationView,
    Event,
    MemberState,
    SignalPush,
    Summary,
    Welcomed,
    WelcomePush,
)

SUITE = SUITES[1]
DEPLOYMENT = "colloque.test"
FINESS = "990000001"
NOW = time.time()
"""One instant for a whole run: key packages are dated by the machine's clock."""
NOW_US = int(NOW * 1_000_000)
YEAR_US = 365 * 24 * 3600 * 1_000_000


def a_signing_key() -> SigningKey:
    """Return a fresh Ed25519 key."""
    return SUITE.signing_key(Secret(os.urandom(32)))


def a_welcomed(device: Device, person: str, /, **changes: Any) -> Welcomed:
    """Return what a hub says at hello."""
    fields: dict[str, Any] = {
        "person": person,
        "name": "",
        "role": Role.PHARMACIST.value,
        "device": device.id,
        "new_device": True,
        "other_devices": 0,
        "pharmacy": frames.Pharmacy(finess=FINESS, name="", phone=""),
        "key_packages_left": 0,
        "deployment": DEPLOYMENT,
        "hub_key": bytes(32),
        "authority": bytes(32),
        "identity": b"",
        "device_certificate": b"",
        "staff": b"",
        "owner": b"",
        "logs": {},
        "checkpoint": "",
        "conversations": [],
        "calls": [],
        "delegations": [],
    }
    return Welcomed(**fields | changes)


@dataclass(frozen=True, slots=True)
class Papers:
    """Who somebody is: their account key, and what others certified of it."""

    account: Account
    identity: bytes
    staff: bytes = b""


@dataclass(slots=True)
class Town:
    """A deployment's authority, a pharmacy's owner, and everybody's papers."""

    authority: SigningKey = field(default_factory=a_signing_key)
    owner: Account = field(default_factory=lambda: Account.new(os.urandom))

    def papers(self, person: str, role: Role, **changes: Any) -> Papers:
        """Certify somebody: the owner by the name of that profession, staff by the owner."""
        deputy = Profession.DEPUTY if role is Role.PHARMACIST else Profession.NONE
        profession = changes.pop("profession", deputy)
        owns = profession is Profession.OWNER
        account = changes.pop("account", self.owner if owns else Account.new(os.urandom))
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "person": UUID(person).bytes,
            "role": role.value,
            "profession": profession.value,
            "aik": account.aik,
            "not_before_us": NOW_US - YEAR_US,
            "not_after_us": NOW_US + YEAR_US,
        }
        identity = sign(IdentityCertificate(**said | changes), self.authority)
        staff = b"" if owns or role not in STAFF else self.staff(person, role, account)
        return Papers(account, identity, staff)

    def staff(self, person: str, role: Role, account: Account, **changes: Any) -> bytes:
        """Certify one of the owner's staff."""
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "person": UUID(person).bytes,
            "aik": account.aik,
            "role": role.value,
            "pharmacy": FINESS,
            "not_before_us": NOW_US - YEAR_US,
            "not_after_us": NOW_US + YEAR_US,
        }
        return self.owner.sign(StaffCertificate(**said | changes))


@dataclass(slots=True)
class Circle:
    """One conversation: a pharmacist and a patient by name, and whoever a test adds."""

    id: str = field(default_factory=lambda: str(uuid4()))
    hub: SigningKey = field(default_factory=a_signing_key)
    town: Town = field(default_factory=Town)
    people: dict[str, Role] = field(
        default_factory=lambda: {"claire": Role.PHARMACIST, "jean": Role.PATIENT}
    )
    persons: dict[str, str] = field(default_factory=dict)
    papers: dict[str, Papers] = field(default_factory=dict)
    inside: list[Device] = field(default_factory=list)
    """Whom the hub tells what happens."""
    seq: int = 0
    kind: ConversationKind = ConversationKind.REMOTE_DISPENSATION

    def person(self, name: str) -> str:
        """Return somebody's id."""
        return self.persons.setdefault(name, str(uuid4()))

    def papers_of(self, name: str) -> Papers:
        """Return somebody's papers: the same for every device of theirs."""
        if name not in self.papers:
            role = self.people.get(name, Role.PATIENT)
            owner = {"profession": Profession.OWNER} if name == "claire" else {}
            self.papers[name] = self.town.papers(self.person(name), role, **owner)
        return self.papers[name]

    def device(self, name: str, papers: Papers | None = None) -> Device:
        """Return a new device of somebody's, after its first hello, certified."""
        device, papers = Device.new(), papers or self.papers_of(name)
        device.trust.meet(
            a_welcomed(
                device,
                self.person(name),
                hub_key=self.hub.public,
                authority=self.town.authority.public,
            ),
            device.id,
        )
        device.trust.pin_owner(self.town.owner.aik)
        self.introduce(device)
        device.take_account(Account(papers.account.seed.copy()))
        certificate = papers.account.certify_device(
            identity_in(papers), device.id, device.signature_key, now_us=NOW_US
        )
        device.certify(identity=papers.identity, device=certificate, staff=papers.staff)
        device.touch_pins()
        device.save()
        return device

    def introduce(self, *devices: Device) -> None:
        """Have the log show everybody to devices."""
        for name in {*self.people, *self.papers}:
            papers = self.papers_of(name)
            for device in devices:
                device.trust.pin(self.person(name), papers.account.aik, name)
                device.trust.prove(papers.identity)

    def judge(self, device: Device, at: float = NOW, **changes: Any) -> Judge:
        """Return the judge of this conversation on a device."""
        return device.judge(self.summary(**changes), int(at * 1_000_000))

    def summary(self, **changes: Any) -> Summary:
        """Return the conversation as the hub describes it."""
        members = [
            MemberState(
                person=self.person(name),
                name=name,
                role=role.value,
                state="joined",
                delivered=0,
                read=0,
                key_packages=True,
            )
            for name, role in self.people.items()
        ]
        fields: dict[str, Any] = {
            "id": self.id,
            "conversation_kind": self.kind.value,
            "motive": "age",
            "created_at": 0,
            "founder": self.person("claire"),
            "patient": self.person("jean"),
            "generation": 0,
            "epoch": 0,
            "last_seq": self.seq,
            "removing": False,
            "joined": True,
            "since": 0,
            "members": members,
        }
        return Summary(**fields | changes)

    @property
    def policy(self) -> ConversationPolicy:
        """Return what the conversation's group says of it, before the patient comes."""
        return ConversationPolicy(
            conversation=UUID(self.id).bytes,
            kind=self.kind.value,
            pharmacy=FINESS,
            owner_aik=self.town.owner.aik,
            patient=UUID(self.person("jean")).bytes,
        )

    def extensions(self, delegations: Delegations | None = None, **changes: Any) -> Extensions:
        """Return what the context of the conversation's group says."""
        sender = hub_sender(changes.pop("hub", self.hub).public)
        policy = dataclass_replace(self.policy, **changes)
        return extensions_of(policy, delegations or Delegations(), sender)

    def room(self, device: Device) -> Room:
        """Return the conversation on a device."""
        return device.room(self.id)

    def found(self, name: str = "claire") -> Device:
        """Have somebody found the conversation."""
        device = self.device(name)
        self.room(device).found(self.founding, device.own(), self.extensions(), os.urandom)
        self.room(device).adopt(0, NOW)
        self.inside.append(device)
        return device

    def founding(self, group_info: bytes) -> frames.CreateConversation:
        """Return the frame that founds the conversation."""
        return frames.CreateConversation(
            id="-",
            conversation=self.id,
            conversation_kind=ConversationKind.REMOTE_DISPENSATION,
            patient=self.person("jean"),
            motive=Motive.AGE,
            group_info=group_info,
        )

    def two(self) -> tuple[Device, Device]:
        """Return a pharmacist's device and a patient's, in one group."""
        claire = self.found()
        jean = self.device("jean")
        self.add(claire, jean)
        return claire, jean

    def add(self, by: Device, *newcomers: Device, wanted: Wanted | None = None) -> None:
        """Add devices, and have everybody follow."""
        pending = self.commit(by, wanted=wanted or self.additions(*newcomers))
        frame = pending.frame
        assert isinstance(frame, frames.Commit)
        assert frame.welcome is not None
        for one in newcomers:
            push = WelcomePush(conversation=self.id, seq=self.seq, welcome=frame.welcome)
            joined = self.room(one).admit(push, list(one.packages.values()), self.judge(one))
            assert joined is not None
            one.spend(joined.spent)
        self.inside += newcomers

    def additions(self, *newcomers: Device) -> Wanted:
        """Return what adds devices, and the patient's key with the first of the patient's."""
        patients = [one for one in newcomers if one.trust.person == self.person("jean")]
        return Wanted(
            proposals=tuple(add_of(one) for one in newcomers),
            patient_aik=self.papers_of("jean").account.aik if patients else b"",
        )

    def make(self, by: Device, *proposals: Proposal, wanted: Wanted | None = None) -> Pending:
        """Have a device make a commit that nobody was told of."""
        return self.room(by).commit(
            wanted or Wanted(proposals=proposals),
            by.own(),
            self.judge(by),
            random_bytes=os.urandom,
        )

    def commit(self, by: Device, *proposals: Proposal, wanted: Wanted | None = None) -> Pending:
        """Commit, and have everybody follow."""
        pending = self.make(by, *proposals, wanted=wanted)
        self.tell(self.event("commit", by, pending.body))
        return pending

    def outlaw(self, by: Device, *proposals: Proposal, **options: Any) -> Committed:
        """Make a commit as a device that holds to no policy would."""
        group = self.room(by).group
        assert group is not None
        defaults: dict[str, Any] = {
            "force_path": True,
            "now": int(NOW),
            "authenticated_data": CommitData(NOW_US).encode(),
        }
        return group.commit(proposals, random_bytes=os.urandom, **defaults | options)

    def event(self, what: str, by: Device | None, body: bytes, **changes: Any) -> Event:
        """Give something its place in the conversation."""
        self.seq += 1
        event = Event(
            conversation=self.id,
            seq=self.seq,
            ts=NOW_US,
            what=what,
            person="hub" if by is None else by.identity.person,
            device="" if by is None else by.id,
            body=body,
        )
        return replace(event, **changes)

    def tell(self, event: Event, *devices: Device, now: float = NOW) -> None:
        """Have devices follow a step: all that are inside, where none is named."""
        for device in devices or tuple(self.inside):
            room = self.room(device)
            room.arrive(event)
            room.follow(event, self.judge(device, now), now)

    def pass_over(self, *devices: Device) -> None:
        """Have devices hear of nothing up to now."""
        for device in devices:
            self.room(device).cursor = self.seq

    def message(self, by: Device, text: str, **changes: Any) -> Event:
        """Have a device write; return the event of it."""
        written = by.write(self.room(by), text)
        body = by.seal(self.room(by), written, self.judge(by))
        return self.event("message", by, body, **{"message": written.id, **changes})

    def signal(self, by: Device, to: Device, **changes: Any) -> SignalPush:
        """Have a device seal an offer for another."""
        body = by.seal_signal(self.room(by), self.offer(by, to), self.judge(by))
        push = SignalPush(conversation=self.id, person=by.identity.person, device=by.id, body=body)
        return replace(push, **changes)

    def offer(self, by: Device, to: Device, **changes: Any) -> SignalContent:
        """Return the content of an offer."""
        content = SignalContent(
            call=self.id, sender=by.id, to=to.id, generation=1, type="offer", sdp="v=0"
        )
        return replace(content, **changes)

    def read(self, device: Device, event: Event, now: float = NOW) -> str:
        """Have a device open a message; return what it says."""
        return self.room(device).read(event, self.judge(device, now), now).content.text

    def hear(self, device: Device, push: SignalPush, now: float = NOW) -> SignalContent | None:
        """Have a device open a signal; return what it says."""
        return self.room(device).read_signal(push, self.judge(device, now), now)

    def removal(
        self,
        seen_by: Device,
        target: Device,
        *,
        said: dict[str, Any] | None = None,
        why: dict[str, Any] | None = None,
        account: Account | None = None,
    ) -> Event:
        """Have the hub propose to remove a device that its person gave up."""
        statement = self.gives_up(target, account=account, **(said or {}))
        return self.proposal(seen_by, target, **{"statement": statement} | (why or {}))

    def gives_up(self, target: Device, *, account: Account | None = None, **changes: Any) -> bytes:
        """Return a person's word that they give a device up."""
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "person": UUID(target.identity.person).bytes,
            "device": UUID(target.id).bytes,
            "at_us": NOW_US,
        }
        signer = account or target.account
        assert signer is not None
        return signer.sign(DeviceRevocation(**said | changes))

    def proposal(self, seen_by: Device, target: Device, **changes: Any) -> Event:
        """Have the hub propose to remove a device, for a reason."""
        group = self.room(seen_by).group
        assert group is not None
        why: dict[str, Any] = {
            "conversation": UUID(self.id).bytes,
            "device": UUID(target.id).bytes,
            "confirmed_transcript_hash": group.context.confirmed_transcript_hash,
            "why": Why.DEVICE.value,
            "at_us": NOW_US,
        }
        body = group.public.external_proposal(
            Remove(leaf_of(seen_by, self.id, target)),
            sender_index=0,
            key=self.hub,
            authenticated_data=RemoveJustification(**why | changes).encode(),
        )
        return self.event("proposal", None, body)


@dataclass(slots=True)
class Mandates:
    """What the people of a circle sign about the patient's daughter."""

    circle: Circle

    def document(self, **changes: Any) -> Delegation:
        """Return a delegation for her, as the patient would give it."""
        circle = self.circle
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "conversation": UUID(circle.id).bytes,
            "delegation": uuid4().bytes,
            "grantor": UUID(circle.person("jean")).bytes,
            "grantor_aik": circle.papers_of("jean").account.aik,
            "grantee": UUID(circle.person("sophie")).bytes,
            "grantee_aik": circle.papers_of("sophie").account.aik,
            "scopes": (
                Scope.CALL_JOIN.value,
                Scope.CONVERSATION_READ.value,
                Scope.CONVERSATION_SEND.value,
            ),
            "legal_basis": LegalBasis.PATIENT_MANDATE.value,
            "mandate": Mandate.DEVICE.value,
            "not_before_us": NOW_US - 1_000_000,
            "not_after_us": NOW_US + 3_600_000_000,
            "text_hash": bytes(32),
            "reading_level": ReadingLevel.STANDARD.value,
            "language": "fr",
        }
        return Delegation(**said | changes)

    def record(self, document: Delegation | None = None, **parts: Any) -> DelegationRecord:
        """Return a delegation with all that makes it hold; `parts` are what is signed otherwise."""
        said = document or self.document()
        made: dict[str, Any] = {
            "delegation": self.account("jean").sign(said),
            "confirmations": (SignedConfirmation(self.confirmation(said)),),
            "acceptance": self.acceptance(said),
            "revocations": (),
        }
        return DelegationRecord(**made | parts)

    def confirmation(self, said: Delegation, by: str = "claire", **changes: Any) -> bytes:
        """Return a pharmacist's word about a document."""
        confirmed: dict[str, Any] = {
            **self._about(),
            "delegation_hash": said.digest,
            "pharmacist": UUID(self.circle.person(by)).bytes,
            "heard_alone": True,
        }
        return self.account(by).sign(Confirmation(**confirmed | changes))

    def acceptance(self, said: Delegation, by: str = "sophie") -> bytes:
        """Return the carer's word about a document."""
        accepted: dict[str, Any] = {"delegation_hash": said.digest, "duties_hash": bytes(32)}
        return self.account(by).sign(Acceptance(**self._about() | accepted))

    def withdrawal(self, named: bytes, *scopes: Scope, by: str = "jean", **changes: Any) -> bytes:
        """Return the patient's word that a delegation, or some of its scopes, is withdrawn."""
        said: dict[str, Any] = {
            **self._about(),
            "delegation": named,
            "scopes": tuple(sorted(scope.value for scope in scopes)),
        }
        return self.account(by).sign(Revocation(**said | changes))

    def account(self, name: str) -> Account:
        """Return somebody's account key."""
        return self.circle.papers_of(name).account

    def let_in(self, by: Device, carer: Device, record: DelegationRecord) -> None:
        """Have a carer's device come in under a delegation, and everybody follow."""
        wanted = dataclass_replace(self.circle.additions(carer), admitted=(record,))
        self.circle.add(by, carer, wanted=wanted)

    def view(self, record: DelegationRecord, **changes: Any) -> DelegationView:
        """Return a delegation as a hub tells it."""
        said = record.content
        fields: dict[str, Any] = {
            "id": str(UUID(bytes=said.delegation)),
            "conversation": self.circle.id,
            "grantor": self.circle.person("jean"),
            "grantor_name": "Jean",
            "grantee": self.circle.person("sophie"),
            "grantee_name": "Sophie",
            "state": DelegationState.CONFIRMED.value,
            "delegation": record.delegation,
            "confirmations": [one.confirmation for one in record.confirmations],
            "staff": [one.staff for one in record.confirmations],
            "acceptance": record.acceptance,
            "revocations": list(record.revocations),
            "proposed_at": NOW_US,
            "not_before": said.not_before_us,
            "not_after": said.not_after_us,
            "ended_at": None,
            "ended": b"",
            "ending": False,
        }
        return DelegationView(**fields | changes)

    def _about(self) -> dict[str, Any]:
        return {
            "deployment": DEPLOYMENT,
            "conversation": UUID(self.circle.id).bytes,
            "at_us": NOW_US,
        }


def add_of(device: Device) -> Add:
    """Return the proposal that adds a device."""
    return Add(decode_key_package(device.make_packages(1)[0]))


def identity_in(papers: Papers) -> IdentityCertificate:
    """Return what the authority certified."""
    return Unverified.decode(IdentityCertificate, papers.identity).content


def leaf_of(device: Device, conversation: str, target: Device) -> int:
    """Return the leaf of a device as another one sees it."""
    group = device.room(conversation).group
    assert group is not None
    return next(
        member.leaf_index
        for member in group.members()
        if identity_of(member.leaf_node).device == target.id
    )


def names(room: Room) -> set[LeafIdentity]:
    """Return whose leaves a group has."""
    return set(room.members())


def authenticators(devices: Sequence[Device], conversation: str) -> set[bytes]:
    """Return the epoch authenticators that devices hold: one, where they agree."""
    found = set()
    for device in devices:
        group = device.room(conversation).group
        found.add(b"" if group is None else group.epoch_authenticator.reveal())
    return found
