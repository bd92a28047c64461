"""The Merkle tree of RFC 6962 (SHA-256), its proofs, and their verification.

Generation walks the tree from the root down, as RFC 9162 defines the proofs; verification
walks the proof from the leaf up, as RFC 9162 spells out in 2.1.3.2 and 2.1.4.2. The two share
no code, so that one error cannot vouch for itself.

The tree itself is elsewhere: a `HashReader` answers for the subtrees that will never change.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from crypto.errors import BadProof, MalformedInput

HASH_BYTES: Final = 32
MAX_TREE_SIZE: Final = 2**63 - 1
# A tree of fewer than 2^63 leaves is at most 63 high; a consistency proof adds one hash.
MAX_PROOF_HASHES: Final = 64

EMPTY_ROOT: Final = hashlib.sha256().digest()

HashReader: TypeAlias = Callable[[int, int], bytes]
"""(level, index) -> root of the complete subtree of 2**level leaves from index * 2**level on."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry (RFC 6962, 2.1: prefix 0x00)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962, 2.1: prefix 0x01)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_hash(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root of the tree with these leaves, all in memory."""
    if not leaf_hashes:
        return EMPTY_ROOT
    # Pair up level by level; an odd last node moves up unchanged, which yields RFC 6962's
    # split at the largest power of two below the size.
    level = list(leaf_hashes)
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def root_from(size: int, read: HashReader) -> bytes:
    """Return the root of the first `size` leaves."""
    _check_size(size)
    return _range_root(0, size, read) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: HashReader) -> tuple[bytes, ...]:
    """Return the proof that leaf `index` is in the tree of `size` leaves, leaf's sibling first."""
    _check_size(size)
    if not 0 <= index < size:
        raise MalformedInput("the index is outside the tree")
    # RFC 9162, 2.1.3.1, PATH with its recursion turned into a descent.
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(middle, end, read))
            end = middle
        else:
            proof.append(_range_root(start, middle, read))
            start = middle
    return tuple(reversed(proof))


def consistency_proof(old_size: int, new_size: int, read: HashReader) -> tuple[bytes, ...]:
    """Return the proof that the tree of `old_size` leaves begins the one of `new_size`."""
    _check_sizes(old_size, new_size)
    if old_size in {0, new_size}:
        return ()
    # RFC 9162, 2.1.4.1, SUBPROOF with its recursion turned into a descent.
    proof: list[bytes] = []
    start, end = 0, new_size
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            proof.append(_range_root(middle, end, read))
            end = middle
        else:
            proof.append(_range_root(start, middle, read))
            start = middle
    if start:  # The old root itself is known to the verifier; a part of it is not.
        proof.append(_range_root(start, end, read))
    return tuple(reversed(proof))


def verify_inclusion(
    *, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise `BadProof` unless the leaf hash `leaf` stands at `index` under `root`."""
    _check_size(size)
    _check_hashes([leaf, root, *proof])
    if not 0 <= index < size:
        raise BadProof("the index is outside the tree")
    # RFC 9162, 2.1.3.2, in its variable names.
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            raise BadProof("the proof is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise BadProof("the proof is too short")
    _check_root(r, root)


def verify_consistency(
    *, old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise `BadProof` unless the tree under `old_root` begins the one under `new_root`."""
    _check_sizes(old_size, new_size)
    _check_hashes([old_root, new_root, *proof])
    if old_size in {0, new_size}:
        _verify_trivial_consistency(old_size, new_size, old_root, new_root, proof)
        return
    # RFC 9162, 2.1.4.2, in its variable names. The proof leaves out the old root where the
    # old tree is itself a complete subtree of the new one.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not proof or not path:
        raise BadProof("the proof is empty")
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise BadProof("the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise BadProof("the proof is too short")
    _check_root(fr, old_root)
    _check_root(sr, new_root)


def _verify_trivial_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Every tree begins with the empty one, and with itself: no proof is needed, nor allowed."""
    if proof:
        raise BadProof("no proof is needed here")
    if old_size == 0:
        _check_root(EMPTY_ROOT, old_root)
    if old_size == new_size:
        _check_root(old_root, new_root)


def _range_root(start: int, end: int, read: HashReader) -> bytes:
    """Return the root over leaves `start` to `end` of a range the RFC's recursion meets.

    In such a range `start` is a multiple of every complete subtree that the size is made of.
    """
    subtrees = []
    while start < end:
        level = (end - start).bit_length() - 1
        subtrees.append(read(level, start >> level))
        start += 1 << level
    root = subtrees.pop()
    while subtrees:
        root = node_hash(subtrees.pop(), root)
    return root


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _check_size(size: int) -> None:
    if not 0 <= size <= MAX_TREE_SIZE:
        raise MalformedInput("not a tree size")


def _check_sizes(old_size: int, new_size: int) -> None:
    _check_size(new_size)
    if not 0 <= old_size <= new_size:
        raise MalformedInput("the old tree is larger than the new one")


def _check_hashes(hashes: Sequence[bytes]) -> None:
    # Two of them are the leaf (or the old root) and the root, not part of the proof.
    if len(hashes) > MAX_PROOF_HASHES + 2:
        raise MalformedInput("a proof has at most 64 hashes")
    if any(len(one) != HASH_BYTES for one in hashes):
        raise MalformedInput("a hash is 32 bytes")


def _check_root(computed: bytes, expected: bytes) -> None:
    if not hmac.compare_digest(computed, expected):
        raise BadProof("the proof leads to another root")
