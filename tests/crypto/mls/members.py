"""Clients of a group, and a room that carries their messages: what the scenarios are told with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from crypto.hpke import RandomBytes
from crypto.mls.credential import Credential
from crypto.mls.extensions import (
    Extension,
    Extensions,
    ExternalSender,
    RequiredCapabilities,
    external_senders_extension,
)
from crypto.mls.group import Committed, Group, ReceivedApplication, ReceivedCommit, ReceivedProposal
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.leaf_node import Capabilities, Lifetime
from crypto.mls.message import encode_message
from crypto.mls.proposal import Add, Proposal
from crypto.mls.psk import NO_PSKS, Psks
from crypto.mls.public_group import CheckedCommit, PublicGroup
from crypto.suites import SigningKey, Suite, suite_of

SUITE: Final = suite_of(1)
NOW: Final = 1_800_000_000
PRIVATE_USE: Final = 0xF100
"""A private-use extension of a group context that every client here supports."""


def a_random(seed: str) -> RandomBytes:
    """Return bytes that are the same in every run: each call draws other ones."""
    calls = 0

    def draw(size: int) -> bytes:
        nonlocal calls
        calls += 1
        return hashlib.shake_256(f"{seed}/{calls}".encode()).digest(size)

    return draw


def an_own(name: str, random_bytes: RandomBytes, *, suite: Suite = SUITE, **changes: Any) -> Own:
    """Return what a client brings into a group."""
    fields: dict[str, Any] = {
        "signature_key": suite.generate_signature_key(random_bytes),
        "credential": Credential.basic(name.encode()),
        "capabilities": Capabilities(
            cipher_suites=(suite.id,), extensions=(PRIVATE_USE,), credentials=(1,)
        ),
        "lifetime": Lifetime(NOW - 3600, NOW + 86_400),
    }
    return Own(**{**fields, **changes})


@dataclass(kw_only=True)
class Client:
    """One device: its randomness, its parameters, its key package."""

    name: str
    suite: Suite = SUITE
    random: RandomBytes = field(init=False)
    own: Own = field(init=False)
    bundle: KeyPackageBundle = field(init=False)

    def __post_init__(self) -> None:
        self.random = a_random(self.name)
        self.own = an_own(self.name, self.random, suite=self.suite)
        self.bundle = KeyPackageBundle.create(self.suite, self.own, self.random)

    def add(self) -> Add:
        """Return the proposal to let this client in."""
        return Add(self.bundle.key_package)


def an_external_sender() -> tuple[SigningKey, Extension]:
    """Return the hub's signature key, and the extension that lets it propose."""
    key = SUITE.signing_key(SUITE.generate_signature_key(a_random("hub")))
    return key, external_senders_extension((ExternalSender(key.public, Credential.basic(b"hub")),))


