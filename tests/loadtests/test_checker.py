"""The judge finds each violation that is planted, names it, and finds nothing in a clean run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crypto.log.checkpoint import Checkpoint, sign_checkpoint
from crypto.log.tree import leaf_hash, root_hash
from loadtests.checker import AuditedLog, Fault, Seen, Sent, Tally, Verdict, judge
from tests.loadtests.evidence import (
    HERE,
    LOG,
    MESSAGES,
    Run,
    a_clean_run,
    a_log,
    a_receipt,
    digest,
    with_row,
)


def found(run: Run) -> set[Fault]:
    """Return the kinds of fault the judge names."""
    return {finding.fault for finding in judge(run.evidence()).findings}


def where(verdict: Verdict, fault: Fault) -> str:
    """Return where the first fault of this kind was found."""
    return next(finding.where for finding in verdict.findings if finding.fault is fault)


def drop(run: Run, seq: int) -> None:
    """Forget one event of a conversation for every reader, as a hub that lost it would."""
    for (_, conversation), events in run.readings.items():
        if conversation == HERE:
            events[:] = [seen for seen in events if seen.seq != seq]


def test_a_clean_run_is_clean() -> None:
    """Nothing is found where nothing is wrong."""
    verdict = judge(a_clean_run().evidence())

    assert verdict.findings == ()
    assert verdict.acknowledged == 2 * MESSAGES
    assert verdict.receipts == 2 * MESSAGES
    assert verdict.entries == 2 * MESSAGES + 4


def test_an_acknowledged_message_that_nobody_reads_is_lost() -> None:
    """The last message of a conversation is gone for everyone."""
    run = a_clean_run()
    drop(run, MESSAGES + 1)

    assert Fault.LOST in found(run)


def test_a_message_never_acknowledged_may_be_absent() -> None:
    """What was not promised is not owed."""
    run = a_clean_run()
    run.sent.append(
        Sent(
            device="founder",
            conversation=HERE,
            message="unanswered",
            ciphertexts=frozenset(),
            began=9,
        )
    )

    assert found(run) == set()


def test_a_message_in_two_places_is_duplicated() -> None:
    """The retry of an accepted message took effect a second time."""
    run = a_clean_run()
    for (_, conversation), events in run.readings.items():
        if conversation == HERE:
            events.append(replace(events[-1], seq=MESSAGES + 2))

    assert Fault.DUPLICATED in found(run)


def test_an_event_told_twice_is_duplicated() -> None:
    """A repetition at the seam of a resume."""
    run = a_clean_run()
    events = run.readings["patient", HERE]
    events.insert(3, events[2])

    assert found(run) == {Fault.DUPLICATED}


def test_two_events_swapped_are_out_of_order() -> None:
    """One reader was told 4 before 3."""
    run = a_clean_run()
    events = run.readings["patient", HERE]
    events[1], events[2] = events[2], events[1]

    assert found(run) == {Fault.OUT_OF_ORDER}


def test_an_event_skipped_for_one_reader_is_a_gap() -> None:
    """Everyone else was told."""
    run = a_clean_run()
    del run.readings["patient", HERE][2]

    assert found(run) == {Fault.GAP}


def test_a_reader_left_behind_has_a_gap_at_the_end() -> None:
    """The last event never came."""
    run = a_clean_run()
    run.readings["patient", HERE].pop()

    assert found(run) == {Fault.GAP}


def test_a_message_acknowledged_elsewhere_than_it_stands_is_out_of_order() -> None:
    """The hub promised another place."""
    run = a_clean_run()
    run.sent[0] = replace(run.sent[0], seq=MESSAGES + 1)

    assert Fault.OUT_OF_ORDER in found(run)


def test_a_later_message_may_not_overtake_an_acknowledged_one() -> None:
    """It was begun after the other's acknowledgement and stands before it."""
    run = a_clean_run()
    run.sent[0] = replace(run.sent[0], began=100, answered=101)

    assert found(run) == {Fault.OUT_OF_ORDER}


def test_messages_in_flight_together_may_take_any_order() -> None:
    """Neither was acknowledged when the other began."""
    run = a_clean_run()
    run.sent = [replace(one, began=0, answered=1) for one in run.sent]

    assert found(run) == set()


def test_two_readers_told_different_bytes_disagree() -> None:
    """A hub that shows two members two histories."""
    run = a_clean_run()
    events = run.readings["patient", HERE]
    events[0] = replace(events[0], ciphertext=digest("another"))

    assert found(run) == {Fault.DISAGREEMENT}


