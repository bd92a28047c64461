"""A member's view of a group: what a small pharmacy's conversation goes through."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crypto.errors import CryptoError, MalformedInput
from crypto.keys import Secret
from crypto.mls.extensions import Extension
from crypto.mls.group import Group, ReceivedCommit, ReceivedProposal
from crypto.mls.leaf_node import Lifetime
from crypto.mls.proposal import GroupContextExtensions, PreSharedKey, ReInit, Remove
from crypto.mls.psk import PreSharedKeyId, Psks, ResumptionUsage
from crypto.suites import SUITES
from tests.crypto.mls.members import (
    NOW,
    PRIVATE_USE,
    SUITE,
    Client,
    Room,
    a_random,
    a_required,
    an_external_sender,
    an_own,
)


@pytest.mark.parametrize("code", SUITES)
def test_three_members_agree_in_every_suite(code: int) -> None:
    """Create, add, join, speak: each of the seven suites of the RFC."""
    room = Room("ada", "bob", "cyd", suite=SUITES[code])

    message = room.say("bob", b"bonjour", authenticated_data=b"seen by the hub", padding=40)

    for name in ("ada", "cyd"):
        heard = room.hear(name, message)
        assert (heard.data, heard.authenticated_data) == (b"bonjour", b"seen by the hub")
        assert heard.sender.leaf_index == room.leaf("bob")
    room.assert_agreed()


def test_members_come_and_go() -> None:
    """Adds extend the tree, removes shrink it, a leaf that was left is taken again."""
    room = Room("ada", "bob", "cyd", "dan", "eve")

    room.commit("bob", [Remove(room.leaf("ada")), Remove(room.leaf("eve"))])
    room.assert_agreed()
    room.add("dan", "fay")

    assert set(room.groups) == {"bob", "cyd", "dan", "fay"}
    assert room.leaf("fay") == 0
    assert room.groups["bob"].public.tree.leaf_count == 4
    room.assert_agreed()
    room.assert_hub_agrees()


def test_who_is_removed_hears_nothing_more() -> None:
    """The commit that removes a member gives it no next epoch, nor keys for it."""
    room = Room("ada", "bob", "cyd")
    before = room.groups["cyd"]

    committed = room.commit("ada", [Remove(room.leaf("cyd"))])

    received = before.receive(committed.message, now=NOW)
    assert isinstance(received, ReceivedCommit)
    assert received.next is None
    assert [one.leaf_node.credential.identity for one in received.removed] == [b"cyd"]
    with pytest.raises(CryptoError, match="wrong_epoch"):
        before.receive(room.say("ada", b"among ourselves"), now=NOW)


def test_carer_and_mandate_leave_in_one_commit() -> None:
    """GroupContextExtensions and Remove together: Colloque's revocation."""
    room = Room("ada", "bob", "cyd", extensions=(Extension(PRIVATE_USE, b"mandate"),))

    room.commit(
        "ada",
        [
            GroupContextExtensions((Extension(PRIVATE_USE, b"tombstone"),)),
            Remove(room.leaf("cyd")),
        ],
    )

    assert room.groups["bob"].context.extensions == (Extension(PRIVATE_USE, b"tombstone"),)
    assert room.checked is not None
    assert room.checked.extensions_before != room.checked.extensions_after
    room.assert_agreed()
    room.assert_hub_agrees()


def test_the_hub_asks_for_a_remove_and_a_member_commits_it() -> None:
    """An external sender's proposal, by reference, with an extension by value."""
    key, senders = an_external_sender()
    room = Room("ada", "bob", "cyd", extensions=(senders,))
    message = room.hub.external_proposal(
        Remove(room.leaf("cyd")), sender_index=0, key=key, authenticated_data=b"why"
    )
    room.deliver_proposal(message)
    pending = list(room.hub.proposals)

    room.commit("bob", [GroupContextExtensions((senders, a_required()))], pending=pending)

    assert set(room.groups) == {"ada", "bob"}
    room.assert_agreed()
    room.assert_hub_agrees()


def test_updates_are_committed_by_another() -> None:
    """A member's Update brings it a new leaf key that only it holds."""
    room = Room("ada", "bob", "cyd")
    room.propose_update("bob")
    room.propose_update("cyd")

    room.commit("ada")

    assert room.checked is not None
    assert [one.leaf_index for one in room.checked.updated] == [1, 2, 0]
    room.commit("bob")
    room.assert_agreed()


def test_a_committer_never_commits_its_own_update() -> None:
    """It stays out of what `commit` takes by itself, and is refused where it is named."""
    room = Room("ada", "bob")
    reference = room.propose_update("ada")
    group = room.groups["ada"]

    with pytest.raises(CryptoError, match="own_update"):
        group.commit(by_reference=[reference], now=NOW, random_bytes=a_random("x"))
    room.commit("ada")

    room.assert_agreed()