class Room:
    """A hub that checks, and the members it forwards to."""

    def __init__(self, *names: str, suite: Suite = SUITE, extensions: Extensions = ()) -> None:
        self.suite = suite
        self.clients: dict[str, Client] = {}
        self.groups: dict[str, Group] = {}
        self.checked: CheckedCommit | None = None
        first = self.client(names[0])
        group = Group.create(suite, b"room", first.own, extensions, first.random)
        self.groups[first.name] = group
        self.hub = PublicGroup.found(group.group_info())
        if len(names) > 1:
            self.add(names[0], *names[1:])

    def client(self, name: str) -> Client:
        """Return a client, made at first sight."""
        return self.clients.setdefault(name, Client(name=name, suite=self.suite))

    def add(self, committer: str, *names: str) -> None:
        """Let clients in by one commit."""
        self.commit(committer, [self.client(name).add() for name in names], joining=names)

    def commit(
        self,
        committer: str,
        proposals: Sequence[Proposal] = (),
        *,
        joining: Sequence[str] = (),
        psks: Psks = NO_PSKS,
        pending: Sequence[bytes] = (),
        **options: Any,
    ) -> Committed:
        """Commit, have it checked, and take everybody to the next epoch."""
        committed = self.groups[committer].commit(
            proposals, now=NOW, random_bytes=self.clients[committer].random, psks=psks, **options
        )
        self.accept(committer, committed, joining=joining, psks=psks, pending=pending)
        return committed

    def accept(
        self,
        committer: str,
        committed: Committed,
        *,
        joining: Sequence[str] = (),
        psks: Psks = NO_PSKS,
        pending: Sequence[bytes] = (),
    ) -> None:
        """Have a commit checked, and take everybody to the next epoch."""
        if committed.message[2:4] == b"\x00\x01":
            self.checked = self.hub.check_commit(
                committed.message,
                group_info=committed.group_info,
                welcome=committed.welcome,
                pending=pending,
                now=NOW,
            )
            self.hub = self.checked.next
        for name in list(self.groups):
            if name == committer:
                continue
            received = self.groups[name].receive(committed.message, now=NOW, psks=psks)
            assert isinstance(received, ReceivedCommit)
            if received.next is None:
                del self.groups[name]
            else:
                self.groups[name] = received.next
        self.groups[committer] = committed.next
        for name in joining:
            assert committed.welcome is not None
            bundle = self.clients[name].bundle
            self.groups[name] = Group.join(committed.welcome, bundle, psks=psks)

    def propose(self, sender: str, proposal: Proposal, **options: Any) -> bytes:
        """Have a member propose, and everybody remember it; return the reference."""
        proposed = self.groups[sender].propose(
            proposal, now=NOW, random_bytes=self.clients[sender].random, **options
        )
        self.groups[sender] = proposed.next
        self.deliver_proposal(proposed.message, but=sender)
        return proposed.reference

    def propose_update(self, sender: str, **options: Any) -> bytes:
        """Have a member propose a new leaf of its own."""
        proposed = self.groups[sender].propose_update(
            now=NOW, random_bytes=self.clients[sender].random, **options
        )
        self.groups[sender] = proposed.next
        self.deliver_proposal(proposed.message, but=sender)
        return proposed.reference

    def deliver_proposal(self, message: bytes, *, but: str = "") -> None:
        """Carry a proposal to the hub, if it can read it, and to the members."""
        if message[2:4] == b"\x00\x01":
            _, self.hub = self.hub.receive_proposal(message, now=NOW)
        for name, group in self.groups.items():
            if name != but:
                received = group.receive(message, now=NOW)
                assert isinstance(received, ReceivedProposal)
                self.groups[name] = received.next

    def say(self, sender: str, text: bytes, **options: Any) -> bytes:
        """Encrypt a message."""
        group = self.groups[sender]
        return group.encrypt(text, random_bytes=self.clients[sender].random, **options)

    def hear(self, receiver: str, message: bytes) -> ReceivedApplication:
        """Decrypt a message."""
        received = self.groups[receiver].receive(message, now=NOW)
        assert isinstance(received, ReceivedApplication)
        return received

    def leaf(self, name: str) -> int:
        """Return a member's leaf."""
        return self.groups[name].own_leaf_index

    def assert_agreed(self) -> None:
        """Everybody is in the same epoch, and the hub knows the same context."""
        groups = list(self.groups.values())
        assert all(one.epoch_authenticator == groups[0].epoch_authenticator for one in groups)
        assert all(one.context == groups[0].context for one in groups)
        exported = {one.export(b"test", b"context", 32) for one in groups}
        assert len(exported) == 1

    def assert_hub_agrees(self) -> None:
        """The hub's public state is the members'."""
        group = next(iter(self.groups.values()))
        assert self.hub.serialize() == group.public.serialize()


def a_required(*types: int) -> Extension:
    """Return the extension that makes every member support some extension types."""
    return RequiredCapabilities(extension_types=types, credential_types=(1,)).as_extension()


def published(client: Client) -> bytes:
    """Return the key package as its owner publishes it."""
    return encode_message(client.bundle.key_package)
