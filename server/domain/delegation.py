"""A delegation's life on the hub: what is stored of it, and what follows from its state. Pure.

    proposed ─► confirmed ─► (accepted) ─► active
        └───────────┴───────────────────────┴─► revoked, suspended, expired, resigned, contested

Whether a document, a confirmation or an end may be is `crypto.policy`'s to say; here stands only
what comes after it was said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from crypto.policy.vocabulary import ENDED, DelegationState, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDelegation:
    """One delegation. Instants are the hub's, in microseconds; None: not yet."""

    id: str
    conversation: str
    grantor: str
    grantee: str
    state: DelegationState
    record: bytes
    """Document, confirmations, acceptance, partial withdrawals: a `DelegationRecord`."""
    scopes: frozenset[Scope]
    """What is left of those that were given."""
    not_before: int
    not_after: int
    proposed_at: int
    confirmed_at: int | None = None
    """Since when the carer knows of it."""
    accepted_at: int | None = None
    activated_at: int | None = None
    ended_at: int | None = None
    ended: bytes = b""
    """The signed statement that ended it; empty where its period did."""
    ended_staff: bytes = b""
    """The StaffCertificate of the pharmacist who suspended it."""
    ending: bool = False
    """It is over, and the group still has to open an epoch that says so."""
    narrowing: bool = False
    """Scopes were withdrawn, and the group still has to open an epoch that says so."""
    version: int = 0
    """While it is active: the number of the group's `delegations`, which its carer must cite."""

    @property
    def is_over(self) -> bool:
        """Tell whether it has ended."""
        return self.state in ENDED

    @property
    def is_expected(self) -> bool:
        """Tell whether its carer is about to come: a pharmacist confirmed it, nobody ended it."""
        return self.state is DelegationState.CONFIRMED

    def is_live(self, now: int) -> bool:
        """Tell whether its carer may act at `now`: refused at the very instant it ends."""
        return self.state is DelegationState.ACTIVE and self.not_before <= now < self.not_after

    def waits_for_admission(self, now: int) -> bool:
        """Tell whether all is said, and a member only has to let the carer's devices in."""
        confirmed = self.state is DelegationState.CONFIRMED and self.accepted_at is not None
        return confirmed and self.not_before <= now < self.not_after

    def next_instant(self, now: int) -> int | None:
        """Return when the clock has something to do with it: it begins, or it ends."""
        if self.is_over:
            return None
        if self.accepted_at is not None and self.activated_at is None and now < self.not_before:
            return self.not_before
        return self.not_after

    def overlaps(self, other: StoredDelegation) -> bool:
        """Tell whether both would stand at one time: of the same carer, for the same patient."""
        same = (self.grantor, self.grantee) == (other.grantor, other.grantee)
        apart = self.not_before >= other.not_after or other.not_before >= self.not_after
        return same and not (self.is_over or other.is_over or apart)

    def end(
        self, state: DelegationState, now: int, *, statement: bytes = b"", staff: bytes = b""
    ) -> StoredDelegation:
        """Return it ended. One that was never active has nothing left to settle in the group."""
        return replace(
            self,
            state=state,
            ended_at=now,
            ended=statement,
            ended_staff=staff,
            ending=self.state is DelegationState.ACTIVE,
            narrowing=False,
        )
