"""What the hub checks on a commit before it opens an epoch: each fault has its code and no effect.

`test_groups` has the order of commits, claims and Welcomes; here is what a commit may be.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from crypto.keys import Secret
from crypto.mls.message import decode_group_info, encode_message
from crypto.mls.proposal import GroupContextExtensions, PreSharedKey, ReInit
from crypto.mls.psk import PreSharedKeyId, Psks
from crypto.policy.conversation import Delegations, extensions_of, hub_sender
from signaling import frames
from tests.server.house import PEOPLE, House, Peer, a_pair, a_removal
from tests.server.hub.acts.test_groups import state
from tests.server.mls import (
    SUITE,
    added,
    adds_of,
    fields_of,
    forged,
    leaf_of,
    policy_of,
    removal_of,
    with_extensions,
)

HASH = bytes(range(32))
"""A key that is nobody's."""


async def refused(peer: Peer, house: House, fields: dict[str, Any]) -> tuple[str, str | None]:
    """Send a commit that must be refused and change nothing; return its code and reason."""
    conversation = fields["conversation"]
    before = state(house, conversation)
    answer = await peer.refused(frames.Commit, **fields)
    assert state(house, conversation) == before
    return answer.code, answer.reason


async def test_a_commit_from_another_devices_leaf_is_refused(house: House) -> None:
    """Its bytes are sound; whoever sends them is not who made them."""
    claire, jean, conversation = await a_pair(house)

    answer = await refused(jean, house, claire.mls.a_commit(conversation))

    assert answer == ("E_SENDER", None)


async def test_a_commit_from_an_empty_leaf_is_refused(house: House) -> None:
    """The leaf of a device that has left is nobody's."""
    claire, second, conversation = await a_removal(house)
    late = second.mls.a_commit(conversation)
    gone = removal_of(claire.mls.groups[conversation], second.device)
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation, gone))

    answer = await second.refused(frames.Commit, **late)

    assert answer.code == "E_EPOCH"
    back = claire.mls.a_commit(conversation)
    assert (await second.refused(frames.Commit, **back)).code == "E_NOT_FOUND"


async def test_a_forged_signature_opens_no_epoch(house: House) -> None:
    """One bit of it is enough."""
    claire, _, conversation = await a_pair(house)
    fields = claire.mls.a_commit(conversation)

    answer = await refused(claire, house, fields | {"commit": forged(fields["commit"])})

    assert answer == ("E_COMMIT", "bad_signature")


async def test_a_commit_without_the_path_that_it_needs_is_refused(house: House) -> None:
    """RFC 9420, 12.4: who removes somebody brings fresh keys; so does who does nothing."""
    claire, second, conversation = await a_removal(house)
    gone = removal_of(claire.mls.groups[conversation], second.device)
    fields = claire.mls.a_commit(conversation)

    for proposals in ((), (gone,)):
        bare = claire.mls.without_path(conversation, *proposals)
        answer = await refused(claire, house, fields | {"commit": bare})
        assert answer == ("E_COMMIT", "missing_path")


async def test_an_add_needs_no_path(house: House) -> None:
    """RFC 9420, 12.4: the newcomer has the keys of its package."""
    claire, _, conversation = await a_pair(house)
    await house.peer("jean", packages=1)
    rows = await claire.claim(conversation, "jean")
    made = claire.mls.commit(conversation, *adds_of(rows), force_path=False)

    done = await claire.ok(frames.Commit, **fields_of(conversation, made) | {"adds": added(*rows)})

    assert done.result == {"seq": 2, "epoch": 2}


GroupInfos = Callable[[Peer, str, dict[str, Any]], bytes]


def of_another_commit(peer: Peer, conversation: str, _fields: dict[str, Any]) -> bytes:
    """Return the GroupInfo of another commit on the same epoch."""
    return peer.mls.commit(conversation).group_info


def of_the_epoch_before(peer: Peer, conversation: str, _fields: dict[str, Any]) -> bytes:
    """Return the GroupInfo of the epoch that the commit ends."""
    return peer.mls.groups[conversation].group_info()


