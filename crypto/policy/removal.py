"""Why the hub has a leaf removed: what its external Remove must prove to every member.

    struct {
        uint8 version = 2;
        opaque conversation[16];
        opaque device[16];                    /* whose leaf it is */
        opaque confirmed_transcript_hash<V>;  /* of the epoch it is proposed in */
        opaque why<V>;
        opaque delegation<V>;                 /* 16 bytes where one ends, or empty */
        uint64 at_us;                         /* the hub's clock */
        opaque statement<V>;                  /* what was signed; empty for an expiry */
        opaque staff<V>;                      /* a suspending pharmacist's certificate, or empty */
    } RemoveJustification;

It stands in the Remove's `authenticated_data`, under the hub's signature. Bound to one device, one
conversation and one transcript, it proves nothing anywhere else.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import ClassVar, Final

from crypto.errors import CryptoError
from crypto.policy.conversation import MAX_ENDING_BYTES
from crypto.policy.cosigned import check_account_revocation
from crypto.policy.decision import Refused
from crypto.policy.delegation import InForce, Why, check_ending
from crypto.policy.fields import ID_BYTES, Layout, id16, number, opaque, optional, word
from crypto.policy.identity import Certified, LeafIdentity
from crypto.policy.state import State
from crypto.policy.statements import (
    MAX_STATEMENT_BYTES,
    MAX_TRANSCRIPT_BYTES,
    DeviceRevocation,
    Unverified,
)
from crypto.policy.vocabulary import CLOCK_TOLERANCE_US, DelegationState, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveJustification(Layout):
    """What stands in an external Remove's `authenticated_data`."""

    VERSION: ClassVar = 2
    FIELDS: ClassVar = (
        id16("conversation"),
        id16("device"),
        opaque("confirmed_transcript_hash", MAX_TRANSCRIPT_BYTES),
        word("why"),
        optional("delegation", ID_BYTES),
        number("at_us"),
        opaque("statement", MAX_ENDING_BYTES),
        opaque("staff", MAX_STATEMENT_BYTES),
    )

    conversation: bytes
    device: bytes
    confirmed_transcript_hash: bytes
    why: str
    delegation: bytes = b""
    at_us: int
    statement: bytes = b""
    staff: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Justified:
    """A removal that every member must carry out, and the delegations that end with it."""

    target: LeafIdentity
    why: Why
    ends: tuple[tuple[bytes, DelegationState], ...] = ()


_ENDINGS: Final = frozenset({Why.REVOCATION, Why.RESIGNATION, Why.SUSPENSION, Why.EXPIRY})


def check_removal(
    said: RemoveJustification,
    *,
    target: Certified,
    state: State,
    transcript: bytes,
    now_us: int | None,
) -> Justified | Refused:
    """Decide whether the hub may have this leaf removed from the group in this epoch.

    `now_us` is the reader's own clock: the hub may not run ahead of it to end somebody's time
    early. None where the hub asks itself.
    """
    if not _is_for(said, target, state, transcript):
        return Refused(Refusal.E_IDENTITY)
    if now_us is not None and said.at_us > now_us + CLOCK_TOLERANCE_US:
        return Refused(Refusal.E_CLOCK)
    if said.why in _ENDINGS:
        return _check_end(said, target, state)
    if said.delegation or said.staff:
        return Refused(Refusal.E_SIGNATURE)
    if said.why == Why.DEVICE:
        return _check_device(said, target, state)
    if said.why == Why.ACCOUNT:
        return _check_account(said, target, state)
    return Refused(Refusal.E_SIGNATURE)


def _is_for(said: RemoveJustification, target: Certified, state: State, transcript: bytes) -> bool:
    if (said.conversation, said.device) != (state.policy.conversation, target.device):
        return False
    same_epoch = hmac.compare_digest(said.confirmed_transcript_hash, transcript)
    return same_epoch and target in state.leaves


def _check_end(said: RemoveJustification, target: Certified, state: State) -> Justified | Refused:
    """A delegation ended: all leaves of its carer go, and no other."""
    found = state.delegation(said.delegation)
    if found is None or not found.is_of(target.person, target.aik):
        return Refused(Refusal.E_NO_DELEGATION)
    ending = check_ending(
        said.why,
        said.statement,
        said.staff,
        delegation=found.delegation,
        policy=state.policy,
        trust=state.trust,
        at_us=said.at_us,
    )
    if isinstance(ending, Refused):
        return ending
    return Justified(target=target.identity, why=Why(said.why), ends=((found.id, ending.state),))


def _check_device(
    said: RemoveJustification, target: Certified, state: State
) -> Justified | Refused:
    """A person gave up this device: their account key says so."""
    try:
        revocation = Unverified.decode(DeviceRevocation, said.statement).verify(target.aik)
    except CryptoError:
        return Refused(Refusal.E_SIGNATURE)
    told = (revocation.deployment, revocation.person, revocation.device)
    if told != (state.trust.deployment, target.person, target.device):
        return Refused(Refusal.E_IDENTITY)
    if revocation.conversation not in (b"", state.policy.conversation):
        return Refused(Refusal.E_IDENTITY)
    if revocation.at_us > said.at_us + CLOCK_TOLERANCE_US:
        return Refused(Refusal.E_CLOCK)
    return Justified(target=target.identity, why=Why.DEVICE)


def _check_account(
    said: RemoveJustification, target: Certified, state: State
) -> Justified | Refused:
    """An account key was lost or stolen: two pharmacists and the authority say so."""
    revocation = check_account_revocation(
        said.statement, policy=state.policy, trust=state.trust, at_us=said.at_us
    )
    if isinstance(revocation, Refused):
        return revocation
    if (revocation.person, revocation.aik) != (target.person, target.aik):
        return Refused(Refusal.E_IDENTITY)
    ends = tuple(_ends_with_account(one) for one in state.in_force if _of(one, target))
    return Justified(target=target.identity, why=Why.ACCOUNT, ends=ends)


def _of(found: InForce, target: Certified) -> bool:
    return found.is_of(target.person, target.aik)


def _ends_with_account(found: InForce) -> tuple[bytes, DelegationState]:
    """Whoever holds a lost key acts for nobody any more."""
    return found.id, DelegationState.SUSPENDED
