"""The group that is attacked: four members, the hub, and chance drawn from a seed.

Alice (leaf 0), Bob (1) and Carol (2) have been there for some time; Dora (3) was added last, by a
commit without a path, so that she is an unmerged leaf. A scene never changes: `member()` and
`hub()` return a copy each time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from crypto.keys import Secret
from crypto.mls.credential import Credential
from crypto.mls.extensions import Extensions, ExternalSender, external_senders_extension
from crypto.mls.group import Committed, Group, ReceivedCommit
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.leaf_node import Capabilities, Lifetime
from crypto.mls.proposal import Add
from crypto.mls.public_group import PublicGroup
from crypto.suites import SigningKey, Suite, suite_of

NOW: Final = 1_800_000_000
SUITE: Final = suite_of(1)
GROUP_ID: Final = b"the group of the attacks"
LIFETIME: Final = Lifetime(NOW - 3_600, NOW + 86_400)
ALICE, BOB, CAROL, DORA = range(4)
NAMES: Final = ("alice", "bob", "carol", "dora")
PRIVATE_EXTENSION: Final = 0xF001
# GREASE (RFC 9420, 13.5): values that everybody must ignore.
CAPABILITIES: Final = Capabilities(
    versions=(1, 0x0A0A),
    cipher_suites=(1, 0x1A1A),
    extensions=(PRIVATE_EXTENSION, 0x2A2A),
    proposals=(0x3A3A,),
    credentials=(1, 0x4A4A),
)


class Draw:
    """Randomness that is the same each time."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._drawn = 0

    def __call__(self, size: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(self._seed + self._drawn.to_bytes(8, "big")).digest(size)


def own_of(name: str, *, suite: Suite = SUITE, capabilities: Capabilities = CAPABILITIES) -> Own:
    """Return what a client of this name brings along; its signature key is always the same."""
    return Own(
        signature_key=suite.generate_signature_key(Draw(f"signature key of {name}")),
        credential=Credential.basic(name.encode()),
        capabilities=capabilities,
        lifetime=LIFETIME,
    )


def bundle_of(name: str, *, own: Own | None = None, suite: Suite = SUITE) -> KeyPackageBundle:
    """Return a key package of a client, with its private keys."""
    said = own_of(name, suite=suite) if own is None else own
    return KeyPackageBundle.create(suite, said, Draw(f"key package of {name}"))


def signing_key_of(name: str) -> SigningKey:
    """Return the signature key of a client."""
    return SUITE.signing_key(own_of(name).signature_key)


def hub_key() -> SigningKey:
    """Return the hub's signature key."""
    return signing_key_of("hub")


def hub_senders() -> Extensions:
    """Return the extension that lets the hub propose."""
    sender = ExternalSender(hub_key().public, Credential.basic(b"hub"))
    return (external_senders_extension((sender,)),)


@dataclass(frozen=True, slots=True)
class Scene:
    """One epoch of the group, stored: its members by leaf, and the hub's view."""

    members: dict[int, bytes]
    public: bytes

    def member(self, leaf: int) -> Group:
        """Return a member."""
        return Group.deserialize(self.members[leaf])

    def hub(self) -> PublicGroup:
        """Return what the hub holds."""
        return PublicGroup.deserialize(self.public)

    def with_proposals(self, *messages: bytes) -> Scene:
        """Return the scene in which everybody but its sender has received these proposals."""
        members = dict(self.members)
        for leaf in members:
            group = self.member(leaf)
            for message in messages:
                received = group.receive(message, now=NOW)
                group = received.next  # type: ignore[union-attr,assignment]
            members[leaf] = group.serialize()
        hub = self.hub()
        for message in messages:
            hub = hub.receive_proposal(message, now=NOW)[1]
        return Scene(members, hub.serialize())

    def without(self, *leaves: int) -> Scene:
        """Return the scene that these members do not look at."""
        return replace(self, members={k: v for k, v in self.members.items() if k not in leaves})

    def after(self, committer: int, committed: Committed, joined: dict[int, Group]) -> Scene:
        """Return the scene that a commit leads to."""
        members = {committer: committed.next, **joined}
        for leaf in self.members:
            if leaf not in members:
                received = self.member(leaf).receive(committed.message, now=NOW)
                assert isinstance(received, ReceivedCommit)
                if received.next is not None:
                    members[leaf] = received.next
        checked = self.hub().check_commit(
            committed.message, group_info=committed.group_info, welcome=committed.welcome, now=NOW
        )
        stored = {leaf: members[leaf].serialize() for leaf in sorted(members)}
        return Scene(stored, checked.next.serialize())


def founded(name: str = "alice", *, extensions: Extensions | None = None) -> Scene:
    """Return a group of one."""
    said = hub_senders() if extensions is None else extensions
    group = Group.create(SUITE, GROUP_ID, own_of(name), said, Draw(f"group of {name}"))
    return Scene({0: group.serialize()}, PublicGroup.found(group.group_info()).serialize())


def added(scene: Scene, by: int, *names: str) -> Scene:
    """Return the scene in which a member has added clients, without a path."""
    bundles = [bundle_of(name) for name in names]
    committed = scene.member(by).commit(
        [Add(bundle.key_package) for bundle in bundles],
        now=NOW,
        random_bytes=Draw(f"commit that adds {names}"),
    )
    assert committed.welcome is not None
    groups = [Group.join(committed.welcome, bundle) for bundle in bundles]
    return scene.after(by, committed, {group.own_leaf_index: group for group in groups})


def refreshed(scene: Scene, by: int) -> Scene:
    """Return the scene in which a member has committed fresh keys."""
    committed = scene.member(by).commit(
        force_path=True, now=NOW, random_bytes=Draw(f"fresh keys of {by}")
    )
    return scene.after(by, committed, {})


@cache
def the_scene() -> Scene:
    """Return the group that nearly all attacks are made on."""
    scene = added(founded(), ALICE, "bob", "carol")
    return added(refreshed(refreshed(scene, BOB), CAROL), ALICE, "dora")


def psk(name: str) -> Secret:
    """Return a pre-shared key."""
    return Secret(Draw(f"pre-shared key {name}")(32))