def without_the_tree(peer: Peer, _conversation: str, fields: dict[str, Any]) -> bytes:
    """Return the GroupInfo, signed anew without its tree: nobody could join by it."""
    info = decode_group_info(fields["group_info"])
    return encode_message(replace(info, extensions=info.extensions[1:]).signed(peer.mls.key))


def without_the_external_key(peer: Peer, _conversation: str, fields: dict[str, Any]) -> bytes:
    """Return the GroupInfo, signed anew without `external_pub`: nobody could rejoin."""
    info = decode_group_info(fields["group_info"])
    return encode_message(replace(info, extensions=info.extensions[:1]).signed(peer.mls.key))


def with_another_tag(peer: Peer, _conversation: str, fields: dict[str, Any]) -> bytes:
    """Return the GroupInfo, signed anew over another confirmation tag."""
    info = decode_group_info(fields["group_info"])
    return encode_message(replace(info, confirmation_tag=bytes(32)).signed(peer.mls.key))


def by_nobody(_peer: Peer, _conversation: str, fields: dict[str, Any]) -> bytes:
    """Return the GroupInfo with one bit of its signature turned over."""
    return forged(fields["group_info"], -1)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (of_another_commit, "wrong_context"),
        (of_the_epoch_before, "wrong_context"),
        (without_the_tree, "missing_tree"),
        (without_the_external_key, "missing_external_pub"),
        (with_another_tag, "bad_confirmation_tag"),
        (by_nobody, "bad_signature"),
    ],
    ids=lambda one: one if isinstance(one, str) else one.__name__.replace("_", "-"),
)
async def test_a_commit_brings_the_group_info_of_its_own_epoch(
    house: House, make: GroupInfos, reason: str
) -> None:
    """Those who rejoin are given it: it must be of the epoch that the commit opens, by its hand."""
    claire, _, conversation = await a_pair(house)
    fields = claire.mls.a_commit(conversation)

    answer = await refused(
        claire, house, fields | {"group_info": make(claire, conversation, fields)}
    )

    assert answer == ("E_GROUP_INFO", reason)
    assert (await claire.ok(frames.Commit, **fields)).result == {"seq": 2, "epoch": 2}


async def test_the_welcome_is_for_those_who_are_added(house: House) -> None:
    """Not for another package of theirs: the Welcome would open for somebody else, or nobody."""
    claire, _, conversation = await a_pair(house)
    await house.peer("jean", packages=1)
    rows = await claire.claim(conversation, "jean")
    fields = claire.mls.an_add(conversation, *rows)
    elsewhere = await claire.create()
    third = await house.peer("claire", packages=1)
    other = claire.mls.an_add(elsewhere, *(await claire.claim(elsewhere, "claire")))

    answer = await refused(claire, house, fields | {"welcome": other["welcome"]})

    assert third.device != claire.device
    assert answer == ("E_COMMIT", "wrong_welcome")


async def test_the_leaf_of_a_path_is_the_devices_own(house: House) -> None:
    """Nobody takes another name, or another key, in the course of a commit."""
    claire, jean, conversation = await a_pair(house)
    as_jean = claire.mls.own(credential=jean.mls.parts().credential())
    other_key = claire.mls.own(signature_key=Secret(os.urandom(32)))

    for own in (as_jean, other_key):
        made = claire.mls.commit(conversation, own=own)
        assert await refused(claire, house, fields_of(conversation, made)) == ("E_SENDER", None)


async def test_the_commit_and_the_frame_add_the_same_devices(house: House) -> None:
    """What the commit adds and what the frame names are one set of packages."""
    claire = await house.peer("claire")
    one, two = await house.peer("jean", packages=1), await house.peer("jean", packages=1)
    conversation = await claire.create()
    rows = await claire.claim(conversation, "jean")
    both, first = adds_of(rows), adds_of(rows[:1])
    assert {row["device"] for row in rows} == {one.device, two.device}

    fewer = fields_of(conversation, claire.mls.commit(conversation, *both))
    more = fields_of(conversation, claire.mls.commit(conversation, *first))

    used = ("E_KEY_PACKAGE_USED", None)
    assert await refused(claire, house, fewer | {"adds": added(*rows[:1])}) == used
    assert await refused(claire, house, more | {"adds": added(*rows)}) == used


