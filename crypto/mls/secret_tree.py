"""The secret tree (RFC 9420, section 9): a key and nonce for each message, used once.

`find` looks without touching anything; `consume` takes what `find` found, once the message that
it opened is wholly verified. So a forged message changes nothing here. What is consumed is
overwritten at once; intermediate values that the primitives return can only be dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from crypto.encoding import Reader, Writer
from crypto.errors import InvalidMessage, InvalidState, MalformedInput, Rule
from crypto.keys import Secret
from crypto.mls import tree_math
from crypto.suites import Suite

MAX_SKIPPED: Final = 64
"""Generations of a ratchet that were jumped over and are kept, for messages that come late."""
MAX_FORWARD: Final = 1_000
"""Generations that one message may jump over."""
_MAX_GENERATION: Final = 2**32 - 1


class RatchetType(IntEnum):
    """Each member has two ratchets."""

    HANDSHAKE = 0
    APPLICATION = 1


@dataclass(frozen=True, slots=True)
class MessageKey:
    """The key and nonce of one message."""

    key: Secret
    nonce: Secret

    @classmethod
    def of(cls, key: bytes, nonce: bytes) -> MessageKey:
        """Take a key and a nonce into keeping."""
        return cls(Secret(key), Secret(nonce))

    def copy(self) -> MessageKey:
        """Return the same with a life of its own."""
        return MessageKey(self.key.copy(), self.nonce.copy())

    def wipe(self) -> None:
        """Overwrite both."""
        self.key.wipe()
        self.nonce.wipe()


class Ratchet:
    """One member's chain of keys of one kind."""

    __slots__ = ("generation", "secret", "skipped", "suite")

    def __init__(self, suite: Suite, secret: Secret, generation: int = 0) -> None:
        self.suite = suite
        self.secret = secret
        self.generation = generation
        """The next one."""
        self.skipped: dict[int, MessageKey] = {}

    def advance(self) -> tuple[bytes, bytes]:
        """Take the next key and nonce; the secret they came from is gone."""
        generation, suite = self.generation, self.suite
        if generation >= _MAX_GENERATION:
            raise InvalidState(Rule.EXHAUSTED)
        secret, aead = self.secret.reveal(), suite.hpke.aead
        # DeriveTreeSecret, three times.
        derive, context = suite.expand_with_label, generation.to_bytes(4, "big")
        key = derive(secret, b"key", context, aead.key_size)
        nonce = derive(secret, b"nonce", context, aead.nonce_size)
        following = derive(secret, b"secret", context, suite.secret_size)
        self.secret.wipe()
        self.secret = Secret(following)
        self.generation = generation + 1
        return key, nonce

    def look(self, generation: int) -> tuple[MessageKey, Ratchet | None]:
        """Return the key of a generation, and this ratchet beyond it, where it is not there yet."""
        if generation < self.generation:
            found = self.skipped.get(generation)
            if found is None:
                raise InvalidMessage(Rule.CONSUMED_GENERATION)
            return found.copy(), None
        if generation - self.generation > MAX_FORWARD:
            raise InvalidMessage(Rule.TOO_FAR_AHEAD)
        ahead = Ratchet(self.suite, self.secret.copy(), self.generation)
        while ahead.generation < generation:
            skipped = ahead.generation
            ahead.keep({skipped: MessageKey.of(*ahead.advance())})
        return MessageKey.of(*ahead.advance()), ahead

    def adopt(self, ahead: Ratchet) -> None:
        """Become what `look` returned."""
        self.secret.wipe()
        self.secret, self.generation = ahead.secret, ahead.generation
        self.keep(ahead.skipped)

    def forget(self, generation: int) -> None:
        """Drop a key that was kept."""
        self.skipped.pop(generation).wipe()

    def keep(self, skipped: Mapping[int, MessageKey]) -> None:
        """Keep keys for messages that come late: the newest, and not too many."""
        self.skipped.update(skipped)
        while len(self.skipped) > MAX_SKIPPED:
            self.forget(min(self.skipped))

    def wipe(self) -> None:
        """Overwrite everything."""
        self.secret.wipe()
        for key in self.skipped.values():
            key.wipe()
        self.skipped.clear()

    def write(self, writer: Writer) -> None:
        """Append the stored form."""
        writer.uint32(self.generation)
        writer.opaque(self.secret.reveal())
        inner = Writer()
        for generation in sorted(self.skipped):
            inner.uint32(generation)
            inner.opaque(self.skipped[generation].key.reveal())
            inner.opaque(self.skipped[generation].nonce.reveal())
        writer.opaque(inner.finish())

    @classmethod
    def read(cls, suite: Suite, reader: Reader) -> Ratchet:
        """Read the stored form."""
        generation = reader.uint32()
        ratchet = cls(suite, Secret(reader.opaque()), generation)
        inner = Reader(reader.opaque())
        while not inner.at_end:
            skipped = inner.uint32()
            if skipped >= generation or len(ratchet.skipped) >= MAX_SKIPPED:
                raise MalformedInput("a skipped generation that the ratchet has not reached")
            ratchet.skipped[skipped] = MessageKey(Secret(inner.opaque()), Secret(inner.opaque()))
        return ratchet


_Ratchets = tuple[Ratchet, Ratchet]


@dataclass(frozen=True, slots=True)
class Found:
    """A key that `find` saw, and what `consume` does to the tree."""

    leaf: int
    kind: RatchetType
    generation: int
    key: MessageKey
    ahead: Ratchet | None
    """The ratchet beyond this generation; absent where the key was a kept one."""
    first: tuple[dict[int, Secret], _Ratchets] | None
    """Where this is the leaf's first message: the secrets left, and its fresh ratchets."""


