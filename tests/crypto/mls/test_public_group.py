"""The hub's face of a group: what it can check without a secret, it checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from crypto.errors import CryptoError, MalformedInput
from crypto.mls.commit import Commit, UpdatePath
from crypto.mls.content import AuthData, FramedContent
from crypto.mls.credential import Credential
from crypto.mls.extensions import Extension, ExtensionType
from crypto.mls.framing import Sender, SenderType, WireFormat
from crypto.mls.group import Group
from crypto.mls.message import (
    PublicMessage,
    decode_group_info,
    decode_message,
    decode_welcome,
    encode_message,
)
from crypto.mls.proposal import (
    Add,
    GroupContextExtensions,
    Proposal,
    ProposalRef,
    ReInit,
    Remove,
)
from crypto.mls.protection import sign_content
from crypto.mls.public_group import CheckedCommit, PublicGroup
from tests.crypto.mls.members import (
    NOW,
    PRIVATE_USE,
    SUITE,
    Client,
    Room,
    a_random,
    an_external_sender,
)


@dataclass
class Parts:
    """What a committer sends, to be spoilt."""

    room: Room
    commit: PublicMessage
    group_info: bytes
    welcome: bytes | None
    pending: tuple[bytes, ...] = ()

    def check(self) -> CheckedCommit:
        return self.room.hub.check_commit(
            encode_message(self.commit),
            group_info=self.group_info,
            welcome=self.welcome,
            pending=self.pending,
            now=NOW,
        )

    def resign(self, content: Any) -> None:
        """Sign another content in ada's name, with ada's key: a client that lies by itself."""
        framed = replace(self.commit.content, content=content)
        group = self.room.groups["ada"]
        signature = sign_content(
            WireFormat.PUBLIC_MESSAGE, framed, group.public.context_bytes, group.signing_key
        )
        auth = AuthData(signature, self.commit.auth.confirmation_tag)
        self.commit = replace(self.commit, content=framed, auth=auth)

    def change_path(self, key_of: str = "ada", **changes: Any) -> None:
        """Change ada's new leaf and sign it again."""
        commit = self.commit.content.content
        assert isinstance(commit, Commit)
        assert commit.path is not None
        key = self.room.groups[key_of].signing_key
        leaf = replace(commit.path.leaf_node, **changes).signed(key, b"room", 0)
        self.resign(replace(commit, path=replace(commit.path, leaf_node=leaf)))

    @property
    def path(self) -> UpdatePath:
        commit = self.commit.content.content
        assert isinstance(commit, Commit)
        assert commit.path is not None
        return commit.path

    def change_info(self, key_of: str = "ada", **changes: Any) -> None:
        """Change the GroupInfo and sign it again."""
        info = replace(decode_group_info(self.group_info), **changes)
        self.group_info = encode_message(info.signed(self.room.groups[key_of].signing_key))


def parts(*proposals: Proposal) -> Parts:
    """Return a good commit by ada, with an Add and whatever else."""
    _, senders = an_external_sender()
    room = Room("ada", "bob", "cyd", extensions=(senders,))
    committed = room.groups["ada"].commit(
        [room.client("dan").add(), *proposals],
        force_path=True,
        now=NOW,
        random_bytes=a_random("commit"),
    )
    decoded = decode_message(committed.message)
    assert isinstance(decoded, PublicMessage)
    return Parts(room, decoded, committed.group_info, committed.welcome)


def test_a_good_commit_is_accepted() -> None:
    """It names who commits, who comes, whose leaf changed, and the next epoch."""
    good = parts(Remove(2))

    result = good.check()

    assert (result.kind, result.external) == ("member", False)
    assert [one.leaf_node.credential.identity for one in result.removed] == [b"cyd"]
    assert [one.leaf_node.credential.identity for one in result.added] == [b"dan"]
    assert [one.leaf_index for one in result.updated] == [0]
    assert result.next.epoch == good.room.hub.epoch + 1