async def test_a_package_that_was_never_published_adds_nobody(house: House) -> None:
    """Only the directory's packages are verified to be their device's."""
    claire, _, conversation = await a_pair(house)
    jean = await house.peer("jean", packages=1)
    (row,) = await claire.claim(conversation, "jean")
    unknown = row | {"bytes": jean.mls.key_package()}

    fields = claire.mls.an_add(conversation, unknown, adds=added(row))

    assert await refused(claire, house, fields) == ("E_KEY_PACKAGE_USED", None)


async def test_an_expired_package_adds_nobody(house: House) -> None:
    """RFC 9420, 10.1: judged by the hub's clock when the commit comes."""
    claire = await house.peer("claire")
    await house.peer("jean", packages=1)
    conversation = await claire.create()
    fields = claire.mls.an_add(conversation, *(await claire.claim(conversation, "jean")))

    house.clock.turn(31 * 24 * 3600)
    again = await house.peer("claire", device=claire.device)
    answer = await refused(again, house, fields)

    assert answer == ("E_COMMIT", "bad_lifetime")


async def test_a_patient_adds_nobody_else(house: House) -> None:
    """Neither by a claim, nor with a package that somebody else claimed."""
    claire, jean, conversation = await a_pair(house)
    second = await house.peer("claire", packages=1)

    claim = await jean.refused(
        frames.ClaimKeyPackages, conversation=conversation, person=PEOPLE["claire"].id
    )
    house.run(
        f"UPDATE key_package SET claimed_by = '{jean.device}', claimed_for = '{conversation}'"
        f" WHERE device = '{second.device}'"
    )
    row = {"person": claire.person, "device": second.device, "key_package": ""}
    ((row["key_package"], body),) = house.rows(
        f"SELECT ref, body FROM key_package WHERE device = '{second.device}'"
    )
    answer = await refused(jean, house, jean.mls.an_add(conversation, row | {"bytes": body}))

    assert (claim.code, claim.reason) == ("E_POLICY", "adds_another")
    assert answer == ("E_POLICY", "adds_another")


async def test_everyone_adds_and_removes_their_own_devices(house: House) -> None:
    """A patient's tablet comes in by the patient's telephone, and goes by it."""
    _, jean, conversation = await a_pair(house)
    tablet = await house.peer("jean", packages=1)

    await jean.ok(
        frames.Commit,
        **jean.mls.an_add(conversation, *(await jean.claim(conversation, "jean"))),
    )
    await tablet.push(frames.WelcomePush)
    gone = removal_of(jean.mls.groups[conversation], tablet.device)
    done = await jean.ok(frames.Commit, **jean.mls.a_commit(conversation, gone))

    assert done.result == {"seq": 3, "epoch": 3}
    entry = house.entries()[-1]
    assert (entry["outcome"]["removes"], entry["outcome"]["removed"]) == ([tablet.device], 1)
    admitted = house.rows(f"SELECT device FROM admission WHERE conversation = '{conversation}'")
    assert (tablet.device,) not in admitted
    late = await tablet.refused(
        frames.SendMessage,
        conversation=conversation,
        body=tablet.message(conversation).at_epoch(3),
    )
    assert late.code == "E_NOT_FOUND"


@pytest.mark.parametrize("who", ["claire", "jean"])
async def test_nobody_removes_another_person(house: House, who: str) -> None:
    """Not the patient the pharmacist, nor the pharmacist the patient."""
    claire, jean, conversation = await a_pair(house)
    peer, other = (claire, jean) if who == "claire" else (jean, claire)
    gone = removal_of(peer.mls.groups[conversation], other.device)

    answer = await refused(peer, house, peer.mls.a_commit(conversation, gone))

    assert answer == ("E_POLICY", "removes_another")


