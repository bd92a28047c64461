"""What a pharmacist does about people: the owner certifies staff, two give up a lost key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import msgspec

from clients.python.account import SLACK_US
from clients.python.errors import Denied, HubFault, NotLinked
from clients.python.identities import DAY_US
from crypto.errors import CryptoError
from crypto.policy.cosigned import CoSigned, Signature
from crypto.policy.statements import (
    AccountRevocation,
    StaffCertificate,
    Succession,
    Unverified,
)
from signaling import frames
from signaling.frames import StaffView

if TYPE_CHECKING:
    from clients.python.account import Account
    from clients.python.client import Client

CERTIFICATE_US = 365 * DAY_US
Told = TypeVar("Told")


class Staff:
    """The verbs of a pharmacist about colleagues and lost keys."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def list(self) -> list[StaffView]:
        """Return the pharmacy's staff, and who waits for the owner's word."""
        answer = await self._client.perform(frames.ListStaff(id=self._client.next_id()))
        return _read(answer.result.get("staff"), list[StaffView])

    async def certify(self, person: str) -> None:
        """Certify a colleague: the owner's word that this account key is of the staff."""
        client, account = self._client, self._account()
        trust, now = client.device.trust, client.now_us()
        if trust.owner != account.aik or trust.pharmacy is None:
            raise Denied("not_the_owner")
        colleague = await client.identities.of(person)
        certificate = account.sign(
            StaffCertificate(
                deployment=trust.authority.deployment,
                person=colleague.person,
                aik=colleague.aik,
                role=colleague.role,
                pharmacy=trust.pharmacy,
                not_before_us=now - SLACK_US,
                not_after_us=min(now + CERTIFICATE_US, colleague.not_after_us),
            )
        )
        frame = frames.CertifyStaff(id=client.next_id(), certificate=certificate)
        answer = await client.perform(frame)
        answer.proof_of_news(act="staff.certified", conversation=None)

    async def revoke_account(self, person: str, reason: str) -> bool:
        """Say that a person's account key is lost or stolen; tell whether it is carried out.

        The first pharmacist's word waits; another's, about the same key, carries it out.
        """
        client, account = self._client, self._account()
        aik = (await client.identities.of(person)).aik
        said = await self._waiting(person, aik)
        if said is None:
            said = AccountRevocation(
                deployment=client.device.trust.authority.deployment,
                person=UUID(person).bytes,
                aik=aik,
                reason=reason,
                at_us=client.now_us(),
            )
        frame = frames.RevokeAccount(id=client.next_id(), statement=account.sign(said))
        answer = await client.perform(frame)
        return answer.result.get("state") != "proposed"

    async def sign_succession(self, conversation: str, so_far: bytes = b"") -> bytes:
        """Say that a patient who lost every device goes on with the key that is on file by now.

        Returns the co-signed `Succession` as it stands after this word. Two pharmacists of the
        conversation say so: what the first one's device returns, the other's is given as `so_far`;
        then `Client.succeed`. Raises `Denied` for what nobody would follow.
        """
        client = self._client
        # The log is asked again: the patient's key has changed since it was shown.
        await client.identities.prove([client.summaries[conversation].patient])
        said = client.known(conversation).succession(client.judge(conversation))
        signatures: tuple[Signature, ...] = ()
        if so_far:
            said, signatures = _same_word(so_far, said)
        word = CoSigned(said.encode(), (*signatures, self._signature(said))).encode()
        if signatures:
            client.read_succession(conversation, word)
        return word

    def _signature(self, said: Succession) -> Signature:
        device = self._client.device
        return Signature(
            signer=UUID(self._client.person).bytes,
            staff=device.certificates.staff,
            signature=self._account().signature(said),
        )

    async def _waiting(self, person: str, aik: bytes) -> AccountRevocation | None:
        """Return what another pharmacist has signed already about a person's key."""
        client = self._client
        answer = await client.perform(frames.ListRevocations(id=client.next_id()))
        for signed in _read(answer.result.get("waiting"), list[bytes]):
            try:
                said = Unverified.decode(AccountRevocation, signed).content
            except CryptoError as exc:
                raise HubFault("the hub told what is no revocation") from exc
            if (said.person, said.aik) == (UUID(person).bytes, aik):
                return said
        return None

    def _account(self) -> Account:
        account = self._client.device.account
        if account is None:
            raise NotLinked("this device is not linked to its person")
        return account


def _same_word(so_far: bytes, mine: Succession) -> tuple[Succession, tuple[Signature, ...]]:
    """Return what a colleague signed; raise `Denied` where this device would not say the same."""
    try:
        signed = CoSigned.decode(so_far)
        theirs = Succession.decode(signed.statement)
    except CryptoError as exc:
        raise Denied(exc.code) from exc
    if replace(mine, at_us=theirs.at_us) != theirs:
        raise Denied("wrong_succession")
    return theirs, signed.signatures


def _read(told: object, kind: type[Told]) -> Told:
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as exc:
        raise HubFault("the hub answered with something else") from exc
