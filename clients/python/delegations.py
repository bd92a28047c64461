"""A carer's delegation, from its proposal to its end: the verbs of each party, and what is known.

    named = await client.delegations.propose(
        here, sophie, scopes=[Scope.CONVERSATION_READ, Scope.CONVERSATION_SEND], text=sentence
    )                                                              # the patient
    await client.delegations.confirm(named, heard_alone=True)      # a pharmacist
    await client.delegations.accept(named, duties)                 # the carer
    await client.delegations.withdraw(named)                       # the patient, at any second

Every document is judged before it is signed: what another would refuse is not confirmed, accepted
or ended here. What a delegation lets its carer do stands in the group, not in what the hub tells:
see `judge`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar
from uuid import UUID

import msgspec

from clients.python.errors import Denied, HubFault, NoGroup, NotLinked, Refused
from crypto.errors import CryptoError
from crypto.policy.conversation import (
    ConversationPolicy,
    DelegationRecord,
    EndingStatement,
    SignedConfirmation,
)
from crypto.policy.decision import Refused as PolicyRefused
from crypto.policy.delegation import check_delegation, check_proposal, check_record
from crypto.policy.statements import (
    Acceptance,
    Confirmation,
    Delegation,
    Resignation,
    Revocation,
    Statement,
    Suspension,
    Unverified,
    unsigned,
)
from crypto.policy.vocabulary import (
    DEFAULT_DELEGATION_DAYS,
    ENDED,
    LONE_PHARMACIST_DELAY_US,
    ConversationKind,
    DelegationState,
    LegalBasis,
    Mandate,
    ReadingLevel,
    Refusal,
    Role,
    Scope,
    SuspensionReason,
)
from signaling import frames
from signaling.frames import AccessRow, CarerView, DelegationView

if TYPE_CHECKING:
    from clients.python.account import Account
    from clients.python.client import Client
    from clients.python.groups import Room

DAY_US: Final = 24 * 3600 * 1_000_000
MAX_DELEGATIONS: Final = 10_000
"""More than a pharmacy has: a hub that tells of more fills nothing."""
Told = TypeVar("Told")


class Book:
    """The delegations that this device was told of, as they stand."""

    def __init__(self) -> None:
        self._views: dict[str, DelegationView] = {}

    def __iter__(self) -> Iterator[DelegationView]:
        return iter(self._views.values())

    def __getitem__(self, delegation: str) -> DelegationView:
        """Return a delegation; raise `Denied` where this device was told of none such."""
        view = self._views.get(delegation)
        if view is None:
            raise Denied("unknown_delegation")
        return view

    def learn(self, view: DelegationView) -> bool:
        """Take in how a delegation stands; tell whether it is news."""
        if view.id not in self._views and len(self._views) >= MAX_DELEGATIONS:
            return False
        news = self._views.get(view.id) != view
        self._views[view.id] = view
        return news

    def learn_all(self, views: Iterable[DelegationView]) -> None:
        """Take in all that a hello tells: what it leaves out is not there any more."""
        self._views = {view.id: view for view in views}

    def accepted(self, conversation: str, now_us: int) -> list[DelegationRecord]:
        """Return the records whose carers are to be let in now."""
        return [
            record_of(view)
            for view in self._views.values()
            if view.conversation == conversation
            and view.state == DelegationState.CONFIRMED
            and view.acceptance
            and view.not_before <= now_us < view.not_after
        ]

    def withdrawn(self, conversation: str) -> dict[bytes, list[bytes]]:
        """Return the partial withdrawals that the hub holds, by delegation."""
        return {
            UUID(view.id).bytes: view.revocations
            for view in self._views.values()
            if view.conversation == conversation and view.state == DelegationState.ACTIVE
        }


class Delegations:
    """The verbs of a patient, a pharmacist and a carer."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.book = Book()

    def __getitem__(self, delegation: str) -> DelegationView:
        return self.book[delegation]

    def __iter__(self) -> Iterator[DelegationView]:
        return iter(self.book)

    # The patient

    async def carers(self, patient: str | None = None) -> list[CarerView]:
        """Return the carers that can be named: by a patient, or by the staff for a patient."""
        asked = frames.ListCarers(id=self._client.next_id(), patient=patient)
        answer = await self._client.perform(asked)
        return _read(answer.result.get("carers"), list[CarerView])

    async def link_carer(self, code: str) -> None:
        """Make a carer one that can be named, by the code that the carer told."""
        await self._client.perform(frames.LinkCarer(id=self._client.next_id(), code=code))

    async def propose(
        self,
        conversation: str,
        carer: str,
        *,
        scopes: Iterable[Scope],
        text: str,
        not_before: int | None = None,
        not_after: int | None = None,
        basis: LegalBasis = LegalBasis.PATIENT_MANDATE,
        level: ReadingLevel = ReadingLevel.STANDARD,
        language: str = "fr",
    ) -> str:
        """Name a carer for this conversation: signed by the patient's account key; return its id.

        `text` is the sentence that the patient was shown; instants are microseconds, hub time.
        """
        account = self._account()
        said = await self._document(
            conversation,
            carer,
            scopes=scopes,
            text=text,
            period=(not_before, not_after),
            grantor=(self._client.person, account.aik),
            legal_basis=basis.value,
            mandate=Mandate.DEVICE.value,
            reading_level=level.value,
            language=language,
        )
        return await self._propose(conversation, said, account.sign(said))

    async def withdraw(self, delegation: str, scopes: Iterable[Scope] = ()) -> None:
        """Withdraw a delegation from this instant, or only some of its scopes."""
        view = self.book[delegation]
        said = Revocation(
            deployment=self._deployment,
            conversation=UUID(view.conversation).bytes,
            delegation=UUID(delegation).bytes,
            scopes=tuple(sorted({scope.value for scope in scopes})),
            at_us=self._client.now_us(),
        )
        await self._end(view, "revocation", said)

    async def renew(self, delegation: str, *, not_after: int, text: str) -> str:
        """Name the same carer for the same scopes once more, from the end of this delegation on."""
        before = self._document_of(self.book[delegation])
        withdrawn = _withdrawn(self.book[delegation])
        return await self.propose(
            self.book[delegation].conversation,
            self.book[delegation].grantee,
            scopes=[Scope(scope) for scope in before.scopes if scope not in withdrawn],
            text=text,
            not_before=before.not_after_us,
            not_after=not_after,
            basis=LegalBasis(before.legal_basis),
            level=ReadingLevel(before.reading_level),
            language=before.language,
        )

    def is_stopped(self, delegation: str) -> bool:
        """Tell whether a pharmacy's device has gone on without the carer: « Arrêtée »."""
        room = self._client.rooms.get(self.book[delegation].conversation)
        named = UUID(delegation).bytes
        return room is not None and named in room.stopped and named not in room.in_force

    async def accesses(
        self, *, before: int | None = None, limit: int = 50
    ) -> tuple[list[AccessRow], bool]:
        """Return who did what about this patient, newest first, and whether there is more."""
        asked = frames.ListAccesses(id=self._client.next_id(), before=before, limit=limit)
        answer = await self._client.perform(asked)
        return _read(answer.result.get("rows"), list[AccessRow]), bool(answer.result.get("more"))

    # The pharmacist

    async def attest(
        self,
        conversation: str,
        carer: str,
        *,
        scopes: Iterable[Scope],
        text: str,
        mandate: Mandate,
        basis: LegalBasis,
        evidence: bytes = b"",
        issuer: str = "",
        not_after: int | None = None,
        alone: bool = False,
        heard_alone: bool = False,
        level: ReadingLevel = ReadingLevel.STANDARD,
        language: str = "fr",
    ) -> str:
        """Propose what was signed on paper, or what a court's document says, and confirm it.

        A second pharmacist confirms it too; `alone`: there is none, and it begins a day later.
        """
        policy, now = self._policy_of(conversation), self._client.now_us()
        said = await self._document(
            conversation,
            carer,
            scopes=scopes,
            text=text,
            period=(now + LONE_PHARMACIST_DELAY_US if alone else None, not_after),
            grantor=(str(UUID(bytes=policy.patient)), policy.patient_aik),
            legal_basis=basis.value,
            mandate=mandate.value,
            reading_level=level.value,
            language=language,
            evidence=evidence,
            issuer=issuer.encode(),
        )
        named = await self._propose(conversation, said, unsigned(said))
        await self._confirm(conversation, said, heard_alone=heard_alone)
        return named

    async def confirm(self, delegation: str, *, heard_alone: bool) -> None:
        """Confirm who the carer is; raise `Denied` where the document may not be confirmed."""
        view = self.book[delegation]
        said = self._document_of(view)
        await self._check_document(view, said)
        await self._confirm(view.conversation, said, heard_alone=heard_alone)

    async def suspend(self, delegation: str, reason: SuspensionReason) -> None:
        """Stop a carer at once."""
        view = self.book[delegation]
        said = Suspension(
            deployment=self._deployment,
            conversation=UUID(view.conversation).bytes,
            delegation=UUID(delegation).bytes,
            pharmacist=UUID(self._client.person).bytes,
            reason=reason.value,
            at_us=self._client.now_us(),
        )
        await self._end(view, "suspension", said)

    # The carer

    async def carer_code(self) -> str:
        """Return the code to tell the patient."""
        answer = await self._client.perform(frames.AskCarerCode(id=self._client.next_id()))
        return _read(answer.result.get("code"), str)

    async def accept(self, delegation: str, duties: str) -> None:
        """Accept the duties, in the words that were shown; raise `Denied` for a false document."""
        view = self.book[delegation]
        said = self._document_of(view)
        acceptance = self._account().sign(
            Acceptance(
                deployment=self._deployment,
                conversation=said.conversation,
                delegation_hash=said.digest,
                duties_hash=hashlib.sha256(duties.encode()).digest(),
                at_us=self._client.now_us(),
            )
        )
        # Judged as every member will, before it leaves.
        await self._check_accepted(msgspec.structs.replace(view, acceptance=acceptance))
        answer = await self._client.perform(
            frames.AcceptDelegation(
                id=self._client.next_id(),
                conversation=view.conversation,
                delegation=delegation,
                acceptance=acceptance,
            )
        )
        answer.proof(act="delegation.accepted", conversation=view.conversation)

    async def resign(self, delegation: str) -> None:
        """Give a delegation back."""
        view = self.book[delegation]
        said = Resignation(
            deployment=self._deployment,
            conversation=UUID(view.conversation).bytes,
            delegation=UUID(delegation).bytes,
            at_us=self._client.now_us(),
        )
        await self._end(view, "resignation", said)

    # Inside

    @property
    def _deployment(self) -> str:
        return self._client.device.trust.authority.deployment

    def _account(self) -> Account:
        account = self._client.device.account
        if account is None:
            raise NotLinked("this device is not linked to its person")
        return account

    def _policy_of(self, conversation: str) -> ConversationPolicy:
        room = self._client.known(conversation)
        if room.group is None:
            raise NoGroup("not_in_group")
        return room.policy

    def _document_of(self, view: DelegationView) -> Delegation:
        """Return the document of a view, if it is what the view says; raise `Denied`."""
        try:
            said = Unverified.decode(Delegation, view.delegation).content
        except CryptoError as exc:
            raise Denied(exc.code) from exc
        told = (view.id, view.conversation, view.grantor, view.grantee)
        true = (said.delegation, said.conversation, said.grantor, said.grantee)
        period = (said.not_before_us, said.not_after_us)
        if told != tuple(str(UUID(bytes=one)) for one in true) or period != (
            view.not_before,
            view.not_after,
        ):
            raise Denied("wrong_document")
        return said

    async def _meet_pharmacists(self, view: DelegationView) -> None:
        """Learn who confirmed: the owner may first have signed in after this device's hello."""
        try:
            said = [Unverified.decode(Confirmation, one).content for one in view.confirmations]
        except CryptoError as exc:
            raise Denied(Refusal.E_SIGNATURE.value) from exc
        persons = [str(UUID(bytes=one.pharmacist)) for one in said]
        await self._client.identities.prove_all(persons)

    async def _document(
        self,
        conversation: str,
        carer: str,
        *,
        scopes: Iterable[Scope],
        text: str,
        period: tuple[int | None, int | None],
        grantor: tuple[str, bytes],
        **words: Any,
    ) -> Delegation:
        """Write a delegation, and judge it as everybody else will; raise `Denied`."""
        client = self._client
        grantee = await client.identities.of(carer)
        begins = client.now_us() if period[0] is None else period[0]
        said = Delegation(
            deployment=self._deployment,
            conversation=UUID(conversation).bytes,
            delegation=UUID(bytes=client.device.random_bytes(16), version=4).bytes,
            grantor=UUID(grantor[0]).bytes,
            grantor_aik=grantor[1],
            grantee=grantee.person,
            grantee_aik=grantee.aik,
            scopes=tuple(sorted({scope.value for scope in scopes})),
            not_before_us=begins,
            not_after_us=begins + DEFAULT_DELEGATION_DAYS * DAY_US
            if period[1] is None
            else period[1],
            text_hash=hashlib.sha256(text.encode()).digest(),
            **words,
        )
        _require(
            check_delegation(
                said,
                policy=self._policy_of(conversation),
                grantee_role=Role(grantee.role),
                at_us=client.now_us(),
            )
        )
        return said

    async def _check_document(self, view: DelegationView, said: Delegation) -> None:
        """Raise `Denied` unless a pharmacist may confirm a document."""
        grantee = await self._client.identities.of(view.grantee)
        if grantee.aik != said.grantee_aik:
            raise Denied(Refusal.E_IDENTITY.value)
        _require(
            check_proposal(
                view.delegation,
                policy=self._policy_of(view.conversation),
                trust=self._client.device.trust.authority,
                grantee_role=Role(grantee.role),
                at_us=self._client.now_us(),
            )
        )

    async def _check_accepted(self, view: DelegationView) -> None:
        """Raise `Denied` unless a record with this carer's acceptance would hold.

        A carer has not seen the group: whose patient's key it is, the log says.
        """
        said, account, trust = self._document_of(view), self._account(), self._client.device.trust
        me = UUID(self._client.person).bytes, account.aik
        if (said.grantee, said.grantee_aik) != me:
            raise Denied(Refusal.E_IDENTITY.value)
        if said.grantor_aik:
            patient = await self._client.identities.of(view.grantor)
            if patient.aik != said.grantor_aik:
                raise Denied(Refusal.E_IDENTITY.value)
        await self._meet_pharmacists(view)
        if trust.owner is None or trust.pharmacy is None:
            raise Denied("unknown_owner")
        policy = ConversationPolicy(
            conversation=said.conversation,
            kind=ConversationKind.CARE_THREAD.value,
            pharmacy=trust.pharmacy,
            owner_aik=trust.owner,
            patient=said.grantor,
            patient_aik=said.grantor_aik,
        )
        _require(check_record(record_of(view), policy=policy, trust=trust.authority, at_us=None))
        if self._client.now_us() >= said.not_after_us:
            raise Denied(Refusal.E_DELEGATION_EXPIRED.value)

    async def _propose(self, conversation: str, said: Delegation, signed: bytes) -> str:
        answer = await self._client.perform(
            frames.ProposeDelegation(
                id=self._client.next_id(), conversation=conversation, delegation=signed
            )
        )
        answer.proof(act="delegation.proposed", conversation=conversation)
        return str(UUID(bytes=said.delegation))

    async def _confirm(self, conversation: str, said: Delegation, *, heard_alone: bool) -> None:
        confirmation = self._account().sign(
            Confirmation(
                deployment=self._deployment,
                conversation=said.conversation,
                delegation_hash=said.digest,
                pharmacist=UUID(self._client.person).bytes,
                heard_alone=heard_alone,
                at_us=self._client.now_us(),
            )
        )
        answer = await self._client.perform(
            frames.ConfirmDelegation(
                id=self._client.next_id(),
                conversation=conversation,
                delegation=str(UUID(bytes=said.delegation)),
                confirmation=confirmation,
            )
        )
        answer.proof(act="delegation.confirmed", conversation=conversation)

    async def _end(self, view: DelegationView, what: What, said: Statement) -> None:
        """Have a delegation end, and see that it does; raise `Denied` where it has."""
        if DelegationState(view.state) in ENDED:
            raise Denied(Refusal.E_ALREADY_ENDED.value)
        signed, room = self._account().sign(said), self._client.rooms.get(view.conversation)
        whole = room is not None and not _is_partial(said) and not isinstance(said, Resignation)
        if room is not None and whole:
            # From here on nothing is sealed for the carer, whatever the hub does.
            self._give_up(
                room, said, EndingStatement(what=what, statement=signed, staff=self._staff(said))
            )
        frame = frames.EndDelegation(
            id=self._client.next_id(), conversation=view.conversation, what=what, statement=signed
        )
        try:
            answer = await self._client.perform(frame)
        except Refused:
            if room is not None and whole:
                self._take_back(room, UUID(view.id).bytes)
            raise
        answer.proof(act=_ENTRY[type(said), _is_partial(said)], conversation=view.conversation)
        if room is not None and whole:
            self._client.upkeep.see_out(room, UUID(view.id).bytes)

    def _staff(self, said: Statement) -> bytes:
        return self._client.device.certificates.staff if isinstance(said, Suspension) else b""

    def _give_up(self, room: Room, said: Statement, ending: EndingStatement) -> None:
        if not isinstance(said, Revocation | Suspension):
            return
        if said.delegation in room.in_force:
            room.ended[said.delegation] = ending
        else:
            # Whoever the hub keeps this from may let the carer in: that is not followed.
            room.refused |= {said.delegation}
        self._client.device.keep(room)

    def _take_back(self, room: Room, delegation: bytes) -> None:
        """The hub refused to end it: it stays as it was."""
        room.ended.pop(delegation, None)
        room.refused -= {delegation}
        self._client.device.keep(room)


