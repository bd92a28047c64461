"""PyPI `agentvault-mls-rs-uniffi` 0.1.1 (over AWS mls-rs) and our Python core, live together.

What it lacks, so that it is not shown here: the epoch authenticator (the exporter is compared
instead), a GroupInfo and external joins, Updates as proposals of its own, PSKs, reinit, group
context extensions, leaf indices, authenticated data, and all suites but 1. It follows its own
commit by receiving it; it names whom it removes by the identity that a message of theirs showed it.
"""

from __future__ import annotations

from typing import Any

import pytest

from crypto.mls.group import Group
from crypto.mls.proposal import Remove
from tests.interop.builders import (
    NOW,
    PURPOSE,
    RANDOM,
    a_group,
    a_key_package,
    an_add,
    committed,
    followed,
    proposed,
    published,
    said,
)
from tests.needs import absent, needs_wheels_of_peers

pytestmark = needs_wheels_of_peers


class Theirs:
    """A member over mls-rs, spoken to in bytes; the package has no types."""

    def __init__(self, name: bytes, *, with_tree: bool = True) -> None:
        try:
            import mls_rs_uniffi
        except ImportError:
            absent("agentvault-mls-rs-uniffi is not here")
        self.package: Any = mls_rs_uniffi
        keys = self.package.generate_signature_keypair(self.package.CipherSuite.CURVE25519_AES128)
        config = self.package.client_config_default()
        config.use_ratchet_tree_extension = with_tree
        self.client = self.package.Client(name, keys, config)
        self.group: Any = None

    def key_package(self) -> bytes:
        """Return a key package to be added by."""
        message: bytes = self.client.generate_key_package_message().to_bytes()
        return message

    def create(self, group_id: bytes) -> None:
        """Found a group."""
        self.group = self.client.create_group(group_id)

    def join(self, welcome: bytes, tree: bytes | None = None) -> None:
        """Join by a Welcome."""
        ratchet_tree = None if tree is None else self.package.RatchetTree(bytes=tree)
        self.group = self.client.join_group(ratchet_tree, self._message(welcome)).group

    def receive(self, message: bytes) -> Any:
        """Take a message, one of its own commits too."""
        return self.group.process_incoming_message(self._message(message))

    def add(self, *key_packages: bytes) -> Any:
        """Add members; return the commit's output, which it has followed."""
        return self._followed(self.group.add_members([self._message(one) for one in key_packages]))

    def remove(self, *identities: Any) -> Any:
        """Remove members; return the commit's output, which it has followed."""
        return self._followed(self.group.remove_members(list(identities)))

    def update(self) -> Any:
        """Commit what is pending, or nothing but fresh keys of its own."""
        return self._followed(self.group.commit())

    def propose_add(self, key_package: bytes) -> bytes:
        """Propose to add somebody."""
        (message,) = self.group.propose_add_members([self._message(key_package)])
        return bytes(message.to_bytes())

    def propose_remove(self, identity: Any) -> bytes:
        """Propose to remove somebody."""
        (message,) = self.group.propose_remove_members([identity])
        return bytes(message.to_bytes())

    def encrypt(self, data: bytes) -> bytes:
        """Say something."""
        return bytes(self.group.encrypt_application_message(data).to_bytes())

    def tree(self) -> bytes:
        """Return the public tree."""
        return bytes(self.group.export_tree().bytes)

    def _message(self, data: bytes) -> Any:
        return self.package.Message.from_bytes(data)

    def _followed(self, output: Any) -> Any:
        self.group.process_incoming_message(output.commit_message)
        return output


def assert_same_epoch(ours: Group, theirs: Theirs) -> None:
    """Compare a secret of the epoch, and the tree."""
    exported = theirs.group.export_secret(PURPOSE, b"context", 48)
    assert ours.export(PURPOSE, b"context", 48) == exported
    assert ours.public.tree.encode() == theirs.tree()


def assert_they_talk(ours: Group, theirs: Theirs) -> Any:
    """Send a message each way; return who they think we are."""
    assert said(ours, theirs.encrypt(b"from them")) == b"from them"
    received = theirs.receive(ours.encrypt(b"from us", padding=7, random_bytes=RANDOM))
    assert received.data == b"from us"
    return received.sender


def a_pair() -> tuple[Group, Theirs]:
    """Return a group of ours to which we added them."""
    theirs = Theirs(b"theirs")
    made = a_group(b"us").commit([an_add(theirs.key_package())], now=NOW, random_bytes=RANDOM)
    assert made.welcome is not None
    theirs.join(made.welcome)
    return made.next, theirs


def test_we_add_them_and_talk() -> None:
    """Our Welcome opens for them; messages go both ways."""
    ours, theirs = a_pair()

    assert_same_epoch(ours, theirs)
    assert_they_talk(ours, theirs)


@pytest.mark.parametrize("with_tree", [True, False], ids=["with the tree", "without the tree"])
def test_they_add_us_and_talk(with_tree: bool) -> None:
    """Their Welcome opens for us, with the tree in it or beside it."""
    theirs, bundle = Theirs(b"theirs", with_tree=with_tree), a_key_package(b"us")
    theirs.create(b"group")
    output = theirs.add(published(bundle))
    beside = None if with_tree else bytes(output.ratchet_tree.bytes)

    ours = Group.join(output.welcome_message.to_bytes(), bundle, ratchet_tree=beside)

    assert_same_epoch(ours, theirs)
    assert_they_talk(ours, theirs)


