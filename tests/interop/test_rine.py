"""PyPI `rine-mls` 0.1.1 (over AWS mls-rs) and our Python core, live in the same groups.

What it lacks, so that it is not shown here: the exporter and the epoch authenticator (agreement is
read off the GroupInfo it signs: group context and confirmation tag, which only an equal epoch
makes), Updates and empty commits of its own, stand-alone proposals, PSKs, reinit, a Welcome or a
GroupInfo without the tree, and all suites but 1 (and a private one of its own). It puts the byte
0x04 before an application message, and takes it off.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from crypto.mls.group import Group
from crypto.mls.proposal import Remove
from crypto.mls.public_group import CheckedCommit, PublicGroup
from tests.interop.builders import (
    NOW,
    RANDOM,
    a_group,
    a_key_package,
    an_add,
    an_own,
    committed,
    followed,
    published,
    said,
)
from tests.needs import absent, needs_wheels_of_peers

if TYPE_CHECKING:
    from collections.abc import Callable

    from rine_mls import CommitBundle, MlsClient, MlsGroup

MLS_10_SUITE_1: Final = 1
TAG: Final = b"\x04"

pytestmark = needs_wheels_of_peers


@pytest.fixture
def a_client(tmp_path: Path) -> Callable[[], MlsClient]:
    """Return what makes clients of rine-mls, each with a store of its own."""
    try:
        from rine_mls import MlsClient
    except ImportError:
        absent("rine-mls is not here")

    def made() -> MlsClient:
        count = len(list(tmp_path.iterdir()))
        return MlsClient(str(tmp_path / f"client{count}"), os.urandom(32), MLS_10_SUITE_1)

    return made


def last_commit(theirs: MlsGroup) -> CommitBundle:
    """Return the commit by which their group came to its epoch."""
    bundle = theirs.last_commit()
    assert bundle is not None
    return bundle


def assert_same_epoch(ours: Group, theirs: MlsGroup) -> None:
    """Compare what only those who share the epoch's secrets can both hold."""
    seen = PublicGroup.found(theirs.group_info())
    assert (theirs.group_id(), theirs.epoch()) == (ours.group_id, ours.epoch)
    assert seen.context == ours.context
    assert seen.confirmation_tag == ours.public.confirmation_tag
    assert seen.tree.encode() == ours.public.tree.encode()


def assert_they_talk(ours: Group, theirs: MlsGroup) -> None:
    """Send a message each way."""
    answer = theirs.encrypt_application_message(b"from them")
    asked = ours.encrypt(b"from us", padding=11, random_bytes=RANDOM)

    assert answer[:1] == TAG
    assert said(ours, answer[1:]) == b"from them"
    opened = theirs.decrypt_application_message(TAG + asked)
    assert (opened.envelope, opened.sender_index) == (b"from us", ours.own_leaf_index)


def checked(hub: PublicGroup, bundle: CommitBundle) -> CheckedCommit:
    """Return a commit of theirs, as the hub checks it."""
    welcome = bundle.welcomes[0] if bundle.welcomes else None
    return hub.check_commit(bundle.commit, group_info=bundle.group_info, welcome=welcome, now=NOW)


def test_we_add_them_and_talk(a_client: Callable[[], MlsClient]) -> None:
    """Our Welcome opens for them; messages go both ways."""
    client = a_client()
    made = a_group(b"us").commit(
        [an_add(client.generate_key_package())], now=NOW, random_bytes=RANDOM
    )
    assert made.welcome is not None

    theirs = client.join_from_welcome(made.welcome)

    assert_same_epoch(made.next, theirs)
    assert_they_talk(made.next, theirs)


def test_they_add_us_and_talk(a_client: Callable[[], MlsClient]) -> None:
    """Their Welcome opens for us; messages go both ways."""
    bundle = a_key_package(b"us")
    theirs = a_client().create_group(b"theirs")
    added = theirs.add_member(published(bundle))

    ours = Group.join(added.welcomes[0], bundle)

    assert_same_epoch(ours, theirs)
    assert_they_talk(ours, theirs)


def test_each_follows_the_others_adds_and_removes(a_client: Callable[[], MlsClient]) -> None:
    """Three of them and two of us: who adds and who removes does not matter."""
    client, second, third = a_client(), a_client(), a_client()
    made = a_group(b"us").commit(
        [an_add(client.generate_key_package())], now=NOW, random_bytes=RANDOM
    )
    assert made.welcome is not None
    ours, theirs = made.next, client.join_from_welcome(made.welcome)

    by_them = theirs.add_members([second.generate_key_package(), third.generate_key_package()])
    ours = followed(ours, by_them.commit)
    others = [
        second.join_from_welcome(by_them.welcomes[0]),
        third.join_from_welcome(by_them.welcomes[1]),
    ]
    assert_same_epoch(ours, theirs)

    colleague = a_key_package(b"colleague")
    by_us = ours.commit([an_add(published(colleague))], now=NOW, random_bytes=RANDOM)
    assert by_us.welcome is not None
    ours = by_us.next
    also_ours = Group.join(by_us.welcome, colleague)
    for group in (theirs, *others):
        group.apply_commit(by_us.message)
        assert_same_epoch(ours, group)

    gone = others.pop()
    put_out = ours.commit([Remove(gone.current_member_index())], now=NOW, random_bytes=RANDOM)
    ours, also_ours = put_out.next, followed(also_ours, put_out.message)
    for group in (theirs, gone, *others):
        group.apply_commit(put_out.message)
    assert not gone.is_active()

    removal = theirs.remove_member(also_ours.own_leaf_index)
    assert committed(also_ours, removal.commit).next is None
    ours = followed(ours, removal.commit)
    others[0].apply_commit(removal.commit)

    for group in (theirs, *others):
        assert_same_epoch(ours, group)
        assert_they_talk(ours, group)


