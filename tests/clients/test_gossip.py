"""Heads of the log that others saw: proven to be of one history, or an alarm after a minute."""

from __future__ import annotations

import pytest

from clients.python.gossip import MAX_SOURCES, PROOF_SECONDS, Gossip, Question
from crypto.errors import BadProof
from crypto.log.checkpoint import Checkpoint
from crypto.log.tree import consistency_proof, leaf_hash, node_hash, root_hash

LOG = "colloque.test/990000001/care"
LEAVES = [leaf_hash(b"entry %d" % number) for number in range(20)]
FORKED = [*LEAVES[:3], *(leaf_hash(b"other %d" % number) for number in range(17))]


def a_head(size: int, leaves: list[bytes] | None = None) -> Checkpoint:
    """Return what a log says of itself at a size."""
    return Checkpoint(origin=LOG, size=size, root=root_hash((leaves or LEAVES)[:size]))


def a_proof(first: int, second: int, leaves: list[bytes] | None = None) -> tuple[bytes, ...]:
    """Return what a log proves of two of its sizes."""

    def read(level: int, index: int) -> bytes:
        if level == 0:
            return (leaves or LEAVES)[index]
        return node_hash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))

    return consistency_proof(first, second, read)


@pytest.mark.parametrize(("heard", "own"), [(5, 9), (9, 5)], ids=["an older", "a newer"])
def test_a_head_is_asked_about_and_proven(heard: int, own: int) -> None:
    """Whichever is the larger: the smaller is its beginning."""
    gossip = Gossip()

    question = gossip.hear("tablet", (a_head(heard), "note"), a_head(own), now=0)

    assert question is not None
    assert (question.first.size, question.second.size) == (5, 9)
    assert gossip.settle("tablet", question, a_proof(5, 9)) is None
    assert gossip.question("tablet") is None
    assert gossip.next_deadline is None


@pytest.mark.parametrize("proof", [(), a_proof(4, 9), a_proof(5, 10), (bytes(32),) * 4])
def test_what_proves_nothing_leaves_the_question_open(proof: tuple[bytes, ...]) -> None:
    """The hub may come with a better proof until its time is over."""
    gossip = Gossip()
    question = gossip.hear("tablet", (a_head(5), ""), a_head(9), now=0)
    assert question is not None

    with pytest.raises(BadProof):
        gossip.settle("tablet", question, proof)

    assert gossip.question("tablet") == question
    assert gossip.take_lost(PROOF_SECONDS - 0.1) == []
    assert gossip.take_lost(PROOF_SECONDS) == [question]
    assert gossip.take_lost(PROOF_SECONDS) == []


def test_no_proof_makes_two_histories_one() -> None:
    """Neither tree's own proof leads to the other's root."""
    gossip = Gossip()
    question = gossip.hear("tablet", (a_head(9, FORKED), ""), a_head(12), now=0)
    assert question is not None

    for leaves in (LEAVES, FORKED):
        with pytest.raises(BadProof):
            gossip.settle("tablet", question, a_proof(9, 12, leaves))


def test_one_question_at_a_time_about_each_source_and_the_newest_next() -> None:
    """A busy member costs the hub one question at a time."""
    gossip = Gossip()
    first = gossip.hear("tablet", (a_head(5), "5"), a_head(9), now=0)
    assert first is not None
    for size in (6, 7, 8):
        assert gossip.hear("tablet", (a_head(size), str(size)), a_head(9), now=1) is None
    assert gossip.hear("other", (a_head(5), "5"), a_head(9), now=1) is not None

    assert gossip.settle("tablet", first, a_proof(5, 9)) == (a_head(8), "8")


def test_an_answer_that_comes_too_late_changes_nothing() -> None:
    """Its question was lost, and another one may be open."""
    gossip = Gossip()
    question = gossip.hear("tablet", (a_head(5), ""), a_head(9), now=0)
    assert question is not None
    gossip.take_lost(PROOF_SECONDS)

    assert gossip.settle("tablet", question, a_proof(5, 9)) is None


def test_sources_are_bounded() -> None:
    """A hub that makes devices up fills nothing."""
    gossip = Gossip()
    for number in range(MAX_SOURCES):
        assert gossip.hear(f"{number}", (a_head(5), ""), a_head(9), now=0)

    assert gossip.hear("one more", (a_head(5), ""), a_head(9), now=0) is None


def test_two_heads_of_one_size_need_one_root() -> None:
    """There is nothing to prove; a proof would be a lie."""
    question = Question(a_head(9, FORKED), "", a_head(9))

    with pytest.raises(BadProof):
        question.verify(())