def change_signature(one: Parts) -> None:
    auth = one.commit.auth
    signature = bytes((auth.signature[0] ^ 1,)) + auth.signature[1:]
    one.commit = replace(one.commit, auth=AuthData(signature, auth.confirmation_tag))


def change_epoch(one: Parts) -> None:
    one.commit = replace(one.commit, content=replace(one.commit.content, epoch=7))


def change_group(one: Parts) -> None:
    one.commit = replace(one.commit, content=replace(one.commit.content, group_id=b"other"))


def drop_path(one: Parts) -> None:
    one.resign(Commit((Remove(2),), None))


def drop_path_node(one: Parts) -> None:
    one.resign(Commit((), UpdatePath(one.path.leaf_node, one.path.nodes[:-1])))


def drop_ciphertext(one: Parts) -> None:
    commit = one.commit.content.content
    assert isinstance(commit, Commit)
    last = replace(one.path.nodes[-1], encrypted_path_secret=())
    nodes = (*one.path.nodes[:-1], last)
    one.resign(replace(commit, path=replace(one.path, nodes=nodes)))


def repeat_path_key(one: Parts) -> None:
    commit = one.commit.content.content
    assert isinstance(commit, Commit)
    key = one.room.hub.tree.member(1).encryption_key
    nodes = (replace(one.path.nodes[0], encryption_key=key), *one.path.nodes[1:])
    one.resign(replace(commit, path=replace(one.path, nodes=nodes)))


def useless_path_key(one: Parts) -> None:
    commit = one.commit.content.content
    assert isinstance(commit, Commit)
    nodes = (replace(one.path.nodes[0], encryption_key=bytes(32)), *one.path.nodes[1:])
    one.resign(replace(commit, path=replace(one.path, nodes=nodes)))


def without_tree(one: Parts) -> None:
    extensions = decode_group_info(one.group_info).extensions
    one.change_info(extensions=tuple(e for e in extensions if e.type != ExtensionType.RATCHET_TREE))


def without_external_pub(one: Parts) -> None:
    extensions = decode_group_info(one.group_info).extensions
    one.change_info(extensions=tuple(e for e in extensions if e.type != ExtensionType.EXTERNAL_PUB))


def with_another_tree(one: Parts) -> None:
    extensions = decode_group_info(one.group_info).extensions
    tree = Extension(ExtensionType.RATCHET_TREE, one.room.hub.tree.encode())
    one.change_info(
        extensions=(tree, *(e for e in extensions if e.type != ExtensionType.RATCHET_TREE))
    )


def without_welcome(one: Parts) -> None:
    one.welcome = None


def with_welcome_for_another(one: Parts) -> None:
    assert one.welcome is not None
    welcome = decode_welcome(one.welcome)
    secrets = tuple(replace(secret, new_member=bytes(32)) for secret in welcome.secrets)
    one.welcome = encode_message(replace(welcome, secrets=secrets))


def with_context_of_before(one: Parts) -> None:
    one.change_info(group_context=one.room.hub.context)