async def test_the_extensions_of_a_group_stay_as_it_was_founded(house: House) -> None:
    """Else the hub could be put out of the list of those who may propose."""
    claire, _, conversation = await a_pair(house)

    first, sender, policy, delegations = claire.mls.groups[conversation].context.extensions
    other = extensions_of(
        policy_of(claire.mls.groups[conversation]), Delegations(), hub_sender(HASH)
    )
    without = ((), (first, policy, delegations), (sender, first, policy, delegations), other)

    for extensions in without:
        fields = claire.mls.a_commit(conversation, GroupContextExtensions(extensions))
        answer = await refused(claire, house, fields)
        assert answer == ("E_POLICY", "changes_extensions")


async def test_the_policy_of_a_group_stays_as_it_was_founded(house: House) -> None:
    """Whose conversation it is, of which kind, and whose word makes staff: nobody changes that."""
    claire, _, conversation = await a_pair(house)
    group = claire.mls.groups[conversation]
    policy, delegations = policy_of(group), Delegations()

    for other in (
        replace(policy, kind="care_thread"),
        replace(policy, owner_aik=HASH),
        replace(policy, patient_aik=HASH),
        replace(policy, patient_aik=b""),
    ):
        change = with_extensions(group, other, delegations)
        answer = await refused(claire, house, claire.mls.a_commit(conversation, change))
        assert answer == ("E_POLICY", "changes_policy")


async def test_a_pre_shared_key_has_no_place_here(house: House) -> None:
    """Only those who know it could follow."""
    claire, _, conversation = await a_pair(house)
    psk = PreSharedKeyId.external(b"between two", SUITE, os.urandom)
    psks = Psks(external={b"between two": Secret(b"k" * 32)})
    made = claire.mls.commit(conversation, PreSharedKey(psk), psks=psks)

    answer = await refused(claire, house, fields_of(conversation, made))

    assert answer == ("E_POLICY", "foreign_proposal")


async def test_nobody_closes_a_group(house: House) -> None:
    """A ReInit would end the conversation for everybody."""
    claire, _, conversation = await a_pair(house)
    end = ReInit(group_id=b"elsewhere", version=1, cipher_suite=1)

    answer = await refused(claire, house, claire.mls.a_commit(conversation, end))

    assert answer == ("E_POLICY", "foreign_proposal")


async def test_a_proposal_that_nobody_sent_is_not_committed(house: House) -> None:
    """Members send none by themselves: what a commit names, the hub must know."""
    claire, jean, conversation = await a_pair(house)
    group = claire.mls.groups[conversation]
    proposed = group.propose(
        removal_of(group, jean.device), now=claire.mls.now, random_bytes=os.urandom
    )
    claire.mls.groups[conversation] = proposed.next

    answer = await refused(claire, house, claire.mls.a_commit(conversation))

    assert answer == ("E_COMMIT", "unknown_proposal")


async def test_an_update_of_somebody_else_cannot_be_taken_in(house: House) -> None:
    """The hub passes no Update on: committed by reference, it is unknown."""
    claire, jean, conversation = await a_pair(house)
    updated = jean.mls.groups[conversation].propose_update(
        now=jean.mls.now, random_bytes=os.urandom
    )
    received = claire.mls.groups[conversation].receive(updated.message, now=claire.mls.now)
    claire.mls.groups[conversation] = received.next  # type: ignore[union-attr, assignment]

    answer = await refused(claire, house, claire.mls.a_commit(conversation))

    assert answer == ("E_COMMIT", "unknown_proposal")


async def test_an_encrypted_commit_is_refused(house: House) -> None:
    """The hub must see what a commit does."""
    claire, _, conversation = await a_pair(house)
    made = claire.mls.commit(conversation, wire="private")

    answer = await refused(claire, house, fields_of(conversation, made))

    assert answer == ("E_MALFORMED", None)


