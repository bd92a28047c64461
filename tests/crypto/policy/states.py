"""Groups of the policy's tests, everything in them verified."""

from __future__ import annotations

from crypto.policy.identity import Certified, verify_credential
from crypto.policy.state import State
from tests.crypto.policy.world import TRUST, Group, Leaf


def certified(leaf: Leaf, group: Group) -> Certified:
    """Return a leaf whose certificates hold in a group."""
    return verify_credential(
        leaf.credential,
        signature_key=leaf.signature_key,
        trust=TRUST,
        owner_aik=group.policy.owner_aik,
        pharmacy=group.policy.pharmacy,
        at_us=None,
    )


def state_of(group: Group, known: State | None = None) -> State:
    """Return the verified state of a group."""
    leaves = [certified(one, group) for one in group.leaves]
    found = State.of(group.policy, group.delegations, leaves, TRUST, known=known)
    assert isinstance(found, State), found
    return found
