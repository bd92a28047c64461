"""How a device becomes its person's, and how it comes to believe who others are.

At each hello this makes what is missing: the account key where the person has none yet, its
certificate by the deployment's authority, this device's own by the account key. A person's
certificate is believed once the log has been seen to hold it; whose key changes without the word
of two pharmacists is refused.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, assert_never
from uuid import UUID

import msgspec

from clients.python import account as accounts
from clients.python.account import Account, link_digits
from clients.python.acts import Answer
from clients.python.errors import (
    ClientError,
    ConnectionLost,
    Denied,
    HubFault,
    IdentityChanged,
    NotLinked,
    Refused,
)
from clients.python.receipts import CARE, verify_is_for
from clients.python.trust import Notice, digest_of
from crypto.errors import CryptoError
from crypto.log import canonical
from crypto.log.verify import VerifiedReceipt
from crypto.policy.conversation import ConversationPolicy
from crypto.policy.cosigned import check_account_revocation
from crypto.policy.decision import Refused as PolicyRefused
from crypto.policy.identity import validity_of, verify_identity, verify_staff
from crypto.policy.statements import (
    DeviceCertificate,
    IdentityCertificate,
    Unverified,
)
from crypto.policy.vocabulary import (
    PARTICIPANTS,
    STAFF,
    ConversationKind,
    Profession,
    Role,
)
from signaling import frames
from signaling.codes import Code
from signaling.frames import IdentityView, Welcomed

if TYPE_CHECKING:
    from clients.python.client import Client

MOST_AT_ONCE: Final = 50
"""People whose certificates are asked for in one frame."""
DAY_US: Final = 24 * 3600 * 1_000_000
MAX_REQUESTS: Final = 16
"""Devices that ask to be let in at once: the oldest request goes first."""
RENEWAL_US: Final = 30 * DAY_US
"""So long before its end a certificate is renewed."""


class Standing(StrEnum):
    """What a device is to its person."""

    UNKNOWN = "unknown"
    """No hello yet, or its certificates are on their way."""
    READY = "ready"
    NEEDS_LINK = "needs_link"
    """The person has an account key, and this device does not hold it."""
    NONE = "none"
    """An officer's or a courier's: they are in no group."""


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """Another device of the same person asks to be let in; both show the same digits."""

    device: str
    signature_key: bytes
    init_key: bytes

    @property
    def digits(self) -> str:
        """Return what the person compares."""
        return link_digits(self.device, self.signature_key, self.init_key)


class Identities:
    """One client's certificates, and what it knows of other people's."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.standing = Standing.UNKNOWN
        self.requests: dict[str, LinkRequest] = {}
        """Devices of this person that wait to be let in."""
        self.notices: list[Notice] = []
        """People whose account key was replaced, with the reasons that it takes."""
        self._told: dict[str, IdentityCertificate] = {}

    @property
    def decided(self) -> bool:
        """Tell whether it is known what this device is to its person."""
        return self.standing is not Standing.UNKNOWN

    @property
    def staffed(self) -> bool:
        """Tell whether this device may act as the staff that its person is."""
        welcomed, device = self._welcomed, self._client.device
        owns = device.account is not None and device.account.aik == device.trust.owner
        return Role(welcomed.role) not in STAFF or owns or bool(device.certificates.staff)

    # At each hello

    async def settle(self) -> None:
        """Have this device certified, as far as it can be without the person."""
        welcomed, device = self._welcomed, self._client.device
        if Role(welcomed.role) not in PARTICIPANTS or not device.opens:
            self._stand(Standing.NONE)
            return
        await self._meet_owner(welcomed.owner)
        certificate = await self._certified(welcomed)
        if certificate is None or device.account is None:
            self._stand(Standing.NEEDS_LINK)
            return
        identity = self._own(certificate)
        if identity.aik != device.account.aik:
            self._stand(Standing.NEEDS_LINK)
            return
        await self._certify_this(certificate, identity, welcomed)
        self._take_staff(welcomed.staff)
        self._stand(Standing.READY)

    async def prove(self, persons: Iterable[str]) -> None:
        """Ask for people's certificates, and believe those that are to be believed.

        What is not is an alarm, and the person stays who they were.
        """
        wanted = sorted(set(persons))
        for at in range(0, len(wanted), MOST_AT_ONCE):
            for view in await self._ask(wanted[at : at + MOST_AT_ONCE]):
                try:
                    self.learn(view)
                except ClientError as why:
                    self._client.alarm(why)
                except CryptoError as exc:
                    self._client.alarm(HubFault(f"a certificate that does not hold: {exc.code}"))
        self._client.device.touch_pins()

    async def prove_all(self, persons: Iterable[str]) -> None:
        """Have people's certificates proven now, unless they were in this run."""
        await self.prove(one for one in persons if one not in self._told)

    async def prove_for(self, conversation: str, persons: frozenset[str]) -> None:
        """Ask for those without whom a conversation cannot be judged; the owner is one of them."""
        if persons:
            await self.prove(persons)
        elif self._client.device.trust.owner is None:
            members = self._client.summaries[conversation].members
            await self.prove(one.person for one in members if one.role == Role.PHARMACIST)

    def learn(self, view: IdentityView) -> IdentityCertificate:
        """Believe a person's certificate; raise where it is not to be believed."""
        trust = self._client.device.trust
        identity = verify_identity(view.certificate, trust.authority)
        if str(UUID(bytes=identity.person)) != view.person:
            raise HubFault("the certificate of another person")
        self._verify_logged(view)
        try:
            trust.pin(view.person, identity.aik, view.name)
        except IdentityChanged:
            self._succeed(view, identity)
        trust.prove(view.certificate)
        self._told[view.person] = identity
        if identity.profession == Profession.OWNER and self._is_owner(view):
            trust.pin_owner(identity.aik)
        if view.person == trust.person:
            self._take_staff(view.staff)
        return identity

    async def of(self, person: str) -> IdentityCertificate:
        """Return a person's certificate, proven; raise `Denied` where the person has none yet."""
        certificate = self._told.get(person)
        if certificate is None:
            await self.prove([person])
            certificate = self._told.get(person)
        if certificate is None:
            raise Denied("not_enrolled")
        return certificate

    # Linking

    async def ask_link(self) -> str:
        """Ask the person's other devices to let this one in; return the digits to compare."""
        device = self._client.device
        pair = accounts.SUITE.generate_key_pair(device.random_bytes)
        device.keep_link_key(pair.private)
        asked = frames.AskLink(id=self._client.next_id(), init_key=pair.public)
        await self._client.perform(asked)
        return link_digits(device.id, device.signature_key, pair.public)

    async def accept_link(self, device: str, digits: str) -> None:
        """Let another device of this person in, by the digits that it shows; raise `Denied`.

        Whoever asks under the person's name without being theirs shows other digits.
        """
        request = self.requests.get(device)
        if request is None or not hmac.compare_digest(request.digits, digits.strip()):
            raise Denied("wrong_digits")
        account, identity = self._mine()
        certificate = account.certify_device(
            identity, device, request.signature_key, now_us=self._client.now_us()
        )
        sealed = account.seal_to(
            request.init_key, device, request.signature_key, self._client.device.random_bytes
        )
        answer = await self._certify(certificate, sealed)
        answer.proof_of_news(act="device.certified", conversation=None)
        self.requests.pop(device, None)

    def take(self, push: frames.IdentityPush | frames.LinkAskedPush | frames.LinkedPush) -> None:
        """Take what the hub tells about people and devices."""
        match push:
            case frames.IdentityPush():
                self._client.begin(self.prove([push.person]))
            case frames.LinkAskedPush():
                self._asked(push)
            case frames.LinkedPush():
                self._linked(push)
            case _:
                assert_never(push)

    def _asked(self, push: frames.LinkAskedPush) -> None:
        asks = LinkRequest(push.device, push.signature_key, push.init_key)
        self.requests.pop(push.device, None)
        self.requests[push.device] = asks
        if len(self.requests) > MAX_REQUESTS:
            del self.requests[next(iter(self.requests))]

    def _linked(self, push: frames.LinkedPush) -> None:
        """This device was let in: take the account key, if it is this person's."""
        device = self._client.device
        link_key = device.link_key
        if link_key is None or self.standing is not Standing.NEEDS_LINK:
            return
        try:
            account = accounts.open_sealed(push.sealed, link_key, device.id, device.signature_key)
            certificate = Unverified.decode(DeviceCertificate, push.certificate)
            said = certificate.verify(account.aik)
        except CryptoError:
            self._client.alarm(HubFault("a link that does not open"))
            return
        if (said.device, said.signature_key) != (UUID(device.id).bytes, device.signature_key):
            self._client.alarm(HubFault("the certificate of another device"))
            return
        device.take_account(account, push.certificate)
        self._client.begin(self._settle_again())

    async def keep_recovery(self) -> str:
        """Make a recovery code and have the wrapped account key kept; return the code."""
        account, _ = self._mine()
        device = self._client.device
        code = accounts.recovery_code(device.random_bytes)
        blob = account.wrap(code, self._client.person, device.random_bytes)
        await self._client.perform(frames.KeepRecovery(id=self._client.next_id(), blob=blob))
        return code

    async def recover(self, code: str) -> None:
        """Take up the account key by its recovery code; raise `NotLinked` where it opens none."""
        client = self._client
        answer = await client.perform(frames.AskRecovery(id=client.next_id()))
        blob, certificate = answer.result.get("blob"), self._welcomed.identity
        try:
            aik = self._own(certificate).aik
            account = accounts.unwrap(bytes(blob or b""), code, client.person, aik)
        except CryptoError as exc:
            raise NotLinked("this code opens no account key") from exc
        client.device.take_account(account)
        await self.settle()

    # Inside

    @property
    def _welcomed(self) -> Welcomed:
        welcomed = self._client.welcomed
        if welcomed is None:
            raise ConnectionLost(None)
        return welcomed

    def _stand(self, standing: Standing) -> None:
        self.standing = standing
        self._client.settled()

    def _mine(self) -> tuple[Account, IdentityCertificate]:
        """Return this person's account key and its certificate; raise `NotLinked`."""
        account, certificate = self._client.device.account, self._client.device.certificates
        if account is None or self.standing is not Standing.READY:
            raise NotLinked("this device is not linked to its person")
        return account, self._own(certificate.identity)

    def _own(self, certificate: bytes) -> IdentityCertificate:
        identity = verify_identity(certificate, self._client.device.trust.authority)
        if str(UUID(bytes=identity.person)) != self._client.person:
            raise HubFault("the certificate of another person")
        return identity

    async def _settle_again(self) -> None:
        await self.settle()

    async def _meet_owner(self, certificate: bytes) -> None:
        """Pin who owns the pharmacy, once the log shows it."""
        trust = self._client.device.trust
        if not certificate:
            return
        owner = verify_identity(certificate, trust.authority)
        if owner.profession != Profession.OWNER:
            raise HubFault("an owner who is none")
        if not trust.is_proven(digest_of(certificate)):
            await self.prove([str(UUID(bytes=owner.person))])
        if trust.is_proven(digest_of(certificate)):
            trust.pin_owner(owner.aik)

    async def _certified(self, welcomed: Welcomed) -> bytes | None:
        """Return this person's certificate, enrolling where the person has none."""
        device = self._client.device
        if welcomed.identity and not self._ends_soon(welcomed.identity):
            if not device.trust.is_proven(digest_of(welcomed.identity)):
                await self.prove([welcomed.person])
            return welcomed.identity
        account = device.make_account()
        statement = account.enrolment(welcomed.person, welcomed.deployment)
        frame = frames.EnrolIdentity(id=self._client.next_id(), statement=statement)
        try:
            answer = await self._client.perform(frame)
        except Refused as refusal:
            if refusal.code is not Code.E_IDENTITY_TAKEN:
                raise
            # Another device of this person was first: it lets this one in.
            device.drop_account()
            return None
        certificate = bytes(answer.result.get("certificate") or b"")
        receipt = answer.proof(act="identity.issued", conversation=None)
        self._prove_own(certificate, receipt)
        return certificate

    def _ends_soon(self, certificate: bytes) -> bool:
        """Tell whether it is time for another certificate of the same key, which is held here."""
        account, identity = self._client.device.account, self._own(certificate)
        holds = account is not None and account.aik == identity.aik
        return holds and not validity_of(identity).includes(self._client.now_us() + RENEWAL_US)

    def _prove_own(self, certificate: bytes, receipt: VerifiedReceipt) -> None:
        identity, trust = self._own(certificate), self._client.device.trust
        _check_issued(receipt, certificate)
        trust.pin(self._client.person, identity.aik, self._welcomed.name)
        trust.prove(certificate)
        if identity.profession == Profession.OWNER:
            trust.pin_owner(identity.aik)

    async def _certify_this(
        self, certificate: bytes, identity: IdentityCertificate, welcomed: Welcomed
    ) -> None:
        """Have this device's own certificate, and the hub have it too."""
        device, held = self._client.device, self._client.device.certificates
        if held.device and not held.identity:
            # Another device of the person certified this one, with the account key.
            device.certify(identity=certificate)
        elif held.identity != certificate:
            account = device.make_account()
            own = account.certify_device(
                identity, device.id, device.signature_key, now_us=self._client.now_us()
            )
            device.certify(identity=certificate, device=own)
        if welcomed.device_certificate != device.certificates.device:
            answer = await self._certify(device.certificates.device)
            answer.proof_of_news(act="device.certified", conversation=None)

    async def _certify(self, certificate: bytes, sealed: bytes = b"") -> Answer:
        return await self._client.perform(
            frames.CertifyDevice(id=self._client.next_id(), certificate=certificate, sealed=sealed)
        )

    def _take_staff(self, certificate: bytes) -> None:
        """Take the owner's certificate of this person, where it is one."""
        device, trust = self._client.device, self._client.device.trust
        if not certificate or certificate == device.certificates.staff or trust.owner is None:
            return
        said = verify_staff(
            certificate,
            trust=trust.authority,
            owner_aik=trust.owner,
            pharmacy=trust.pharmacy or "",
            at_us=None,
        )
        if device.account is None or said.aik != device.account.aik:
            raise HubFault("the staff certificate of another person")
        device.certify(staff=certificate)
        self._client.settled()

    def _is_owner(self, view: IdentityView) -> bool:
        """Tell whether of all owners it is the one whose word counts, as the hello said."""
        told = self._welcomed.owner
        return told == view.certificate or (not told and self._client.device.trust.owner is None)

    async def _ask(self, persons: list[str]) -> list[IdentityView]:
        asked = frames.ListIdentities(id=self._client.next_id(), persons=persons)
        answer = await self._client.perform(asked)
        try:
            views = msgspec.convert(answer.result.get("identities"), list[IdentityView])
        except msgspec.ValidationError as exc:
            raise HubFault("the hub answered with no identities") from exc
        if any(view.person not in persons for view in views):
            raise HubFault("the identity of somebody who was not asked for")
        return views

    def _verify_logged(self, view: IdentityView) -> None:
        """Raise unless the `care` log holds that this certificate was issued."""
        receipt = self._client.logs.verify(view.receipt, of=CARE)
        _check_issued(
            verify_is_for(receipt, act="identity.issued", conversation=None), view.certificate
        )

    def _succeed(self, view: IdentityView, identity: IdentityCertificate) -> None:
        """Pin another account key, where the one before was revoked as it must be."""
        trust = self._client.device.trust
        before = trust.aik_of(view.person) or b""
        self._verify_revoked(view, before)
        notice = trust.succeed(view.person, identity.aik, view.name)
        self.notices.append(notice)
        self._client.notify(notice)

    def _verify_revoked(self, view: IdentityView, before: bytes) -> None:
        """Raise `IdentityChanged` unless two pharmacists and the authority gave a key up."""
        trust = self._client.device.trust
        if not view.revoked or trust.owner is None or trust.pharmacy is None:
            raise IdentityChanged("identity_changed")
        # Who is a pharmacist here is all that a conversation's policy is asked for.
        policy = ConversationPolicy(
            conversation=bytes(16),
            kind=ConversationKind.CARE_THREAD.value,
            pharmacy=trust.pharmacy,
            owner_aik=trust.owner,
            patient=bytes(16),
        )
        said = check_account_revocation(
            view.revoked, policy=policy, trust=trust.authority, at_us=None
        )
        if isinstance(said, PolicyRefused):
            raise IdentityChanged("identity_changed")
        if (said.person, said.aik) != (UUID(view.person).bytes, before):
            raise IdentityChanged("identity_changed")


def _check_issued(receipt: VerifiedReceipt, certificate: bytes) -> None:
    """Raise `HubFault` unless an entry says that this very certificate was issued."""
    entry = canonical.decode(receipt.entry)
    outcome = entry.get("outcome") if isinstance(entry, dict) else None
    told = outcome.get("certificate") if isinstance(outcome, dict) else None
    if told != digest_of(certificate).hex():
        raise HubFault("the log holds another certificate")