@pytest.mark.parametrize("wire", ["public", "private"])
def test_they_follow_our_update(wire: str) -> None:
    """An empty commit renews our keys, sent in the open or encrypted."""
    ours, theirs = a_pair()

    renewed = ours.commit(
        force_path=True,
        wire="private" if wire == "private" else "public",
        now=NOW,
        random_bytes=RANDOM,
    )
    theirs.receive(renewed.message)

    assert_same_epoch(renewed.next, theirs)
    assert_they_talk(renewed.next, theirs)


def test_we_follow_their_update() -> None:
    """An empty commit of theirs renews their keys."""
    ours, theirs = a_pair()

    received = committed(ours, theirs.update().commit_message.to_bytes())

    assert [one.leaf_index for one in received.updated] == [1]
    assert received.next is not None
    assert_same_epoch(received.next, theirs)
    assert_they_talk(received.next, theirs)


@pytest.mark.parametrize("wire", ["public", "private"])
def test_they_commit_our_update(wire: str) -> None:
    """Our Update, by reference in a commit of theirs, gives us the key we proposed."""
    ours, theirs = a_pair()

    update = ours.propose_update(
        wire="private" if wire == "private" else "public", now=NOW, random_bytes=RANDOM
    )
    theirs.receive(update.message)
    received = committed(update.next, theirs.update().commit_message.to_bytes())

    assert [one.leaf_index for one in received.updated] == [0, 1]
    assert received.next is not None
    assert_same_epoch(received.next, theirs)
    assert_they_talk(received.next, theirs)


def test_we_commit_what_they_propose() -> None:
    """Their proposals of an Add and of a Remove, by reference in commits of ours."""
    ours, theirs = a_pair()
    bundle = a_key_package(b"colleague")

    ours = proposed(ours, theirs.propose_add(published(bundle)))
    added = ours.commit(now=NOW, random_bytes=RANDOM)
    theirs.receive(added.message)
    assert added.welcome is not None
    ours, colleague = added.next, Group.join(added.welcome, bundle)
    assert_same_epoch(ours, theirs)

    identity = assert_they_talk(colleague, theirs)
    proposal = theirs.propose_remove(identity)
    ours, colleague = proposed(ours, proposal), proposed(colleague, proposal)
    removal = ours.commit(now=NOW, random_bytes=RANDOM)
    theirs.receive(removal.message)

    assert committed(colleague, removal.message).next is None
    assert_same_epoch(removal.next, theirs)
    assert_they_talk(removal.next, theirs)


def test_they_commit_what_we_propose() -> None:
    """Our proposals of an Add and of a Remove, by reference in commits of theirs."""
    ours, theirs = a_pair()
    bundle = a_key_package(b"colleague")

    adding = ours.propose(an_add(published(bundle)), now=NOW, random_bytes=RANDOM)
    theirs.receive(adding.message)
    output = theirs.update()
    ours = followed(adding.next, output.commit_message.to_bytes())
    colleague = Group.join(output.welcome_message.to_bytes(), bundle)
    assert_same_epoch(colleague, theirs)

    removing = ours.propose(Remove(colleague.own_leaf_index), now=NOW, random_bytes=RANDOM)
    theirs.receive(removing.message)
    colleague = proposed(colleague, removing.message)
    commit = theirs.update().commit_message.to_bytes()

    assert committed(colleague, commit).next is None
    ours = followed(removing.next, commit)
    assert_same_epoch(ours, theirs)
    assert_they_talk(ours, theirs)


def test_each_follows_the_others_adds_and_removes() -> None:
    """Two of them and two of us: who adds and who removes does not matter."""
    ours, theirs = a_pair()
    second, bundle = Theirs(b"second"), a_key_package(b"colleague")

    output = theirs.add(second.key_package(), published(bundle))
    ours = followed(ours, output.commit_message.to_bytes())
    second.join(output.welcome_message.to_bytes())
    colleague = Group.join(output.welcome_message.to_bytes(), bundle)
    for group in (theirs, second):
        assert_same_epoch(ours, group)
        assert_same_epoch(colleague, group)

    removal = ours.commit([Remove(2)], now=NOW, random_bytes=RANDOM)
    ours, colleague = removal.next, followed(colleague, removal.message)
    theirs.receive(removal.message)
    assert second.receive(removal.message).effect.is_removed()
    assert_same_epoch(ours, theirs)

    commit = theirs.remove(assert_they_talk(colleague, theirs)).commit_message.to_bytes()
    assert committed(colleague, commit).next is None
    ours = followed(ours, commit)
    assert_same_epoch(ours, theirs)

    last = ours.commit([Remove(1)], now=NOW, random_bytes=RANDOM)
    assert theirs.receive(last.message).effect.is_removed()


def test_messages_of_an_epoch_may_come_in_any_order() -> None:
    """Late, early and reordered: each opens once, on both sides."""
    ours, theirs = a_pair()
    order = [5, 0, 3, 1, 4, 2]
    texts = [b"%d" % n for n in range(6)]

    by_them = [theirs.encrypt(text) for text in texts]
    by_us = [ours.encrypt(text, random_bytes=RANDOM) for text in texts]

    assert [said(ours, by_them[n]) for n in order] == [texts[n] for n in order]
    assert [theirs.receive(by_us[n]).data for n in order] == [texts[n] for n in order]


def test_a_message_of_the_former_epoch_opens_with_the_former_group() -> None:
    """What was sent before a commit and comes after it is not lost."""
    ours, theirs = a_pair()
    late_from_them, late_from_us = (
        theirs.encrypt(b"late"),
        ours.encrypt(b"late", random_bytes=RANDOM),
    )

    commit = theirs.update().commit_message.to_bytes()
    following = followed(ours, commit)

    assert said(ours, late_from_them) == b"late"
    assert theirs.receive(late_from_us).data == b"late"
    assert_same_epoch(following, theirs)