def test_a_committer_may_change_its_leaf() -> None:
    """New signature key and credential go with the path; the commit is signed by the old key."""
    room = Room("ada", "bob")
    own = an_own("ada of tomorrow", a_random("new"))

    room.commit("ada", own=own)

    leaf = room.groups["bob"].members()[0].leaf_node
    assert leaf.credential.identity == b"ada of tomorrow"
    assert leaf.signature_key == SUITE.signing_key(own.signature_key).public
    room.assert_hub_agrees()
    assert room.hear("bob", room.say("ada", b"still me")).data == b"still me"


def test_a_device_resyncs_by_an_external_commit() -> None:
    """It takes its old leaf's place with fresh keys, and everybody follows."""
    room = Room("ada", "bob", "cyd")
    bob = room.client("bob")
    info = room.groups["ada"].group_info()
    committed = Group.join_external(
        info, bob.own, remove_prior=room.leaf("bob"), now=NOW, random_bytes=bob.random
    )
    del room.groups["bob"]

    room.accept("bob", committed)

    assert room.checked is not None
    assert room.checked.kind == "resync"
    assert len(room.groups) == 3
    room.assert_agreed()
    room.assert_hub_agrees()
    room.commit("bob")
    room.assert_agreed()


def test_a_newcomer_joins_on_its_own() -> None:
    """An external commit without a Remove adds a leaf."""
    room = Room("ada", "bob")
    dan = room.client("dan")
    info = room.groups["bob"].group_info()

    room.accept("dan", Group.join_external(info, dan.own, now=NOW, random_bytes=dan.random))

    assert room.checked is not None
    assert (room.checked.kind, room.leaf("dan")) == ("join", 2)
    room.assert_agreed()


def test_a_psk_is_mixed_in_by_all_and_missed_by_none() -> None:
    """External and resumption PSKs; a newcomer is told which, and needs it too."""
    room = Room("ada", "bob")
    room.commit("bob")
    psks = Psks(external={b"code": Secret(b"in person")})
    external = PreSharedKeyId.external(b"code", SUITE, a_random("nonce 1"))
    resumed = PreSharedKeyId.resumption(
        ResumptionUsage.APPLICATION, b"room", 1, SUITE, a_random("nonce 2")
    )

    room.commit("ada", [PreSharedKey(external), PreSharedKey(resumed)], psks=psks)
    room.assert_agreed()

    room.commit(
        "ada",
        [PreSharedKey(external), room.client("cyd").add()],
        psks=psks,
        joining=["cyd"],
    )
    room.assert_agreed()


def test_an_unknown_psk_is_an_error() -> None:
    """RFC 9420, 12.4.2: who does not hold it cannot follow, and stays where it is."""
    room = Room("ada", "bob")
    psks = Psks(external={b"code": Secret(b"in person")})
    psk = PreSharedKeyId.external(b"code", SUITE, a_random("nonce"))
    committed = room.groups["ada"].commit(
        [PreSharedKey(psk)], psks=psks, now=NOW, random_bytes=a_random("ada")
    )

    with pytest.raises(CryptoError, match="unknown_psk"):
        room.groups["bob"].receive(committed.message, now=NOW)


def test_a_reinit_closes_the_group_and_opens_another() -> None:
    """Nothing is sent any more; the new group is the one the ReInit said."""
    room = Room("ada", "bob")
    room.commit("ada", [ReInit(group_id=b"next room", version=1, cipher_suite=3)])
    closed = room.groups["ada"]
    suite = SUITES[3]
    ada, bob = (Client(name=name, suite=suite) for name in ("ada", "bob"))
    psk = PreSharedKeyId.resumption(
        ResumptionUsage.REINIT, b"room", closed.epoch, suite, a_random("nonce")
    )
    psks = Psks(resumption={(b"room", closed.epoch): closed.resumption_psk})
    founded = Group.create(suite, b"next room", ada.own, (), ada.random)
    committed = founded.commit(
        [bob.add(), PreSharedKey(psk)], psks=psks, now=NOW, random_bytes=ada.random
    )
    assert committed.welcome is not None

    joined = Group.join(committed.welcome, bob.bundle, former=room.groups["bob"])

    assert joined.epoch_authenticator == committed.next.epoch_authenticator
    reloaded = Group.deserialize(closed.serialize())
    for group in (closed, reloaded):
        with pytest.raises(CryptoError, match="group_closed"):
            group.encrypt(b"one more thing", random_bytes=a_random("x"))
        with pytest.raises(CryptoError, match="group_closed"):
            group.commit(now=NOW, random_bytes=a_random("x"))


