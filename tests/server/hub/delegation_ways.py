"""One real way to each refusal about a delegation: who sends what, so that the hub says no.

Given by `tests/server/hub/test_gate.py` (each leaves its entry) and by `acts/test_delegations.py`
(each changes nothing).
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crypto.policy.vocabulary import LegalBasis, Scope
from signaling import frames
from signaling.codes import Code
from tests.server.delegations import DAY, READ, Care, a_care, a_carer
from tests.server.house import House, Peer


@dataclass(frozen=True, slots=True)
class Attempt:
    """A frame that is about to be refused."""

    peer: Peer
    kind: type[Any]
    fields: dict[str, Any]

    async def refused(self) -> frames.RefusedFrame:
        """Send it."""
        return await self.peer.refused(self.kind, **self.fields)


Prepare = Callable[[House], Awaitable[Attempt]]


def proposing(**changes: Any) -> Prepare:
    """Return how the patient proposes what may not be."""

    async def prepare(house: House) -> Attempt:
        care = await a_care(house)
        return Attempt(care.jean, frames.ProposeDelegation, care.proposal(**changes))

    return prepare


def _writing(care: Care, body: bytes) -> Attempt:
    fields = {"conversation": care.conversation, "body": body}
    return Attempt(care.sophie, frames.SendMessage, fields)


async def beyond_the_scopes(house: House) -> Attempt:
    """A carer who may read writes."""
    care = await a_carer(house, scopes=(READ,))
    return _writing(care, care.message())


async def for_nobody(house: House) -> Attempt:
    """A carer writes in their own name."""
    care = await a_carer(house)
    return _writing(care, care.message(acting_for=b"", delegation=b"", delegation_version=0))


def after(what: str) -> Prepare:
    """Return how a carer writes after an end."""

    async def prepare(house: House) -> Attempt:
        care = await a_carer(house)
        body = care.message()
        await care.end(what)
        return _writing(care, body)

    return prepare


async def after_its_time(house: House) -> Attempt:
    """A carer writes at the very second at which the period ends."""
    care = await a_carer(house, not_after_us=house.clock.now() + DAY)
    house.clock.at = care.row().not_after - 1
    care.sophie = await house.peer("sophie", device=care.sophie.device)
    house.clock.at += 1
    return _writing(care, care.message())


async def of_another_conversation(house: House) -> Attempt:
    """The patient proposes here what was signed for elsewhere."""
    care = await a_care(house)
    proposal = care.proposal(conversation=uuid.uuid4().bytes)
    return Attempt(
        care.jean, frames.ProposeDelegation, proposal | {"conversation": care.conversation}
    )


async def naming_themselves(house: House) -> Attempt:
    """The patient names the patient."""
    care = await a_care(house)
    jean = care.account("jean")
    return Attempt(
        care.jean,
        frames.ProposeDelegation,
        care.proposal(grantee=jean.id, grantee_aik=jean.aik),
    )


async def passing_it_on(house: House) -> Attempt:
    """A carer names another one."""
    care = await a_carer(house)
    sophie = care.account("sophie")
    document = care.document(grantor=sophie.id, grantor_aik=sophie.aik)
    fields = {"conversation": care.conversation, "delegation": care.signed(document, "sophie")}
    return Attempt(care.sophie, frames.ProposeDelegation, fields)


async def naming_staff(house: House) -> Attempt:
    """The patient names a pharmacist of their pharmacy."""
    care = await a_care(house)
    hugo = care.account("hugo")
    return Attempt(
        care.jean,
        frames.ProposeDelegation,
        care.proposal(grantee=hugo.id, grantee_aik=hugo.aik),
    )


async def ending_before_it_begins(house: House) -> Attempt:
    """The last day is before the first."""
    care = await a_care(house)
    fields = care.proposal(not_before_us=care.now, not_after_us=care.now - 1)
    return Attempt(care.jean, frames.ProposeDelegation, fields)


async def for_more_than_a_year(house: House) -> Attempt:
    """A year and a microsecond."""
    care = await a_care(house)
    fields = care.proposal(not_before_us=care.now, not_after_us=care.now + 365 * DAY + 1)
    return Attempt(care.jean, frames.ProposeDelegation, fields)


async def twice(house: House) -> Attempt:
    """The same carer for the same weeks, while the first one stands."""
    care = await a_carer(house)
    return Attempt(care.jean, frames.ProposeDelegation, care.proposal())


async def confirming_another_text(house: House) -> Attempt:
    """A pharmacist confirms what is not proposed."""
    care = await a_care(house)
    await care.propose()
    fields = care.confirmation(delegation_hash=bytes(32))
    return Attempt(care.claire, frames.ConfirmDelegation, fields)


def claiming(*, confirmed: bool) -> Prepare:
    """Return how a member would let in a carer who has not said yes."""

    async def prepare(house: House) -> Attempt:
        care = await a_care(house)
        await care.propose()
        if confirmed:
            await care.confirm()
        fields = {"conversation": care.conversation, "person": care.sophie.person}
        return Attempt(care.claire, frames.ClaimKeyPackages, fields)

    return prepare


async def ending_it_again(house: House) -> Attempt:
    """The patient withdraws what is withdrawn already."""
    care = await a_carer(house)
    await care.end()
    return Attempt(care.jean, frames.EndDelegation, care.statement("revocation"))


async def signed_by_another(house: House) -> Attempt:
    """Somebody else's key under the patient's words."""
    care = await a_care(house)
    fields = {"conversation": care.conversation, "delegation": care.signed(care.document(), "rose")}
    return Attempt(care.jean, frames.ProposeDelegation, fields)


async def alone_for_two(house: House) -> Attempt:
    """One pharmacist confirms a paper twice."""
    care = await a_care(house)
    await care.propose_evidence()
    await care.confirm()
    return Attempt(care.claire, frames.ConfirmDelegation, care.confirmation(heard_alone=False))


async def at_another_time(house: House) -> Attempt:
    """A pharmacist's confirmation of an hour ago."""
    care = await a_care(house)
    await care.propose()
    fields = care.confirmation(at_us=care.now - 3600 * 1_000_000)
    return Attempt(care.claire, frames.ConfirmDelegation, fields)


