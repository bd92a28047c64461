"""« Qui a vu quoi »: a patient is told every access, act and refusal about them, at once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from crypto.log.checkpoint import UnverifiedCheckpoint, VerifierKey
from crypto.log.tree import verify_consistency
from signaling import frames
from signaling.frames import Ok
from tests.server.house import PEOPLE, House, Peer, a_pair


async def rows_of(peer: Peer, **asked: Any) -> list[dict[str, Any]]:
    """Return what a patient is told, the newest first."""
    rows: list[dict[str, Any]] = ((await peer.ok(frames.ListAccesses, **asked)).result or {})[
        "rows"
    ]
    return rows


def said(rows: list[Any]) -> list[str]:
    """Return what kind of entry each row is."""
    entries = [row["entry"] if isinstance(row, dict) else row.entry for row in rows]
    return [msgspec.json.decode(entry)["type"] for entry in entries]


async def told(peer: Peer, count: int) -> list[str]:
    """Wait until a patient was told so many lines; return their kinds."""
    while len(peer.accesses) < count:
        peer.accesses.append((await peer.push(frames.AccessPush)).row)
    return said(peer.accesses)


async def test_a_patient_sees_what_was_done_about_them(house: House) -> None:
    """Newest first: who, what, as it stands in the log, byte for byte."""
    claire, jean, conversation = await a_pair(house)
    await claire.say(conversation)

    rows = await rows_of(jean)

    assert said(rows) == [
        "message.sent",
        "group.committed",
        "key_package.claimed",
        "dispensation.started",
        "device.certified",
        "identity.issued",
    ]
    assert [row["name"] for row in rows] == ["Claire Morel"] * 4 + ["Jean Lefèvre"] * 2
    stored = dict(house.rows("SELECT idx, bytes FROM entry WHERE log LIKE '%/care'"))
    assert all(stored[row["index"]] == row["entry"] for row in rows)


async def test_a_patient_reads_page_by_page(house: House) -> None:
    """Each page ends where the next begins, and the last one says so."""
    claire, jean, conversation = await a_pair(house)
    await claire.say(conversation)
    whole = await rows_of(jean)

    first = (await jean.ok(frames.ListAccesses, limit=4)).result or {}
    rest = (await jean.ok(frames.ListAccesses, before=first["rows"][-1]["index"])).result or {}

    assert first["rows"] + rest["rows"] == whole
    assert (first["more"], rest["more"]) == (True, False)


async def test_another_patient_sees_nothing_of_it(house: House) -> None:
    """Not even how much there is."""
    await a_pair(house)
    rose = await house.peer("rose")

    rows = await rows_of(rose)

    assert said(rows) == ["device.certified", "identity.issued"]


@pytest.mark.parametrize("slug", ["claire", "lea", "sophie"])
async def test_the_list_is_the_patients_own(house: House, slug: str) -> None:
    """An officer has the log; everybody else asks the patient."""
    peer = await house.peer(slug)

    assert (await peer.refused(frames.ListAccesses)).code == "E_ROLE"


async def test_a_refusal_about_a_patient_is_told_to_them(house: House) -> None:
    """What somebody tried and may not do is a line as well."""
    claire, jean, conversation = await a_pair(house)
    rose = PEOPLE["rose"].id
    await claire.refused(frames.ClaimKeyPackages, conversation=conversation, person=rose)

    (row, *_) = await rows_of(jean)

    entry = msgspec.json.decode(row["entry"])
    assert entry["type"] == "act.refused"
    assert entry["decision"] == {"effect": "deny", "rule": "E_TENANT"}
    assert (entry["subject"], row["name"]) == (jean.person, "Claire Morel")


async def test_an_officers_looks_are_told_to_the_patient(house: House) -> None:
    """At this conversation, and at the whole pharmacy (story C, 6)."""
    _, jean, conversation = await a_pair(house)
    marc = await house.peer("marc")
    await marc.ok(frames.ReadTimeline, conversation=conversation)
    await marc.ok(frames.ListAuditedConversations)
    await marc.ok(frames.VerifyLogs)

    rows = (await rows_of(jean))[:3]

    assert said(rows) == [
        "audit.logs_verified",
        "audit.conversations_listed",
        "audit.timeline_read",
    ]
    assert {row["name"] for row in rows} == {"Marc Tellier"}


async def test_a_new_line_reaches_the_patients_devices_at_once(house: House) -> None:
    """Pushed with the transaction that wrote it: within the second, without asking."""
    claire, jean, conversation = await a_pair(house)
    tablet = await house.peer("jean")
    before = [len(peer.accesses) for peer in (jean, tablet)]

    await claire.say(conversation)
    for peer, count in zip((jean, tablet), before, strict=True):
        await peer.settle()
        assert "message.sent" in await told(peer, count + 1)

    last = jean.accesses[-1]
    assert last.name == "Claire Morel"
    assert last == tablet.accesses[-1]


async def test_an_officers_look_at_everything_reaches_every_patient(house: House) -> None:
    """Of this pharmacy, and only patients."""
    jean, rose, sophie = [await house.peer(slug) for slug in ("jean", "rose", "sophie")]
    marc = await house.peer("marc")
    for peer in (jean, rose, sophie):
        await peer.settle()
        peer.accesses.clear()

    await marc.ok(frames.ListAuditedConversations)
    await until_told(jean)
    for peer in (rose, sophie):
        await peer.settle()

    assert said(jean.accesses) == ["audit.conversations_listed"]
    assert (rose.accesses, sophie.accesses) == ([], [])


async def test_what_was_undone_is_told_to_nobody(house: House) -> None:
    """A refused act leaves its refusal, and nothing of what it had begun."""
    claire, jean, conversation = await a_pair(house)
    await jean.settle()
    jean.accesses.clear()
    body = claire.message(conversation).at_epoch(7)

    await claire.refused(frames.SendMessage, conversation=conversation, body=body)
    await until_told(jean)

    assert said(jean.accesses) == ["act.refused"]


async def until_told(peer: Peer) -> None:
    """Read until the hub told this patient something of « Qui a vu quoi »."""
    while not peer.accesses:
        await peer.settle()


async def roots(peer: Peer) -> tuple[int, bytes]:
    """Return the size and root of the log as the hub tells them at a hello."""
    again = await peer.house.peer(peer.slug, device=peer.device)
    key = VerifierKey.parse(again.welcomed["logs"]["care"])
    said = UnverifiedCheckpoint.parse(again.welcomed["checkpoint"]).verify(key)
    return said.size, said.root


async def test_the_log_proves_that_it_only_grew(house: House) -> None:
    """Between what two members saw: else one of them was shown another log."""
    claire, jean, conversation = await a_pair(house)
    old_size, old_root = await roots(jean)
    await claire.say(conversation)
    size, root = await roots(claire)
    sophie = await house.peer("sophie")

    done: Ok = await sophie.ok(frames.ProveConsistency, first=old_size, second=size)

    proof = (done.result or {})["proof"]
    verify_consistency(
        old_size=old_size, new_size=size, old_root=old_root, new_root=root, proof=proof
    )
    key = VerifierKey.parse(sophie.welcomed["logs"]["care"])
    checkpoint = UnverifiedCheckpoint.parse((done.result or {})["checkpoint"]).verify(key)
    assert checkpoint.size >= size


async def test_a_size_that_the_log_never_had_is_refused(house: House) -> None:
    """Nor does a log shrink."""
    jean = await house.peer("jean")
    size, _ = await roots(jean)
    again = await house.peer("jean")

    beyond = await again.refused(frames.ProveConsistency, first=1, second=size + 100)
    backwards = await again.refused(frames.ProveConsistency, first=2, second=1)

    assert (beyond.code, backwards.code) == ("E_NOT_FOUND", "E_MALFORMED")


async def test_a_receipt_of_an_epoch_reaches_the_other_devices(house: House) -> None:
    """« Arrêtée » is what a pharmacy's device says it saw: the hub only passes it on."""
    claire, jean, conversation = await a_pair(house)
    outside = await house.peer("hugo")
    receipt = claire.mls.receipt(conversation)

    await claire.ok(frames.ConfirmEpoch, conversation=conversation, receipt=receipt)

    push = await jean.push(frames.ReceiptPush)
    assert (push.conversation, push.receipt) == (conversation, receipt)
    await outside.nothing_but_pong()
    await claire.settle()
    assert not any(isinstance(one, frames.ReceiptPush) for one in claire.pushes)


async def test_a_patient_who_was_away_hears_who_is_in_the_present_epoch(house: House) -> None:
    """Else « En cours… » would stand on the screen until something else happens."""
    claire, jean, conversation = await a_pair(house)
    receipt = claire.mls.receipt(conversation)
    await claire.ok(frames.ConfirmEpoch, conversation=conversation, receipt=receipt)

    back = await house.peer("jean", device=jean.device)

    push = await back.push(frames.ReceiptPush)
    assert (push.conversation, push.receipt) == (conversation, receipt)