What = Literal["revocation", "resignation", "suspension"]
_ENTRY: Final[dict[tuple[type[Statement], bool], str]] = {
    (Revocation, False): "delegation.revoked",
    (Revocation, True): "delegation.narrowed",
    (Resignation, False): "delegation.resigned",
    (Suspension, False): "delegation.suspended",
}


def record_of(view: DelegationView) -> DelegationRecord:
    """Return a delegation as the group is to hold it."""
    return DelegationRecord(
        delegation=view.delegation,
        confirmations=tuple(
            SignedConfirmation(confirmation, staff)
            for confirmation, staff in zip(view.confirmations, view.staff, strict=False)
        ),
        acceptance=view.acceptance,
        revocations=tuple(view.revocations),
    )


def _withdrawn(view: DelegationView) -> set[str]:
    """Return the scopes that were withdrawn so far."""
    read = (Unverified.decode(Revocation, one).content for one in view.revocations)
    return {scope for said in read for scope in said.scopes}


def _require(verdict: object) -> None:
    if isinstance(verdict, PolicyRefused):
        raise Denied(verdict.why.value)


def _is_partial(said: Statement) -> bool:
    return isinstance(said, Revocation) and bool(said.scopes)


def _read(told: object, kind: type[Told]) -> Told:
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as exc:
        raise HubFault("the hub answered with something else") from exc