def test_a_reinit_is_joined_with_the_old_group_only() -> None:
    """Without the closed group, or with one that was not closed, the Welcome is refused."""
    room = Room("ada", "bob")
    still_open = room.groups["bob"]
    ada, bob = Client(name="ada"), Client(name="bob")
    psk = PreSharedKeyId.resumption(ResumptionUsage.REINIT, b"room", 1, SUITE, a_random("nonce"))
    psks = Psks(resumption={(b"room", 1): still_open.resumption_psk})
    founded = Group.create(SUITE, b"next", ada.own, (), ada.random)
    committed = founded.commit(
        [bob.add(), PreSharedKey(psk)], psks=psks, now=NOW, random_bytes=ada.random
    )
    assert committed.welcome is not None

    with pytest.raises(CryptoError, match="not_the_reinit"):
        Group.join(committed.welcome, bob.bundle, psks=psks)
    with pytest.raises(CryptoError, match="not_the_reinit"):
        Group.join(committed.welcome, bob.bundle, former=still_open)


def test_a_branch_is_joined_by_members_of_the_trunk() -> None:
    """A subgroup of the same suite, linked by a PSK of usage `branch`."""
    room = Room("ada", "bob", "cyd")
    ada, bob = Client(name="ada"), Client(name="bob")
    trunk = room.groups["ada"]
    psk = PreSharedKeyId.resumption(
        ResumptionUsage.BRANCH, b"room", trunk.epoch, SUITE, a_random("nonce")
    )
    psks = Psks(resumption={(b"room", trunk.epoch): trunk.resumption_psk})
    founded = Group.create(SUITE, b"aside", ada.own, (), ada.random)
    committed = founded.commit(
        [bob.add(), PreSharedKey(psk)], psks=psks, now=NOW, random_bytes=ada.random
    )
    assert committed.welcome is not None

    joined = Group.join(committed.welcome, bob.bundle, former=room.groups["bob"])

    assert joined.epoch_authenticator == committed.next.epoch_authenticator


def test_a_stored_group_goes_on() -> None:
    """What was written and read again is the same bytes, and follows and speaks."""
    room = Room("ada", "bob", "cyd")
    room.propose_update("bob")
    for name, group in room.groups.items():
        stored = group.serialize()
        room.groups[name] = Group.deserialize(stored)
        assert room.groups[name].serialize() == stored

    room.commit("ada")
    room.assert_agreed()

    first, second = room.say("bob", b"one"), room.say("bob", b"two")
    assert room.hear("cyd", second).data == b"two"
    room.groups["cyd"] = Group.deserialize(room.groups["cyd"].serialize())
    assert room.hear("cyd", first).data == b"one"
    with pytest.raises(CryptoError, match="consumed_generation"):
        room.hear("cyd", second)


def test_a_pending_commit_changes_nothing() -> None:
    """Until the hub accepts it, the committer is where it was, to the byte."""
    room = Room("ada", "bob", "cyd")
    before = room.groups["ada"].serialize()

    room.groups["ada"].commit([Remove(1)], now=NOW, random_bytes=a_random("x"))

    assert room.groups["ada"].serialize() == before
    room.commit("bob", [Remove(room.leaf("cyd"))])
    room.assert_agreed()


def test_messages_wait_for_the_commit_of_what_was_proposed() -> None:
    """RFC 9420, 12.4: who has seen a valid proposal commits before sending anything more."""
    room = Room("ada", "bob", "cyd")
    room.propose("bob", Remove(room.leaf("cyd")))

    with pytest.raises(CryptoError, match="pending_proposals"):
        room.say("ada", b"hello")
    room.commit("ada")

    assert room.hear("bob", room.say("ada", b"hello")).data == b"hello"


def test_private_handshakes_are_followed() -> None:
    """Proposals and commits may be encrypted; the next message of that ratchet follows on."""
    room = Room("ada", "bob", "cyd")
    room.propose("bob", Remove(room.leaf("cyd")), wire="private")

    room.commit("ada", wire="private")

    assert set(room.groups) == {"ada", "bob"}
    room.assert_agreed()


def test_messages_may_be_reordered_within_bounds() -> None:
    """Sixty-four skipped keys are kept; a thousand may be jumped over, not one more."""
    room = Room("ada", "bob")
    messages = [room.say("ada", b"%d" % i) for i in range(1002)]
    stored = room.groups["bob"].serialize()

    with pytest.raises(CryptoError, match="too_far_ahead"):
        room.hear("bob", messages[1001])
    assert room.groups["bob"].serialize() == stored
    assert room.hear("bob", messages[1000]).data == b"1000"
    assert room.hear("bob", messages[1000 - 64]).data == b"936"
    with pytest.raises(CryptoError, match="consumed_generation"):
        room.hear("bob", messages[1000 - 65])


