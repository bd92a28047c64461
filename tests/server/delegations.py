"""A carer's delegation on a real hub: from the patient's word to the last epoch with the carer.

Every statement is signed by the account keys of `tests.server.accounts`; every commit is made by
the Python `Group`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from crypto.mls.proposal import Proposal
from crypto.policy.conversation import (
    DelegationRecord,
    changed,
    read_extensions,
)
from crypto.policy.statements import (
    Acceptance,
    Confirmation,
    Delegation,
    Resignation,
    Revocation,
    Statement,
    Suspension,
    sign,
    unsigned,
)
from crypto.policy.vocabulary import DelegationState, LegalBasis, Mandate, Scope
from signaling import frames
from signaling.frames import DelegationView, Ok, RefusedFrame
from tests.server.accounts import DEPLOYMENT, SECONDS, Account
from tests.server.house import PEOPLE, House, Peer, a_pair
from tests.server.mls import added, adds_of, fields_of, removal_of, with_extensions

DAY = 24 * 3600 * SECONDS
READ, SEND, CALL = Scope.CONVERSATION_READ, Scope.CONVERSATION_SEND, Scope.CALL_JOIN
HASH = bytes(range(32))
EVIDENCE: dict[str, Any] = {
    "legal_basis": LegalBasis.GUARDIANSHIP_PERSON,
    "mandate": Mandate.EVIDENCE,
    "evidence": HASH,
    "issuer": b"Tribunal judiciaire de Lyon",
}
ENDS: dict[str, tuple[type[Statement], str]] = {
    "revocation": (Revocation, "jean"),
    "resignation": (Resignation, "sophie"),
    "suspension": (Suspension, "claire"),
}


@dataclass(slots=True)
class Care:
    """A pharmacist and a patient in one group, and the carer whom the patient names."""

    house: House
    claire: Peer
    jean: Peer
    sophie: Peer
    conversation: str
    delegation: str = ""

    @property
    def here(self) -> dict[str, str]:
        """The fields that every frame about this delegation has."""
        return {"conversation": self.conversation, "delegation": self.delegation}

    @property
    def now(self) -> int:
        """The hub's clock."""
        return self.house.clock.now()

    def document(self, **changes: Any) -> Delegation:
        """Return what the patient gives: reading and writing, for a month."""
        jean, sophie = self.account("jean"), self.account("sophie")
        said: dict[str, Any] = {
            "deployment": DEPLOYMENT,
            "conversation": uuid.UUID(self.conversation).bytes,
            "delegation": uuid.uuid4().bytes,
            "grantor": jean.id,
            "grantor_aik": jean.aik,
            "grantee": sophie.id,
            "grantee_aik": sophie.aik,
            "scopes": (READ, SEND),
            "legal_basis": LegalBasis.PATIENT_MANDATE,
            "mandate": Mandate.DEVICE,
            "not_before_us": self.now,
            "not_after_us": self.now + 31 * DAY,
            "text_hash": HASH,
            "reading_level": "standard",
            "language": "fr",
        }
        said |= changes
        said["scopes"] = tuple(sorted(map(str, said["scopes"])))
        return Delegation(**said)

    def account(self, slug: str) -> Account:
        """Return a persona's account."""
        return self.house.accounts[PEOPLE[slug].id]

    def signed(self, document: Delegation, by: str = "jean") -> bytes:
        """Return a document as its giver signs it; on paper nobody does."""
        if document.mandate != Mandate.DEVICE:
            return unsigned(document)
        return sign(document, self.account(by).key)

    def proposal(self, **changes: Any) -> dict[str, Any]:
        """Return the fields of a proposal."""
        document = self.document(**changes)
        return {"conversation": self.conversation, "delegation": self.signed(document)}

    async def propose(self, **changes: Any) -> Ok:
        """Have the patient give a delegation."""
        by: Peer = changes.pop("by", self.jean)
        done = await by.ok(frames.ProposeDelegation, **self.proposal(**changes))
        self.delegation = (done.result or {})["delegation"]["id"]
        return done

    async def propose_evidence(self, **changes: Any) -> Ok:
        """Have a pharmacist bring a court's word that somebody acts for the patient."""
        return await self.propose(**{"by": self.claire} | EVIDENCE | changes)

    def row(self, delegation: str | None = None) -> Any:
        """Return the delegation as the hub stores it."""
        with self.house.database.read() as tx:
            row = tx.delegations.find(delegation or self.delegation)
        assert row is not None
        return row

    def record(self) -> DelegationRecord:
        """Return what was signed of it so far."""
        return DelegationRecord.decode(self.row().record)

    def confirmation(self, slug: str = "claire", **changes: Any) -> dict[str, Any]:
        """Return the fields of a pharmacist's confirmation."""
        pharmacist = self.account(slug)
        said: dict[str, Any] = {
            "conversation": uuid.UUID(self.conversation).bytes,
            "delegation_hash": self.record().content.digest,
            "pharmacist": pharmacist.id,
            "heard_alone": True,
            "at_us": self.now,
        }
        return self.here | {"confirmation": pharmacist.signed(Confirmation, **said | changes)}

    async def confirm(self, by: Peer | None = None) -> Ok:
        """Have a pharmacist confirm who the carer is."""
        peer = by or self.claire
        return await peer.ok(frames.ConfirmDelegation, **self.confirmation(peer.slug))

    def acceptance(self, **changes: Any) -> dict[str, Any]:
        """Return the fields of the carer's acceptance."""
        said: dict[str, Any] = {
            "conversation": uuid.UUID(self.conversation).bytes,
            "delegation_hash": self.record().content.digest,
            "duties_hash": HASH,
            "at_us": self.now,
        }
        signed = self.account("sophie").signed(Acceptance, **said | changes)
        return self.here | {"acceptance": signed}

    async def accept(self, by: Peer | None = None) -> Ok:
        """Have the carer accept the duties."""
        return await (by or self.sophie).ok(frames.AcceptDelegation, **self.acceptance())

    async def agree(self, **changes: Any) -> None:
        """Have all three say yes."""
        await self.propose(**changes)
        await self.confirm()
        await self.accept()

    def admission(self, peer: Peer, rows: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
        """Return the fields of the commit that lets the carer in: extension and leaves in one."""
        record = options.pop("record", None) or self.record()
        change = self.change(peer, admitted=[record])
        made = peer.mls.commit(self.conversation, change, *adds_of(rows), **options)
        return fields_of(self.conversation, made) | {"adds": added(*rows)}

    async def admit(self, by: Peer | None = None) -> Ok:
        """Have a member let the carer in, and the carer join."""
        peer = by or self.claire
        rows = await peer.claim(self.conversation, "sophie")
        done = await peer.ok(frames.Commit, **self.admission(peer, rows))
        await self.sophie.push(frames.WelcomePush)
        for one in (self.claire, self.jean):
            await one.settle()
        return done

    def change(self, peer: Peer, **changes: Any) -> Proposal:
        """Return the proposal that puts the delegations after a change into the group."""
        group = peer.mls.groups[self.conversation]
        policy, delegations = read_extensions(group.context.extensions)
        changes.setdefault("at_us", self.now)
        return with_extensions(group, policy, changed(delegations, **changes))

    def statement(self, what: str, **changes: Any) -> dict[str, Any]:
        """Return the fields of an end: a revocation, a resignation or a suspension."""
        kind, slug = ENDS[what]
        account = self.account(changes.pop("signer", slug))
        said: dict[str, Any] = {
            "conversation": uuid.UUID(self.conversation).bytes,
            "delegation": uuid.UUID(self.delegation).bytes,
            "at_us": self.now,
        }
        if what == "suspension":
            said |= {"pharmacist": account.id, "reason": "telephone"}
        signed = account.signed(kind, **said | changes)
        return {"conversation": self.conversation, "what": what, "statement": signed}

    async def end(self, what: str = "revocation", **changes: Any) -> Ok:
        """End the delegation, by the hand that may."""
        by = {"revocation": self.jean, "resignation": self.sophie, "suspension": self.claire}
        return await by[what].ok(frames.EndDelegation, **self.statement(what, **changes))

    def departure(
        self, peer: Peer, state: DelegationState = DelegationState.REVOKED, **options: Any
    ) -> dict[str, Any]:
        """Return the fields of the commit that takes the carer out: Removes and tombstone."""
        ended = [(uuid.UUID(self.delegation).bytes, state)]
        made = peer.mls.commit(self.conversation, self.change(peer, ended=ended), **options)
        return fields_of(self.conversation, made)

    async def carry_out(
        self, by: Peer | None = None, state: DelegationState = DelegationState.REVOKED
    ) -> Ok:
        """Have a member commit what is due."""
        peer = by or self.claire
        await peer.settle()
        return await peer.ok(frames.Commit, **self.departure(peer, state))

    def removal(self, peer: Peer, device: str) -> Proposal:
        """Return the Remove of a device, by value."""
        return removal_of(peer.mls.groups[self.conversation], device)

    def message(self, **changes: Any) -> bytes:
        """Return a message of the carer's, in the patient's name."""
        row = self.row()
        said = {
            "acting_for": uuid.UUID(row.grantor).bytes,
            "delegation": uuid.UUID(row.id).bytes,
            "delegation_version": row.version,
        } | changes
        epoch = said.pop("epoch", self.sophie.mls.groups[self.conversation].epoch)
        return self.sophie.message(self.conversation, **said).at_epoch(epoch)

    async def write(self, **changes: Any) -> Ok | RefusedFrame:
        """Have the carer write."""
        body = self.message(**changes)
        return await self.sophie.ask(frames.SendMessage, conversation=self.conversation, body=body)

    def entries(self, prefix: str = "delegation.") -> list[dict[str, Any]]:
        """Return what the trail says of delegations."""
        return [e for e in self.house.entries() if e["type"].startswith(prefix)]


async def a_care(house: House, **changes: Any) -> Care:
    """A pharmacist, a patient, and a carer who signed in: nothing was said of her yet."""
    claire, jean, conversation = await a_pair(house)
    sophie = await house.peer("sophie", packages=3)
    care = Care(house, claire, jean, sophie, conversation, **changes)
    await settle(care)
    return care


async def a_carer(house: House, **changes: Any) -> Care:
    """Sophie acts for Jean in one conversation."""
    care = await a_care(house)
    await care.agree(**changes)
    await care.admit()
    await settle(care)
    return care


async def settle(care: Care) -> None:
    """Have everyone read what the hub has said, and forget it."""
    for peer in (care.claire, care.jean, care.sophie):
        await peer.settle()
        peer.pushes.clear()


async def next_delegation(peer: Peer, state: str) -> DelegationView:
    """Wait for a delegation to be told in a state."""
    while True:
        view = (await peer.push(frames.DelegationPush)).delegation
        if view.state == state:
            return view
