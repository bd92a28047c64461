"""Whether a carer may act in a conversation now, and what they are answered where they may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crypto.policy.vocabulary import DelegationState, Scope
from server.domain.delegation import StoredDelegation
from server.domain.refusals import Refused
from signaling.codes import Code

_OVER: Mapping[DelegationState, Code] = {
    DelegationState.REVOKED: Code.E_DELEGATION_REVOKED,
    DelegationState.SUSPENDED: Code.E_DELEGATION_SUSPENDED,
    DelegationState.CONTESTED: Code.E_DELEGATION_SUSPENDED,
    DelegationState.RESIGNED: Code.E_DELEGATION_RESIGNED,
    DelegationState.EXPIRED: Code.E_DELEGATION_EXPIRED,
}
"""What a carer is answered after each end."""


def live_one(rows: Iterable[StoredDelegation], now: int) -> StoredDelegation | None:
    """Return the one delegation by which a carer may act here now."""
    return next((row for row in rows if row.is_live(now)), None)


def why_not(rows: Iterable[StoredDelegation]) -> Code:
    """Say what a carer without a live delegation is answered in a conversation.

    They learn that one is over where they knew of it; anything else is as if it did not exist.
    """
    known = [row for row in rows if row.confirmed_at is not None]
    over = [row for row in known if row.is_over or row.activated_at is not None]
    if not over:
        return Code.E_NOT_FOUND
    last = max(over, key=lambda row: row.ended_at or row.not_after)
    # Its second has come, and the hub's clock has not got to it: it is over all the same.
    return _OVER.get(last.state, Code.E_DELEGATION_EXPIRED)


def may_use(row: StoredDelegation, scope: Scope | None) -> Refused | None:
    """Refuse what a live delegation does not hold; None where it does.

    A frame without a scope is for nobody who acts for another.
    """
    if scope is None:
        return Refused(Code.E_ROLE, conversation=row.conversation)
    if scope not in row.scopes:
        return Refused(Code.E_SCOPE, conversation=row.conversation, reason=scope.value)
    return None
