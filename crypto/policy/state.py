"""What a group says of itself, verified: whose its leaves are, and which delegations hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crypto.policy.conversation import (
    ConversationPolicy,
    DelegationRecord,
    Delegations,
    Tombstone,
)
from crypto.policy.decision import Refused
from crypto.policy.delegation import InForce, check_record
from crypto.policy.identity import Certified, LeafIdentity, Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A group in one epoch."""

    trust: Trust
    policy: ConversationPolicy
    number: int
    in_force: tuple[InForce, ...]
    tombstones: tuple[Tombstone, ...]
    leaves: frozenset[Certified]

    @classmethod
    def of(
        cls,
        policy: ConversationPolicy,
        delegations: Delegations,
        leaves: Iterable[Certified],
        trust: Trust,
        *,
        known: State | None = None,
    ) -> State | Refused:
        """Verify every record; those that `known` holds, under the same policy, were."""
        verified = _verified(known, policy, trust)
        in_force: list[InForce] = []
        for record in delegations.in_force:
            found = verified.get(record) or check_record(
                record, policy=policy, trust=trust, at_us=None
            )
            if isinstance(found, Refused):
                return found
            in_force.append(found)
        return cls(
            trust=trust,
            policy=policy,
            number=delegations.number,
            in_force=tuple(in_force),
            tombstones=delegations.tombstones,
            leaves=frozenset(leaves),
        )

    def leaf(self, identity: LeafIdentity) -> Certified | None:
        """Return the leaf of a device, where it has one."""
        return next((one for one in self.leaves if one.identity == identity), None)

    def delegation_of(self, leaf: Certified) -> InForce | None:
        """Return the delegation under which somebody acts here, where there is one."""
        return next((one for one in self.in_force if one.is_of(leaf.person, leaf.aik)), None)

    def delegation(self, named: bytes) -> InForce | None:
        """Return the delegation in force of this id, where there is one."""
        return next((one for one in self.in_force if one.id == named), None)

    def leaves_under(self, delegation: InForce) -> frozenset[Certified]:
        """Return the leaves of a delegation's carer."""
        return frozenset(one for one in self.leaves if delegation.is_of(one.person, one.aik))


def _verified(
    known: State | None, policy: ConversationPolicy, trust: Trust
) -> dict[DelegationRecord, InForce]:
    if known is None or (known.policy, known.trust) != (policy, trust):
        return {}
    return {one.record: one for one in known.in_force}
