"""One table says who may send what, and what trace it leaves. It is total."""

from __future__ import annotations

from typing import get_args

import pytest

from crypto.policy.vocabulary import AUDITORS, PARTICIPANTS, Role
from server.domain.audit import EntryType
from server.domain.rules import RULES, Path
from signaling import frames
from signaling.frames import AnyClientFrame


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
