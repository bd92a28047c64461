"""What the Python core says, in the words of clients/web/tests/interop/requests.ts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crypto.mls.framing import Sender, SenderType
from crypto.mls.group import (
    Group,
    Received,
    ReceivedApplication,
    ReceivedProposal,
)
from crypto.mls.proposal import encode_proposal
from crypto.mls.proposal_list import SentProposal
from crypto.mls.public_group import CommitEffects, Member, Replaced
from tests.interop.builders import PURPOSE

Report = dict[str, Any]

EXPORT_CONTEXT = b"both languages"
EXPORT_LENGTH = 40


def received(message: Received) -> Report:
    """Tell what a member received."""
    if isinstance(message, ReceivedApplication):
        return {
            "kind": "application",
            "epoch": message.epoch,
            "sender": message.sender.leaf_index,
            "generation": message.generation,
            "data": message.data.hex(),
            "authenticated_data": message.authenticated_data.hex(),
        }
    if isinstance(message, ReceivedProposal):
        sent = SentProposal(message.proposal, message.sender, message.reference)
        report = {"kind": "proposal", **_proposal(sent)}
        return report | {"authenticated_data": message.authenticated_data.hex()}
    return commit(message)


def commit(effects: CommitEffects) -> Report:
    """Tell what a commit does."""
    return {
        "kind": "commit",
        "how": effects.kind,
        "committer": effects.committer.leaf_index,
        "authenticated_data": effects.authenticated_data.hex(),
        "proposals": [_proposal(one) for one in effects.proposals],
        "added": _leaves(effects.added),
        "removed": _leaves(effects.removed),
        "updated": _leaves(effects.updated),
    }


def facts(group: Group) -> Report:
    """Tell all that the members of an epoch agree on, and where this one is."""
    return {
        "context": group.context.encode().hex(),
        "own_leaf": group.own_leaf_index,
        "members": [
            [one.leaf_index, one.leaf_node.credential.body.hex()] for one in group.members()
        ],
        "epoch_authenticator": group.epoch_authenticator.reveal().hex(),
        "resumption_psk": group.resumption_psk.reveal().hex(),
        "exported": group.export(PURPOSE, EXPORT_CONTEXT, EXPORT_LENGTH).hex(),
    }


def _proposal(sent: SentProposal) -> Report:
    return {
        "proposal": encode_proposal(sent.proposal).hex(),
        "sender": _sender(sent.sender),
        "reference": None if sent.reference is None else sent.reference.hex(),
    }


def _sender(sender: Sender) -> str:
    if sender.type in {SenderType.MEMBER, SenderType.EXTERNAL}:
        return f"{sender.type.name.lower()} {sender.index}"
    return sender.type.name.lower()


def _leaves(members: Sequence[Member | Replaced]) -> list[int]:
    return [one.leaf_index for one in members]
