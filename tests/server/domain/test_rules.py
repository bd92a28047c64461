"""One table says who may send what, and what trace it leaves. It is total."""

from __future__ import annotations

from typing import get_args

import pytest

from crypto.policy.membership import ACT_SCOPES
from crypto.policy.vocabulary import AUDITORS, PARTICIPANTS, Role, Scope
from server.domain.audit import EntryType
from server.domain.rules import RULES, Path, Standing
from signaling import frames
from signaling.frames import AnyClientFrame

OF_CALLS = (
    frames.HangUp,
    frames.ReportConnected,
    frames.ReportPairLost,
    frames.ReportIncident,
    frames.IssueTurn,
)


def test_every_frame_has_a_rule() -> None:
    """A new frame cannot ship without saying who may send it."""
    assert set(RULES) == set(get_args(AnyClientFrame))


def test_what_leaves_an_entry_is_written() -> None:
    """A snapshot cannot hold an entry: an audited frame goes through the writer."""
    assert {rule.path for rule in RULES.values() if rule.audited} == {Path.WRITE}


def test_every_look_of_an_officer_is_an_entry() -> None:
    """The pages of a look that is one already are read from a snapshot."""
    looks = {frame for frame, rule in RULES.items() if rule.roles == AUDITORS}

    assert {frame for frame in looks if RULES[frame].audited is None} == {frames.ReadPage}


IN_A_CONVERSATION = {Standing.MEMBER, Standing.ADMITTED}


@pytest.mark.parametrize("frame", list(RULES))
def test_every_frame_says_what_a_carer_needs_for_it(frame: type[AnyClientFrame]) -> None:
    """A scope wherever a carer may act in a conversation, and nowhere else: total."""
    rule = RULES[frame]
    acts_for_another = Role.CARER in rule.roles and rule.standing in IN_A_CONVERSATION

    assert (rule.scope is not None) is acts_for_another


def test_what_a_carer_needs_is_what_clients_ask_for() -> None:
    """One table of scopes, in policy: the hub and every member judge by the same."""
    asked = {
        frames.SendMessage: "message",
        frames.Signal: "signal",
        frames.AdvanceCursor: "cursor",
        frames.Commit: "commit",
        frames.AskGroupInfo: "commit",
        frames.ConfirmEpoch: "receipt",
        frames.ReportStuck: "receipt",
        **{frame: "call" for frame in RULES if "Call" in frame.__name__ or frame in OF_CALLS},
    }
    scoped = {frame: rule.scope for frame, rule in RULES.items() if rule.scope is not None}
    # To name a carer is nobody's scope: they are told so.
    assert scoped.pop(frames.ProposeDelegation) is Scope.CONVERSATION_READ

    assert scoped == {
        frame: ACT_SCOPES[act] for frame, act in asked.items() if RULES[frame].scope is not None
    }


@pytest.mark.parametrize(
    "frame",
    [frames.ClaimKeyPackages, frames.SucceedGroup, frames.ConfirmDelegation, frames.RingCall],
)
def test_a_carer_lets_nobody_in_and_confirms_nobody(frame: type[AnyClientFrame]) -> None:
    """Neither another person nor a device of their own."""
    assert Role.CARER not in RULES[frame].roles


@pytest.mark.parametrize("role", sorted(set(Role) - PARTICIPANTS))
def test_whoever_can_be_in_no_group_cannot_act_in_one(role: Role) -> None:
    """A courier and the auditors have no frame that touches a conversation's content."""
    group = (
        frames.PublishKeyPackages,
        frames.ClaimKeyPackages,
        frames.Commit,
        frames.SendMessage,
        frames.AdvanceCursor,
    )

    assert not [frame for frame in group if role in RULES[frame].roles]


def test_no_two_audited_frames_share_a_type() -> None:
    """An entry's type says which frame it was."""
    audited = [rule.audited for rule in RULES.values() if rule.audited]

    assert len(set(audited)) == len(audited)
    assert EntryType.ACT_REFUSED not in audited
