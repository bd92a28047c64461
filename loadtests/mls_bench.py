"""How fast the MLS core is, beside the bare primitives in the same run.

    python -m loadtests.mls_bench

Times are of the processor, so that a machine shared with others gives the same figures; the clock
on the wall stands beside them where a latency is meant.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crypto.mls.credential import Credential
from crypto.mls.group import Committed, Group
from crypto.mls.key_package import KeyPackageBundle, Own
from crypto.mls.leaf_node import Capabilities
from crypto.mls.proposal import Add, Proposal, Remove
from crypto.mls.public_group import PublicGroup
from crypto.suites import suite_of

NOW: Final = 1_800_000_000
SUITE: Final = suite_of(1)
PAYLOAD_BYTES: Final = 256
GOAL_RATIO: Final = 1.5
GOAL_SECONDS: Final = 0.002
_CAPABILITIES: Final = Capabilities(cipher_suites=(1,), credentials=(1,))


def own_of(name: str) -> Own:
    """Return what a client brings along."""
    return Own(
        signature_key=SUITE.generate_signature_key(os.urandom),
        credential=Credential.basic(name.encode()),
        capabilities=_CAPABILITIES,
    )


def group_of(size: int) -> tuple[Group, Group]:
    """Return two members of a group of this size."""
    founder = Group.create(SUITE, b"bench", own_of("founder"), (), os.urandom)
    bundles = [
        KeyPackageBundle.create(SUITE, own_of(f"member {i}"), os.urandom) for i in range(size - 1)
    ]
    adds = [Add(bundle.key_package) for bundle in bundles]
    made = founder.commit(adds, now=NOW, random_bytes=os.urandom)
    if made.welcome is None:
        raise ValueError("a group of one has nobody to write to")
    return made.next, Group.join(made.welcome, bundles[0])


def settled_group(size: int) -> tuple[Group, PublicGroup]:
    """Return a group in which everybody has committed once, as one member and the hub have it."""
    group, _ = group_of(size)
    hub = PublicGroup.found(group.group_info())
    for leaf in range(size):
        own = own_of(f"member {leaf}")
        made = Group.join_external(
            group.group_info(), own, remove_prior=leaf, now=NOW, random_bytes=os.urandom
        )
        hub = checked(hub, made)
        group = made.next
    return group, hub


def checked(hub: PublicGroup, made: Committed) -> PublicGroup:
    """Return the hub's next epoch."""
    return hub.check_commit(
        made.message, group_info=made.group_info, welcome=made.welcome, now=NOW
    ).next


class Bare:
    """The primitives of one message, and nothing around them.

    Two AEADs with fresh keys, five HKDF-Expands, one Ed25519 signature over what MLS signs.
    """

    def __init__(self, signed_bytes: int) -> None:
        self._key = Ed25519PrivateKey.generate()
        self._public = self._key.public_key()
        self._signed = os.urandom(signed_bytes)
        self._signature = self._key.sign(self._signed)
        self._plain = os.urandom(PAYLOAD_BYTES + 70)
        self._aead_key, self._nonce = os.urandom(16), os.urandom(12)
        self._sealed = AESGCM(self._aead_key).encrypt(self._nonce, self._plain, self._nonce)
        self._sender = AESGCM(self._aead_key).encrypt(self._nonce, bytes(12), self._nonce)

    def encrypt(self) -> None:
        """Do what a sender does."""
        self._key.sign(self._signed)
        self._derive()
        AESGCM(self._aead_key).encrypt(self._nonce, self._plain, self._nonce)
        AESGCM(self._aead_key).encrypt(self._nonce, self._nonce, self._nonce)

    def decrypt(self) -> None:
        """Do what a receiver does."""
        self._derive()
        AESGCM(self._aead_key).decrypt(self._nonce, self._sender, self._nonce)
        AESGCM(self._aead_key).decrypt(self._nonce, self._sealed, self._nonce)
        self._public.verify(self._signature, self._signed)

    def _derive(self) -> None:
        for _ in range(5):
            hmac.digest(self._signed[:32], self._signed[:40], hashlib.sha256().name)


@dataclass(frozen=True, slots=True)
class Pace:
    """What one core does in a second."""

    ours: float
    bare: float

    @property
    def ratio(self) -> float:
        """Return how much longer ours takes than the primitives in it."""
        return self.bare / self.ours


