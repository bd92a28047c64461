"""What a group's context says of its conversation, read once for each context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from crypto.mls.extensions import Extensions
from crypto.mls.group import Group
from crypto.policy.conversation import (
    ConversationPolicy,
    DelegationRecord,
    Delegations,
    read_extensions,
)


@dataclass(frozen=True, slots=True)
class GroupSaid:
    """What a group's context says, read once."""

    policy: ConversationPolicy
    delegations: Delegations
    records: Mapping[bytes, DelegationRecord]
    first_end_us: int | None
    """When the first delegation in force ends by itself."""


def said_by(group: Group) -> GroupSaid:
    """Return what a group of ours says of itself."""
    return _said(group.context.extensions)


# Each message asks whether it may be sent; a device is in a few busy groups at a time.
@lru_cache(maxsize=256)
def _said(extensions: Extensions) -> GroupSaid:
    policy, delegations = read_extensions(extensions)
    records = {one.id: one for one in delegations.in_force}
    ends = [one.content.not_after_us for one in delegations.in_force]
    return GroupSaid(policy, delegations, MappingProxyType(records), min(ends, default=None))