async def info_of(peer: Peer, conversation: str) -> bytes:
    """Ask for the GroupInfo of a conversation."""
    done = await peer.ok(frames.AskGroupInfo, conversation=conversation)
    info: bytes = (done.result or {})["group_info"]
    return info


async def test_a_device_that_lost_its_state_rejoins_in_place_of_itself(house: House) -> None:
    """By an external commit; it reads from there on, and the others follow."""
    claire, jean, conversation = await a_pair(house)
    await claire.say(conversation)

    fields = jean.mls.rejoin(conversation, await info_of(jean, conversation))
    done = await jean.ok(frames.Commit, **fields)
    await claire.settle()

    assert done.result == {"seq": 3, "epoch": 2}
    assert house.entries()[-1]["outcome"] == {
        "adds": [],
        "removes": [jean.device],
        "removed": 1,
        "kind": "resync",
    }
    ours = [peer.mls.groups[conversation].epoch_authenticator for peer in (claire, jean)]
    assert ours[0] == ours[1]
    since = house.rows(f"SELECT since FROM admission WHERE device = '{jean.device}'")
    assert since == [(3,)]
    await jean.ok(
        frames.SendMessage,
        conversation=conversation,
        body=jean.message(conversation).at_epoch(2),
    )


async def test_a_new_device_of_a_member_comes_by_itself(house: House) -> None:
    """The account key that is in the group already vouches for it, and the hub need not."""
    _, jean, conversation = await a_pair(house)
    tablet = await house.peer("jean")
    fields = tablet.mls.rejoin(conversation, await info_of(tablet, conversation))

    await tablet.ok(frames.Commit, **fields)

    entry = house.entries()[-1]
    assert (entry["type"], entry["outcome"]["kind"]) == ("group.committed", "join")
    assert {row[0] for row in house.rows("SELECT device FROM admission")} >= {
        jean.device,
        tablet.device,
    }


async def test_whoever_has_no_device_in_the_group_is_brought_by_others(house: House) -> None:
    """An invited patient waits for the pharmacist's Add."""
    claire, jean = await house.peer("claire"), await house.peer("jean")
    conversation = await claire.create()

    fields = jean.mls.rejoin(conversation, await info_of(jean, conversation))

    assert await refused(jean, house, fields) == ("E_POLICY", "stranger")


async def test_nobody_rejoins_under_another_name(house: House) -> None:
    """An external commit brings the leaf of the device that sends it."""
    claire, jean, conversation = await a_pair(house)
    info = await info_of(jean, conversation)
    hers = claire.mls.parts().credential()

    as_claire = jean.mls.rejoin(conversation, info, leaf={"credential": hers})
    other_key = jean.mls.rejoin(conversation, info, leaf={"signature_key": Secret(os.urandom(32))})

    for fields in (as_claire, other_key):
        assert await refused(jean, house, fields) == ("E_SENDER", None)


async def test_nobody_takes_anothers_place(house: House) -> None:
    """An external commit removes its own old leaf and no other."""
    claire, jean, conversation = await a_pair(house)
    tablet = await house.peer("jean")
    hers = leaf_of(claire.mls.groups[conversation], claire.device)
    info = await info_of(tablet, conversation)

    fields = tablet.mls.rejoin(conversation, info, remove_prior=hers)

    assert await refused(tablet, house, fields) == ("E_POLICY", "external_change")
    assert jean.device != tablet.device


