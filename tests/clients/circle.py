"""A conversation of real devices around a hub on paper, which orders and hands on what they do.

A test plays the hub: it may hand on something else than it was given.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from msgspec.structs import replace

from clients.python.content import SignalContent
from clients.python.device import Device
from clients.python.groups import Pending, Room
from clients.python.trust import Judge, identity_of
from crypto.keys import Secret
from crypto.mls.group import Committed
from crypto.mls.message import decode_key_package
from crypto.mls.proposal import Add, Proposal, Remove
from crypto.policy.identity import LeafIdentity
from crypto.policy.statements import DeviceRevocation, RemoveJustification, sign
from crypto.policy.vocabulary import ConversationKind, Motive, Role
from crypto.suites import SUITES, SigningKey
from signaling import frames
from signaling.frames import Event, MemberState, SignalPush, Summary, Welcomed, WelcomePush

SUITE = SUITES[1]
DEPLOYMENT = "colloque.test"
NOW = time.time()
"""One instant for a whole run: key packages are dated by the machine's clock."""


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
        "pharmacy": frames.Pharmacy(finess="990000001", name="", phone=""),
        "key_packages_left": 0,
        "deployment": DEPLOYMENT,
        "hub_key": bytes(32),
        "logs": {},
        "checkpoint": "",
        "conversations": [],
        "calls": [],
    }
    return Welcomed(**fields | changes)


@dataclass(slots=True)
class Circle:
    """One conversation: a pharmacist and a patient by name, and whoever a test adds."""

    id: str = field(default_factory=lambda: str(uuid4()))
    hub: SigningKey = field(default_factory=a_signing_key)
    people: dict[str, Role] = field(
        default_factory=lambda: {"claire": Role.PHARMACIST, "jean": Role.PATIENT}
    )
    persons: dict[str, str] = field(default_factory=dict)
    inside: list[Device] = field(default_factory=list)
    """Whom the hub tells what happens."""
    seq: int = 0

    def person(self, name: str) -> str:
        """Return somebody's id."""
        return self.persons.setdefault(name, str(uuid4()))

    def device(self, name: str) -> Device:
        """Return a new device of somebody's, after its first hello."""
        device = Device.new()
        device.trust.meet(a_welcomed(device, self.person(name), hub_key=self.hub.public), device.id)
        device.touch_pins()
        device.save()
        return device

    def judge(self, device: Device, **changes: Any) -> Judge:
        """Return the judge of this conversation on a device."""
        return Judge.of(self.summary(**changes), device.identity, device.trust)

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
            "conversation_kind": "remote_dispensation",
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

    def room(self, device: Device) -> Room:
        """Return the conversation on a device."""
        return device.room(self.id)

    def found(self, name: str = "claire") -> Device:
        """Have somebody found the conversation."""
        device = self.device(name)
        self.room(device).found(self.founding, device.own(), device.trust.extensions, os.urandom)
        self.room(device).adopt(0, device.trust, NOW)
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

    def add(self, by: Device, *newcomers: Device) -> None:
        """Add devices, and have everybody follow."""
        adds = [Add(decode_key_package(one.make_packages(1)[0])) for one in newcomers]
        pending = self.commit(by, *adds)
        frame = pending.frame
        assert isinstance(frame, frames.Commit)
        assert frame.welcome is not None
        for one in newcomers:
            push = WelcomePush(conversation=self.id, seq=self.seq, welcome=frame.welcome)
            joined = self.room(one).admit(push, list(one.packages.values()), self.judge(one))
            assert joined is not None
            one.spend(joined.spent)
        self.inside += newcomers

    def commit(self, by: Device, *proposals: Proposal) -> Pending:
        """Commit, and have everybody follow."""
        pending = self.room(by).commit(proposals, now=int(NOW), random_bytes=os.urandom)
        self.tell(self.event("commit", by, pending.body))
        return pending

    def outlaw(self, by: Device, *proposals: Proposal, **options: Any) -> Committed:
        """Make a commit as a device that holds to no policy would."""
        group = self.room(by).group
        assert group is not None
        defaults: dict[str, Any] = {"force_path": True, "now": int(NOW)}
        return group.commit(proposals, random_bytes=os.urandom, **defaults | options)

    def event(self, what: str, by: Device | None, body: bytes, **changes: Any) -> Event:
        """Give something its place in the conversation."""
        self.seq += 1
        event = Event(
            conversation=self.id,
            seq=self.seq,
            ts=self.seq,
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
            room.follow(event, self.judge(device), now)

    def pass_over(self, *devices: Device) -> None:
        """Have devices hear of nothing up to now."""
        for device in devices:
            self.room(device).cursor = self.seq

    def message(self, by: Device, text: str, **changes: Any) -> Event:
        """Have a device write; return the event of it."""
        written = by.write(self.room(by), text)
        body = by.seal(self.room(by), written)
        return self.event("message", by, body, **{"message": written.id, **changes})

    def signal(self, by: Device, to: Device, **changes: Any) -> SignalPush:
        """Have a device seal an offer for another."""
        body = by.seal_signal(self.room(by), self.offer(by, to))
        push = SignalPush(conversation=self.id, person=by.identity.person, device=by.id, body=body)
        return replace(push, **changes)

    def offer(self, by: Device, to: Device, **changes: Any) -> SignalContent:
        """Return the content of an offer."""
        content = SignalContent(
            call=self.id, sender=by.id, to=to.id, generation=1, type="offer", sdp="v=0"
        )
        return replace(content, **changes)

    def removal(
        self,
        seen_by: Device,
        target: Device,
        *,
        signer: Device | None = None,
        revocation: dict[str, Any] | None = None,
        justification: dict[str, Any] | None = None,
        key: SigningKey | None = None,
    ) -> Event:
        """Have the hub propose to remove a device that its person gave up."""
        group = self.room(seen_by).group
        assert group is not None
        signs = signer or target
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "person": UUID(target.identity.person).bytes,
            "device": UUID(target.id).bytes,
            "signer": UUID(signs.id).bytes,
            "at_us": 1,
        }
        statement = sign(
            DeviceRevocation(**said | (revocation or {})),
            key or SUITE.signing_key(signs.own().signature_key),
        )
        why: dict[str, Any] = {
            "conversation": UUID(self.id).bytes,
            "device": UUID(target.id).bytes,
            "confirmed_transcript_hash": group.context.confirmed_transcript_hash,
            "statement": statement,
        }
        body = group.public.external_proposal(
            Remove(leaf_of(seen_by, self.id, target)),
            sender_index=0,
            key=self.hub,
            authenticated_data=RemoveJustification(**why | (justification or {})).encode(),
        )
        return self.event("proposal", None, body)


def leaf_of(device: Device, conversation: str, target: Device) -> int:
    """Return the leaf of a device as another one sees it."""
    group = device.room(conversation).group
    assert group is not None
    return next(
        member.leaf_index for member in group.members() if identity_of(member).device == target.id
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