FAULTS: dict[str, tuple[str, Callable[[Parts], None]]] = {
    "signature": ("bad_signature", change_signature),
    "epoch": ("wrong_epoch", change_epoch),
    "group": ("wrong_group", change_group),
    "no path": ("missing_path", drop_path),
    "short path": ("path_shape", drop_path_node),
    "a ciphertext missing": ("path_shape", drop_ciphertext),
    "a member's key in the path": ("duplicate_key", repeat_path_key),
    "a key nobody can use": ("bad_key", useless_path_key),
    "a parent hash": ("parent_hash", lambda one: one.change_path(parent_hash=bytes(32))),
    "another's signature key": (
        "duplicate_key",
        lambda one: one.change_path(
            key_of="bob", signature_key=one.room.hub.tree.member(1).signature_key
        ),
    ),
    "a credential not listed": (
        "unsupported_credential",
        lambda one: one.change_path(credential=Credential(0xF000, b"")),
    ),
    "an extension not listed": (
        "unlisted_extension",
        lambda one: one.change_path(extensions=(Extension(0xF111, b""),)),
    ),
    "a removed pending proposal": (
        "missing_remove",
        lambda one: setattr(one, "pending", (b"reference",)),
    ),
    "a Remove of nobody": ("unknown_leaf", lambda one: one.resign(Commit((Remove(7),), one.path))),
    "a Remove of oneself": ("own_remove", lambda one: one.resign(Commit((Remove(0),), one.path))),
    "a Remove twice": (
        "same_leaf_twice",
        lambda one: one.resign(Commit((Remove(2), Remove(2)), one.path)),
    ),
    "two lists of extensions": (
        "several_extensions",
        lambda one: one.resign(Commit((GroupContextExtensions(()),) * 2, one.path)),
    ),
    "an extension twice": (
        "duplicate_extension",
        lambda one: one.resign(
            Commit((GroupContextExtensions((Extension(PRIVATE_USE, b""),) * 2),), one.path)
        ),
    ),
    "a reinit in company": (
        "reinit_not_alone",
        lambda one: one.resign(
            Commit((Remove(2), ReInit(group_id=b"n", version=1, cipher_suite=1)), one.path)
        ),
    ),
    "a reinit to an older version": (
        "wrong_version",
        lambda one: one.resign(
            Commit((ReInit(group_id=b"n", version=0, cipher_suite=1),), one.path)
        ),
    ),
    "an unknown reference": (
        "unknown_proposal",
        lambda one: one.resign(_by_reference(one.path)),
    ),
    "a member added again": (
        "duplicate_key",
        lambda one: one.resign(Commit((one.room.client("bob").add(),), None)),
    ),
    "no tree in the GroupInfo": ("missing_tree", without_tree),
    "another tree in the GroupInfo": ("tree_hash", with_another_tree),
    "no external_pub": ("missing_external_pub", without_external_pub),
    "the context of before": ("wrong_context", with_context_of_before),
    "another confirmation tag": (
        "bad_confirmation_tag",
        lambda one: one.change_info(confirmation_tag=bytes(32)),
    ),
    "another signer": ("wrong_signer", lambda one: one.change_info(signer=1)),
    "another's signature on the GroupInfo": (
        "bad_signature",
        lambda one: one.change_info(key_of="bob"),
    ),
    "no Welcome": ("wrong_welcome", without_welcome),
    "a Welcome for another": ("wrong_welcome", with_welcome_for_another),
}


def _by_reference(path: UpdatePath) -> Commit:
    return Commit((ProposalRef(bytes(32)),), path)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_commit_is_refused_and_changes_nothing(fault: str) -> None:
    """Each with its own code, and the hub's state stays what it was, to the byte."""
    code, spoil = FAULTS[fault]
    one = parts()
    before = one.room.hub.serialize()
    spoil(one)

    with pytest.raises(CryptoError) as refused:
        one.check()

    assert refused.value.code == code
    assert one.room.hub.serialize() == before


def test_a_stored_public_group_goes_on() -> None:
    """Its proposals too."""
    room = Room("ada", "bob", "cyd")
    room.propose("bob", Remove(2))
    stored = room.hub.serialize()

    room.hub = PublicGroup.deserialize(stored)
    assert room.hub.serialize() == stored
    room.commit("ada")

    room.assert_hub_agrees()
    with pytest.raises(MalformedInput):
        PublicGroup.deserialize(stored[:-1])


