"""Who signs as a pharmacist: the owner, whose key is pinned, or whom the owner certified."""

from __future__ import annotations

from dataclasses import dataclass

from crypto.errors import CryptoError
from crypto.policy.conversation import ConversationPolicy
from crypto.policy.decision import Refused
from crypto.policy.fields import MAX_NUMBER
from crypto.policy.identity import Trust, Validity, validity_of, verify_staff
from crypto.policy.vocabulary import Refusal, Role


@dataclass(frozen=True, slots=True)
class Pharmacist:
    """Somebody whose word counts as a pharmacist's of this pharmacy."""

    person: bytes
    aik: bytes
    validity: Validity
    """When the owner's certificate says so; always, for the owner."""

    def is_one_of(self, *people: tuple[bytes, bytes]) -> bool:
        """Tell whether this is one of these people: by id or by account key."""
        return any(person == self.person or aik == self.aik for person, aik in people)


def pharmacist_of(
    person: bytes, staff: bytes, *, policy: ConversationPolicy, trust: Trust, at_us: int | None
) -> Pharmacist | Refused:
    """Return who a pharmacist is by their signed StaffCertificate, or the owner without one."""
    if not staff:
        return Pharmacist(person, policy.owner_aik, Validity(0, MAX_NUMBER + 1))
    try:
        said = verify_staff(
            staff,
            trust=trust,
            owner_aik=policy.owner_aik,
            pharmacy=policy.pharmacy,
            at_us=at_us,
        )
    except CryptoError:
        return Refused(Refusal.E_IDENTITY)
    if said.person != person:
        return Refused(Refusal.E_IDENTITY)
    if said.role != Role.PHARMACIST:
        return Refused(Refusal.E_ROLE)
    return Pharmacist(said.person, said.aik, validity_of(said))
