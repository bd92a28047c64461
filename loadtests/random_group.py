"""Random life in a group: everybody must agree at every step, whatever comes late or twice.

    python -m loadtests.random_group --steps 10000 --seed 7

A hub without any secret (`PublicGroup`) orders commits and proposals; members add, update, remove,
write, mix in keys, come back, and read what arrives late and in disorder. After each commit that a
member takes, its epoch authenticator must be the committer's, and its view of the group the hub's.
The same seed gives the same life. Nothing here waits or leaves the process.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal

from crypto.errors import CryptoError
from crypto.keys import Secret
from crypto.mls.credential import Credential
from crypto.mls.extensions import (
    Extension,
    Extensions,
    ExternalSender,
    external_senders_extension,
)
from crypto.mls.framing import SenderType
from crypto.mls.group import (
    Committed,
    Group,
    ReceivedApplication,
    ReceivedCommit,
    ReceivedProposal,
)
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.leaf_node import Capabilities
from crypto.mls.proposal import Add, GroupContextExtensions, PreSharedKey, Proposal, Remove
from crypto.mls.psk import PreSharedKeyId, Psks, ResumptionUsage
from crypto.mls.public_group import PublicGroup
from crypto.suites import SigningKey, suite_of

NOW: Final = 1_800_000_000
MOST_MEMBERS: Final = 12
_POLICY: Final = 0xF001
PSKS: Final = Psks(external={b"psk": Secret(bytes(range(32)))})
_CAPABILITIES: Final = Capabilities(cipher_suites=(1, 3), extensions=(_POLICY,), credentials=(1,))


class Disagreement(Exception):
    """Two who must agree do not."""


@dataclass(frozen=True, slots=True)
class Item:
    """What the hub hands on: in this order, but for messages."""

    kind: Literal["commit", "proposal", "message"]
    epoch: int
    data: bytes
    sender: str = ""
    said: bytes = b""


@dataclass(slots=True, eq=False)
class Client:
    """One member: its view of this epoch, of the last one, and what it has not read yet."""

    name: str
    own: Own
    group: Group
    former: Group | None = None
    unread: list[Item] = field(default_factory=list)

    def enter(self, group: Group) -> None:
        """Go on in the next epoch; the last but one is forgotten."""
        if self.former is not None:
            self.former.wipe()
        self.former, self.group = self.group, group

    def of_epoch(self, epoch: int) -> Group | None:
        """Return the view in which a message of this epoch can be read."""
        held = (self.group, self.former)
        return next((one for one in held if one is not None and one.epoch == epoch), None)


class World:
    """A hub, its members, and a die."""

    def __init__(self, seed: int, suite: int = 1) -> None:
        self.random = Random(seed)
        self.suite = suite_of(suite)
        self.counts: Counter[str] = Counter()
        self._names = 0
        self._hub_key = self._signing_key()
        own = self._own("founder")
        group = Group.create(
            self.suite, b"a life", own, self._extensions(b""), self.random.randbytes
        )
        self.hub = PublicGroup.found(group.group_info())
        self.authenticators = {0: group.epoch_authenticator.reveal()}
        self.members: dict[str, Client] = {"founder": Client("founder", own, group)}
        self.pending: dict[bytes, int] = {}
        """The hub's Removes, which a member's next commit must include: leaves by reference."""
        self.waiting: list[Item] = []
        """The proposals of this epoch, for whoever comes in while they wait."""

    def step(self) -> None:
        """Let something happen."""
        weights = [weight for _, weight in _DEEDS]
        deed = self.random.choices([one for one, _ in _DEEDS], weights)[0]
        deed(self)

    def settle(self) -> None:
        """Let everybody read everything, and hold them against each other."""
        for client in list(self.members.values()):
            while client.unread and client.name in self.members:
                self._read_one(client)
        for client in self.members.values():
            self._check(client)

    # What a member does.

    def add(self) -> None:
        """Somebody adds one or two newcomers."""
        if len(self.members) >= MOST_MEMBERS:
            return
        newcomers = [self.newcomer() for _ in range(self.random.choice((1, 1, 2)))]
        adds = [Add(bundle.key_package) for _, bundle in newcomers]
        committer = self._committer()
        if committer is None:
            return
        committed = self._commit(committer, adds, force_path=self._maybe())
        if committed is None or committed.welcome is None:
            return
        for own, bundle in newcomers:
            stored = KeyPackageBundle.deserialize(bundle.serialize())
            group = Group.join(committed.welcome, stored, psks=PSKS)
            self._arrive(own, group)

    def remove(self) -> None:
        """Somebody removes somebody else."""
        committer = self._committer()
        others = [one for one in self.members.values() if one is not committer]
        if committer is None or len(others) < 2:
            return
        removed = self.random.choice(others)
        proposal = Remove(removed.group.own_leaf_index)
        self._catch_up(removed)
        if removed.name not in self.members or committer.name not in self.members:
            return
        if any(self._removes(reference, proposal) for reference in self.hub.proposals):
            return
        self._commit(committer, [proposal])

    def refresh(self) -> None:
        """Somebody commits fresh keys, perhaps with a new signature key."""
        committer = self._committer()
        if committer is None:
            return
        own = self._own(committer.name) if self._maybe() else None
        if self._commit(committer, [], force_path=True, own=own) and own is not None:
            committer.own = own

    def mix(self) -> None:
        """Somebody mixes in a key that all know, or that of an epoch which all have seen."""
        committer = self._committer()
        if committer is None:
            return
        suite, draw = self.suite, self.random.randbytes
        psk = PreSharedKeyId.external(b"psk", suite, draw)
        if self._maybe():
            usage, group = ResumptionUsage.APPLICATION, committer.group
            psk = PreSharedKeyId.resumption(usage, group.group_id, group.epoch, suite, draw)
        self._commit(committer, [PreSharedKey(psk)], force_path=self._maybe())

    def change_policy(self) -> None:
        """Somebody changes the group's extensions, alone or while removing somebody."""
        committer = self._committer()
        if committer is not None:
            changed = self._extensions(self.random.randbytes(8))
            self._commit(committer, [GroupContextExtensions(changed)])

    def propose(self) -> None:
        """Somebody proposes a new leaf for itself."""
        client = self._current()
        proposed = client.group.propose_update(now=NOW, random_bytes=self.random.randbytes)
        client.group = proposed.next
        self._order_proposal(proposed.message, client.name)

    def write(self) -> None:
        """Somebody writes, though perhaps an epoch behind."""
        client = self.random.choice(list(self.members.values()))
        if client.group.epoch < self.hub.epoch - 1:
            return
        if client.group.public.proposals:
            self._must_refuse(lambda: self._encrypt(client, b"too early"), "pending_proposals")
            return
        said = self.random.randbytes(self.random.randrange(64))
        item = Item("message", client.group.epoch, self._encrypt(client, said), client.name, said)
        for other in self.members.values():
            if other is not client:
                other.unread.append(item)
        self.counts["messages sent"] += 1

    def read(self) -> None:
        """Somebody reads some of what waits for it."""
        for _ in range(self.random.randrange(1, 6)):
            waiting = [one for one in self.members.values() if one.unread]
            if waiting:
                self._read_one(self.random.choice(waiting))

    def come_back(self) -> None:
        """Somebody lost its state and comes back by its own commit, in its old place."""
        client = self._current()
        witness = self._current()
        committed = Group.join_external(
            witness.group.group_info(),
            client.own,
            remove_prior=client.group.own_leaf_index,
            now=NOW,
            random_bytes=self.random.randbytes,
        )
        self._accept(client, committed)
        client.former = None
        self.counts["resyncs"] += 1

    def come_in(self) -> None:
        """Somebody new comes in by its own commit."""
        if len(self.members) >= MOST_MEMBERS:
            return
        own = self._own(self._name())
        info = self._current().group.group_info()
        committed = Group.join_external(info, own, now=NOW, random_bytes=self.random.randbytes)
        self._accept(None, committed)
        self._arrive(own, committed.next)
        self.counts["external joins"] += 1

    def put_out(self) -> None:
        """The hub proposes to remove somebody: the next commit of a member must do so."""
        if self.pending or len(self.members) < 3:
            return
        leaf = self.random.choice(self.hub.members()).leaf_index
        if any(self._removes(reference, Remove(leaf)) for reference in self.hub.proposals):
            return
        self._put_out(leaf)

    def collide(self) -> None:
        """Two commit at once: one comes second, and follows the other."""
        first, second = self._committer(), self._committer()
        if first is None or second is None or first is second:
            return
        if first.name not in self.members or second.name not in self.members:
            return
        late = second.group.commit(force_path=True, now=NOW, random_bytes=self.random.randbytes)
        if self._commit(first, [], force_path=True) is None:
            return
        self._must_refuse(
            lambda: self.hub.check_commit(
                late.message, group_info=late.group_info, welcome=late.welcome, now=NOW
            ),
            "wrong_epoch",
        )
        late.next.wipe()

    def store(self) -> None:
        """Somebody, or the hub, is switched off and on again."""
        client = self.random.choice(list(self.members.values()))
        stored = client.group.serialize()
        client.group = Group.deserialize(stored)
        if client.group.serialize() != stored:
            raise Disagreement("a stored group is another one afterwards")
        self.hub = PublicGroup.deserialize(self.hub.serialize())
        self.counts["restarts"] += 1

    def spoil(self) -> None:
        """Something broken arrives: it is refused, and nothing has changed."""
        client = self.random.choice(list(self.members.values()))
        if not client.unread:
            return
        broken = bytearray(self.random.choice(client.unread).data)
        broken[self.random.randrange(len(broken))] ^= 1 << self.random.randrange(8)
        before = client.group.serialize()
        self._must_refuse(lambda: client.group.receive(bytes(broken), now=NOW, psks=PSKS), None)
        if client.group.serialize() != before:
            raise Disagreement("what was refused has changed something")

    # What comes of it.

    def _commit(
        self,
        client: Client,
        proposals: Sequence[Proposal],
        *,
        force_path: bool = False,
        own: Own | None = None,
    ) -> Committed | None:
        """Commit everything pending and `proposals`, where the member still may."""
        if any(self._touches(one, proposals) for one in client.group.public.proposals):
            proposals = []
        committed = client.group.commit(
            proposals,
            force_path=force_path,
            own=own,
            psks=PSKS,
            wire="public",
            now=NOW,
            random_bytes=self.random.randbytes,
        )
        self._accept(client, committed)
        return committed if proposals or force_path else None

    def _accept(self, client: Client | None, committed: Committed) -> None:
        """The hub judges a commit and hands it on; its author goes on."""
        checked = self.hub.check_commit(
            committed.message,
            group_info=committed.group_info,
            welcome=committed.welcome,
            pending=tuple(self.pending),
            now=NOW,
        )
        item = Item("commit", self.hub.epoch, committed.message)
        self.hub = checked.next
        self.authenticators[self.hub.epoch] = committed.next.epoch_authenticator.reveal()
        for other in self.members.values():
            if other is not client:
                other.unread.append(item)
        if client is not None:
            client.enter(committed.next)
            client.unread = [one for one in client.unread if one.kind == "message"]
            self._check(client)
        self.counts["commits"] += 1
        self.counts["removed"] += len(checked.removed)
        left, self.pending, self.waiting = self.pending, {}, []
        if checked.kind != "member":
            # A commit from outside leaves the hub's Removes out: once more, who is still there.
            for leaf in self._still_there(left.values()):
                self._put_out(leaf)

    def _still_there(self, leaves: Iterable[int]) -> list[int]:
        there = {member.leaf_index for member in self.hub.members()}
        return [leaf for leaf in leaves if leaf in there]

    def _put_out(self, leaf: int) -> None:
        message = self.hub.external_proposal(Remove(leaf), sender_index=0, key=self._hub_key)
        self.pending[self._order_proposal(message, "")] = leaf
        self.counts["external removes"] += 1

    def _order_proposal(self, message: bytes, sender: str) -> bytes:
        reference, self.hub = self.hub.receive_proposal(message, now=NOW)
        item = Item("proposal", self.hub.epoch, message, sender)
        self.waiting.append(item)
        for other in self.members.values():
            if other.name != sender:
                other.unread.append(item)
        self.counts["proposals"] += 1
        return reference

    def _read_one(self, client: Client) -> None:
        """Read the next commit or proposal, or any message that can be read."""
        handshakes = [one for one in client.unread if one.kind != "message"]
        messages = [
            one
            for one in client.unread
            if one.kind == "message" and one.epoch <= client.group.epoch
        ]
        choice = self.random.choice([*handshakes[:1], *messages])
        client.unread.remove(choice)
        if choice.kind == "message":
            self._read_message(client, choice)
        else:
            self._follow(client, choice)

    def _read_message(self, client: Client, item: Item) -> None:
        group = client.of_epoch(item.epoch)
        if group is None:
            self.counts["messages too late"] += 1
            return
        received = group.receive(item.data, now=NOW)
        if not isinstance(received, ReceivedApplication) or received.data != item.said:
            raise Disagreement("a message is another one where it arrives")
        if received.sender.leaf_node.credential.body != item.sender.encode():
            raise Disagreement("a message is somebody else's where it arrives")
        self._must_refuse(lambda: group.receive(item.data, now=NOW), "consumed_generation")
        self.counts["messages read"] += 1
        self.counts["messages read late"] += group is client.former

    def _follow(self, client: Client, item: Item) -> None:
        received = client.group.receive(item.data, now=NOW, psks=PSKS)
        if isinstance(received, ReceivedProposal):
            client.group = received.next
            return
        if not isinstance(received, ReceivedCommit):
            raise Disagreement("a commit is something else where it arrives")
        if received.next is None:
            client.group.wipe()
            del self.members[client.name]
            return
        client.enter(received.next)
        if client.group.epoch_authenticator.reveal() != self.authenticators[client.group.epoch]:
            raise Disagreement("two members are in two epochs of one number")

    def _check(self, client: Client) -> None:
        """Hold one who has read everything against the hub."""
        group, hub = client.group, self.hub
        if group.epoch_authenticator.reveal() != self.authenticators[hub.epoch]:
            raise Disagreement("two members are in two epochs of one number")
        if group.context != hub.context or group.public.tree != hub.tree:
            raise Disagreement("a member and the hub see two groups")

    def _catch_up(self, client: Client) -> None:
        """Let one read the commits and proposals that wait for it; messages stay."""
        while client.name in self.members:
            item = next((one for one in client.unread if one.kind != "message"), None)
            if item is None:
                return
            client.unread.remove(item)
            self._follow(client, item)

    def _current(self) -> Client:
        """Return any member, who now has read every commit."""
        while True:
            client = self.random.choice(list(self.members.values()))
            self._catch_up(client)
            if client.name in self.members:
                return client

    def _committer(self) -> Client | None:
        """Return a member who may commit all that is pending: nobody removes itself."""
        client = self._current()
        leaf = Remove(client.group.own_leaf_index)
        is_put_out = any(self._removes(one, leaf) for one in self.hub.proposals)
        return None if is_put_out else client

    def _removes(self, reference: bytes, remove: Remove) -> bool:
        return self.hub.proposals[reference].content.content == remove

    def _touches(self, reference: bytes, proposals: Sequence[Proposal]) -> bool:
        """Tell whether what waits is about the leaf that one of `proposals` removes."""
        sender = self.hub.proposals[reference].content.sender
        if sender.type is not SenderType.MEMBER:
            return False
        return any(isinstance(one, Remove) and one.removed == sender.index for one in proposals)

    def _arrive(self, own: Own, group: Group) -> None:
        name = own.credential.body.decode()
        self.members[name] = Client(name, own, group, unread=self.waiting.copy())
        self._check(self.members[name])
        self.counts["joined"] += 1

    def _encrypt(self, client: Client, said: bytes) -> bytes:
        padding = self.random.randrange(32)
        draw = self.random.randbytes
        return client.group.encrypt(said, padding=padding, random_bytes=draw)

    def _must_refuse(self, attempt: Callable[[], object], code: str | None) -> None:
        try:
            attempt()
        except CryptoError as refused:
            if code is not None and refused.code != code:
                raise Disagreement("refused for another reason") from refused
            self.counts["refused"] += 1
            return
        raise Disagreement("accepted what must be refused")

    def _maybe(self) -> bool:
        return self.random.random() < 0.5

    def _name(self) -> str:
        self._names += 1
        return f"member {self._names}"

    def newcomer(self) -> tuple[Own, KeyPackageBundle]:
        """Return somebody who could be added."""
        own = self._own(self._name())
        return own, KeyPackageBundle.create(self.suite, own, self.random.randbytes)

    def _own(self, name: str) -> Own:
        key = self.suite.generate_signature_key(self.random.randbytes)
        return Own(
            signature_key=key,
            credential=Credential.basic(name.encode()),
            capabilities=_CAPABILITIES,
        )

    def _signing_key(self) -> SigningKey:
        return self.suite.signing_key(self.suite.generate_signature_key(self.random.randbytes))

    def _extensions(self, policy: bytes) -> Extensions:
        hub = ExternalSender(self._hub_key.public, Credential.basic(b"hub"))
        return external_senders_extension((hub,)), Extension(_POLICY, policy)


