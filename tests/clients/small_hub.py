"""A hub of a hundred lines for one device's tests: a true wire, a true log, and faults on request.

It keeps its state when its sockets are cut, as the real one keeps it in the database.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from clients.python.session import LOOPBACK, Session, Site
from crypto.keys import Secret
from crypto.log import canonical
from crypto.log.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from crypto.log.proof import LogProof
from crypto.log.tree import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_hash,
)
from crypto.mls.authenticated_data import AuthenticatedData
from crypto.mls.framing import decode_header
from crypto.policy.statements import Enrolment, IdentityCertificate, Unverified, sign
from crypto.policy.vocabulary import Profession, Role
from crypto.suites import SUITES, SigningKey
from signaling import frames
from signaling.codec import decode_client, encode
from signaling.codes import CODES, Code
from signaling.frames import ClientFrame, Event, Ok, Receipt, RefusedFrame, ServerFrame

PERSON = "00000000-0000-4000-8000-00000000c1a1"
COLLEAGUE = "00000000-0000-4000-8000-00000000c1a2"
DEPLOYMENT = "colloque.test"
LOG = "colloque.test/990000001/care"
_ENDS = {
    "revocation": "delegation.revoked",
    "resignation": "delegation.resigned",
    "suspension": "delegation.suspended",
}
PAGE = 2
SUITE = SUITES[1]
YEAR_US = 365 * 24 * 3600 * 1_000_000

Fault = Callable[["SmallHub", ServerConnection, ClientFrame], "bool | None"]
"""Called before a frame takes effect; True: the frame was dealt with (or swallowed) here."""


@dataclass(slots=True)
class SmallHub:
    """State that outlives the sockets, and what was seen on the wire."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    hub_key: bytes = field(default_factory=lambda: os.urandom(32))
    authority: SigningKey = field(default_factory=lambda: SUITE.signing_key(Secret(os.urandom(32))))
    identities: dict[str, frames.IdentityView] = field(default_factory=dict)
    """Who has enrolled, with the proof that stands in the log."""
    certificates: dict[str, bytes] = field(default_factory=dict)
    """By device: as its person certified it."""
    withheld: set[str] = field(default_factory=set)
    """Whose certificates are not told to anybody who asks."""
    delegations: list[frames.DelegationView] = field(default_factory=list)
    stock: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Somebody's device, and its key package."""
    role: Role = Role.PHARMACIST
    """Of whoever signs in."""
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000
    conversations: dict[str, frames.Summary] = field(default_factory=dict)
    devices: dict[ServerConnection, str] = field(default_factory=dict)
    group_info: bytes = b""
    entries: list[bytes] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    answers: dict[str, Ok] = field(default_factory=dict)
    epoch: int = 0
    calls: list[frames.CallView] = field(default_factory=list)
    seen: list[ClientFrame] = field(default_factory=list)
    sockets: list[ServerConnection] = field(default_factory=list)
    before: Fault = lambda *_: None
    after: Fault = lambda *_: None
    port: int = 0

    @property
    def session(self) -> Session:
        """A session of this hub, without the HTTP that precedes it."""
        return Session(Site("claire", self.port), "token")

    @property
    def bodies(self) -> list[bytes]:
        """Every body a device sent, retries included."""
        return [frame.body for frame in self.seen if isinstance(frame, frames.SendMessage)]

    async def serve(self, socket: ServerConnection) -> None:
        """Live with one connection."""
        self.sockets.append(socket)
        with contextlib.suppress(ConnectionClosed):
            async for data in socket:
                assert isinstance(data, bytes)
                await self._receive(socket, decode_client(data))

    async def _receive(self, socket: ServerConnection, frame: ClientFrame) -> None:
        self.seen.append(frame)
        if self.before(self, socket, frame):
            return
        known = len(self.events)
        if isinstance(frame, frames.Hello):
            self.devices[socket] = frame.device
        said = self._act(frame, self.devices[socket])
        if self.after(self, socket, frame):
            return
        await socket.send(encode(said))
        if isinstance(frame, frames.Hello):
            for event in self.events:
                if event.seq > frame.cursors.get(event.conversation, 0):
                    await socket.send(encode(event))
        elif len(self.events) > known:
            await socket.send(encode(self.events[-1]))

    def _act(self, frame: ClientFrame, device: str) -> ServerFrame:
        match frame:
            case frames.Hello():
                welcomed = msgspec.to_builtins(self._welcomed(device), builtin_types=(bytes,))
                receipt = self.record("connection.opened", None)
                return Ok(id=frame.id, now=self.clock(), receipt=receipt, result=welcomed)
            case frames.SendMessage():
                return self._send(frame, device)
            case frames.CreateConversation():
                return self._create(frame)
            case frames.Commit():
                return self._commit(frame, device)
            case frames.ConfirmEpoch():
                receipt = self.record("group.confirmed", None)
                return Ok(id=frame.id, now=self.clock(), receipt=receipt, result={"receipts": 1})
            case frames.ReportStuck():
                receipt = self.record("group.stuck", frame.conversation)
                return Ok(id=frame.id, now=self.clock(), receipt=receipt, result={"resync": True})
            case frames.AskGroupInfo():
                receipt = self.record("group.info_told", None)
                result = {"group_info": self.group_info}
                return Ok(id=frame.id, now=self.clock(), receipt=receipt, result=result)
            case _:
                return self._tell(frame, device)

    def _tell(self, frame: ClientFrame, device: str) -> ServerFrame:
        """Answer what is about people and about the log."""
        match frame:
            case frames.EnrolIdentity():
                return self._enrol(frame)
            case frames.CertifyDevice():
                self.certificates[device] = frame.certificate
                receipt = self.record("device.certified", None)
                return Ok(id=frame.id, now=self.clock(), receipt=receipt)
            case frames.ListIdentities():
                return self._identities(frame)
            case frames.ClaimKeyPackages():
                return self._claim(frame)
            case frames.EndDelegation():
                receipt = self.record(_ENDS[frame.what], frame.conversation)
                return Ok(id=frame.id, now=self.clock(), receipt=receipt)
            case frames.ProveConsistency():
                return self._consistency(frame)
            case frames.VerifyLogs():
                head = {"log": "care", "vkey": self._vkey, "checkpoint": self._checkpoint()}
                result = {"look": PERSON, "logs": [head]}
                return Ok(id=frame.id, now=self.clock(), result=result)
            case frames.ReadPage():
                return Ok(id=frame.id, now=self.clock(), result=self._page(frame.after))
            case _:
                return Ok(id=frame.id, now=self.clock())

    def _enrol(self, frame: frames.EnrolIdentity) -> ServerFrame:
        said = Unverified.decode(Enrolment, frame.statement).content
        view = self.enrol(PERSON, said.aik, Role.PHARMACIST, Profession.OWNER)
        result = {"certificate": view.certificate}
        return Ok(id=frame.id, now=self.clock(), receipt=view.receipt, result=result)

    def enrol(
        self, person: str, aik: bytes, role: Role, profession: Profession = Profession.NONE
    ) -> frames.IdentityView:
        """Certify somebody's account key, and write it into the log."""
        now = self.clock()
        certificate = sign(
            IdentityCertificate(
                deployment=DEPLOYMENT,
                person=UUID(person).bytes,
                role=role.value,
                profession=profession.value,
                aik=aik,
                not_before_us=now - YEAR_US,
                not_after_us=now + YEAR_US,
            ),
            self.authority,
        )
        told = {"certificate": hashlib.sha256(certificate).hexdigest()}
        self.identities[person] = frames.IdentityView(
            person=person,
            name="",
            role=role.value,
            certificate=certificate,
            receipt=self.record("identity.issued", None, outcome=told),
            staff=b"",
            revoked=b"",
        )
        return self.identities[person]

    def _claim(self, frame: frames.ClaimKeyPackages) -> ServerFrame:
        device, package = self.stock[frame.person]
        row = {
            "person": frame.person,
            "device": device,
            "key_package": hashlib.sha256(package).hexdigest(),
            "bytes": package,
        }
        receipt = self.record("key_package.claimed", frame.conversation)
        return Ok(id=frame.id, now=self.clock(), receipt=receipt, result={"packages": [row]})

    def _identities(self, frame: frames.ListIdentities) -> ServerFrame:
        told = [one for one in frame.persons if one in self.identities and one not in self.withheld]
        views = [msgspec.to_builtins(self.identities[one], builtin_types=(bytes,)) for one in told]
        return Ok(id=frame.id, now=self.clock(), result={"identities": views})

    def _consistency(self, frame: frames.ProveConsistency) -> ServerFrame:
        leaves = [leaf_hash(entry) for entry in self.entries]
        proof = consistency_proof(frame.first, frame.second, lambda *at: _subtree(leaves, *at))
        result = {"proof": list(proof), "checkpoint": self._checkpoint()}
        return Ok(id=frame.id, now=self.clock(), result=result)

    def _identity_of(self, person: str) -> bytes:
        found = self.identities.get(person)
        return b"" if found is None else found.certificate

    def _create(self, frame: frames.CreateConversation) -> ServerFrame:
        described = self.describe(frame.conversation)
        receipt = self.record("dispensation.started", frame.conversation)
        result = {"conversation": msgspec.to_builtins(described)}
        return Ok(id=frame.id, now=self.clock(), receipt=receipt, result=result)

    def describe(self, conversation: str) -> frames.Summary:
        """Know of a conversation of a pharmacist and a patient."""
        members = [
            frames.MemberState(
                person=person,
                name="",
                role=role,
                state="joined",
                delivered=0,
                read=0,
                key_packages=True,
            )
            for person, role in ((PERSON, "pharmacist"), (COLLEAGUE, "patient"))
        ]
        self.conversations[conversation] = frames.Summary(
            id=conversation,
            conversation_kind="remote_dispensation",
            motive="age",
            created_at=1,
            founder=PERSON,
            patient=COLLEAGUE,
            generation=0,
            epoch=self.epoch,
            last_seq=len(self.events),
            removing=False,
            joined=True,
            since=0,
            members=members,
        )
        return self.conversations[conversation]

    def _commit(self, frame: frames.Commit, device: str) -> ServerFrame:
        if decode_header(frame.commit).epoch != self.epoch:
            return refused(frame, Code.E_EPOCH, epoch=self.epoch)
        event = self.commit(frame.conversation, frame.commit, device=device)
        receipt = self.record("group.committed", frame.conversation, frame.commit)
        result = {"seq": event.seq, "epoch": self.epoch}
        return Ok(id=frame.id, now=self.clock(), receipt=receipt, result=result)

    def _page(self, after: int) -> dict[str, Any]:
        rows = [
            {"index": index, "entry": entry, "leaf": leaf_hash(entry)}
            for index, entry in enumerate(self.entries)
            if after < index <= after + PAGE
        ]
        return {"rows": rows, "next": after + PAGE if len(rows) == PAGE else None}

    @property
    def _vkey(self) -> str:
        return VerifierKey.of(LOG, self.key).encode()

    def _checkpoint(self) -> str:
        leaves = [leaf_hash(entry) for entry in self.entries]
        checkpoint = Checkpoint(origin=LOG, size=len(leaves), root=root_hash(leaves))
        return sign_checkpoint(checkpoint, self.key)

    def _send(self, frame: frames.SendMessage, device: str) -> ServerFrame:
        header = decode_header(frame.body)
        message = str(UUID(bytes=AuthenticatedData.decode(header.authenticated_data).id))
        if message in self.answers:
            return msgspec.structs.replace(self.answers[message], id=frame.id)
        if header.epoch != self.epoch:
            return refused(frame, Code.E_EPOCH, epoch=self.epoch)
        event = self._event("message", frame.conversation, frame.body, device=device)
        self.events.append(msgspec.structs.replace(event, message=message))
        receipt = self.record("message.sent", frame.conversation, frame.body)
        result = {"seq": len(self.events), "ts": event.ts}
        self.answers[message] = Ok(id=frame.id, now=self.clock(), receipt=receipt, result=result)
        return self.answers[message]

    def _event(
        self, what: str, conversation: str, body: bytes, *, device: str, person: str = PERSON
    ) -> Event:
        return Event(
            conversation=conversation,
            seq=len(self.events) + 1,
            ts=self.clock(),
            what=what,
            person=person,
            device=device,
            body=body,
        )

    def commit(
        self, conversation: str, body: bytes, *, device: str = COLLEAGUE, person: str = PERSON
    ) -> Event:
        """Let a member move the group to its next epoch."""
        self.epoch += 1
        event = self._event("commit", conversation, body, device=device, person=person)
        self.events.append(event)
        return event

    def record(
        self,
        act: str,
        conversation: str | None,
        body: bytes | None = None,
        outcome: dict[str, str] | None = None,
    ) -> Receipt:
        """Append an entry; return its receipt."""
        sealed = None if body is None else {"ciphertext": hashlib.sha256(body).hexdigest()}
        entry = canonical.encode(
            {
                "conversation": conversation,
                "object": sealed,
                "outcome": outcome,
                "seq": len(self.entries),
                "type": act,
            }
        )
        self.entries.append(entry)
        return self.receipt(len(self.entries) - 1)

    def receipt(self, index: int) -> Receipt:
        """Return the receipt of entry `index` against the log as it is now."""
        leaves = [leaf_hash(entry) for entry in self.entries]
        proof = LogProof(
            index=index,
            hashes=inclusion_proof(index, len(leaves), lambda *at: _subtree(leaves, *at)),
            checkpoint_text=self._checkpoint(),
        )
        return Receipt(log=LOG, index=index, entry=self.entries[index], proof=proof.encode())

    def _welcomed(self, device: str) -> frames.Welcomed:
        return frames.Welcomed(
            person=PERSON,
            name="Claire Morel",
            role=self.role.value,
            device=device,
            new_device=False,
            other_devices=0,
            pharmacy=frames.Pharmacy(finess="990000001", name="Pharmacie", phone="01"),
            key_packages_left=0,
            deployment=DEPLOYMENT,
            hub_key=self.hub_key,
            authority=self.authority.public,
            identity=self._identity_of(PERSON),
            device_certificate=self.certificates.get(device, b""),
            staff=b"",
            owner=self._identity_of(PERSON),
            logs={"care": self._vkey},
            checkpoint=self._checkpoint(),
            conversations=list(self.conversations.values()),
            calls=self.calls,
            delegations=self.delegations,
        )


def refused(frame: ClientFrame, code: Code, **details: Any) -> RefusedFrame:
    """Return the refusal of `frame` with the code's own row."""
    row = CODES[code]
    return RefusedFrame(id=frame.id, code=code, text=row.text, retry=row.retry, **details)


@contextlib.asynccontextmanager
async def serving(hub: SmallHub) -> AsyncIterator[Server]:
    """Serve `hub` on a free port of this machine."""
    async with serve(
        hub.serve,
        LOOPBACK,
        hub.port,
        subprotocols=[Subprotocol(frames.SUBPROTOCOL)],
        compression=None,
    ) as server:
        hub.port = next(iter(server.sockets)).getsockname()[1]
        yield server


def _subtree(leaves: list[bytes], level: int, index: int) -> bytes:
    if level == 0:
        return leaves[index]
    left, right = (_subtree(leaves, level - 1, 2 * index + side) for side in (0, 1))
    return node_hash(left, right)
