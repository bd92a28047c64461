"""An account key that is lost or stolen: two pharmacists say so, and the authority with them.

The first one's word waits for another's; neither may be the person concerned. From the second one's
on, all devices of that person are given up, and the person may enrol another key.
"""

from __future__ import annotations

import hmac
from uuid import UUID

from crypto.errors import BadSignature, MalformedInput
from crypto.policy.conversation import DelegationRecord
from crypto.policy.cosigned import CoSigned, Signature, cosign
from crypto.policy.delegation import Why
from crypto.policy.statements import AccountRevocation, Confirmation, Unverified
from crypto.policy.vocabulary import CLOCK_TOLERANCE_US, DelegationState, Mandate
from crypto.suites import MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 as SUITE
from server.domain.audit import Draft, EntryType
from server.domain.delegation import StoredDelegation
from server.domain.identity import REVOCATION_LIFE, IssuedIdentity, WaitingRevocation
from server.domain.people import HubItself, Person
from server.domain.refusals import Refused
from server.hub.acts.context import Context
from server.hub.acts.identities import digest, identity_changed, own_subject, owner_of
from server.hub.acts.retirements import give_up
from server.hub.acts.staff import is_certified_staff
from server.hub.endings import Endings
from server.hub.outcome import Done, Effect, Outcome
from server.ports import Located, Tx
from signaling.codes import Code
from signaling.frames import ListRevocations, RevokeAccount


def revoke(context: Context, frame: RevokeAccount) -> Outcome:
    """Note a first pharmacist's word, or carry out what a second one says as well."""
    try:
        unverified = Unverified.decode(AccountRevocation, frame.statement)
    except MalformedInput:
        return Refused(Code.E_MALFORMED)
    said = unverified.content
    concerned = _concerned(context, said)
    if isinstance(concerned, Refused):
        return concerned
    refused = _check_signer(context, unverified, concerned)
    if refused is not None:
        return refused
    mine = WaitingRevocation(
        person=concerned.person,
        signer=context.principal.person.id,
        statement=frame.statement,
        staff=_staff_certificate(context.tx, context.principal.person),
        proposed_at=context.now,
    )
    waiting = _live(context.tx, context.tx.revocations.of(concerned.person), context.now)
    first = next((one for one in waiting if _seconds(mine, one)), None)
    if first is not None:
        return _carry_out(context, concerned, said, (first, mine))
    if any(one.signer == mine.signer and one.statement == mine.statement for one in waiting):
        return Done({"state": "proposed"}, unchanged=True)
    if abs(said.at_us - context.now) > CLOCK_TOLERANCE_US:
        return Refused(Code.E_CLOCK, now=context.now)
    context.tx.revocations.propose(mine)
    return Done({"state": "proposed"}, _record(context, concerned, said, proposed=True))


def list_revocations(context: Context, _frame: ListRevocations) -> Outcome:
    """Tell what waits for a second pharmacist: each as the first one signed it."""
    waiting = context.tx.revocations.of_tenant(context.principal.person.tenant)
    return Done({"waiting": [one.statement for one in _live(context.tx, waiting, context.now)]})


def _concerned(context: Context, said: AccountRevocation) -> IssuedIdentity | Refused:
    """Return the identity that a revocation is about: one that stands, in this pharmacy."""
    if said.deployment != context.tx.identity.deployment or said.conversation:
        return Refused(Code.E_IDENTITY, reason="wrong_deployment")
    person = context.tx.people.find(str(UUID(bytes=said.person)))
    # Somebody of another pharmacy and nobody at all: one answer.
    if person is None or person.tenant != context.principal.person.tenant:
        return Refused(Code.E_TENANT)
    standing = context.tx.certificates.find(person.id)
    if standing is None or not hmac.compare_digest(standing.aik, said.aik):
        return Refused(Code.E_IDENTITY, reason="unknown_key")
    return standing


def _check_signer(
    context: Context, unverified: Unverified[AccountRevocation], concerned: IssuedIdentity
) -> Refused | None:
    """Refuse a signer who is concerned, is no pharmacist of ours, or did not sign this."""
    sender, tx = context.principal.person, context.tx
    if sender.id == concerned.person:
        return Refused(Code.E_FOUR_EYES, reason="concerned")
    if not is_certified_staff(tx, sender, context.now):
        return Refused(Code.E_STAFF_CERTIFICATE)
    standing = tx.certificates.find(sender.id)
    try:
        unverified.verify(standing.aik if standing else b"")
    except BadSignature:
        return Refused(Code.E_SIGNATURE)
    return None


def _seconds(mine: WaitingRevocation, other: WaitingRevocation) -> bool:
    """Tell whether two different pharmacists say the same."""
    return mine.signer != other.signer and _content(mine) == _content(other)


def _content(waiting: WaitingRevocation) -> AccountRevocation:
    return Unverified.decode(AccountRevocation, waiting.statement).content