_DEEDS: Final[tuple[tuple[Callable[[World], None], int], ...]] = (
    (World.write, 30),
    (World.read, 40),
    (World.add, 6),
    (World.remove, 3),
    (World.refresh, 4),
    (World.propose, 4),
    (World.mix, 3),
    (World.change_policy, 2),
    (World.come_back, 3),
    (World.come_in, 1),
    (World.put_out, 2),
    (World.collide, 2),
    (World.store, 3),
    (World.spoil, 5),
)


def live(seed: int, steps: int, *, suite: int = 1, settle_every: int = 100) -> Counter[str]:
    """Live a life; raise `Disagreement` where two part. Return what happened how often."""
    world = World(seed, suite)
    for step in range(steps):
        world.step()
        if step % settle_every == settle_every - 1:
            world.settle()
    world.settle()
    world.counts["members"] = len(world.members)
    world.counts["epoch"] = world.hub.epoch
    return world.counts


def main() -> None:
    """Read the command line, live, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--suite", type=int, default=1)
    chosen = parser.parse_args()
    began = time.perf_counter()
    counts = live(chosen.seed, chosen.steps, suite=chosen.suite)
    took = time.perf_counter() - began
    for what, times in sorted(counts.items()):
        print(f"{what:>20} {times}")
    print(f"seed {chosen.seed}: {chosen.steps} steps in {took:.0f} s, and everybody agrees")


if __name__ == "__main__":
    main()