def test_bytes_that_its_sender_never_made_disagree() -> None:
    """All readers were told the same altered message."""
    run = a_clean_run()
    run.sent[0] = replace(run.sent[0], ciphertexts=frozenset({digest("what was sent")}))

    assert found(run) == {Fault.DISAGREEMENT}


def test_a_message_that_nobody_sent_disagrees() -> None:
    """A hub that puts words into someone's mouth."""
    run = a_clean_run()
    del run.sent[0]

    assert found(run) == {Fault.DISAGREEMENT}


@pytest.mark.parametrize("index", [0, 5, 2 * MESSAGES + 3], ids=["first", "middle", "last"])
def test_an_altered_entry_is_named_by_its_index(index: int) -> None:
    """One byte of one stored entry, everything else as it was."""
    run = a_clean_run()
    altered = bytearray(a_log(run.entries).rows[index].entry or b"")
    altered[altered.index(b"conversation-") + 13] ^= 3
    run.mend_log = lambda log: with_row(log, index, entry=bytes(altered))

    verdict = judge(run.evidence())

    assert where(verdict, Fault.ALTERED_ENTRY) == f"{LOG} entry {index}"
    assert Fault.ALTERED_LOG in {finding.fault for finding in verdict.findings}


def test_an_entry_altered_with_its_leaf_no_longer_leads_to_the_root() -> None:
    """The intruder recomputed the leaf as well."""
    run = a_clean_run()
    altered = (a_log(run.entries).rows[3].entry or b"").replace(b"sent", b"lent")
    run.mend_log = lambda log: with_row(log, 3, entry=altered, leaf=leaf_hash(altered))

    assert Fault.ALTERED_LOG in found(run)


def test_a_log_signed_anew_over_altered_entries_does_not_fit_the_receipts() -> None:
    """Even the log's own key cannot take back what it has handed out."""
    run = a_clean_run()
    run.entries[3]["object"]["ciphertext"] = digest("another")

    assert {Fault.RECEIPT, Fault.MISSING_ENTRY, Fault.EXTRA_ENTRY} <= found(run)


def test_a_log_cut_short_and_signed_anew_does_not_fit_the_receipts() -> None:
    """The last entries removed: the receipts remember a longer log."""
    run = a_clean_run()
    del run.entries[-2:]

    assert {Fault.RECEIPT, Fault.MISSING_ENTRY, Fault.COUNT} <= found(run)


def test_a_receipt_of_another_log_does_not_fit() -> None:
    """Its origin is none of the pharmacy's logs."""
    run = a_clean_run()
    checkpoint = replace(run.receipts[0].checkpoint, origin="elsewhere")
    run.receipts[0] = replace(run.receipts[0], checkpoint=checkpoint)

    assert found(run) == {Fault.RECEIPT}


def test_a_receipt_for_another_index_does_not_fit() -> None:
    """The entry stands elsewhere."""
    run = a_clean_run()
    run.receipts[0] = replace(run.receipts[0], index=run.receipts[0].index + 1)

    assert found(run) == {Fault.RECEIPT}


def test_a_receipt_from_a_fork_does_not_fit() -> None:
    """It was given by a log with another past, signed by the same key."""
    run = a_clean_run()
    fork = [dict(entry) for entry in run.entries]
    fork[0]["type"] = "thread.started"
    run.receipts.append(a_receipt(fork, 5))

    assert found(run) == {Fault.RECEIPT}


def test_an_act_without_its_entry_is_found() -> None:
    """The message was delivered and the log knows nothing of it."""
    run = a_clean_run()
    run.receipts.clear()
    _remove_entry(run, 4)

    assert {Fault.MISSING_ENTRY, Fault.COUNT} <= found(run)


def test_an_entry_without_its_act_is_found() -> None:
    """The log tells of a message that no reader ever got."""
    run = a_clean_run()
    ghost = {**run.entries[-1], "seq": len(run.entries), "conversation_entry": MESSAGES + 3}
    ghost["object"] = {"ciphertext": digest("ghost"), "message": "ghost", "seq": MESSAGES + 2}
    run.entries.append(ghost)

    assert found(run) == {Fault.EXTRA_ENTRY, Fault.COUNT}


def test_an_act_entered_twice_is_found() -> None:
    """Two entries for one event."""
    run = a_clean_run()
    again = {**run.entries[-1], "seq": len(run.entries), "conversation_entry": MESSAGES + 3}
    run.entries.append(again)

    assert found(run) == {Fault.EXTRA_ENTRY, Fault.COUNT}