@pytest.mark.parametrize("wire", ["public", "private"])
def test_they_follow_our_update(a_client: Callable[[], MlsClient], wire: str) -> None:
    """An empty commit renews our keys, sent in the open or encrypted."""
    client = a_client()
    made = a_group(b"us").commit(
        [an_add(client.generate_key_package())], now=NOW, random_bytes=RANDOM
    )
    assert made.welcome is not None
    theirs = client.join_from_welcome(made.welcome)

    renewed = made.next.commit(
        force_path=True,
        wire="private" if wire == "private" else "public",
        now=NOW,
        random_bytes=RANDOM,
    )
    theirs.apply_commit(renewed.message)

    assert_same_epoch(renewed.next, theirs)
    assert_they_talk(renewed.next, theirs)


def test_they_join_from_outside_and_take_the_place_of_a_former_self(
    a_client: Callable[[], MlsClient],
) -> None:
    """Their external commits are followed by a member of ours and checked by the hub."""
    client = a_client()
    ours = a_group(b"us")
    hub = PublicGroup.found(ours.group_info())

    theirs = client.join_by_external_commit(ours.group_info())
    joined = committed(ours, last_commit(theirs).commit)
    on_the_hub = checked(hub, last_commit(theirs))
    assert (joined.kind, on_the_hub.kind) == ("join", "join")
    assert joined.next is not None
    ours, hub = joined.next, on_the_hub.next
    assert_same_epoch(ours, theirs)

    again = client.resync_by_external_commit(ours.group_info(), theirs.current_member_index())
    resynced = committed(ours, last_commit(again).commit)
    on_the_hub = checked(hub, last_commit(again))
    assert (resynced.kind, on_the_hub.kind) == ("resync", "resync")
    assert [member.leaf_index for member in resynced.removed] == [theirs.current_member_index()]
    assert resynced.next is not None
    assert resynced.next.context == on_the_hub.next.context

    assert_same_epoch(resynced.next, again)
    assert_they_talk(resynced.next, again)


def test_we_join_from_outside_and_take_the_place_of_a_former_self(
    a_client: Callable[[], MlsClient],
) -> None:
    """Our external commits are followed by them."""
    theirs = a_client().create_group(b"theirs")
    own = an_own(b"us")

    joined = Group.join_external(theirs.group_info(), own, now=NOW, random_bytes=RANDOM)
    theirs.apply_commit(joined.message)
    assert_same_epoch(joined.next, theirs)

    again = Group.join_external(
        theirs.group_info(),
        own,
        remove_prior=joined.next.own_leaf_index,
        now=NOW,
        random_bytes=RANDOM,
    )
    theirs.apply_commit(again.message)

    assert_same_epoch(again.next, theirs)
    assert_they_talk(again.next, theirs)


def test_the_hub_checks_their_commits(a_client: Callable[[], MlsClient]) -> None:
    """Adds and Removes of theirs pass every check that needs no secret."""
    client, second = a_client(), a_client()
    theirs = client.create_group(b"theirs")
    hub = PublicGroup.found(theirs.group_info())

    hub = checked(hub, theirs.add_member(second.generate_key_package())).next
    removal = checked(hub, theirs.remove_member(1))

    assert [member.leaf_index for member in removal.removed] == [1]
    assert removal.next.context == PublicGroup.found(theirs.group_info()).context


def test_messages_of_an_epoch_may_come_in_any_order(a_client: Callable[[], MlsClient]) -> None:
    """Late, early and reordered: each opens once, on both sides."""
    client = a_client()
    made = a_group(b"us").commit(
        [an_add(client.generate_key_package())], now=NOW, random_bytes=RANDOM
    )
    assert made.welcome is not None
    ours, theirs = made.next, client.join_from_welcome(made.welcome)
    order = [5, 0, 3, 1, 4, 2]
    texts = [b"%d" % n for n in range(6)]

    by_them = [theirs.encrypt_application_message(text) for text in texts]
    by_us = [ours.encrypt(text, random_bytes=RANDOM) for text in texts]

    assert [said(ours, by_them[n][1:]) for n in order] == [texts[n] for n in order]
    opened = [theirs.decrypt_application_message(TAG + by_us[n]).envelope for n in order]
    assert opened == [texts[n] for n in order]
