"""A conversation of headless devices, and a hub that lies to one of them.

The hub orders what the devices do and hands on what it likes. It holds its own keys and the
deployment's authority's; neither the patient's account key, nor the owner's, nor the carer's.
Whoever plays it says what a victim is shown, and is told in which code the victim refuses it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clients.python.commits import Wanted
from clients.python.content import Acting, frank
from clients.python.device import Device
from clients.python.errors import ClientError
from clients.python.identities import Identities
from clients.python.judge import NeedsProof
from crypto.log import canonical
from crypto.log.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from crypto.log.proof import LogProof
from crypto.log.tree import consistency_proof, inclusion_proof, leaf_hash, node_hash, root_hash
from crypto.mls.group import Group
from crypto.mls.proposal import GroupContextExtensions, Remove
from crypto.policy.conversation import (
    ConversationPolicy,
    DelegationRecord,
    Delegations,
    extensions_of,
    read_extensions,
)
from crypto.policy.vocabulary import Role, Scope
from signaling.frames import Event, IdentityView, Receipt
from tests.clients.circle import (
    NOW,
    NOW_US,
    Circle,
    Mandates,
    Papers,
    a_welcomed,
    add_of,
    authenticators,
    leaf_of,
)

HOUR_US = 3_600_000_000
LOG = "colloque.test/990000001/care"
PEOPLE = {
    "claire": Role.PHARMACIST,
    "jean": Role.PATIENT,
    "sophie": Role.CARER,
    "hugo": Role.PHARMACIST,
    "lea": Role.TECHNICIAN,
}


class Log:
    """A log of the hub's: it signs whatever tree it wants to show."""

    def __init__(self, key: Ed25519PrivateKey | None = None) -> None:
        self.key = key or Ed25519PrivateKey.generate()
        self.entries: list[bytes] = []

    @property
    def verifier(self) -> str:
        """The key that clients pin."""
        return VerifierKey.of(LOG, self.key).encode()

    def append(self, **entry: Any) -> Receipt:
        """Write an entry; return its receipt."""
        self.entries.append(canonical.encode({"conversation": None} | entry))
        return self.receipt(len(self.entries) - 1)

    def receipt(self, index: int, entry: bytes | None = None) -> Receipt:
        """Return the proof of an entry, or that proof with other bytes before it."""
        proof = LogProof(
            index=index,
            hashes=inclusion_proof(index, len(self.entries), self._node),
            checkpoint_text=self.note(),
        )
        told = self.entries[index] if entry is None else entry
        return Receipt(log=LOG, index=index, entry=told, proof=proof.encode())

    def note(self, size: int | None = None) -> str:
        """Return the signed head of so many entries."""
        last = len(self.entries) if size is None else size
        root = root_hash([leaf_hash(one) for one in self.entries[:last]])
        said = Checkpoint(origin=LOG, size=last, root=root)
        return sign_checkpoint(said, self.key)

    def consistency(self, first: int, second: int) -> list[bytes]:
        """Return the proof that the smaller tree is the beginning of the larger one, in here."""
        return list(consistency_proof(first, second, self._node))

    def _node(self, level: int, index: int) -> bytes:
        if level == 0:
            return leaf_hash(self.entries[index])
        left, right = (self._node(level - 1, 2 * index + side) for side in (0, 1))
        return node_hash(left, right)