def test_a_withheld_row_is_found() -> None:
    """The officer was shown a leaf and no entry."""
    run = a_clean_run()
    run.mend_log = lambda log: with_row(log, 4, entry=None)

    assert Fault.MISSING_ENTRY in found(run)


def test_a_missing_number_inside_a_conversation_is_found() -> None:
    """A log signed anew without one entry of a conversation: its numbers skip."""
    run = a_clean_run()
    run.receipts.clear()
    del run.entries[2]
    for index, entry in enumerate(run.entries):
        entry["seq"] = index

    verdict = judge(run.evidence())

    assert "number 4" in " ".join(finding.where for finding in verdict.findings)


def test_a_checkpoint_signed_by_another_key_is_found() -> None:
    """The officer pinned the pharmacy's key."""
    run = a_clean_run()
    run.mend_log = lambda log: replace(
        log, checkpoint=resigned(log, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    )

    assert found(run) == {Fault.SIGNATURE}


def test_a_checkpoint_altered_after_signing_is_found() -> None:
    """One digit of the size."""
    run = a_clean_run()
    size = str(len(run.entries))
    run.mend_log = lambda log: replace(
        log, checkpoint=log.checkpoint.replace(f"\n{size}\n", f"\n{size}0\n")
    )

    assert found(run) == {Fault.SIGNATURE}


def test_rows_that_end_before_the_signed_size_are_found() -> None:
    """The officer was given fewer rows than the checkpoint counts."""
    run = a_clean_run()
    run.receipts.clear()
    run.mend_log = lambda log: replace(log, rows=log.rows[:-1])

    assert Fault.MISSING_ENTRY in found(run)


def test_a_frame_counted_and_not_entered_is_found() -> None:
    """One more accepted than entries."""
    run = a_clean_run()
    run.tallies["message.sent",] = Tally(2 * MESSAGES + 1)

    assert found(run) == {Fault.COUNT}


def test_an_act_whose_answer_died_with_the_hub_may_be_entered_or_not() -> None:
    """Its sender cannot know; the log may hold it, once."""
    run = a_clean_run()
    run.tallies["message.sent",] = Tally(2 * MESSAGES - 1, unanswered=1)

    assert found(run) == set()


def test_an_entry_of_a_type_nobody_asked_for_is_found() -> None:
    """A refusal in the log that no client met."""
    run = a_clean_run()
    run.entries.append(
        {"conversation": None, "object": None, "seq": len(run.entries), "type": "act.refused"}
    )

    assert found(run) == {Fault.COUNT}


def _remove_entry(run: Run, index: int) -> None:
    del run.entries[index]
    numbers: dict[str, int] = {}
    for at, entry in enumerate(run.entries):
        numbers[entry["conversation"]] = numbers.get(entry["conversation"], 0) + 1
        entry["seq"] = at
        entry["conversation_entry"] = numbers[entry["conversation"]]


def resigned(log: AuditedLog, key: Ed25519PrivateKey) -> str:
    """Return the log's own checkpoint signed by `key` under the log's name."""
    root = root_hash([row.leaf for row in log.rows])
    return sign_checkpoint(Checkpoint(origin=LOG, size=len(log.rows), root=root), key)


def test_what_a_reader_saw_is_compared_whole() -> None:
    """An event that changed its kind on the way is another event."""
    run = a_clean_run()
    events = run.readings["patient", HERE]
    events[0] = Seen(seq=events[0].seq, what="commit", ciphertext=events[0].ciphertext)

    assert found(run) == {Fault.DISAGREEMENT}


@pytest.mark.parametrize("reader", ["founder", "patient"])
@pytest.mark.parametrize("text", [None, "text 1"], ids=["refused", "another"])
def test_a_message_that_somebody_cannot_read_is_found(reader: str, text: str | None) -> None:
    """It is there and in order, and does not decrypt to what was written."""
    run = a_clean_run()
    run.decrypted[reader, HERE][2] = text

    assert found(run) == {Fault.UNREADABLE}


def test_a_message_that_never_reached_a_reader_is_unreadable() -> None:
    """Nothing read there is not the same as nothing wrong there."""
    run = a_clean_run()
    del run.decrypted["patient", HERE][3]

    assert found(run) == {Fault.UNREADABLE}


def test_a_conversation_that_nobody_decrypts_is_unreadable() -> None:
    """Evidence that is left out proves nothing."""
    run = a_clean_run()
    run.decrypted.clear()

    assert found(run) == {Fault.UNREADABLE}
