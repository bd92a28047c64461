"""People with account keys: who they are to the hub, and what they sign.

Every persona's account key is the same in every test, and made from nothing but their name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crypto.keys import Secret
from crypto.policy.statements import (
    AccountRevocation,
    DeviceCertificate,
    DeviceRevocation,
    Enrolment,
    StaffCertificate,
    Statement,
    sign,
)
from crypto.policy.vocabulary import PARTICIPANTS, STAFF, Profession
from crypto.suites import SUITES, SigningKey
from server.demo import PERSONAS
from server.domain.people import Person
from server.hub.acts import identities
from server.ports import Database, Tx

SUITE = SUITES[1]
DEPLOYMENT = "test.example"
SECONDS = 1_000_000
ENROLLED_AT = (1_790_000_000 - 3600) * SECONDS
"""An hour before the tests' noon."""
YEAR = 365 * 24 * 3600 * SECONDS


@dataclass(frozen=True, slots=True)
class Account:
    """A person, their account key, and what others signed about it."""

    person: Person
    seed: Secret
    identity: bytes = b""
    """The authority's certificate; empty until enrolled."""
    staff: bytes = b""
    """The owner's; empty for the owner and whoever is not of the staff."""
    deployment: str = DEPLOYMENT
    since: int = ENROLLED_AT
    """From when on the certificates that it signs hold: for a year."""

    @property
    def key(self) -> SigningKey:
        """The account key."""
        return SUITE.signing_key(self.seed)

    @property
    def aik(self) -> bytes:
        """Its public half."""
        return self.key.public

    @property
    def id(self) -> bytes:
        """The person's id, as statements write it."""
        return UUID(self.person.id).bytes

    def signed(self, kind: type[Statement], /, **said: Any) -> bytes:
        """Sign a statement with this account's key, or with another."""
        key = said.pop("key", self.key)
        return sign(kind(**{"deployment": self.deployment} | said), key)

    def enrolment(self, **changes: Any) -> bytes:
        """Sign that this is this person's account key."""
        said = {"person": self.id, "aik": self.aik}
        return self.signed(Enrolment, **said | changes)

    def device_certificate(self, device: str, signature_key: bytes, **changes: Any) -> bytes:
        """Sign that a device is this person's."""
        said = {
            "person": self.id,
            "device": UUID(device).bytes,
            "signature_key": signature_key,
            "not_before_us": self.since,
            "not_after_us": self.since + YEAR,
        }
        return self.signed(DeviceCertificate, **said | changes)

    def staff_certificate(self, other: Account, **changes: Any) -> bytes:
        """Sign that another account is of this owner's staff."""
        said = {
            "person": other.id,
            "aik": other.aik,
            "role": other.person.role.value,
            "pharmacy": self.person.tenant,
            "not_before_us": self.since,
            "not_after_us": self.since + YEAR,
        }
        return self.signed(StaffCertificate, **said | changes)

    def device_revocation(self, device: str, at_us: int, **changes: Any) -> bytes:
        """Sign that a device is given up."""
        said = {"person": self.id, "device": UUID(device).bytes, "at_us": at_us}
        return self.signed(DeviceRevocation, **said | changes)

    def account_revocation(self, other: Account, at_us: int, **changes: Any) -> bytes:
        """Sign, as a pharmacist, that another's account key is lost."""
        said = {"person": other.id, "aik": other.aik, "reason": "lost", "at_us": at_us}
        return self.signed(AccountRevocation, **said | changes)


def an_account(person: Person, **known: Any) -> Account:
    """Return a person's account, with the key that it always has in tests."""
    seed = hashlib.sha256(b"account key of " + person.id.encode()).digest()
    return Account(person, **{"seed": Secret(seed)} | known)


def a_new_account(person: Person, **known: Any) -> Account:
    """Return a person's account with a key that it never had."""
    return an_account(person, **{"seed": Secret(os.urandom(32))} | known)


def enrol_everyone(database: Database) -> None:
    """Have every persona's account key certified, and the owners' staff; once."""
    accounts = [an_account(one.person) for one in PERSONAS if one.person.role in PARTICIPANTS]
    with database.write() as tx:
        if tx.certificates.find(accounts[0].person.id) is None:
            for account in accounts:
                a_certified(tx, account)
            for owner in accounts:
                if owner.person.profession is Profession.OWNER:
                    _certify_staff(tx, owner, accounts)
            tx.seal()


def a_certified(tx: Tx, account: Account) -> Account:
    """Certify an account key as the hub does; return the account with its certificate."""
    person, at = account.person, ENROLLED_AT
    certificate = identities.certificate_of(tx, person, account.aik, at)
    located = tx.log.append(identities.issued(person, certificate, device=None), at)
    identities.keep(tx, person, account.aik, certificate, located, at)
    return an_account(person, identity=certificate, seed=account.seed)


def accounts_of(tx: Tx, people: Mapping[str, Person]) -> dict[str, Account]:
    """Return the accounts of those who have one, as the hub knows them, by person."""
    found: dict[str, Account] = {}
    for person in people.values():
        standing, account = tx.certificates.find(person.id), an_account(person)
        if standing is not None and standing.aik == account.aik:
            staff = tx.staff.find(person.id, standing.aik)
            found[person.id] = an_account(person, identity=standing.certificate, staff=staff)
    return found


def _certify_staff(tx: Tx, owner: Account, accounts: list[Account]) -> None:
    for other in accounts:
        colleague = other.person.tenant == owner.person.tenant and other.person.role in STAFF
        if colleague and other.person != owner.person:
            certificate = owner.staff_certificate(other)
            tx.staff.keep(other.person.id, other.aik, certificate, ENROLLED_AT)