def test_only_the_external_sender_proposes_from_outside() -> None:
    """The key must be the one the group lists, at its place."""
    key, senders = an_external_sender()
    hub = Room("ada", "bob", extensions=(senders,)).hub
    other = SUITE.signing_key(SUITE.generate_signature_key(a_random("other")))

    for index, signer in ((1, key), (0, other)):
        with pytest.raises(CryptoError, match="unknown_sender"):
            hub.external_proposal(Remove(1), sender_index=index, key=signer)
    without = Room("ada", "bob").hub
    with pytest.raises(CryptoError, match="unknown_sender"):
        without.external_proposal(Remove(1), sender_index=0, key=key)


def test_a_proposal_from_outside_is_of_the_kinds_that_may() -> None:
    """RFC 9420, 12.1.8: an Update or an ExternalInit is none."""
    key, senders = an_external_sender()
    room = Room("ada", "bob", extensions=(senders,))
    good = decode_message(room.hub.external_proposal(Remove(1), sender_index=0, key=key))
    assert isinstance(good, PublicMessage)
    update = room.groups["ada"].propose_update(now=NOW, random_bytes=a_random("u")).message
    decoded = decode_message(update)
    assert isinstance(decoded, PublicMessage)
    content = replace(good.content, content=decoded.content.content)
    signature = sign_content(WireFormat.PUBLIC_MESSAGE, content, room.hub.context_bytes, key)
    message = encode_message(PublicMessage(content, AuthData(signature)))

    with pytest.raises(CryptoError, match="forbidden_sender"):
        room.hub.receive_proposal(message, now=NOW)
    with pytest.raises(CryptoError, match="forbidden_sender"):
        room.groups["bob"].receive(message, now=NOW)


def test_encrypted_handshakes_are_none_of_the_hubs() -> None:
    """What it cannot check, it does not take."""
    room = Room("ada", "bob")
    committed = room.groups["ada"].commit(wire="private", now=NOW, random_bytes=a_random("x"))

    with pytest.raises(CryptoError, match="wrong_wire_format"):
        room.hub.check_commit(
            committed.message, group_info=committed.group_info, welcome=None, now=NOW
        )


def test_an_external_commit_is_exempt_from_pending_removes() -> None:
    """It cannot name proposals by reference: the hub asks again in the next epoch."""
    key, senders = an_external_sender()
    room = Room("ada", "bob", "cyd", extensions=(senders,))
    room.deliver_proposal(room.hub.external_proposal(Remove(2), sender_index=0, key=key))
    pending = tuple(room.hub.proposals)
    dan = room.client("dan")
    joined = Group.join_external(
        room.groups["ada"].group_info(), dan.own, now=NOW, random_bytes=dan.random
    )

    room.accept("dan", joined, pending=pending)

    assert room.checked is not None
    assert room.checked.kind == "join"
    assert not room.hub.proposals
    room.assert_agreed()


def test_a_newcomer_may_propose_itself() -> None:
    """RFC 9420, 12.1.8: an Add by `new_member_proposal`, signed with the key package's key."""
    room = Room("ada", "bob")
    dan = room.client("dan")
    key = SUITE.signing_key(dan.own.signature_key)
    content = FramedContent(
        group_id=b"room",
        epoch=room.hub.epoch,
        sender=Sender(SenderType.NEW_MEMBER_PROPOSAL),
        content=Add(dan.bundle.key_package),
    )
    signature = sign_content(WireFormat.PUBLIC_MESSAGE, content, b"", key)
    room.deliver_proposal(encode_message(PublicMessage(content, AuthData(signature))))

    room.commit("ada", joining=["dan"])

    room.assert_agreed()
    assert "dan" in room.groups


def test_a_tampered_group_info_founds_nothing() -> None:
    """Every byte of it is signed, or hashed into what is."""
    client = Client(name="ada")
    info = Group.create(SUITE, b"room", client.own, (), client.random).group_info()

    for place in range(4, len(info), 7):
        changed = bytearray(info)
        changed[place] ^= 1
        with pytest.raises(CryptoError):
            PublicGroup.found(bytes(changed))
    assert PublicGroup.found(info).epoch == 0