def test_an_expired_key_package_is_not_added() -> None:
    """RFC 9420, 7.3: judged where a leaf enters, at the instant the caller says."""
    room = Room("ada")
    own = an_own("bob", a_random("bob"), lifetime=Lifetime(0, NOW - 1))
    client = Client(name="bob")
    client.own = own
    client.bundle = type(client.bundle).create(SUITE, own, client.random)

    with pytest.raises(CryptoError, match="bad_lifetime"):
        room.groups["ada"].commit([client.add()], now=NOW, random_bytes=a_random("x"))


def test_a_member_without_an_extension_keeps_it_out() -> None:
    """RFC 9420, 13.4: an extension of the group is one that every member supports."""
    room = Room("ada", "bob")

    with pytest.raises(CryptoError, match="unsupported_extension"):
        room.commit("ada", [GroupContextExtensions((Extension(0xF200, b""),))])


def forgeries(room: Room) -> dict[str, bytes]:
    """Return messages that bob must refuse, by their fault."""
    ada = room.groups["ada"]
    commit = ada.commit([Remove(room.leaf("cyd"))], now=NOW, random_bytes=a_random("c")).message
    private = room.say("ada", b"hello")
    last = len(commit) - 1
    return {
        "nothing": b"",
        "a truncated commit": commit[:-1],
        "a commit with a byte too many": commit + b"\x00",
        "another membership tag": commit[:last] + bytes((commit[last] ^ 1,)),
        "a changed authenticated byte": commit[:30] + bytes((commit[30] ^ 1,)) + commit[31:],
        "a changed ciphertext": private[:-1] + bytes((private[-1] ^ 1,)),
        "another group's message": Room("ada", "bob").say("ada", b"x").replace(b"room", b"roof"),
        "our own message": room.say("bob", b"mine"),
        "our own commit": room.groups["bob"].commit(now=NOW, random_bytes=a_random("b")).message,
        "a Welcome": ada.commit(
            [room.client("dan").add()], now=NOW, random_bytes=a_random("w")
        ).welcome
        or b"",
        "a GroupInfo": ada.group_info(),
    }


@pytest.mark.parametrize("fault", list(forgeries(Room("ada", "bob", "cyd"))))
def test_what_is_refused_changes_no_byte(fault: str) -> None:
    """Whatever comes, a refusal leaves the stored form as it was, and the group goes on."""
    room = Room("ada", "bob", "cyd")
    message = forgeries(room)[fault]
    before = room.groups["bob"].serialize()

    with pytest.raises(CryptoError):
        room.groups["bob"].receive(message, now=NOW)

    assert room.groups["bob"].serialize() == before
    room.commit("ada")
    room.assert_agreed()


@pytest.mark.parametrize(
    "cut", [lambda data: data[:-1], lambda data: data + b"\x00", lambda data: b"\x02" + data[1:]]
)
def test_a_stored_group_is_read_strictly(cut: Callable[[bytes], bytes]) -> None:
    """A truncated, prolonged or unknown stored form is no group."""
    stored = Room("ada", "bob").groups["ada"].serialize()

    with pytest.raises(MalformedInput):
        Group.deserialize(cut(stored))


def test_a_wiped_group_does_nothing_more() -> None:
    """Its secrets are gone; those of the next epoch are not."""
    room = Room("ada", "bob")
    former = room.groups["ada"]
    room.commit("ada")

    former.wipe()

    with pytest.raises(ValueError, match="wiped"):
        former.export(b"a", b"b", 16)
    assert room.hear("bob", room.say("ada", b"hello")).data == b"hello"
    room.commit("bob")
    room.assert_agreed()


def test_no_secret_is_printed() -> None:
    """A group in a log line or a traceback shows public keys and lengths."""
    group = Room("ada", "bob").groups["ada"]
    shown = repr(group)

    for secret in (group.epoch_authenticator, group.resumption_psk, group.signing_key.private):
        assert secret.reveal().hex() not in shown
        assert repr(secret.reveal()) not in shown


def test_a_proposal_comes_twice_and_counts_once() -> None:
    """The same bytes delivered again leave the same group."""
    room = Room("ada", "bob", "cyd")
    proposed = room.groups["ada"].propose(Remove(2), now=NOW, random_bytes=a_random("x"))
    first = room.groups["bob"].receive(proposed.message, now=NOW)
    assert isinstance(first, ReceivedProposal)

    again = first.next.receive(proposed.message, now=NOW)

    assert isinstance(again, ReceivedProposal)
    assert again.next.serialize() == first.next.serialize()