def _live(tx: Tx, waiting: list[WaitingRevocation], now: int) -> list[WaitingRevocation]:
    """Return what still waits: not for long, and of no signer whose own key was lost since."""
    young = (one for one in waiting if now < one.proposed_at + REVOCATION_LIFE)
    return [one for one in young if _is_still_theirs(tx, one)]


def _is_still_theirs(tx: Tx, waiting: WaitingRevocation) -> bool:
    standing = tx.certificates.find(waiting.signer)
    try:
        Unverified.decode(AccountRevocation, waiting.statement).verify(
            standing.aik if standing else b""
        )
    except BadSignature:
        return False
    return True


def _staff_certificate(tx: Tx, signer: Person) -> bytes:
    """Return the certificate by which a signer is a pharmacist; nothing for the owner."""
    standing, owner = tx.certificates.find(signer.id), owner_of(tx, signer.tenant)
    if standing is None or (owner is not None and owner.person == signer.id):
        return b""
    return tx.staff.find(signer.id, standing.aik)


def _carry_out(
    context: Context,
    concerned: IssuedIdentity,
    said: AccountRevocation,
    words: tuple[WaitingRevocation, WaitingRevocation],
) -> Outcome:
    """End an account key, and all that hangs on it."""
    tx, person = context.tx, context.tx.people.find(concerned.person)
    if person is None:
        raise RuntimeError("an identity of nobody")
    signed = cosigned(tx, said, words).encode()
    tx.certificates.revoke(person.id, signed)
    tx.revocations.settle(person.id)
    tx.recovery.forget(person.id)
    tx.links.forget(person.id, context.now + 1)
    located = _record(context, concerned, said, revocation=signed)
    effects: list[Effect] = [identity_changed(tx, person)]
    effects += _end_delegations(context, person, signed)
    for device in tx.devices.of(person.id):
        effects += give_up(context, device, why="account", statement=signed)
    return Done({"state": "revoked", "revocation": signed}, located, tuple(effects))


def _end_delegations(context: Context, person: Person, revocation: bytes) -> tuple[Effect, ...]:
    """End whatever a person with a lost key did for others, and what waits on that key's word.

    Each with its own entry.
    """
    endings = Endings(context.tx, context.means.groups, context.now)
    effects: list[Effect] = []
    for row in context.tx.delegations.pending():
        if row.is_over or not _hangs_on(row, person):
            continue
        context.tx.log.append(
            Draft(
                type=EntryType.DELEGATION_SUSPENDED,
                actor=HubItself(person.tenant),
                device=None,
                rule="account.revoke",
                conversation=row.conversation,
                subject=row.grantor,
                outcome={"delegation": row.id, "carer": row.grantee},
            ),
            context.now,
        )
        _, more = endings.end(row, DelegationState.SUSPENDED, why=Why.ACCOUNT, statement=revocation)
        effects += more
    return tuple(effects)


def _hangs_on(row: StoredDelegation, person: Person) -> bool:
    """Tell whether a delegation ends with somebody's key: the carer's, always.

    While it has not come into force also its giver's and its confirmer's: a thief may have signed.
    """
    if row.grantee == person.id:
        return True
    if row.state is DelegationState.ACTIVE:
        return False
    record = DelegationRecord.decode(row.record)
    if row.grantor == person.id:
        return record.content.mandate == Mandate.DEVICE
    confirmed = (
        Unverified.decode(Confirmation, one.confirmation).content for one in record.confirmations
    )
    return any(one.pharmacist == UUID(person.id).bytes for one in confirmed)


def cosigned(tx: Tx, said: AccountRevocation, words: tuple[WaitingRevocation, ...]) -> CoSigned:
    """Return what clients believe: the statement, two pharmacists' signatures, the authority's."""
    signatures = [
        Signature(
            signer=UUID(one.signer).bytes,
            staff=one.staff,
            signature=Unverified.decode(AccountRevocation, one.statement).signature,
        )
        for one in words
    ]
    authority = cosign(said, SUITE.signing_key(tx.identity.authority_key))
    return CoSigned(said.encode(), (*signatures, authority))


def _record(
    context: Context,
    concerned: IssuedIdentity,
    said: AccountRevocation,
    *,
    proposed: bool = False,
    revocation: bytes = b"",
) -> Located:
    person = context.tx.people.find(concerned.person)
    outcome = {"person": concerned.person, "reason": said.reason}
    if revocation:
        outcome["revocation"] = digest(revocation)
    return context.record(
        Draft(
            type=EntryType.ACCOUNT_REVOCATION_PROPOSED if proposed else EntryType.ACCOUNT_REVOKED,
            actor=context.principal.person,
            device=context.device,
            rule="account.revoke",
            subject=None if person is None else own_subject(person),
            outcome=outcome,
        )
    )