def pace(rounds: int, times: int, ours: Callable[[], object], bare: Callable[[], object]) -> Pace:
    """Time both in turns; the median of the rounds counts."""
    both: list[tuple[float, float]] = []
    for _ in range(rounds):
        both.append((_seconds(times, ours), _seconds(times, bare)))
    mine, theirs = (statistics.median(one) for one in zip(*both, strict=True))
    return Pace(times / mine, times / theirs)


def _seconds(times: int, run: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(times):
        run()
    return time.process_time() - began


def messages(size: int, *, rounds: int = 9, times: int = 400) -> tuple[Pace, Pace]:
    """Return the pace of encryption and of decryption in a group of this size."""
    sender, reader = group_of(size)
    data = os.urandom(PAYLOAD_BYTES)
    bare = Bare(len(data) + len(sender.public.context_bytes) + 60)
    encryption = pace(
        rounds, times, lambda: sender.encrypt(data, random_bytes=os.urandom), bare.encrypt
    )
    # The reader has followed up to here: its ratchet starts where the sender's now is.
    sender, reader = group_of(size)
    sent = iter(_sent(sender, data, rounds * times))
    decryption = pace(rounds, times, lambda: reader.receive(next(sent), now=NOW), bare.decrypt)
    return encryption, decryption


def _sent(sender: Group, data: bytes, count: int) -> list[bytes]:
    return [sender.encrypt(data, random_bytes=os.urandom) for _ in range(count)]


@dataclass(frozen=True, slots=True)
class Latency:
    """How long so many took, each."""

    cpu: list[float]
    wall: list[float]

    def percentile(self, percent: int) -> tuple[float, float]:
        """Return a percentile, of the processor's time and of the wall's."""
        cuts = [statistics.quantiles(one, n=100)[percent - 1] for one in (self.cpu, self.wall)]
        return cuts[0], cuts[1]


def commit_checks(size: int, count: int) -> Iterator[tuple[str, Latency]]:
    """Time the hub's check of commits of several kinds in a group of this size."""
    group, hub = settled_group(size)
    last = group.members()[-1].leaf_index
    newcomer = KeyPackageBundle.create(SUITE, own_of("newcomer"), os.urandom)
    victim = next(one for one in range(size) if one not in {group.own_leaf_index, last})
    kinds: dict[str, list[Proposal]] = {
        "fresh keys": [],
        "an Add": [Add(newcomer.key_package)],
        "a Remove": [Remove(victim)],
    }
    for name, proposals in kinds.items():
        yield name, _latency(group, hub, proposals, count)
    yield "fresh keys, group read from storage", _latency(group, hub, [], count, is_stored=True)


def _latency(
    group: Group,
    hub: PublicGroup,
    proposals: list[Proposal],
    count: int,
    *,
    is_stored: bool = False,
) -> Latency:
    """Each time the next commit of a chain, where nobody comes or goes; else the same once more."""
    latency, stored = Latency([], []), hub.serialize()
    for _ in range(count):
        made = group.commit(proposals, force_path=True, now=NOW, random_bytes=os.urandom)
        cpu, wall = time.process_time(), time.perf_counter()
        after = checked(PublicGroup.deserialize(stored) if is_stored else hub, made)
        latency.cpu.append(time.process_time() - cpu)
        latency.wall.append(time.perf_counter() - wall)
        if not proposals and not is_stored:
            group, hub = made.next, after
    return latency


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[3, 10, 100])
    parser.add_argument("--commits", type=int, default=500)
    chosen = parser.parse_args()
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"messages of {PAYLOAD_BYTES} bytes, per second of one core (goal: {GOAL_RATIO} x bare)")
    for size in chosen.sizes:
        for what, found in zip(("encrypted", "decrypted"), messages(size), strict=True):
            print(
                f"  {what} in a group of {size:>3}: {found.ours:>7,.0f}"
                f"  bare {found.bare:>7,.0f}  {found.ratio:.2f} x"
            )
    size = max(chosen.sizes)
    print(f"PublicGroup.check_commit, {size} members (goal: p99 < {1_000 * GOAL_SECONDS:.0f} ms)")
    for name, latency in commit_checks(size, chosen.commits):
        (cpu50, wall50), (cpu99, wall99) = latency.percentile(50), latency.percentile(99)
        print(
            f"  {name}: p50 {1_000 * cpu50:.2f} ms, p99 {1_000 * cpu99:.2f} ms of the processor;"
            f" on the wall {1_000 * wall50:.2f} and {1_000 * wall99:.2f} ms"
        )


if __name__ == "__main__":
    main()