async def to_another_key(house: House) -> Attempt:
    """The patient names the carer by a key that is not theirs."""
    care = await a_care(house)
    return Attempt(care.jean, frames.ProposeDelegation, care.proposal(grantee_aik=bytes(32)))


WAYS: Mapping[Code, Prepare] = {
    Code.E_SCOPE: beyond_the_scopes,
    Code.E_ACTING_FOR: for_nobody,
    Code.E_NO_DELEGATION: of_another_conversation,
    Code.E_DELEGATION_EXPIRED: after_its_time,
    Code.E_DELEGATION_REVOKED: after("revocation"),
    Code.E_DELEGATION_SUSPENDED: after("suspension"),
    Code.E_DELEGATION_RESIGNED: after("resignation"),
    Code.E_LEGAL_BASIS: proposing(
        legal_basis=LegalBasis.TRUSTED_PERSON, scopes=(READ, Scope.DECIDE_ASSIST)
    ),
    Code.E_EVIDENCE: proposing(evidence=bytes(32), issuer=b"a court"),
    Code.E_SELF_DELEGATION: naming_themselves,
    Code.E_SUB_DELEGATION: passing_it_on,
    Code.E_STAFF_GRANTEE: naming_staff,
    Code.E_PERIOD: ending_before_it_begins,
    Code.E_PERIOD_TOO_LONG: for_more_than_a_year,
    Code.E_UNKNOWN_SCOPE: proposing(scopes=(READ, "conversation.delete")),
    Code.E_DUPLICATE_DELEGATION: twice,
    Code.E_STALE_CONFIRMATION: confirming_another_text,
    Code.E_NOT_CONFIRMED: claiming(confirmed=False),
    Code.E_NOT_ACCEPTED: claiming(confirmed=True),
    Code.E_ALREADY_ENDED: ending_it_again,
    Code.E_SIGNATURE: signed_by_another,
    Code.E_FOUR_EYES: alone_for_two,
    Code.E_CLOCK: at_another_time,
    Code.E_IDENTITY: to_another_key,
}