class SecretTree:
    """What is left of an epoch's encryption secret. It changes; its holder is the one `Group`."""

    __slots__ = ("_leaves", "_nodes", "_ratchets", "suite")

    def __init__(self, suite: Suite, leaves: int, encryption_secret: Secret) -> None:
        self.suite = suite
        self._leaves = leaves
        self._nodes = {tree_math.root(leaves): encryption_secret}
        self._ratchets: dict[int, _Ratchets] = {}

    def next_key(self, leaf: int, kind: RatchetType) -> tuple[int, bytes, bytes]:
        """Take the next generation of a ratchet, with its key and nonce, to send with."""
        ratchet = self._ratchets_of(leaf)[kind]
        generation = ratchet.generation
        return generation, *ratchet.advance()

    def find(self, leaf: int, kind: RatchetType, generation: int) -> Found:
        """Return the key of a generation and leave everything as it is."""
        held = self._ratchets.get(leaf)
        first = None
        if held is None:
            nodes, held = self._expand(leaf)
            first = (nodes, held)
        key, ahead = held[kind].look(generation)
        return Found(leaf, kind, generation, key, ahead, first)

    def consume(self, found: Found) -> None:
        """Take what `find` found: nobody will open that message again."""
        found.key.wipe()
        if found.first is not None:
            nodes, ratchets = found.first
            self._settle(nodes)
            self._ratchets[found.leaf] = ratchets
        ratchet = self._ratchets[found.leaf][found.kind]
        if found.ahead is None:
            ratchet.forget(found.generation)
        else:
            ratchet.adopt(found.ahead)

    def wipe(self) -> None:
        """Overwrite everything: nothing of this epoch can be sent or opened any more."""
        for secret in self._nodes.values():
            secret.wipe()
        for ratchets in self._ratchets.values():
            for ratchet in ratchets:
                ratchet.wipe()
        self._nodes.clear()
        self._ratchets.clear()

    def write(self, writer: Writer) -> None:
        """Append the stored form, sorted: equal trees are equal bytes."""
        inner = Writer()
        for node in sorted(self._nodes):
            inner.uint32(node)
            inner.opaque(self._nodes[node].reveal())
        writer.opaque(inner.finish())
        inner = Writer()
        for leaf in sorted(self._ratchets):
            inner.uint32(leaf)
            for ratchet in self._ratchets[leaf]:
                ratchet.write(inner)
        writer.opaque(inner.finish())

    @classmethod
    def read(cls, suite: Suite, leaves: int, reader: Reader) -> SecretTree:
        """Read the stored form."""
        tree = cls(suite, leaves, Secret(b""))
        tree._nodes.clear()
        inner = Reader(reader.opaque())
        while not inner.at_end:
            node = inner.uint32()
            tree._nodes[node] = Secret(inner.opaque())
        inner = Reader(reader.opaque())
        while not inner.at_end:
            leaf = inner.uint32()
            pair = (Ratchet.read(suite, inner), Ratchet.read(suite, inner))
            tree._ratchets[leaf] = pair
        if any(node >= tree_math.node_width(leaves) for node in tree._nodes):
            raise MalformedInput("a secret of a node outside the tree")
        return tree

    def _ratchets_of(self, leaf: int) -> _Ratchets:
        held = self._ratchets.get(leaf)
        if held is None:
            nodes, held = self._expand(leaf)
            self._settle(nodes)
            self._ratchets[leaf] = held
        return held

    def _settle(self, nodes: dict[int, Secret]) -> None:
        for node, secret in self._nodes.items():
            if node not in nodes:
                secret.wipe()
        self._nodes = nodes

    def _expand(self, leaf: int) -> tuple[dict[int, Secret], _Ratchets]:
        """Return the secrets left once a leaf has its ratchets, and those ratchets."""
        node = 2 * leaf
        path = [node, *tree_math.direct_path(node, self._leaves)]
        start = next((i for i, one in enumerate(path) if one in self._nodes), None)
        if start is None:
            raise InvalidMessage(Rule.CONSUMED_GENERATION)
        nodes = dict(self._nodes)
        secret = nodes.pop(path[start]).reveal()
        for below in reversed(path[:start]):
            above = tree_math.parent(below, self._leaves)
            left = self._expand_secret(secret, b"tree", b"left")
            right = self._expand_secret(secret, b"tree", b"right")
            is_left = below == tree_math.left(above)
            other = tree_math.right(above) if is_left else tree_math.left(above)
            nodes[other] = Secret(right if is_left else left)
            secret = left if is_left else right
        return nodes, self._start_ratchets(secret)

    def _start_ratchets(self, leaf_secret: bytes) -> _Ratchets:
        handshake, application = (
            Secret(self._expand_secret(leaf_secret, label, b""))
            for label in (b"handshake", b"application")
        )
        return Ratchet(self.suite, handshake), Ratchet(self.suite, application)

    def _expand_secret(self, secret: bytes, label: bytes, context: bytes) -> bytes:
        return self.suite.expand_with_label(secret, label, context, self.suite.secret_size)


def sender_data_key(
    suite: Suite, sender_data_secret: Secret, ciphertext: bytes
) -> tuple[bytes, bytes]:
    """Return the key and nonce that hide who sent a message (RFC 9420, 6.3.2)."""
    secret, sample = sender_data_secret.reveal(), ciphertext[: suite.secret_size]
    aead = suite.hpke.aead
    key = suite.expand_with_label(secret, b"key", sample, aead.key_size)
    return key, suite.expand_with_label(secret, b"nonce", sample, aead.nonce_size)