@dataclass(slots=True)
class Scene:
    """A pharmacist, a patient, and a carer who may come in, or is in."""

    circle: Circle
    claire: Device
    jean: Device
    sophie: Device
    record: DelegationRecord
    log: Log = field(default_factory=Log)

    @classmethod
    def set(cls, *, inside: bool = True, **document: Any) -> Scene:
        """Have the three of them meet; the carer is let in, or not yet."""
        circle = Circle(people=dict(PEOPLE))
        claire, jean = circle.two()
        mandates = Mandates(circle)
        record = mandates.record(mandates.document(**document))
        scene = cls(circle, claire, jean, circle.device("sophie"), record)
        if inside:
            mandates.let_in(claire, scene.sophie, record)
        return scene

    @property
    def mandates(self) -> Mandates:
        """What people sign here."""
        return Mandates(self.circle)

    def group(self, device: Device) -> Group:
        """Return the group as a device holds it."""
        group = self.circle.room(device).group
        assert group is not None
        return group

    @property
    def policy(self) -> ConversationPolicy:
        """What the group says of the conversation."""
        return read_extensions(self.group(self.claire).context.extensions)[0]

    @property
    def delegations(self) -> Delegations:
        """What the group says of who acts for whom."""
        return read_extensions(self.group(self.claire).context.extensions)[1]

    def context(
        self, delegations: Delegations, policy: ConversationPolicy | None = None
    ) -> GroupContextExtensions:
        """Return what puts other delegations, or another policy, into the group's context."""
        hub = self.claire.trust.hub
        return GroupContextExtensions(extensions_of(policy or self.policy, delegations, hub))

    def with_record(self, record: DelegationRecord) -> GroupContextExtensions:
        """Return what brings a delegation into force."""
        before = self.delegations
        records = (*before.in_force, record)
        after = Delegations(
            before.number + 1, tuple(sorted(records, key=lambda one: one.id)), before.tombstones
        )
        return self.context(after)

    def commit(self, by: Device, *proposals: Any, **options: Any) -> Event:
        """Return a commit that a device makes without asking any policy."""
        made = self.circle.outlaw(by, *proposals, **options)
        return self.circle.event("commit", by, made.message)

    def lets_in(self, record: DelegationRecord, by: Device | None = None, **options: Any) -> Event:
        """Return the commit that lets the carer in under a record."""
        proposals = [self.with_record(record), add_of(self.sophie)]
        return self.commit(by or self.claire, *proposals, **options)

    def removes(self, device: Device) -> Remove:
        """Return the proposal that removes a device."""
        return Remove(leaf_of(self.claire, self.circle.id, device))

    def ending(self, what: str, statement: bytes, **changes: Any) -> Event:
        """Return the hub's proposal to remove the carer, for a reason."""
        said = {"why": what, "delegation": self.record.id, "statement": statement}
        return self.circle.proposal(self.claire, self.sophie, **said | changes)

    def withdrawn(self) -> None:
        """Have the patient withdraw it, and the group go on without her."""
        self.circle.inside.remove(self.sophie)
        self.circle.tell(self.ending("revocation", self.mandates.withdrawal(self.record.id)))
        self.circle.commit(self.claire)

    def narrowed(self, *scopes: Scope) -> None:
        """Have the patient withdraw scopes, and the group hear of it."""
        signed = self.mandates.withdrawal(self.record.id, *scopes)
        self.circle.commit(self.claire, wanted=Wanted(narrowed=(signed,)))

    def says(self, by: Device, acting: Acting, **changes: Any) -> Event:
        """Return a message that says for whom it is sent, whoever sends it."""
        header: dict[str, Any] = {"id": os.urandom(16), "counter": 1, "sent_at": 0}
        franked = frank("Bonjour", "", os.urandom, **header).sent(NOW_US // 1_000, acting)
        body = self.circle.room(by).seal(franked, os.urandom)
        message = str(UUID(bytes=header["id"]))
        return self.circle.event("message", by, body, **{"message": message} | changes)

    def acting(self) -> Acting:
        """Return what the carer's messages truly say."""
        return self.circle.room(self.sophie).acting(self.circle.judge(self.sophie))

    # What a victim makes of it

    def shown(self, device: Device, *events: Event, now: float = NOW) -> str | None:
        """Show steps to a device; return the code in which it refuses one, and stays as it was."""
        for event in events:
            room = self.circle.room(device)
            before = (room.epoch, authenticators([device], self.circle.id))
            code = told(lambda event=event: self.circle.tell(event, device, now=now))  # type: ignore[misc]
            if code is not None:
                assert (room.epoch, authenticators([device], self.circle.id)) == before
                return code
        return None

    def read(self, device: Device, event: Event) -> str | None:
        """Show a message to a device; return why it hides it, nothing where it shows it."""
        return told(lambda: self.circle.read(device, event))

    def identities(self, device: Device) -> tuple[Identities, list[object]]:
        """Return what a device asks of people, against a log that it pinned; and its notices."""
        device.trust.logs.pin({"care": self.log.verifier})
        notices: list[object] = []
        client = SimpleNamespace(
            device=device,
            logs=device.trust.logs,
            welcomed=a_welcomed(device, device.trust.person or ""),
            notify=notices.append,
            settled=lambda: None,
        )
        return Identities(client), notices  # type: ignore[arg-type]

    def view(self, papers: Papers, name: str, receipt: Receipt, **changes: Any) -> IdentityView:
        """Return what the hub tells of a person."""
        fields: dict[str, Any] = {
            "person": self.circle.person(name),
            "name": name,
            "role": PEOPLE[name].value,
            "certificate": papers.identity,
            "receipt": receipt,
            "staff": papers.staff,
            "revoked": b"",
        }
        return IdentityView(**fields | changes)


def told(act: Callable[[], object]) -> str | None:
    """Do something with a client; return the code in which it refuses, or nothing."""
    try:
        act()
    except ClientError as refusal:
        return str(getattr(refusal, "code", type(refusal).__name__))
    except NeedsProof:
        return "held"
    return None