async def test_a_device_does_not_stand_in_a_group_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who rejoins without giving the old leaf up has the same key twice."""
    _, jean, conversation = await a_pair(house)
    info = await info_of(jean, conversation)
    with monkeypatch.context() as careless:
        # The core makes no such commit; a client that is not ours might.
        careless.setattr("crypto.mls.validation.check_unique_keys", lambda _tree: None)
        twin = jean.mls.rejoin(conversation, info, remove_prior=None)

    assert await refused(jean, house, twin) == ("E_COMMIT", "duplicate_key")


async def test_whoever_is_no_member_learns_no_group_info(house: House) -> None:
    """A colleague outside the conversation: it does not exist for them."""
    _, _, conversation = await a_pair(house)
    hugo = await house.peer("hugo")

    answer = await hugo.refused(frames.AskGroupInfo, conversation=conversation)

    assert answer.code == "E_NOT_FOUND"


async def test_who_asks_for_the_group_info_leaves_a_technical_entry(house: House) -> None:
    """It names the conversation and the epoch; it is no numbered step of the care."""
    _, jean, conversation = await a_pair(house)
    before = len(house.entries())

    done = await jean.ok(frames.AskGroupInfo, conversation=conversation)

    result = done.result or {}
    assert (result["epoch"], result["generation"]) == (1, 0)
    assert decode_group_info(result["group_info"]).group_context.epoch == 1
    entry = house.entries(log="technical")[-1]
    assert (entry["type"], entry["conversation"]) == ("group.info_told", None)
    assert entry["outcome"] == {"conversation": conversation, "epoch": 1, "generation": 0}
    assert len(house.entries()) == before


async def test_a_conversation_from_before_its_group_was_checked_takes_no_commit(
    house: House,
) -> None:
    """There is nothing to check it against: deny is the default."""
    claire, _, conversation = await a_pair(house)
    house.run("DELETE FROM mls_group")

    fields = claire.mls.a_commit(conversation)
    info = await claire.refused(frames.AskGroupInfo, conversation=conversation)

    assert await refused(claire, house, fields) == ("E_COMMIT", "no_group")
    assert (info.code, info.reason) == ("E_COMMIT", "no_group")


async def test_the_reason_of_a_refusal_is_in_its_entry(house: House) -> None:
    """The officer sees which rule was broken, not only that one was."""
    claire, _, conversation = await a_pair(house)
    fields = claire.mls.a_commit(conversation)

    await refused(claire, house, fields | {"commit": forged(fields["commit"])})

    (entry,) = house.refusals()
    assert entry["decision"] == {"effect": "deny", "rule": "E_COMMIT"}
    assert entry["outcome"] == {"reason": "bad_signature"}


async def test_a_commit_is_checked_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer's time is everyone's: no commit is decoded into the group twice."""
    from crypto.mls.public_group import PublicGroup

    checks: list[int] = []
    real = PublicGroup.check_commit

    def counted(group: PublicGroup, *args: Any, **options: Any) -> Any:
        checks.append(group.epoch)
        return real(group, *args, **options)

    claire, _, conversation = await a_pair(house)
    monkeypatch.setattr(PublicGroup, "check_commit", counted)
    fields = claire.mls.a_commit(conversation)
    await claire.ok(frames.Commit, **fields)
    await claire.ok(frames.Commit, **fields)
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))

    assert checks == [1, 2]


async def test_a_message_touches_no_group(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the group is, a message costs what it did."""
    from crypto.mls.public_group import PublicGroup
    from server.storage.groups import GroupTable

    def untouched(*_args: Any, **_options: Any) -> None:
        raise AssertionError

    claire, _, conversation = await a_pair(house)
    monkeypatch.setattr(PublicGroup, "deserialize", untouched)
    monkeypatch.setattr(GroupTable, "find", untouched)

    await claire.say(conversation)


async def test_what_was_undone_is_not_at_hand(house: House) -> None:
    """The next commit is not checked against the group of one whose transaction failed."""
    claire, _, conversation = await a_pair(house)
    house.run(
        "CREATE TRIGGER full BEFORE INSERT ON event WHEN NEW.what = 'commit' "
        "BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END"
    )
    lost = await claire.refused(frames.Commit, **claire.mls.a_commit(conversation))
    house.run("DROP TRIGGER full")

    done = await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))
    await claire.ok(frames.Commit, **claire.mls.a_commit(conversation))

    assert lost.code == "E_INTERNAL"
    assert done.result == {"seq": 2, "epoch": 2}
